"""Wind, rain, hail and thunder."""

from collections.abc import Iterator
from itertools import tee

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import decay, flicker, laid, pluck, smooth_path, ticks
from soundstage.synth.procedural.grains import Grain, bank, cloud, panned, peaked, picked, strewn
from soundstage.synth.procedural.modal import CERAMIC, GLASS, METAL, STONE, WOOD, strike
from soundstage.synth.procedural.noise import Floats, band, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, bed, hit
from soundstage.synth.procedural.streams import Event, Stream, mixed, moved, scaled, swell, texture, timeline, wander


@bed(
    "wind",
    Parameter("strength", 0.5, doc="breeze (0) to storm (1)"),
    Parameter("howl", 0.2, doc="whistling round edges and wires"),
    Parameter("leaves", 0.0, doc="foliage that rustles in it"),
    Parameter("grit", 0.0, doc="sand or snow that it carries"),
    Parameter("low", 1.0, doc="the rumble of open land: none (0) to full (1)"),
)
def wind(making: Making) -> Stream:
    """Gusting wind: bands of noise that rise together, the higher the more; whistles, leaves."""
    rng, force = making.rng, making["strength"]
    gusts = tee(wander(rng, 4.5 - 2 * force, 0.45), 8)
    depth = 3 + 5 * force
    layers = [
        scaled(moved(texture(rng, ((45, 0), (110, 0), (240, -8)), 0.8), gusts[0], swell(0.6 * depth)), making["low"]),
        scaled(moved(texture(rng, ((160, -3), (400, 0), (900, -8))), gusts[1], swell(depth)), 0.55 + 0.35 * force),
        scaled(
            moved(texture(rng, ((900, 0), (2500, -6), (7000, -18))), gusts[2], swell(1.6 * depth)), 0.08 + 0.3 * force
        ),
    ]
    if making["howl"] > 0:
        pitch = rng.uniform(0.85, 1.2)
        for n, hertz in enumerate((310, 470, 640, 880)):
            whistle = texture(rng, ((hertz * pitch * 0.96, -3), (hertz * pitch, 0), (hertz * pitch * 1.04, -3)), 0.5)
            layers.append(scaled(moved(whistle, wander(rng, 2.0 + n, 0.2), _ridge), 0.9 * making["howl"]))
    if making["leaves"] > 0:
        rustle = cloud(rng, _leaf, 350, 0.7)
        layers.append(scaled(moved(rustle, gusts[3], swell(1.3 * depth)), 2.2 * making["leaves"]))
        layers.append(
            scaled(
                moved(texture(rng, ((1500, -4), (4000, 0), (9000, -6))), gusts[4], swell(1.5 * depth)),
                0.5 * making["leaves"],
            )
        )
    if making["grit"] > 0:
        sand = texture(rng, ((3000, -3), (6000, 0), (11000, -4)))
        layers.append(scaled(moved(sand, gusts[5], swell(1.8 * depth)), 0.35 * making["grit"]))
    return mixed(*layers)


def _ridge(value: Floats) -> Floats:
    """A whistle speaks only while the gust is right for it."""
    return np.asarray(np.clip(value + 0.25, 0, None) ** 1.5)


def _leaf(rng: np.random.Generator) -> Floats:
    seconds = rng.uniform(0.006, 0.03)
    middle = rng.uniform(2200, 6500)
    return hiss(rng, seconds, band(middle * 0.6, middle * 1.5)) * pluck(seconds, 0.002, seconds * 1.2)


def _ground_drop(rng: np.random.Generator) -> Floats:
    """A splat of noise, then now and then the ring of an air bubble (Minnaert)."""
    tick = hiss(rng, 0.02, band(rng.uniform(900, 2500), rng.uniform(5000, 11000))) * decay(
        0.02, rng.uniform(0.006, 0.018)
    )
    if rng.uniform() < 0.4:
        tick += 0.8 * drop_ring(rng, rng.uniform(1800, 6000))[: len(tick)]
    return tick


def drop_ring(rng: np.random.Generator, hertz: float) -> Floats:
    """The sound of a bubble under water: a sine that decays and rises a little (van den Doel 2005)."""
    seconds = float(np.clip(60 / hertz, 0.02, 0.2))
    time = ticks(seconds)
    return np.asarray(
        np.sin(2 * np.pi * hertz * time * (1 + rng.uniform(0, 1.2) * time / seconds * 0.15)) * decay(seconds, seconds)
    )


