"""Beasts by source and filter, and their hooves."""

import numpy as np

from soundstage.synth.procedural.envelopes import flicker, laid, path, pluck, smooth_path, ticks
from soundstage.synth.procedural.grains import peaked
from soundstage.synth.procedural.modal import BODY, CERAMIC, STONE, WOOD, strike
from soundstage.synth.procedural.noise import Floats, band, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, bed, hit
from soundstage.synth.procedural.recipes.birds import Croak, uttered, varied, whistle
from soundstage.synth.procedural.streams import Stream, moved, pulsed, swell, texture, wander
from soundstage.synth.procedural.voice import Call, Formant, spoken, steady

_BARK = ((0, 1), (0.06, 1), (0.35, 0.7), (1, 0))
_LONG = ((0, 0), (0.1, 0.9), (0.6, 1), (1, 0))
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
_MEOW = (
    Formant(((0, 500), (0.35, 1150), (0.7, 950), (1, 500)), 220),
    Formant(((0, 1900), (0.4, 2300), (1, 1300)), 300, -4),
    Formant(((0, 3600), (1, 3400)), 600, -10),
)
_ROAR = (
    Formant(((0, 300), (0.35, 620), (1, 260)), 260),
    Formant(((0, 800), (0.4, 1150), (1, 750)), 350, -4),
    Formant(((0, 2100), (1, 1900)), 600, -12),
)

