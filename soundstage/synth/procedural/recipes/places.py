"""Places: rooms, halls, streets and the insides of vehicles."""

from collections.abc import Iterator

import numpy as np

from soundstage.cuesheet import Perspective
from soundstage.sound import SAMPLE_RATE, Block
from soundstage.synth.procedural.cries import uttered
from soundstage.synth.procedural.grains import Grain, bank, panned, peaked, picked, strewn
from soundstage.synth.procedural.material import made_once
from soundstage.synth.procedural.modal import METAL, PLASTIC, WOOD, strike
from soundstage.synth.procedural.noise import Floats
from soundstage.synth.procedural.recipe import Making, Parameter, bed
from soundstage.synth.procedural.recipes.birds import CROAKS
from soundstage.synth.procedural.recipes.crowds import clatter, crowd_stream
from soundstage.synth.procedural.recipes.doors import creak_sound
from soundstage.synth.procedural.recipes.engines import pass_by
from soundstage.synth.procedural.recipes.explosions import cannon, explosion, gunshot
from soundstage.synth.procedural.recipes.fire import crack
from soundstage.synth.procedural.recipes.nature import forest
from soundstage.synth.procedural.recipes.signals import horn_sound
from soundstage.synth.procedural.recipes.water import drip, sea
from soundstage.synth.procedural.space import STANDS, Stand, impulse, placed
from soundstage.synth.procedural.streams import (
    Event,
    Stream,
    hum,
    mixed,
    moved,
    pulsed,
    scaled,
    swell,
    texture,
    timeline,
    wander,
)

_HALL = Stand(5000, -14, -6, 2.2)


@bed(
    "room",
    Parameter("size", 0.3, doc="closet (0) to cathedral (1)"),
    Parameter("hum", 0.3, doc="mains hum of lamps and devices"),
    Parameter("air", 0.4, doc="ventilation"),
    Parameter("people", 0.0, doc="voices in it"),
    Parameter("bustle", 0.0, doc="small noises: steps, things put down"),
    Parameter("clatter", 0.0, doc="dishes"),
    Parameter("outside", 0.2, doc="the world beyond the walls"),
)
def room(making: Making) -> Stream:
    """Room tone: air, hum, the world outside, and what the people in it do."""
    rng, size = making.rng, making["size"]
    air = texture(rng, ((60, 0), (160 + 140 * (1 - size), -3), (700, -13), (3000, -30)), 0.9, 4.0)
    vent = texture(rng, ((140, -2), (420, 0), (1300, -10), (5000, -26)), 0.8, 3.0)
    layers = [
        scaled(moved(air, wander(rng, 7.0), swell(1.2)), 1.0),
        scaled(moved(vent, wander(rng, 5.0), swell(0.8)), 0.8 * making["air"]),
        scaled(texture(rng, ((1500, -3), (5000, 0), (11000, -4)), 1.0, 3.0), 0.015),
    ]
    if making["hum"] > 0:
        layers.append(
            scaled(hum(rng, (50, 100, 150, 200, 300, 400), (0.25, 1, 0.3, 0.4, 0.2, 0.1), 0.0002), 0.5 * making["hum"])
        )
    if making["outside"] > 0:
        far = texture(rng, ((35, 0), (90, -2), (260, -14)), 0.8, 5.0)
        layers.append(scaled(moved(far, wander(rng, 4.0), swell(5)), 0.7 * making["outside"]))
    if making["people"] > 0:
        layers.append(
            scaled(crowd_stream(making, min(1.0, 0.25 + 0.5 * size), 0.1 + 0.2 * size), 5.0 * making["people"])
        )
    if making["bustle"] > 0:
        layers.append(scaled(timeline(_bustle(making, size)), 1.6 * making["bustle"]))
    if making["clatter"] > 0:
        layers.append(scaled(clatter(rng, 0.5 + 2.5 * making["clatter"]), 2.0 * making["clatter"]))
    return mixed(*layers)


def _thing(rng: np.random.Generator) -> Floats:
    material = (WOOD, PLASTIC, WOOD, METAL)[int(rng.integers(4))]
    return strike(rng, rng, material, rng.uniform(0.6, 1.8), rng.uniform(0.1, 0.5), 0.4)


@made_once(most=2)
def _things(seed: int, size: float) -> tuple[Block, ...]:
    """What is put down in a place, in its reverberation."""
    rng, stand = np.random.default_rng([seed, 14]), Stand(3000, -14, -16 + 12 * size, 0.4 + 2.0 * size)
    response = impulse(rng, stand)
    return tuple(placed(panned(peaked(_thing(rng)), 0.0), stand, response) for _ in range(12))