def _leaf_drop(rng: np.random.Generator) -> Floats:
    return hiss(rng, 0.03, band(rng.uniform(500, 1200), rng.uniform(2500, 5000))) * pluck(
        0.03, 0.001, rng.uniform(0.01, 0.025)
    )


def _metal_drop(rng: np.random.Generator) -> Floats:
    return strike(rng, rng, METAL, rng.uniform(0.3, 1.1), 0.7, 0.1)[:4000]


def _glass_drop(rng: np.random.Generator) -> Floats:
    return strike(rng, rng, GLASS, rng.uniform(1.5, 4.0), 0.5, 0.06)[:1500]


def _skin_drop(rng: np.random.Generator) -> Floats:
    """On stretched cloth: a small drum."""
    hertz = rng.uniform(180, 520)
    time = ticks(0.04)
    drum = np.sin(2 * np.pi * hertz * time * (1 - 0.8 * time)) * decay(0.04, 0.03)
    return np.asarray(drum + 0.5 * hiss(rng, 0.04, band(800, 4500)) * decay(0.04, 0.008))


def _roof_drop(rng: np.random.Generator) -> Floats:
    return strike(rng, rng, WOOD, rng.uniform(0.35, 0.9), 0.4, 0.35)[:2500]


_DROPS: tuple[Grain, ...] = (_ground_drop, _leaf_drop, _metal_drop, _glass_drop, _skin_drop, _roof_drop)
_SHEETS = (
    ((700, -6), (2500, 0), (7000, -3), (12000, -9)),
    ((500, -3), (1800, 0), (5000, -8)),
    ((500, -3), (1500, 0), (5000, -5), (9000, -12)),
    ((800, -3), (2500, 0), (7000, -7)),
    ((250, -2), (700, 0), (3000, -8)),
    ((250, -3), (800, 0), (4000, -6), (8000, -14)),
)


@bed(
    "rain",
    Parameter("intensity", 0.5, doc="drizzle (0) to downpour (1)"),
    Parameter("surface", 0, 0, 5, "where it falls: 0 ground, 1 leaves, 2 metal, 3 glass, 4 cloth, 5 roof"),
    Parameter("drops", 0.5, doc="how much single drops stand out"),
    Parameter("gusts", 0.3, doc="how much it comes and goes"),
)
def rain(making: Making) -> Stream:
    """Rain in three depths: the far sheet as noise, the patter around, single drops near."""
    rng, much, surface = making.rng, making["intensity"], making.choice("surface")
    grain = _DROPS[surface]
    breath = swell(1 + 4 * making["gusts"])
    sheet = moved(texture(rng, _SHEETS[surface]), wander(rng, 6.0), breath)
    patter = moved(cloud(rng, grain, 60 + 500 * much, 0.6), wander(rng, 5.0), breath)
    near = strewn(rng, picked(bank(rng, grain, 24)), 2.5 + 14 * much, 0.5)
    layers = [
        scaled(sheet, 0.02 + 0.45 * much**1.5),
        scaled(patter, 0.12 + 0.28 * much),
        scaled(near, making["drops"] * (0.22 + 0.5 * much)),
    ]
    if much > 0.6:
        layers.append(scaled(texture(rng, ((60, 0), (250, -3), (700, -10)), 0.9), 0.35 * (much - 0.6)))
    return mixed(*layers)


@bed(
    "hail",
    Parameter("intensity", 0.5, doc="few stones (0) to a storm of them (1)"),
    Parameter("metal", 0.3, doc="share that falls on metal"),
)
def hail(making: Making) -> Stream:
    """Hailstones: hard little knocks by the hundred over the hiss of ice and rain."""
    rng, much = making.rng, making["intensity"]

    def stone(chance: np.random.Generator) -> Floats:
        if chance.uniform() < making["metal"]:
            return strike(chance, chance, METAL, chance.uniform(0.5, 1.4), 0.9, 0.12)[:5000]
        return strike(
            chance, chance, (STONE, CERAMIC, WOOD)[int(chance.integers(3))], chance.uniform(0.3, 0.8), 1.0, 0.6
        )[:3000]

    return mixed(
        scaled(texture(rng, ((900, -3), (3500, 0), (10000, -6))), 0.05 + 0.1 * much),
        scaled(cloud(rng, stone, 25 + 170 * much, 0.6), 0.5),
        scaled(strewn(rng, picked(bank(rng, stone, 24)), 3 + 9 * much), 0.9),
    )


