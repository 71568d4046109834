"""Dogs, and cats small and great, at home."""

from soundstage.synth.procedural.cries import BARK, LONG, Cry, register, varied
from soundstage.synth.procedural.envelopes import laid, pluck, smooth_path
from soundstage.synth.procedural.noise import Floats, band, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, bed, hit
from soundstage.synth.procedural.streams import Stream, moved, pulsed, swell, texture, wander
from soundstage.synth.procedural.voice import Call, Formant, spoken, steady

_MEOW = (
    Formant(((0, 500), (0.35, 1150), (0.7, 950), (1, 500)), 220),
    Formant(((0, 1900), (0.4, 2300), (1, 1300)), 300, -4),
    Formant(((0, 3600), (1, 3400)), 600, -10),
)

# Fundamentals and resonances after published measurements of each kind's calls, rounded.
_CRIES = {
    "cat": Cry(
        Call(0.8, ((0, 480), (0.3, 690), (0.7, 620), (1, 430)), LONG, _MEOW, -8, 0.05, 0.008, 0.05), (1, 1), 1.0, 3.5
    ),
    "yowl": Cry(
        Call(1.6, ((0, 350), (0.3, 620), (0.5, 540), (0.8, 640), (1, 330)), LONG, _MEOW, -6, 0.12, 0.015, 0.4),
        (1, 1),
        1.6,
        3.5,
    ),
    "whimper": Cry(
        Call(0.4, ((0, 900), (0.4, 1250), (1, 750)), LONG, steady((1200, 450, 0), (2600, 700, -12)), -14, 0.06, 0.015),
        (2, 4),
        0.6,
        2.5,
    ),
}

register(_CRIES)


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
        BARK,
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
        LONG,
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