def _bustle(making: Making, size: float) -> Iterator[Event]:
    """Things put down, at some distance."""
    rng, things = making.rng, _things(making.seed, size)
    frame = 0.0
    while True:
        frame += rng.exponential(2.2 - 1.9 * making["bustle"]) * SAMPLE_RATE
        sound = things[int(rng.integers(len(things)))] * np.float32(rng.lognormal(-1.0, 0.6))
        yield Event(int(frame), sound * panned(np.ones(1), rng.uniform(-0.8, 0.8)))


@bed(
    "factory",
    Parameter("machines", 0.6, doc="how much runs"),
    Parameter("rhythm", 1.6, 0.3, 6.0, "strokes a second of the nearest machine"),
    Parameter("metal", 0.4, doc="clanging"),
)
def factory(making: Making) -> Stream:
    """A hall of machines: drones, a press that beats, blows on metal that ring in the hall."""
    rng = making.rng
    drone = texture(rng, ((45, 0), (120, -2), (500, -9), (2500, -20)), 0.8, 1.5)
    whirr = hum(rng, (58, 116, 174, 348, 523, 1046), (1, 0.6, 0.35, 0.3, 0.2, 0.08), 0.004)
    beat = pulsed(texture(rng, ((70, 0), (300, -4), (2200, -12)), 0.5, 0.9), rng, making["rhythm"], 1.0, 9.0, 0.004)
    return mixed(
        scaled(moved(drone, wander(rng, 3.0), swell(1.5)), 0.9),
        scaled(whirr, 0.5 * making["machines"]),
        scaled(beat, 1.3 * making["machines"]),
        scaled(texture(rng, ((1500, -2), (4000, 0), (9000, -6))), 0.06 * making["machines"]),
        scaled(timeline(_clangs(rng, making["metal"])), 1.5 * making["metal"]),
    )


def _clangs(rng: np.random.Generator, much: float) -> Iterator[Event]:
    response = impulse(rng, _HALL)
    blows = [
        placed(
            panned(peaked(strike(rng, rng, METAL, rng.uniform(0.8, 3.0), rng.uniform(0.4, 1.0), 0.5)), 0.0),
            _HALL,
            response,
        )
        for _ in range(8)
    ]
    frame = 0.0
    while True:
        frame += rng.exponential(3.5 - 2.8 * much) * SAMPLE_RATE
        yield Event(
            int(frame),
            blows[int(rng.integers(len(blows)))]
            * panned(np.ones(1), rng.uniform(-0.8, 0.8))
            * np.float32(rng.lognormal(-0.9, 0.5)),
        )


@bed(
    "city",
    Parameter("traffic", 0.5, doc="how much drives past"),
    Parameter("near", 0.4, doc="how near the street is"),
    Parameter("people", 0.1, doc="passers-by"),
    Parameter("speed", 13.0, 5.0, 40.0, "metres a second of the cars"),
    Parameter("horns", 0.1, doc="how often one sounds its horn"),
    contrast=3.0,
)
def city(making: Making) -> Stream:
    """A town: the hum of all its roads, cars that pass, horns and people far off."""
    rng, traffic, near = making.rng, making["traffic"], making["near"]
    drone = texture(rng, ((40, 0), (100, -1), (280, -7), (900, -17), (3000, -34)), 1.0, 4.0)
    wash = texture(rng, ((300, -2), (800, 0), (1800, -8), (5000, -22)), 1.0, 3.0)
    layers = [
        scaled(moved(drone, wander(rng, 6.0), swell(2)), 1.0 - 0.3 * near),
        scaled(moved(wash, wander(rng, 5.0), swell(4)), 0.10 + 0.25 * traffic),
    ]
    if traffic > 0:
        layers.append(scaled(timeline(_cars(making)), 0.25 + 1.6 * near))
    if making["people"] > 0:
        layers.append(scaled(crowd_stream(making, 0.4, 0.15), 0.7 * making["people"]))
    if making["horns"] > 0:
        layers.append(scaled(timeline(_horns(rng, making["horns"])), 0.5))
    return mixed(*layers)


@made_once(most=4)
def _fleet(seed: int, near: float, speed: float) -> tuple[Block, ...]:
    """The cars of a street, made once for all its scenes."""
    rng = np.random.default_rng([seed, 10])
    distance = 22 - 16 * near
    passes = (
        pass_by(rng, speed * rng.uniform(0.8, 1.2), distance * rng.uniform(0.8, 1.6), 6.5, rng.uniform() < 0.2)[0]
        for _ in range(5)
    )
    return tuple(one / np.float32(np.abs(one).max()) for one in passes)


