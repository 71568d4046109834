"""Birds that do not whistle: harsh cries by source and filter, and what wings and beaks do."""

import numpy as np

from soundstage.synth.procedural.cries import LONG, Cry, register
from soundstage.synth.procedural.envelopes import laid, pluck
from soundstage.synth.procedural.grains import peaked
from soundstage.synth.procedural.modal import WOOD, strike
from soundstage.synth.procedural.noise import Floats, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, hit
from soundstage.synth.procedural.voice import Call, Formant, spoken, steady

_ROOF = ((0, 0), (0.1, 1), (0.75, 0.8), (1, 0))
CROAKS = {
    "crow": Cry(
        Call(
            0.36,
            ((0, 430), (0.2, 520), (1, 400)),
            _ROOF,
            steady((1250, 350, 0), (1800, 400, -3), (3300, 900, -10)),
            -5,
            0.3,
            0.03,
            0.5,
        ),
        (2, 4),
        0.62,
        3.5,
    ),
    "raven": Cry(
        Call(
            0.34,
            ((0, 230), (0.3, 260), (1, 200)),
            _ROOF,
            steady((900, 300, 0), (1500, 350, -2), (2600, 700, -10)),
            -5,
            0.25,
            0.03,
            0.75,
        ),
        (2, 3),
        0.7,
        4.0,
    ),
    "magpie": Cry(
        Call(0.07, ((0, 900), (1, 800)), _ROOF, steady((2300, 700, 0), (3800, 900, -4)), -4, 0.45, 0.04, 0.5),
        (8, 14),
        0.1,
        3.0,
    ),
    "duck": Cry(
        Call(
            0.2,
            ((0, 210), (0.25, 260), (1, 190)),
            _ROOF,
            steady((1150, 250, 0), (2100, 400, -2), (3300, 700, -9)),
            -4,
            0.12,
            0.015,
            0.15,
        ),
        (3, 6),
        0.29,
        3.0,
    ),
    "goose": Cry(
        Call(
            0.3,
            ((0, 330), (0.3, 520), (1, 380)),
            _ROOF,
            steady((1050, 250, 0), (1700, 350, -1), (3000, 700, -8)),
            -5,
            0.1,
            0.015,
            0.3,
        ),
        (1, 3),
        0.5,
        1.8,
    ),
    "swan": Cry(
        Call(
            0.4, ((0, 480), (0.4, 640), (1, 520)), _ROOF, steady((900, 250, 0), (1700, 350, -4)), -7, 0.12, 0.015, 0.2
        ),
        (1, 2),
        0.7,
        3.0,
    ),
    "chicken": Cry(
        Call(
            0.12, ((0, 420), (0.3, 560), (1, 380)), _ROOF, steady((1100, 300, 0), (2200, 500, -4)), -6, 0.2, 0.02, 0.2
        ),
        (3, 7),
        0.34,
        2.6,
    ),
    "gull": Cry(
        Call(
            0.55,
            ((0, 950), (0.2, 1350), (1, 850)),
            _ROOF,
            steady((1500, 500, 0), (2900, 700, -3), (4300, 900, -8)),
            -6,
            0.08,
            0.015,
            0.2,
        ),
        (2, 5),
        0.62,
        3.5,
    ),
    "hawk": Cry(
        Call(
            1.1,
            ((0, 2400), (0.15, 3100), (1, 1900)),
            ((0, 0), (0.08, 1), (0.6, 0.7), (1, 0)),
            steady((2600, 900, 0), (4600, 1200, -6)),
            -8,
            0.3,
            0.01,
            0.25,
        ),
        (1, 1),
        1.0,
        4.0,
    ),
    "parrot": Cry(
        Call(
            0.45,
            ((0, 900), (0.3, 1500), (0.6, 1150), (1, 1300)),
            _ROOF,
            (Formant(((0, 1700), (1, 2600)), 600), Formant(((0, 3600), (1, 3200)), 900, -4)),
            -5,
            0.3,
            0.03,
            0.6,
        ),
        (1, 3),
        0.6,
        3.0,
    ),
    "peacock": Cry(
        Call(
            0.9,
            ((0, 620), (0.25, 1020), (0.7, 980), (1, 560)),
            _ROOF,
            (Formant(((0, 1000), (0.4, 1900), (1, 1000)), 400), Formant(((0, 2700), (1, 2700)), 700, -5)),
            -6,
            0.08,
            0.012,
            0.15,
        ),
        (2, 3),
        1.15,
        5.0,
    ),
    "pheasant": Cry(
        Call(
            0.22, ((0, 800), (0.4, 1050), (1, 700)), _ROOF, steady((1400, 400, 0), (2600, 600, -3)), -4, 0.35, 0.03, 0.7
        ),
        (2, 2),
        0.33,
        5.0,
    ),
    "turkey": Cry(
        Call(
            0.09, ((0, 800), (0.5, 950), (1, 650)), _ROOF, steady((1100, 350, 0), (2300, 500, -4)), -6, 0.15, 0.02, 0.3
        ),
        (8, 13),
        0.105,
        3.5,
    ),
    "squawk": Cry(
        Call(
            0.35, ((0, 700), (0.3, 950), (1, 600)), _ROOF, steady((1600, 500, 0), (2800, 700, -2)), -4, 0.45, 0.04, 0.7
        ),
        (1, 3),
        0.5,
        2.5,
    ),
}

