"""Machines that run: motors, fans, presses, drills, printers."""

from collections.abc import Iterator

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import flicker, laid, path, smooth_path
from soundstage.synth.procedural.grains import bank, cloud, panned, peaked, picked, strewn
from soundstage.synth.procedural.modal import METAL, PLASTIC, WOOD, strike
from soundstage.synth.procedural.noise import Floats, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, bed, hit
from soundstage.synth.procedural.recipes.doors import creak_sound
from soundstage.synth.procedural.recipes.fire import crack
from soundstage.synth.procedural.recipes.water import bubble, splash
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


@bed(
    "motor",
    Parameter("pitch", 120, 20, 2000, "Hz of its lowest note"),
    Parameter("tone", 0.5, doc="noise (0) to tone (1)"),
    Parameter("harsh", 0.4, doc="round (0) to screaming (1)"),
    Parameter("air", 0.4, doc="rush of air or of what it works"),
    Parameter("bright", 0.5, doc="of the air: dull (0) to sharp (1)"),
    Parameter("beat", 0.0, 0.0, 40.0, "strokes or turns a second that are heard as a beat (0: none)"),
    Parameter("knock", 0.5, doc="how hard it beats"),
    Parameter("unsteady", 0.2, doc="how its load changes"),
)
def motor(making: Making) -> Stream:
    """An electric machine: a motor's comb of tones, the air it moves, its beat."""
    rng, harsh, bright = making.rng, making["harsh"], making["bright"]
    number = np.arange(1, 31)
    gains = number ** (-2.0 + 2.2 * harsh) * np.exp(rng.normal(0, 0.35, 30))
    tone = hum(rng, tuple(making["pitch"] * number), tuple(gains), 0.0015 + 0.004 * making["unsteady"])
    middle = 350 * 9**bright
    air = texture(rng, ((middle * 0.25, -3), (middle, 0), (middle * 3, -7), (middle * 6, -16)), 0.6, 1.0)
    layers = [
        scaled(moved(tone, wander(rng, 1.5, 0.5), swell(4 * making["unsteady"])), making["tone"]),
        scaled(moved(air, wander(rng, 1.1, 0.5), swell(5 * making["unsteady"])), making["air"]),
        scaled(texture(rng, ((40, 0), (120, -3), (300, -14)), 0.5, 1.5), 0.25),
    ]
    if making["beat"] > 0:
        stroke = texture(rng, ((middle * 0.2, -1), (middle * 0.8, 0), (middle * 3, -8)), 0.4, 0.5)
        layers.append(
            scaled(pulsed(stroke, rng, making["beat"], 1.0, 2 + 8 * making["knock"], 0.006), 1.4 * making["knock"])
        )
    return mixed(*layers)


@bed(
    "fan",
    Parameter("speed", 0.5, doc="slow (0) to fast (1)"),
    Parameter("blades", 0.5, doc="how much the blades chop"),
    Parameter("hum", 0.3, doc="of its motor"),
    Parameter("rattle", 0.0, doc="loose grille"),
)
def fan(making: Making) -> Stream:
    """A fan: chopped air, blade tones, a mains motor."""
    rng, speed = making.rng, making["speed"]
    rate = 9 + 26 * speed
    air = texture(rng, ((90, -2), (300, 0), (900 + 1200 * speed, -7), (5000, -20)), 0.7, 1.4)
    tone = hum(rng, tuple(rate * 5 * n for n in (1, 2, 3, 4)), (1, 0.6, 0.3, 0.2), 0.003)
    layers = [
        pulsed(moved(air, wander(rng, 3.0), swell(0.8)), rng, rate, 0.35 * making["blades"], 1.0, 0.003),
        scaled(tone, 0.35 * making["blades"]),
        scaled(hum(rng, (100, 200, 300, 400), (1, 0.4, 0.3, 0.1), 0.0003), 0.5 * making["hum"]),
    ]
    if making["rattle"] > 0:
        layers.append(
            scaled(
                moved(strewn(rng, picked(bank(rng, _loose, 16)), rate / 2, 0.4), wander(rng, 1.3), swell(6)),
                0.8 * making["rattle"],
            )
        )
    return mixed(*layers)


def _loose(rng: np.random.Generator) -> Floats:
    return strike(rng, rng, PLASTIC, rng.uniform(0.4, 0.9), 0.5, 0.3)[:2500]