def _cars(making: Making) -> Iterator[Event]:
    """One of the street's cars after another, from either side."""
    rng = making.rng
    fleet = _fleet(making.seed, making["near"], making["speed"])
    frame = -2.0 * SAMPLE_RATE
    while True:
        car = fleet[int(rng.integers(len(fleet)))][:, :: int(rng.choice((-1, 1)))]
        yield Event(int(frame), car * np.float32(rng.uniform(0.4, 1.0)))
        frame += (0.7 + rng.exponential(1.0)) * (5.5 - 4.5 * making["traffic"]) * SAMPLE_RATE


def _horns(rng: np.random.Generator, often: float) -> Iterator[Event]:

    street = impulse(rng, STANDS[Perspective.FAR])
    frame = rng.uniform(2, 10) * SAMPLE_RATE
    while True:
        hertz = rng.uniform(340, 460)
        call = panned(
            peaked(horn_sound(rng, (hertz, hertz * 1.25), rng.uniform(0.15, 0.7), 0.5)), rng.uniform(-0.8, 0.8)
        )
        yield Event(int(frame), placed(call * np.float32(rng.uniform(0.05, 0.25)), STANDS[Perspective.FAR], street))
        frame += rng.exponential(3.0 / often) * SAMPLE_RATE


@bed(
    "cabin",
    Parameter("speed", 0.5, doc="standing (0) to full speed (1)"),
    Parameter("engine", 0.4, doc="how much of the engine is heard"),
    Parameter("rattle", 0.2, doc="fittings that rattle"),
    Parameter("pitch", 70, 20, 400, "Hz of the engine's lowest note"),
    Parameter("whine", 0.0, doc="turbine or gear whine"),
)
def cabin(making: Making) -> Stream:
    """Inside a vehicle: the road or the air on the hull, the engine through the floor, rattles."""
    rng, speed, pitch = making.rng, making["speed"], making["pitch"]
    hull = texture(rng, ((35, 0), (90, -1), (300, -9), (1200, -22), (5000, -36)), 0.7, 1.6)
    wind_noise = texture(rng, ((250, -3), (700, 0), (2200, -9), (7000, -22)), 0.9, 1.5)
    layers = [
        scaled(moved(hull, wander(rng, 1.1, 0.5), swell(2)), 0.4 + 0.8 * speed),
        scaled(moved(wind_noise, wander(rng, 2.5), swell(2)), 0.4 * speed),
    ]
    if making["engine"] > 0:
        number = np.arange(1, 9)
        layers.append(
            scaled(hum(rng, tuple(pitch * number / 2), tuple(1 / number**0.8), 0.004), 1.1 * making["engine"])
        )
    if making["rattle"] > 0:
        grain: Grain = picked(_fittings(making.seed))
        layers.append(scaled(moved(strewn(rng, grain, 9, 0.8), wander(rng, 1.5), swell(5)), 1.2 * making["rattle"]))
    if making["whine"] > 0:
        layers.append(scaled(hum(rng, (2100, 3150, 4210), (1, 0.4, 0.25), 0.001), 0.12 * making["whine"]))
    return mixed(*layers)


@made_once(most=2)
def _fittings(seed: int) -> list[Floats]:
    """The rattles of one vehicle."""
    return bank(np.random.default_rng([seed, 15]), _rattle, 20)


def _rattle(rng: np.random.Generator) -> Floats:
    return strike(rng, rng, PLASTIC if rng.uniform() < 0.6 else METAL, rng.uniform(0.5, 1.2), 0.4, 0.2)[:4000]


@bed(
    "static",
    Parameter("voice", 0.3, doc="garbled voices in it"),
    Parameter("crackle", 0.5, doc="crackles and whistles"),
)
def static(making: Making) -> Stream:
    """A radio between stations: hiss in a narrow band, crackle, heterodyne whistles, distant speech."""
    rng = making.rng
    layers = [
        scaled(
            moved(
                texture(rng, ((350, -3), (1200, 0), (3200, -2), (4200, -12)), 0.2, 1.0), wander(rng, 1.0, 0.6), swell(3)
            ),
            0.8,
        )
    ]
    if making["crackle"] > 0:
        layers.append(scaled(strewn(rng, picked(bank(rng, crack, 20)), 9, 0.8, 0.2), 0.7 * making["crackle"]))
        layers.append(
            scaled(
                moved(hum(rng, (1850,), (1.0,), 0.01), wander(rng, 1.3, 0.3), lambda v: np.clip(v - 0.1, 0, None)),
                0.8 * making["crackle"],
            )
        )
    if making["voice"] > 0:
        layers.append(
            scaled(
                moved(crowd_stream(making, 0.0, 0.4), wander(rng, 1.6, 0.3), lambda v: np.clip(v + 0.2, 0, None)),
                making["voice"],
            )
        )
    return mixed(*layers)