register(CROAKS)


@hit("rooster", every=7.0, jitter=0.3)
def rooster(making: Making) -> Floats:
    """Cock-a-doodle-doo: four notes, the third highest, the last long and falling."""
    rng, own = making.rng, float(making.timbre().normal(1, 0.05))
    throat = steady((950, 350, 0), (1900, 450, -1), (3100, 700, -5))
    parts = []
    for start, seconds, points in (
        (0, 0.2, (420, 560, 520)),
        (0.24, 0.16, (620, 720, 680)),
        (0.44, 0.42, (780, 960, 900)),
        (0.9, 0.85, (880, 860, 480)),
    ):
        call = Call(
            seconds,
            tuple(zip((0, 0.3, 1), (p * own for p in points), strict=True)),
            LONG,
            throat,
            -5,
            0.12,
            0.012,
            0.2,
        )
        parts.append((start, spoken(rng, call)))
    return laid(1.8, parts)


@hit("woodpecker", every=3.5, jitter=0.3)
def woodpecker(making: Making) -> Floats:
    """A roll of some twenty knocks on a hollow trunk, quickening as it fades."""
    rng, parts, time, gap = making.rng, [], 0.0, 0.052
    count = int(rng.integers(14, 24))
    for n in range(count):
        knock = peaked(strike(rng, making.timbre(), WOOD, 0.32, 0.9, 0.7))
        parts.append((time, knock * (1 - 0.6 * n / count) * rng.uniform(0.85, 1)))
        time, gap = time + gap, gap * 0.985
    return laid(time + 0.15, parts)


@hit(
    "wings",
    Parameter("size", 0.4, doc="sparrow (0) to swan (1)"),
    Parameter("beats", 9, 1, 40, "wing beats"),
    every=3.0,
    jitter=0.4,
)
def wings(making: Making) -> Floats:
    """Wing beats: soft bursts of air, quicker the smaller the bird."""
    rng, size = making.rng, making["size"]
    gap, parts, time = 0.045 + 0.2 * size, [], 0.0
    for n in range(making.choice("beats")):
        seconds = gap * 0.85
        flap = hiss(rng, seconds, ((250 + 500 * (1 - size), -2), (1400, 0), (6000, -9))) * pluck(
            seconds, 0.25 * seconds if n else 0.003, seconds
        )
        parts.append((time, flap * rng.uniform(0.6, 1)))
        time += gap * rng.uniform(0.92, 1.1)
    return laid(time + gap, parts)


@hit("flock", Parameter("many", 0.5, doc="a few (0) to hundreds (1)"), every=6.0)
def flock(making: Making) -> Floats:
    """A flock that takes off: a burst of wings that spreads and thins out."""
    rng, parts = making.rng, []
    for n in range(round(14 + 40 * making["many"])):
        start = 0.0 if n < 3 else float(rng.gamma(1.6, 0.25))
        own = np.random.default_rng(int(rng.integers(2**31)))
        beat = wings(Making(own, {"size": float(rng.uniform(0.1, 0.35)), "beats": 14}, making.seconds, making.seed))
        parts.append((start, peaked(beat) * np.linspace(1, 0, len(beat)) * rng.lognormal(-1.2, 0.5)))
    return laid(3.0, parts)