@bed(
    "hum",
    Parameter("pitch", 50, 40, 400, "Hz: mains 50 or 60"),
    Parameter("buzz", 0.4, doc="round (0) to buzzing (1)"),
    Parameter("low", 0.2, doc="rumble below"),
    Parameter("crackle", 0.0, doc="sparks"),
)
def mains_hum(making: Making) -> Stream:
    """Transformers, lamps and fridges: even harmonics of the mains."""
    rng, buzz = making.rng, making["buzz"]
    number = np.arange(1, 41)
    gains = np.where(number % 2 == 0, 1.0, 0.25) * number ** (-1.9 + 2.1 * buzz)
    layers = [
        hum(rng, tuple(making["pitch"] * number), tuple(gains), 0.00015),
        scaled(texture(rng, ((50, 0), (150, -4), (400, -16)), 0.5, 3.0), 0.6 * making["low"]),
    ]
    layers.append(scaled(texture(rng, ((1500, -3), (5000, 0), (10_000, -5)), 0.6, 2.0), 0.05 * buzz))
    if making["crackle"] > 0:
        layers.append(
            scaled(
                moved(strewn(rng, picked(bank(rng, crack, 24)), 14, 0.9, 0.3), wander(rng, 0.8, 0.6), swell(8)),
                3.0 * making["crackle"],
            )
        )
    return mixed(*layers)


@bed(
    "percussive tool",
    Parameter("rate", 16, 2, 60, "blows a second"),
    Parameter("size", 0.6, doc="nail gun (0) to pile driver (1)"),
    Parameter("metal", 0.5, doc="how much the tool rings"),
    Parameter("motor", 0.4, doc="its motor or compressor"),
)
def percussive_tool(making: Making) -> Stream:
    """Jackhammers and the like: blow upon blow, ground and tool ringing, air or motor."""
    rng, size = making.rng, making["size"]
    ground = texture(rng, ((60, 0), (250, -2), (1200, -9), (4000, -18)), 0.4, 0.5)
    tool = texture(rng, ((1200, -4), (2600, 0), (5200, -3), (9000, -12)), 0.4, 0.5)
    number = np.arange(1, 12)
    return mixed(
        scaled(pulsed(ground, rng, making["rate"], 0.98, 5.0, 0.012), 0.6 + 0.8 * size),
        scaled(pulsed(tool, rng, making["rate"], 0.98, 9.0, 0.012), 1.4 * making["metal"]),
        scaled(hum(rng, tuple(62 * number), tuple(number**-0.7), 0.004), 0.4 * making["motor"]),
        scaled(texture(rng, ((600, -4), (2500, 0), (8000, -6)), 0.6, 0.6), 0.22 * making["motor"]),
    )


@bed(
    "rhythm machine",
    Parameter("rate", 9.0, 0.5, 40.0, "strokes a second"),
    Parameter("weight", 0.3, doc="sewing machine (0) to printing press (1)"),
    Parameter("metal", 0.6, doc="plastic (0) to metal (1)"),
    Parameter("whirr", 0.4, doc="of its motor"),
    Parameter("uneven", 0.2, doc="how the strokes differ"),
)
def rhythm_machine(making: Making) -> Stream:
    """Machines that beat time: needle and shuttle, loom, press, printer, projector."""
    rng, weight = making.rng, making["weight"]
    strokes = [peaked(_stroke(making, n)) for n in range(4)]

    def beats() -> Iterator[Event]:
        frame, index = 0.0, 0
        while True:
            loud = (1.0, 0.55, 0.8, 0.5)[index % 4] * float(np.exp(rng.normal(0, 0.1 + 0.4 * making["uneven"])))
            yield Event(int(frame), panned(strokes[index % 4] * loud, float(rng.uniform(-0.15, 0.15))))
            frame, index = (
                frame + SAMPLE_RATE / making["rate"] * (1 + 0.05 * making["uneven"] * rng.standard_normal()),
                index + 1,
            )

    number = np.arange(1, 16)
    whirr = hum(rng, tuple((110 + 120 * (1 - weight)) * number), tuple(number**-0.8), 0.003)
    air = texture(rng, ((250, -2), (1200, 0), (4500, -9)), 0.5, 1.0)
    return mixed(timeline(beats()), scaled(whirr, 0.10 * making["whirr"]), scaled(air, 0.07 * making["whirr"]))


def _stroke(making: Making, index: int) -> Floats:
    chance = np.random.default_rng([making.seed, 6, index])
    weight, metal = making["weight"], making["metal"]
    part = peaked(
        strike(chance, chance, METAL if metal > 0.5 else PLASTIC, 0.5 + 1.5 * weight, 0.8, 0.05 if metal > 0.5 else 0.5)
    )
    frame = peaked(strike(chance, chance, WOOD, 0.6 + 1.0 * weight, 0.6, 0.5))
    air = peaked(hiss(chance, 0.03, ((700, -3), (2500, 0), (8000, -6))) * np.linspace(1, 0, 1440) ** 2)
    return laid(0.25, [(0.0, 0.7 * part), (0.0, (0.3 + 0.5 * weight) * frame), (0.0, 0.4 * air)])


