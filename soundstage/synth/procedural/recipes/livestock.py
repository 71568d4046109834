"""Beasts of the farm: their cries, and a horse's breath and hooves."""

import numpy as np

from soundstage.synth.procedural.cries import BARK, LONG, Cry, register
from soundstage.synth.procedural.envelopes import flicker, laid, path, ticks
from soundstage.synth.procedural.grains import peaked
from soundstage.synth.procedural.modal import BODY, CERAMIC, STONE, WOOD, strike
from soundstage.synth.procedural.noise import Floats, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, hit
from soundstage.synth.procedural.voice import Call, Formant, steady

_MOO = (
    Formant(((0, 280), (0.3, 480), (0.8, 560), (1, 380)), 130),
    Formant(((0, 800), (0.4, 1150), (1, 950)), 220, -7),
    Formant(((0, 2300), (1, 2300)), 400, -18),
)
_BLEAT = (
    Formant(((0, 650), (0.5, 800), (1, 600)), 200),
    Formant(((0, 1500), (1, 1700)), 300, -4),
    Formant(((0, 2700), (1, 2700)), 450, -9),
)

# Fundamentals and resonances after published measurements of each kind's calls, rounded.
CRIES = {
    "cow": Cry(
        Call(
            1.9,
            ((0, 105), (0.15, 125), (0.6, 165), (0.85, 150), (1, 105)),
            ((0, 0), (0.12, 0.7), (0.5, 1), (0.85, 0.8), (1, 0)),
            _MOO,
            -8,
            0.06,
            0.012,
            0.12,
        ),
        (1, 1),
        2.0,
        6.0,
    ),
    "sheep": Cry(Call(0.95, ((0, 205), (0.2, 235), (1, 195)), LONG, _BLEAT, -6, 0.1, 0.03, 0.65, 11), (1, 2), 1.2, 4.0),
    "goat": Cry(Call(0.75, ((0, 300), (0.2, 345), (1, 280)), LONG, _BLEAT, -5, 0.1, 0.03, 0.7, 14), (1, 2), 1.0, 3.5),
    "pig": Cry(
        Call(
            0.22,
            ((0, 120), (0.4, 165), (1, 105)),
            BARK,
            steady((420, 180, 0), (1300, 350, -3), (2400, 600, -8)),
            -3,
            0.5,
            0.06,
            0.8,
            42,
        ),
        (2, 4),
        0.36,
        2.6,
    ),
    "horse": Cry(
        Call(
            1.6,
            ((0, 620), (0.15, 1150), (0.5, 900), (1, 380)),
            ((0, 0), (0.1, 1), (0.7, 0.6), (1, 0)),
            steady((900, 300, 0), (1700, 400, -3), (3000, 700, -8)),
            -6,
            0.15,
            0.02,
            0.75,
            12,
        ),
        (1, 1),
        2.0,
        6.0,
    ),
    "donkey": Cry(
        Call(
            0.6,
            ((0, 420), (0.4, 520), (0.5, 260), (1, 220)),
            LONG,
            steady((700, 250, 0), (1500, 350, -3), (2700, 600, -9)),
            -4,
            0.35,
            0.03,
            0.6,
        ),
        (3, 5),
        0.78,
        6.0,
    ),
    "camel": Cry(
        Call(
            1.6,
            ((0, 140), (0.3, 210), (1, 120)),
            LONG,
            steady((480, 200, 0), (1000, 300, -3), (2200, 500, -8)),
            -4,
            0.25,
            0.05,
            0.7,
            19,
        ),
        (1, 1),
        2.0,
        5.0,
    ),
}

register(CRIES)


@hit("horse snort", every=4.0, jitter=0.4)
def snort(making: Making) -> Floats:
    """Air blown through loose lips and nostrils: fluttering noise."""
    rng, seconds = making.rng, float(making.rng.uniform(0.6, 0.9))
    flutter = 0.5 + 0.5 * np.cos(2 * np.pi * (22 * ticks(seconds) + 0.5 * flicker(rng, seconds, 8)))
    return (
        hiss(rng, seconds, ((150, 0), (600, -2), (2500, -9), (6000, -16)))
        * (0.2 + flutter**2)
        * path(seconds, ((0, 0.6), (0.05, 1), (1, 0)))
    )


_GAITS = {0: ((0.0, 0.25, 0.5, 0.75), 1.1), 1: ((0.0, 0.5), 0.62), 2: ((0.0, 0.16, 0.30), 0.5)}


@hit(
    "hooves",
    Parameter("gait", 0, 0, 2, "0 walk, 1 trot, 2 gallop"),
    Parameter("hardness", 0.7, doc="turf (0) to cobbles (1)"),
    every=0.9,
    jitter=0.03,
)
def hooves(making: Making) -> Floats:
    """One stride of a horse: the beats of its gait."""
    rng, timbre, hard = making.rng, making.timbre(), making["hardness"]
    beats, stride = _GAITS[making.choice("gait")]
    parts = []
    for n, beat in enumerate(beats):
        seconds = float(np.clip(beat * stride + (rng.normal(0, 0.008) if n else 0), 0, 2))
        clop = peaked(strike(rng, timbre, CERAMIC if n % 2 else STONE, 1.5 + 0.2 * n, 0.7, 0.8)) * hard
        hollow = peaked(strike(rng, timbre, WOOD, 0.55 + 0.06 * n, 0.8, 0.4)) * (0.3 + 0.5 * hard)
        thud = peaked(strike(rng, timbre, BODY, 0.5, 0.7)) * (1.0 - 0.65 * hard)
        for sound in (clop, hollow, thud):
            parts.append((seconds, sound * rng.uniform(0.7, 1.0)))
    return laid(stride + 0.3, parts)
