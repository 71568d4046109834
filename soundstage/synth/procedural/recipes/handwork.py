"""Tools in the hand: hammers, saws, axes, files, shovels."""

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import flicker, laid, path, pluck, smooth_path
from soundstage.synth.procedural.grains import peaked
from soundstage.synth.procedural.modal import BODY, METAL, STONE, WOOD, strike
from soundstage.synth.procedural.noise import Floats, hiss, through
from soundstage.synth.procedural.recipe import Making, Parameter, hit
from soundstage.synth.procedural.recipes.doors import click
from soundstage.synth.procedural.recipes.friction import stick_slip


@hit(
    "hammer",
    Parameter("anvil", 0.0, doc="a nail in wood (0) to an anvil (1)"),
    Parameter("weight", 0.5, doc="tack hammer (0) to sledge (1)"),
    every=0.62,
    jitter=0.06,
)
def hammer(making: Making) -> Floats:
    """A hammer's blow: the head rings, the work answers, the bench thuds."""
    rng, timbre, weight, anvil = making.rng, making.timbre(), making["weight"], making["anvil"]
    head = peaked(strike(rng, timbre, METAL, 0.30 + 0.45 * weight, 1.0, 0.12 + 0.1 * anvil))
    board = peaked(strike(rng, timbre, WOOD, 0.8 + 0.7 * weight, 0.9, 0.8))
    bench = peaked(strike(rng, timbre, BODY, 0.8 + 0.6 * weight, 0.7))
    parts = [
        (0.0, (0.35 + 0.3 * anvil) * head),
        (0.0, (1 - anvil) * 0.9 * board),
        (0.0, 0.5 * (1 - 0.6 * anvil) * bench),
    ]
    if anvil > 0:
        parts.append((0.0, anvil * peaked(strike(rng, timbre, METAL, 0.55 + 0.5 * weight, 1.0, 0.8))))
        parts.append((float(rng.uniform(0.09, 0.14)), 0.2 * anvil * peaked(strike(rng, timbre, METAL, 0.5, 0.6, 0.5))))
    return laid(0.5 + 1.2 * anvil, parts)


@hit(
    "saw",
    Parameter("metal", 0.0, doc="wood (0) to metal (1)"),
    Parameter("coarse", 0.5, doc="fine (0) to coarse teeth (1)"),
    Parameter("length", 0.42, 0.1, 1.5, "seconds of a stroke"),
    every=0.95,
    jitter=0.04,
)
def saw(making: Making) -> Floats:
    """One stroke of a saw and its way back: teeth that bite, the blade that rings."""
    rng, seconds, metal = making.rng, making["length"], making["metal"]
    push = _bite(making, seconds, 1.0)
    pull = _bite(making, seconds * 0.9, 0.8) * 0.45
    blade = (
        0.12
        * peaked(hiss(rng, seconds, ((1500 + 1500 * metal, -3), (3200 + 1500 * metal, 0), (7000, -8))))
        * smooth_path(seconds, ((0, 0.2), (0.5, 1), (1, 0)))
    )
    return laid(2.0 * seconds, [(0.0, push), (0.0, blade), (seconds * 1.02, pull)])


def _bite(making: Making, seconds: float, speed: float) -> Floats:
    rng, coarse = making.rng, making["coarse"]
    rate = speed * (240 - 130 * coarse) * smooth_path(seconds, ((0, 0.5), (0.4, 1.15), (1, 0.6)))
    tooth = strike(
        rng,
        making.timbre(),
        METAL if making["metal"] > 0.5 else WOOD,
        0.35,
        1.0,
        0.05 if making["metal"] > 0.5 else 0.35,
    )[:1500]

    cut = peaked(through(stick_slip(rng, rate), peaked(tooth)))
    rasp = hiss(rng, seconds, ((500, -4), (1900, 0), (6500, -6))) * (0.5 + 0.5 * np.abs(flicker(rng, seconds, 60)))
    return np.asarray(
        (0.7 * cut + 0.45 * peaked(rasp)) * smooth_path(seconds, ((0, 0.4), (0.3, 1), (0.8, 0.8), (1, 0)))
    )


@hit(
    "axe",
    Parameter("depth", 0.6, doc="kindling (0) to a trunk (1)"),
    Parameter("split", 0.4, doc="how much the wood splits"),
    every=1.7,
    jitter=0.12,
)
def axe(making: Making) -> Floats:
    """An axe in wood: the bite, the trunk's knock, splinters."""
    rng, timbre, depth = making.rng, making.timbre(), making["depth"]
    trunk = peaked(strike(rng, timbre, WOOD, 1.0 + 0.9 * depth, 1.0, 0.7))
    bite = peaked(hiss(rng, 0.06, ((600, -2), (1800, 0), (6000, -6))) * pluck(0.06, 0.0004, 0.045))
    parts = [
        (0.0, trunk),
        (0.0, 0.5 * bite),
        (0.0, 0.4 * peaked(strike(rng, timbre, BODY, 1.0, 0.8))),
        (0.0, 0.12 * peaked(strike(rng, timbre, METAL, 0.5, 1.0, 0.1))),
    ]
    parts += [
        (
            float(at),
            making["split"]
            * 0.4
            * peaked(strike(rng, rng, WOOD, rng.uniform(0.2, 0.5), 1.0, 0.4))
            * rng.uniform(0.2, 1),
        )
        for at in rng.gamma(1.3, 0.06, 9)
    ]
    return laid(0.6, parts)


@hit("shovel", Parameter("gravel", 0.6, doc="earth (0) to gravel (1)"), every=2.2, jitter=0.15)
def shovel(making: Making) -> Floats:
    """A spade: it bites with a scrape, lifts, and throws its load."""
    rng, gravel = making.rng, making["gravel"]
    bite = (
        hiss(rng, 0.35, ((400, -3), (1500 + 1800 * gravel, 0), (8000, -7)))
        * (0.4 + 0.6 * np.abs(flicker(rng, 0.35, 45)))
        * path(0.35, ((0, 0.7), (0.15, 1), (1, 0)))
    )
    blade = peaked(strike(rng, making.timbre(), METAL, 1.0, 0.7, 0.12))
    parts = [(0.0, 0.7 * peaked(bite)), (0.0, 0.35 * blade)]
    for at in 1.0 + rng.gamma(2, 0.07, 40):
        parts.append(
            (float(at), peaked(strike(rng, rng, STONE, rng.uniform(0.4, 1.3), 0.5, 0.6)) * rng.lognormal(-1.9, 0.5))
        )
    return laid(1.7, parts)


@hit(
    "ratchet",
    Parameter("rate", 26, 4, 120, "clicks a second"),
    Parameter("length", 0.5, 0.1, 3.0, "seconds"),
    Parameter("pitch", 0.5, doc="heavy (0) to light (1)"),
    Parameter("metal", 1.0, doc="plastic (0) to metal (1)"),
    every=1.1,
    jitter=0.2,
)
def ratchet(making: Making) -> Floats:
    """Pawl and wheel: a row of clicks that starts and slows with the hand."""
    rng, seconds = making.rng, making["length"]
    rate = making["rate"] * smooth_path(seconds, ((0, 0.8), (0.4, 1.15), (1, 0.7)))
    tooth = peaked(click(rng, making.timbre(), 1100 + 2600 * making["pitch"], making["metal"], 0.05))
    parts = [(float(at) / SAMPLE_RATE, tooth * rng.uniform(0.6, 1)) for at in np.flatnonzero(stick_slip(rng, rate))]
    return laid(seconds + 0.06, [(at - parts[0][0], sound) for at, sound in parts])