@bed(
    "wheels",
    Parameter("speed", 0.5, doc="slow (0) to fast (1)"),
    Parameter("hard", 0.5, doc="rubber (0) to steel (1)"),
    Parameter("rough", 0.5, doc="smooth floor (0) to paving (1)"),
    Parameter("joints", 0.3, doc="cracks it runs over"),
    Parameter("rattle", 0.2, doc="loose parts"),
)
def wheels(making: Making) -> Stream:
    """Small wheels that roll: skateboard, skates, trolley, suitcase, cart."""
    rng, speed, hard = making.rng, making["speed"], making["hard"]
    middle = 350 + 700 * speed + 700 * hard
    roll = texture(rng, ((middle * 0.25, -2), (middle, 0), (middle * 3, -9), (middle * 7, -20)), 0.5, 0.5)
    grit = texture(rng, ((1500, -3), (3500, 0), (8000, -7)), 0.6, 0.5)

    def joint(chance: np.random.Generator) -> Floats:
        return strike(
            chance, chance, WOOD if hard < 0.7 else METAL, chance.uniform(0.6, 1.1), 0.8, 0.4 if hard < 0.7 else 0.05
        )

    return mixed(
        scaled(moved(roll, wander(rng, 0.4, 0.6), swell(1.5 + 2.5 * making["rough"])), 0.4 + 0.4 * speed),
        scaled(moved(grit, wander(rng, 0.25, 0.6), swell(4)), 0.25 * making["rough"]),
        scaled(pulsed(roll_copy(rng, middle), rng, 6 + 12 * speed, 0.9, 3.0, 0.03), 0.3 * making["rough"]),
        scaled(strewn(rng, picked(bank(rng, joint, 20)), 0.8 + 5 * speed, 0.4), 1.3 * making["joints"]),
        scaled(cloud(rng, _loose, 10 + 20 * speed, 0.8), 0.6 * making["rattle"]),
    )


def roll_copy(rng: np.random.Generator, middle: float) -> Stream:
    """The low part of rolling, to be beaten by the wheel's turn."""
    return texture(rng, ((middle * 0.2, 0), (middle * 0.6, -3), (middle * 1.5, -14)), 0.4, 0.5)


@bed(
    "bicycle",
    Parameter("speed", 0.5, doc="slow (0) to racing (1)"),
    Parameter("freewheel", 0.3, doc="pedalling (0) to freewheeling (1)"),
)
def bicycle(making: Making) -> Stream:
    """A bicycle: tyres on the road, the chain, the freewheel's tick."""
    rng, speed = making.rng, making["speed"]
    tyres = texture(rng, ((300, -4), (900, 0), (2500, -8), (6000, -18)), 0.4, 0.8)
    chain = pulsed(texture(rng, ((1500, -3), (3200, 0), (7000, -6)), 0.3, 0.5), rng, 9 + 9 * speed, 0.7, 2.0, 0.02)
    tick = pulsed(texture(rng, ((2500, -3), (4800, 0), (9500, -5)), 0.2, 0.5), rng, 16 + 26 * speed, 1.0, 14.0, 0.02)
    return mixed(
        scaled(moved(tyres, wander(rng, 1.2, 0.5), swell(3)), 0.35 + 0.3 * speed),
        scaled(moved(chain, wander(rng, 0.9), swell(3)), 0.22 * (1 - making["freewheel"])),
        scaled(tick, 0.9 * making["freewheel"]),
    )


@hit(
    "servo",
    Parameter("pitch", 420, 80, 3000, "Hz"),
    Parameter("length", 0.7, 0.1, 4.0, "seconds"),
    Parameter("stop", 0.5, doc="click as it stops"),
    every=1.4,
    jitter=0.35,
)
def servo(making: Making) -> Floats:
    """A small motor that moves something and stops: a window, a robot's joint, a lens."""
    rng, seconds = making.rng, making["length"]
    up = float(rng.uniform(0.85, 1.25))
    hertz = (
        making["pitch"]
        * up
        * smooth_path(seconds, ((0, 0.55), (0.12, 1.0), (0.85, 1.04), (1, 0.6)))
        * (1 + 0.012 * flicker(rng, seconds, 30))
    )
    phase = 2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE
    tone = sum((np.sin(n * phase + n) / n**0.8 for n in (1, 2, 3, 5, 7)), np.zeros(len(phase)))
    gears = hiss(rng, seconds, ((900, -4), (2800, 0), (7000, -8))) * (0.6 + 0.4 * np.sin(phase / 4))
    body = (peaked(tone) + 0.35 * peaked(gears)) * path(seconds, ((0, 0.45), (0.06, 1), (0.92, 0.9), (1, 0)))
    parts = [(0.0, body)]
    if making["stop"] > 0:
        parts.append((seconds - 0.01, making["stop"] * peaked(strike(rng, making.timbre(), PLASTIC, 0.8, 0.8, 0.5))))
    return laid(seconds + 0.15, parts)


