"""Beasts of the wild, of the sea and of tales."""

from soundstage.synth.procedural.cries import BARK, LONG, Cry, register
from soundstage.synth.procedural.envelopes import flicker, laid, path, pluck
from soundstage.synth.procedural.noise import Floats, band, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, hit
from soundstage.synth.procedural.tones import whistle
from soundstage.synth.procedural.voice import Call, Formant, steady

_ROAR = (
    Formant(((0, 300), (0.35, 620), (1, 260)), 260),
    Formant(((0, 800), (0.4, 1150), (1, 750)), 350, -4),
    Formant(((0, 2100), (1, 1900)), 600, -12),
)

# Fundamentals and resonances after published measurements of each kind's calls, rounded.
_CRIES = {
    "wolf": Cry(
        Call(
            3.4,
            ((0, 330), (0.12, 560), (0.55, 600), (1, 340)),
            ((0, 0), (0.12, 0.8), (0.6, 1), (1, 0)),
            (Formant(((0, 500), (0.3, 800), (1, 480)), 250), Formant(((0, 1250), (1, 1150)), 300, -10)),
            -14,
            0.03,
            0.006,
        ),
        (1, 1),
        4.0,
        7.0,
    ),
    "coyote": Cry(
        Call(
            1.4,
            ((0, 600), (0.15, 1250), (0.35, 950), (0.5, 1300), (1, 700)),
            LONG,
            steady((1100, 350, 0), (2100, 500, -8)),
            -11,
            0.06,
            0.012,
            0.1,
        ),
        (1, 3),
        1.2,
        5.0,
    ),
    "fox": Cry(
        Call(
            0.45,
            ((0, 700), (0.25, 1050), (1, 600)),
            BARK,
            steady((1100, 400, 0), (2300, 600, -4)),
            -5,
            0.35,
            0.03,
            0.6,
        ),
        (1, 3),
        0.7,
        4.0,
    ),
    "lion": Cry(
        Call(
            2.2,
            ((0, 95), (0.3, 190), (0.7, 150), (1, 70)),
            ((0, 0), (0.15, 0.8), (0.35, 1), (1, 0)),
            _ROAR,
            -5,
            0.3,
            0.03,
            0.6,
        ),
        (1, 2),
        2.4,
        6.0,
    ),
    "bear": Cry(Call(1.4, ((0, 90), (0.3, 135), (1, 75)), LONG, _ROAR, -4, 0.4, 0.04, 0.8), (1, 1), 1.6, 4.0),
    "elephant": Cry(
        Call(
            1.5,
            ((0, 380), (0.2, 620), (0.7, 560), (1, 340)),
            LONG,
            steady((650, 250, 0), (1350, 350, -1), (2600, 700, -4), (4200, 1000, -9)),
            -2,
            0.15,
            0.015,
            0.35,
        ),
        (1, 1),
        2.0,
        6.0,
    ),
    "seal": Cry(
        Call(
            0.4,
            ((0, 260), (0.3, 340), (1, 240)),
            BARK,
            steady((650, 250, 0), (1300, 350, -3), (2300, 600, -9)),
            -4,
            0.25,
            0.02,
            0.5,
        ),
        (2, 5),
        0.6,
        3.0,
    ),
    "deer": Cry(
        Call(
            1.6,
            ((0, 120), (0.4, 165), (1, 110)),
            LONG,
            steady((420, 180, 0), (900, 250, -3), (1900, 500, -9)),
            -4,
            0.3,
            0.03,
            0.6,
        ),
        (1, 1),
        2.0,
        6.0,
    ),
    "elk": Cry(
        Call(
            2.6,
            ((0, 350), (0.3, 1500), (0.8, 1700), (1, 500)),
            LONG,
            steady((1500, 600, 0), (2900, 800, -9)),
            -12,
            0.08,
            0.006,
        ),
        (1, 1),
        3.0,
        8.0,
    ),
    "chimp": Cry(
        Call(0.3, ((0, 380), (0.5, 640), (1, 420)), LONG, steady((700, 250, 0), (1500, 400, -6)), -8, 0.3, 0.02, 0.2),
        (4, 8),
        0.36,
        4.0,
    ),
    "gibbon": Cry(
        Call(1.1, ((0, 600), (0.6, 1250), (1, 900)), LONG, steady((1000, 500, 0), (2200, 600, -12)), -16, 0.03, 0.006),
        (2, 4),
        1.3,
        5.0,
    ),
    "monkey": Cry(
        Call(
            0.12,
            ((0, 1500), (0.4, 2300), (1, 1300)),
            BARK,
            steady((2200, 700, 0), (3900, 900, -6)),
            -7,
            0.25,
            0.03,
            0.4,
        ),
        (4, 9),
        0.17,
        2.0,
    ),
    "squeak call": Cry(
        Call(
            0.07, ((0, 4200), (0.4, 5600), (1, 4500)), BARK, steady((5200, 1600, 0), (9000, 2500, -10)), -12, 0.1, 0.02
        ),
        (2, 6),
        0.13,
        1.8,
    ),
    "monster": Cry(
        Call(
            2.2,
            ((0, 42), (0.25, 75), (0.7, 60), (1, 36)),
            ((0, 0), (0.08, 0.8), (0.35, 1), (1, 0)),
            (
                Formant(((0, 180), (0.35, 420), (1, 150)), 160),
                Formant(((0, 600), (0.4, 950), (1, 500)), 300, -3),
                Formant(((0, 1800), (1, 1500)), 700, -11),
            ),
            -3,
            0.35,
            0.05,
            0.8,
        ),
        (1, 1),
        2.5,
        6.0,
    ),
    "whale": Cry(
        Call(
            3.6,
            ((0, 140), (0.3, 420), (0.6, 330), (0.85, 640), (1, 250)),
            LONG,
            steady((350, 250, 0), (800, 350, -6)),
            -12,
            0.02,
            0.008,
            0.1,
        ),
        (1, 2),
        4.2,
        8.0,
    ),
}