@bed("cave", Parameter("drips", 0.5, doc="how often it drips"), Parameter("wind", 0.3, doc="air that moves in it"))
def cave(making: Making) -> Stream:
    """A cave: a hollow drone of air and drops that ring in it."""
    rng = making.rng
    hall = Stand(6000, -10, -3, 2.6)
    response = impulse(rng, hall)
    drops = [
        placed(
            panned(peaked(drip(making.hit(n, 1.0).using({"pitch": float(rng.uniform(0.3, 0.9)), "echo": 0.0}))), 0.0),
            hall,
            response,
        )
        for n in range(10)
    ]
    air = texture(rng, ((55, 0), (130, -2), (420, -10), (1500, -26)), 0.9, 4.0)
    hollow = texture(rng, ((150, -6), (215, 0), (310, -6)), 0.9, 3.0)
    return mixed(
        scaled(moved(air, wander(rng, 6.0), swell(3)), 0.6),
        scaled(moved(hollow, wander(rng, 4.0), swell(6)), 0.35 * making["wind"]),
        scaled(timeline(_falling(rng, drops, 0.35 + 1.6 * making["drips"])), 0.55),
    )


def _falling(rng: np.random.Generator, drops: list[Block], rate: float) -> Iterator[Event]:
    frame = 0.0
    while True:
        frame += rng.exponential(1 / rate) * SAMPLE_RATE
        sound = drops[int(rng.integers(len(drops)))] * np.float32(rng.lognormal(-0.8, 0.5))
        yield Event(int(frame), sound * panned(np.ones(1), rng.uniform(-0.8, 0.8)))


@bed(
    "suburb",
    Parameter("traffic", 0.25, doc="cars that pass"),
    Parameter("birds", 0.3, doc="how many sing"),
    contrast=3.0,
)
def suburb(making: Making) -> Stream:
    """Quiet streets: the town far off, a car now and then, birds in gardens."""
    town = city(making.using({"traffic": making["traffic"], "near": 0.1, "people": 0.0, "speed": 11.0, "horns": 0.0}))
    garden = forest(making.using({"birds": making["birds"], "leaves": 0.15, "near": 0.3, "insects": 0.0}))
    return mixed(scaled(town, 0.7), scaled(garden, 0.7))


@bed(
    "harbour",
    Parameter("gulls", 0.5, doc="how often they cry"),
    Parameter("boats", 0.4, doc="timber, rigging and horns"),
    contrast=3.0,
)
def harbour(making: Making) -> Stream:
    """A quay: lapping water, gulls, masts and moorings, the town behind."""
    rng = making.rng
    water = sea(making.using({"swell": 0.1, "shore": 0.2}))
    town = texture(rng, ((45, 0), (120, -2), (400, -12), (1500, -28)), 1.0, 3.0)
    gulls = [peaked(uttered(making.hit(n, 1.0).using({"pitch": 1.0, "calls": 0.6}), CROAKS["gull"])) for n in range(6)]
    creaks = [peaked(creak_sound(rng, making.timbre(), 1.0, 0.1, 2.0)) for _ in range(5)]
    return mixed(
        scaled(water, 1.0),
        scaled(town, 0.12),
        scaled(strewn(rng, picked(gulls), 0.05 + 0.35 * making["gulls"], 0.6), 0.12),
        scaled(strewn(rng, picked(creaks), 0.02 + 0.5 * making["boats"], 0.5), 0.12),
    )


@bed("battle", Parameter("near", 0.5, doc="beyond the hills (0) to all around (1)"), contrast=2.0)
def battle(making: Making) -> Stream:
    """War: guns far and near, bursts of fire, a low unrest under all."""
    rng, near = making.rng, making["near"]
    far = 0.95 - 0.5 * near
    booms = [
        peaked(explosion(making.hit(n, 1.0).using({"size": 0.6, "distance": far, "debris": 0.0, "echo": 0.7})))
        for n in range(4)
    ]
    booms += [peaked(cannon(making.hit(n, 1.0).using({"size": 0.6, "distance": far}))) for n in range(4)]
    shots = [
        0.5
        * peaked(
            gunshot(
                making.hit(n, 1.0).using(
                    {"kind": 1, "distance": far, "echo": 0.9, "rounds": (1, 6)[n % 2], "rate": 10, "muffled": 0.0}
                )
            )
        )
        for n in range(8)
    ]
    unrest = texture(rng, ((30, 0), (80, -2), (260, -12), (900, -26)), 0.9, 2.0)
    return mixed(
        scaled(moved(unrest, wander(rng, 2.0), swell(4)), 0.12),
        scaled(strewn(rng, picked(booms), 0.35 + 0.4 * near, 0.5), 0.8),
        scaled(strewn(rng, picked(shots), 0.5 + 1.2 * near, 0.5), 0.5),
    )