@hit("rowing", Parameter("splash", 0.5, doc="how clean the stroke is"), every=2.4, jitter=0.05)
def rowing(making: Making) -> Floats:
    """One stroke of the oars: in, the pull and swirl, the rowlock, drops that run off."""
    rng = making.rng
    dip = peaked(splash(making.using({"size": 0.25, "thick": 0.2})))
    pull = hiss(rng, 1.0, ((200, -3), (700, 0), (3000, -11))) * smooth_path(1.0, ((0, 0.1), (0.4, 1), (1, 0)))
    parts = [
        (0.0, making["splash"] * dip),
        (0.05, 0.25 * peaked(pull)),
        (0.1, 0.3 * peaked(creak_sound(rng, making.timbre(), 0.35, 0.25, 1.4))),
        (1.0, 0.35 * peaked(strike(rng, making.timbre(), WOOD, 1.1, 0.5, 0.7))),
    ]
    parts += [(float(at), 0.16 * bubble(rng, 600, 3000) * rng.uniform(0.3, 1)) for at in 1.1 + rng.gamma(2, 0.15, 26)]
    return laid(2.1, parts)


@bed("hissing air", Parameter("pressure", 0.6, doc="leak (0) to jet (1)"))
def hissing_air(making: Making) -> Stream:
    """Air or gas that escapes: a high even hiss."""
    rng, pressure = making.rng, making["pressure"]
    middle = 3000 + 4000 * pressure
    return moved(
        texture(rng, ((middle * 0.35, -8), (middle, 0), (middle * 1.9, -3), (middle * 2.6, -14)), 0.4, 0.9),
        wander(rng, 0.6, 0.6),
        swell(0.8),
    )


@bed("dishwasher", Parameter("spray", 0.6, doc="how hard the arms spray"))
def dishwasher(making: Making) -> Stream:
    """A closed tub: the arms' spray goes round and round, the pump hums."""
    rng = making.rng
    spray = texture(rng, ((200, -2), (700, 0), (2200, -9), (6000, -22)), 0.5, 0.8)
    return mixed(
        scaled(pulsed(spray, rng, 0.75, 0.6, 1.5, 0.02), 0.5 + 0.5 * making["spray"]),
        scaled(hum(rng, (50, 100, 150, 200, 300), (0.4, 1, 0.3, 0.4, 0.2), 0.001), 0.5),
        scaled(strewn(rng, picked(bank(rng, _loose, 16)), 1.2, 0.5), 0.3),
    )


@hit("percussive shot", Parameter("weight", 0.5, doc="stapler (0) to nail gun (1)"), every=1.1, jitter=0.3)
def percussive_shot(making: Making) -> Floats:
    """A nail gun: the piston's bang, the wood, the air let go."""
    rng, weight = making.rng, making["weight"]
    bang = hiss(rng, 0.1, ((300, -2), (1200, 0), (6000, -6))) * np.exp(-np.arange(4800) / 700)
    wood = peaked(strike(rng, making.timbre(), WOOD, 0.8 + 0.5 * weight, 1.0, 0.6))
    air = hiss(rng, 0.22, ((1800, -3), (5000, 0), (11_000, -4))) * path(0.22, ((0, 0), (0.1, 1), (1, 0)))
    return laid(0.4, [(0.0, peaked(bang)), (0.0, 0.8 * wood), (0.025, 0.4 * peaked(air))])


@bed(
    "skiing",
    Parameter("speed", 0.5, doc="gliding (0) to racing (1)"),
    Parameter("edge", 0.4, doc="flat (0) to carving (1)"),
)
def skiing(making: Making) -> Stream:
    """Skis on snow: a gliding hiss that deepens with each turn, wind at the ears."""
    rng, speed = making.rng, making["speed"]
    glide = texture(rng, ((700, -4), (2400, 0), (6500, -5), (11_000, -14)), 0.7, 0.6)
    carve = texture(rng, ((300, -2), (1100, 0), (4000, -6)), 0.5, 0.4)
    turns = moved(carve, wander(rng, 1.3, 0.2), swell(9))
    return mixed(
        scaled(moved(glide, wander(rng, 0.8, 0.6), swell(2)), 0.4 + 0.3 * speed),
        scaled(turns, 0.45 * making["edge"]),
        scaled(moved(texture(rng, ((120, 0), (400, -3), (1200, -12))), wander(rng, 2.0), swell(3)), 0.4 * speed),
    )