register(_CRIES)


@hit(
    "hiss",
    Parameter("length", 1.0, 0.2, 4.0, "seconds"),
    Parameter("pitch", 0.5, doc="dull (0) to sharp (1)"),
    every=2.2,
    jitter=0.3,
)
def hissing(making: Making) -> Floats:
    """Breath forced through teeth: a cat, a snake, a crocodile."""
    rng, seconds = making.rng, making["length"]
    top = 2500 + 4500 * making["pitch"]
    return (
        hiss(rng, seconds, ((top * 0.35, -8), (top, 0), (top * 2, -8)))
        * path(seconds, ((0, 0.6), (0.06, 1), (0.6, 0.6), (1, 0)))
        * (1 + 0.12 * flicker(rng, seconds, 30))
    )


@hit("rattle tail", every=2.8, jitter=0.3)
def rattle_tail(making: Making) -> Floats:
    """A rattlesnake: dry clicks, some sixty a second."""
    rng, parts, time = making.rng, [], 0.0
    while time < 1.6:
        parts.append((time, hiss(rng, 0.012, band(3500, 13000)) * pluck(0.012, 0.0005, 0.012) * rng.uniform(0.5, 1)))
        time += rng.normal(1, 0.08) / 58
    return laid(1.7, parts) * path(1.7, ((0, 0.8), (0.2, 1), (0.8, 0.9), (1, 0)))


@hit("dolphin", every=2.5, jitter=0.4)
def dolphin(making: Making) -> Floats:
    """Clicks that quicken to a creak, and a whistle that bends."""
    rng, parts, time, gap = making.rng, [], 0.0, 0.03
    while time < 0.9:
        parts.append((time, hiss(rng, 0.006, band(5000, 16000)) * pluck(0.006, 0.0003, 0.004)))
        time, gap = time + gap, max(gap * 0.965, 0.004)
    song = whistle(rng, 0.7, ((0, 6500), (0.3, 11000), (0.6, 8500), (1, 12500)))
    return laid(1.7, [*parts, (0.85, 0.5 * song)])