@hit(
    "thunder",
    Parameter("distance", 0.4, doc="overhead (0) to far away (1)"),
    Parameter("length", 7.0, 2.0, 14.0, "seconds of rolling"),
    every=16.0,
    jitter=0.5,
)
def thunder(making: Making) -> Floats:
    """A crack of the near channel, then rumble from its farther reaches, duller and duller."""
    return _roll(making)


def _roll(making: Making) -> Floats:
    rng, far, seconds = making.rng, making["distance"], making["length"] * making.rng.uniform(0.75, 1.2)
    parts = [(0.0, _peal(rng, 0.5, 2600 * (1 - far) + 260) * (1.1 - 0.75 * far))]
    if far < 0.6:
        cracks = np.sort(rng.exponential(0.09, 9))
        parts += [(float(t), _crackle(rng) * (0.85 - far) * rng.uniform(0.3, 1)) for t in cracks]
    starts = np.sort(rng.gamma(1.3, seconds / 5, 26))
    for start in starts[starts < seconds * 0.85]:
        late = float(start) / seconds
        edge = (1100 - 750 * far) * (1 - late) ** 1.5 + 90
        loud = rng.lognormal(-0.3, 0.5) * (1 - late) ** 1.6 * (0.55 + 0.4 * far)
        parts.append((float(start), _peal(rng, rng.uniform(0.5, 1.6), edge) * loud))
    return laid(seconds, parts) * (1 - ticks(seconds) / seconds)


def _peal(rng: np.random.Generator, seconds: float, edge: float) -> Floats:
    rough = 1 + 0.7 * flicker(rng, seconds, 14)
    return (
        hiss(rng, seconds, ((28, -4), (60, 0), (edge * 0.5, -2), (edge, -9)))
        * pluck(seconds, 0.004 + 12 / edge, seconds)
        * rough
    )


def _crackle(rng: np.random.Generator) -> Floats:
    return hiss(rng, 0.12, ((200, -3), (900, 0), (5000, -5))) * pluck(0.12, 0.0008, 0.1)


@bed(
    "thunderstorm",
    Parameter("intensity", 0.7, doc="of the rain and wind"),
    Parameter("strikes", 0.5, doc="how often it thunders"),
    contrast=4.0,
)
def thunderstorm(making: Making) -> Stream:
    """Rain and wind with thunder that rolls near and far."""
    much = making["intensity"]
    shower = rain(making.using({"intensity": much, "surface": 0, "drops": 0.3, "gusts": 0.5}))
    gale = wind(making.using({"strength": 0.35 + 0.4 * much, "howl": 0.1, "leaves": 0.0, "grit": 0.0, "low": 0.8}))
    return mixed(scaled(shower, 0.8), scaled(gale, 0.22), timeline(_rolling(making, 9 + 30 * (1 - making["strikes"]))))


def _rolling(making: Making, gap: float) -> Iterator[Event]:
    """Thunder every `gap` seconds or so, near and far by turns."""
    rng = making.rng
    frame, index = rng.uniform(1.5, 4.0) * SAMPLE_RATE, 0
    while True:
        far = float(rng.uniform(0.25, 0.95))
        one = peaked(_roll(making.hit(index, 1.0).using({"distance": far, "length": 8.0})))
        yield Event(int(frame), panned(one * (2.2 - far), rng.uniform(-0.5, 0.5)))
        frame += rng.uniform(0.6, 1.4) * gap * SAMPLE_RATE
        index += 1


@hit(
    "wind gust",
    Parameter("strength", 0.5, doc="puff (0) to squall (1)"),
    Parameter("length", 3.0, 0.5, 8.0, "seconds"),
    every=6.0,
    jitter=0.4,
)
def gust(making: Making) -> Floats:
    """One gust that swells, brightens and dies."""
    rng, force, seconds = making.rng, making["strength"], making["length"] * float(making.rng.uniform(0.85, 1.2))
    swells = smooth_path(seconds, ((0, 0.12), (0.35, 1), (0.5, 0.8), (1, 0)))
    low = hiss(rng, seconds, ((60, 0), (180, -1), (600, -9))) * swells
    high = hiss(rng, seconds, ((500, 0), (1500, -5), (5000, -15))) * swells**2.2
    return (low + (0.35 + 0.6 * force) * high) * (1 + 0.25 * flicker(rng, seconds, 5))