# Fundamentals and resonances after published measurements of each kind's calls, rounded.
CRIES = {
    "cow": Croak(
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
    "sheep": Croak(
        Call(0.95, ((0, 205), (0.2, 235), (1, 195)), _LONG, _BLEAT, -6, 0.1, 0.03, 0.65, 11), (1, 2), 1.2, 4.0
    ),
    "goat": Croak(
        Call(0.75, ((0, 300), (0.2, 345), (1, 280)), _LONG, _BLEAT, -5, 0.1, 0.03, 0.7, 14), (1, 2), 1.0, 3.5
    ),
    "cat": Croak(
        Call(0.8, ((0, 480), (0.3, 690), (0.7, 620), (1, 430)), _LONG, _MEOW, -8, 0.05, 0.008, 0.05), (1, 1), 1.0, 3.5
    ),
    "yowl": Croak(
        Call(1.6, ((0, 350), (0.3, 620), (0.5, 540), (0.8, 640), (1, 330)), _LONG, _MEOW, -6, 0.12, 0.015, 0.4),
        (1, 1),
        1.6,
        3.5,
    ),
    "pig": Croak(
        Call(
            0.22,
            ((0, 120), (0.4, 165), (1, 105)),
            _BARK,
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
    "horse": Croak(
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
    "donkey": Croak(
        Call(
            0.6,
            ((0, 420), (0.4, 520), (0.5, 260), (1, 220)),
            _LONG,
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
    "wolf": Croak(
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
    "coyote": Croak(
        Call(
            1.4,
            ((0, 600), (0.15, 1250), (0.35, 950), (0.5, 1300), (1, 700)),
            _LONG,
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
    "whimper": Croak(
        Call(0.4, ((0, 900), (0.4, 1250), (1, 750)), _LONG, steady((1200, 450, 0), (2600, 700, -12)), -14, 0.06, 0.015),
        (2, 4),
        0.6,
        2.5,
    ),
    "fox": Croak(
        Call(
            0.45,
            ((0, 700), (0.25, 1050), (1, 600)),
            _BARK,
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
    "lion": Croak(
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
    "bear": Croak(Call(1.4, ((0, 90), (0.3, 135), (1, 75)), _LONG, _ROAR, -4, 0.4, 0.04, 0.8), (1, 1), 1.6, 4.0),
    "elephant": Croak(
        Call(
            1.5,
            ((0, 380), (0.2, 620), (0.7, 560), (1, 340)),
            _LONG,
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
    "seal": Croak(
        Call(
            0.4,
            ((0, 260), (0.3, 340), (1, 240)),
            _BARK,
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
    "deer": Croak(
        Call(
            1.6,
            ((0, 120), (0.4, 165), (1, 110)),
            _LONG,
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
    "elk": Croak(
        Call(
            2.6,
            ((0, 350), (0.3, 1500), (0.8, 1700), (1, 500)),
            _LONG,
            steady((1500, 600, 0), (2900, 800, -9)),
            -12,
            0.08,
            0.006,
        ),
        (1, 1),
        3.0,
        8.0,
    ),
    "chimp": Croak(
        Call(0.3, ((0, 380), (0.5, 640), (1, 420)), _LONG, steady((700, 250, 0), (1500, 400, -6)), -8, 0.3, 0.02, 0.2),
        (4, 8),
        0.36,
        4.0,
    ),
    "gibbon": Croak(
        Call(1.1, ((0, 600), (0.6, 1250), (1, 900)), _LONG, steady((1000, 500, 0), (2200, 600, -12)), -16, 0.03, 0.006),
        (2, 4),
        1.3,
        5.0,
    ),
    "monkey": Croak(
        Call(
            0.12,
            ((0, 1500), (0.4, 2300), (1, 1300)),
            _BARK,
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
    "squeak call": Croak(
        Call(
            0.07, ((0, 4200), (0.4, 5600), (1, 4500)), _BARK, steady((5200, 1600, 0), (9000, 2500, -10)), -12, 0.1, 0.02
        ),
        (2, 6),
        0.13,
        1.8,
    ),
    "camel": Croak(
        Call(
            1.6,
            ((0, 140), (0.3, 210), (1, 120)),
            _LONG,
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
    "monster": Croak(
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
    "whale": Croak(
        Call(
            3.6,
            ((0, 140), (0.3, 420), (0.6, 330), (0.85, 640), (1, 250)),
            _LONG,
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


def _register(name: str, cry: Croak) -> None:
    @hit(
        name,
        Parameter("pitch", 1.0, 0.4, 2.5, "times the creature's own"),
        Parameter("calls", 1.0, 0.0, 1.0, "1: a natural run of calls, 0: a single one"),
        every=cry.every,
        jitter=0.3,
    )
    def utter(making: Making) -> Floats:
        return uttered(making, cry)

    utter.__doc__ = f"The cry of a {name}."


for _name, _cry in CRIES.items():
    _register(_name, _cry)


@hit("dog", Parameter("size", 0.5, doc="lap dog (0) to mastiff (1)"), every=0.75, jitter=0.4)
def dog(making: Making) -> Floats:
    """One bark: the pitch leaps up and falls, the jaw opens and shuts (first formant up and down)."""
    rng, size = making.rng, making["size"]
    pitch = 780 * 0.3**size * float(making.timbre().normal(1, 0.05))
    mouth = 1.35 - 0.55 * size
    first = Formant(((0, 800 * mouth), (0.2, 1050 * mouth), (1, 480 * mouth)), 280)
    second = Formant(((0, 1600 * mouth), (0.2, 1850 * mouth), (1, 1250 * mouth)), 380, -3)
    third = Formant(((0, 2900 * mouth), (1, 2700 * mouth)), 600, -9)
    bark = Call(
        0.15 + 0.11 * size,
        ((0, 0.75 * pitch), (0.18, 1.12 * pitch), (0.6, 0.95 * pitch), (1, 0.5 * pitch)),
        _BARK,
        (first, second, third),
        -5,
        0.3,
        0.03,
        0.4,
    )
    voice = spoken(rng, varied(bark, rng, 1.0))
    chest = hiss(rng, 0.09, band(90, 350)) * pluck(0.09, 0.001, 0.09) * 0.5 * size
    voice[: len(chest)] += chest[: len(voice)]
    return voice


@hit(
    "growl",
    Parameter("size", 0.5, doc="cat (0) to tiger (1)"),
    Parameter("length", 1.8, 0.4, 5.0, "seconds"),
    every=2.6,
    jitter=0.3,
)
def growl(making: Making) -> Floats:
    """A low rattling voice through a half-shut mouth."""
    rng, size = making.rng, making["size"]
    pitch, mouth = 120 - 65 * size, 1.3 - 0.6 * size
    formants = steady((380 * mouth, 160, 0), (1100 * mouth, 300, -6), (2300 * mouth, 500, -12))
    call = Call(
        making["length"],
        ((0, pitch), (0.4, pitch * 1.15), (1, pitch * 0.9)),
        _LONG,
        formants,
        -4,
        0.35,
        0.06,
        0.8,
        24 - 8 * size,
    )
    return spoken(rng, varied(call, rng, 1.0))


@bed("purr", Parameter("size", 0.3, doc="kitten (0) to lion (1)"))
def purr(making: Making) -> Stream:
    """Purring: breath in and out, chopped some 25 times a second."""
    rng = making.rng
    body = texture(rng, ((70, 0), (200, -2), (600, -12), (2500, -22)), 0.3, 0.8)
    return moved(pulsed(body, rng, 27 - 8 * making["size"], 0.92, 3.0, 0.04), wander(rng, 0.7, 0.2), swell(5))


@hit("pant", Parameter("size", 0.5, doc="small (0) to large (1)"), every=0.32, jitter=0.08)
def pant(making: Making) -> Floats:
    """One quick breath, out and in."""
    rng, size = making.rng, making["size"]
    out = hiss(rng, 0.15, ((500, -4), (1500 - 500 * size, 0), (2600, -4), (6000, -12))) * pluck(0.15, 0.012, 0.22)
    back = hiss(rng, 0.1, ((900, -4), (2200, 0), (6000, -8))) * smooth_path(0.1, ((0, 0), (0.5, 1), (1, 0)))
    return laid(0.28, [(0, out), (0.16, 0.4 * back)])


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
            _LONG,
            throat,
            -5,
            0.12,
            0.012,
            0.2,
        )
        parts.append((start, spoken(rng, call)))
    return laid(1.8, parts)


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


@hit("dolphin", every=2.5, jitter=0.4)
def dolphin(making: Making) -> Floats:
    """Clicks that quicken to a creak, and a whistle that bends."""
    rng, parts, time, gap = making.rng, [], 0.0, 0.03
    while time < 0.9:
        parts.append((time, hiss(rng, 0.006, band(5000, 16000)) * pluck(0.006, 0.0003, 0.004)))
        time, gap = time + gap, max(gap * 0.965, 0.004)
    song = whistle(rng, 0.7, ((0, 6500), (0.3, 11000), (0.6, 8500), (1, 12500)))
    return laid(1.7, [*parts, (0.85, 0.5 * song)])
