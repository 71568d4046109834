"""The kitchen: frying, chopping, stirring, pans and small appliances' noises."""

import numpy as np

from soundstage.synth.procedural.envelopes import decay, flicker, laid, path, pluck, smooth_path, ticks
from soundstage.synth.procedural.grains import bank, cloud, peaked, picked, strewn
from soundstage.synth.procedural.modal import CERAMIC, GLASS, METAL, WOOD, strike
from soundstage.synth.procedural.noise import Floats, band, hiss, through
from soundstage.synth.procedural.recipe import Making, Parameter, bed, hit
from soundstage.synth.procedural.recipes.friction import stick_slip
from soundstage.synth.procedural.recipes.water import bubble
from soundstage.synth.procedural.streams import Stream, hum, mixed, moved, pulsed, scaled, swell, texture, wander


def _spit(rng: np.random.Generator) -> Floats:
    """A drop of water that bursts in fat."""
    hertz = float(np.exp(rng.uniform(np.log(2000), np.log(9500))))
    return hiss(rng, 0.012, band(hertz * 0.6, hertz * 1.6)) * decay(0.012, rng.uniform(0.002, 0.009))


@bed(
    "frying",
    Parameter("heat", 0.5, doc="gentle (0) to fierce (1)"),
    Parameter("spit", 0.5, doc="bursts that stand out"),
)
def frying(making: Making) -> Stream:
    """Fat in a pan: a dense hiss of tiny bursts, larger ones that spit."""
    rng, heat = making.rng, making["heat"]
    sizzle = texture(rng, ((1800, -8), (4500, 0), (9000, -2), (15_000, -10)), 0.7, 0.8)
    return mixed(
        scaled(moved(sizzle, wander(rng, 0.9, 0.6), swell(2.5)), 0.15 + 0.35 * heat),
        scaled(moved(cloud(rng, _spit, 140 + 450 * heat, 0.8), wander(rng, 0.7, 0.6), swell(3)), 0.35),
        scaled(strewn(rng, picked(bank(rng, _spit, 40)), 5 + 14 * making["spit"], 0.8), 0.7 * making["spit"]),
        scaled(moved(cloud(rng, lambda c: bubble(c, 500, 2600), 45, 0.7), wander(rng, 0.6), swell(4)), 0.12),
    )


@hit(
    "chop",
    Parameter("soft", 0.4, doc="carrot (0) to leaves (1)"),
    Parameter("board", 0.7, doc="how much the board knocks"),
    every=0.34,
    jitter=0.09,
)
def chop(making: Making) -> Floats:
    """A knife through food onto a board: the crunch, the blade, the knock."""
    rng, timbre, soft = making.rng, making.timbre(), making["soft"]
    board = peaked(strike(rng, timbre, WOOD, 0.85, 0.75, 0.6))
    blade = peaked(strike(rng, timbre, METAL, 0.35, 0.9, 0.03))
    crunch = peaked(
        hiss(rng, 0.05, ((900, -4), (2600 - 900 * soft, 0), (8000, -7))) * pluck(0.05, 0.0008, 0.03 + 0.03 * soft)
    )
    return laid(0.3, [(0.0, (0.45 - 0.1 * soft) * crunch), (0.004, making["board"] * board), (0.004, 0.16 * blade)])


@hit(
    "stir",
    Parameter("vessel", 1, 0, 2, "0 pan, 1 cup, 2 glass"),
    Parameter("thick", 0.3, doc="tea (0) to batter (1)"),
    every=0.55,
    jitter=0.06,
)
def stir(making: Making) -> Floats:
    """Once round with a spoon: it touches the wall, scrapes on, the liquid swirls."""
    rng, timbre, thick = making.rng, making.timbre(), making["thick"]
    material = (METAL, CERAMIC, GLASS)[making.choice("vessel")]
    parts = []
    for at in (0.0, float(rng.uniform(0.16, 0.24)), float(rng.uniform(0.34, 0.42))):
        parts.append(
            (
                at,
                peaked(strike(rng, timbre, material, 0.8, 0.5 - 0.3 * thick, 0.35 - 0.25 * thick))
                * rng.uniform(0.35, 0.9)
                * (1 - 0.6 * thick),
            )
        )
    swirl = hiss(rng, 0.5, ((350, -3), (1100, 0), (3500, -12))) * smooth_path(0.5, ((0, 0.4), (0.5, 1), (1, 0)))
    parts.append((0.0, 0.12 * peaked(swirl)))
    parts += [
        (float(t), (0.1 + 0.35 * thick) * bubble(rng, 250, 1300) * rng.uniform(0.3, 1)) for t in rng.uniform(0, 0.5, 9)
    ]
    return laid(0.62, parts)


@hit(
    "pop",
    Parameter("pitch", 0.5, doc="low (0) to high (1)"),
    Parameter("gas", 0.0, doc="hiss that escapes after"),
    Parameter("hollow", 0.5, doc="how long the hollow rings"),
    every=1.2,
    jitter=0.4,
)
def pop(making: Making) -> Floats:
    """A cork, a can, a balloon, a grain of maize: pressure let go from a hollow."""
    rng = making.rng
    hertz = 260 * 6 ** making["pitch"] * float(rng.uniform(0.9, 1.1))
    length = 0.03 + 0.12 * making["hollow"]
    time = ticks(length)
    body = np.sin(2 * np.pi * hertz * time * (1 + 1.5 * time)) * decay(length, length * 0.8)
    snap = peaked(hiss(rng, 0.02, ((600, -3), (2500, 0), (9000, -5))) * decay(0.02, 0.006))
    parts = [(0.0, body), (0.0, 0.6 * snap)]
    if making["gas"] > 0:
        parts.append(
            (
                0.005,
                0.35
                * making["gas"]
                * peaked(hiss(rng, 0.7, ((2500, -4), (6000, 0), (12_000, -3))) * pluck(0.7, 0.01, 0.6)),
            )
        )
    return laid(0.2 + 0.6 * (making["gas"] > 0), parts)


@bed("popcorn", Parameter("rate", 0.5, doc="first pops (0) to full (1)"))
def popcorn(making: Making) -> Stream:
    """Maize that bursts in a lidded pan."""
    rng = making.rng

    def burst(chance: np.random.Generator) -> Floats:
        thump = np.sin(2 * np.pi * chance.uniform(280, 600) * ticks(0.03)) * decay(0.03, 0.025)
        pan = 0.15 * peaked(strike(chance, chance, METAL, 0.9, 0.5, 0.02)[:1440])
        return np.asarray(thump + pan + 0.7 * hiss(chance, 0.03, band(800, 6000)) * decay(0.03, 0.008))

    return mixed(
        scaled(strewn(rng, picked(bank(rng, burst, 30)), 2 + 22 * making["rate"], 0.4, 0.4), 0.8),
        scaled(moved(texture(rng, ((1500, -6), (5000, 0), (11_000, -6)), 0.5, 0.8), wander(rng, 1.0), swell(2)), 0.03),
    )


@bed("kettle", Parameter("whistle", 0.8, doc="boiling (0) to whistling (1)"))
def kettle(making: Making) -> Stream:
    """A kettle: the boil's rumble, steam, and the whistle's two beating tones."""
    rng = making.rng
    tones = hum(rng, (2190, 2260, 4380, 4520, 6570), (1, 0.8, 0.3, 0.2, 0.1), 0.002)
    return mixed(
        scaled(moved(texture(rng, ((150, 0), (500, -3), (1800, -14)), 0.4, 0.6), wander(rng, 0.4), swell(3)), 0.4),
        scaled(texture(rng, ((2500, -4), (5500, 0), (11_000, -5)), 0.5, 0.8), 0.35),
        scaled(moved(tones, wander(rng, 1.5), swell(1.5)), 1.2 * making["whistle"]),
    )


@hit(
    "sprinkle",
    Parameter("length", 0.8, 0.1, 3.0, "seconds"),
    Parameter("grain", 0.3, doc="salt (0) to rice (1)"),
    every=1.4,
    jitter=0.3,
)
def sprinkle(making: Making) -> Floats:
    """Grains that patter down."""
    rng, seconds, grain = making.rng, making["length"], making["grain"]
    parts = []
    for n, at in enumerate(np.sort(rng.beta(1.3, 1.8, int((220 - 120 * grain) * seconds)) * seconds)):
        hertz = float(rng.uniform(3500, 9500)) * (1 - 0.5 * grain)
        parts.append(
            (
                float(at) if n else 0.0,
                hiss(rng, 0.008, band(hertz * 0.7, hertz * 1.4)) * decay(0.008, 0.004) * rng.lognormal(-1, 0.5),
            )
        )
    return laid(seconds + 0.05, parts)


@hit("grate", Parameter("coarse", 0.5, doc="nutmeg (0) to carrot (1)"), every=0.5, jitter=0.07)
def grate(making: Making) -> Floats:
    """One stroke down a grater: a row of rasping teeth in thin steel."""
    rng, coarse = making.rng, making["coarse"]
    rate = (210 - 120 * coarse) * smooth_path(0.28, ((0, 0.7), (0.5, 1.1), (1, 0.8)))
    steel = peaked(strike(rng, making.timbre(), METAL, 0.6, 1.0, 0.04)[:2000])
    teeth = peaked(through(stick_slip(rng, rate), steel))
    rasp = hiss(rng, 0.28, ((900, -4), (2800, 0), (8000, -6))) * (0.5 + 0.5 * np.abs(flicker(rng, 0.28, 90)))
    return (0.6 * teeth + 0.4 * peaked(rasp)) * path(0.28, ((0, 0.6), (0.3, 1), (0.9, 0.8), (1, 0)))


@bed(
    "mixer",
    Parameter("speed", 0.6, doc="slow (0) to full (1)"),
    Parameter("load", 0.5, doc="empty (0) to hard stuff (1)"),
)
def mixer(making: Making) -> Stream:
    """A blender or mill: a universal motor's scream, blades, what churns in it."""
    rng, load = making.rng, making["load"]
    base = 170 + 180 * making["speed"]
    number = np.arange(1, 25)
    tone = hum(rng, tuple(base * number), tuple(number**-0.5 * np.exp(rng.normal(0, 0.4, 24))), 0.004)
    churn = moved(
        texture(rng, ((250, -2), (900, 0), (3500, -6), (9000, -14)), 0.4, 0.4),
        wander(rng, 0.25, 0.6),
        swell(3 + 3 * load),
    )
    bits = cloud(rng, lambda c: strike(c, c, CERAMIC, c.uniform(0.4, 1.0), 0.8, 0.15)[:1800], 20 + 60 * load, 0.8)
    return mixed(
        scaled(moved(tone, wander(rng, 1.2), swell(1.5)), 0.8),
        scaled(churn, 0.5),
        scaled(bits, 0.7 * load),
        scaled(pulsed(texture(rng, ((1500, 0), (4000, -2), (9000, -8))), rng, base / 4, 0.6), 0.25),
    )
