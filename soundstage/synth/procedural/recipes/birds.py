"""Bird song: whistles whose pitch is drawn syllable by syllable, and harsher calls by source and filter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from soundstage.synth.procedural.envelopes import flicker, laid, pluck, smooth_path, ticks
from soundstage.synth.procedural.grains import peaked
from soundstage.synth.procedural.modal import WOOD, strike
from soundstage.synth.procedural.noise import Floats, band, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, hit
from soundstage.synth.procedural.tones import phase_of
from soundstage.synth.procedural.voice import Call, Formant, spoken, steady

Points = Sequence[tuple[float, float]]


def whistle(
    rng: np.random.Generator,
    seconds: float,
    pitch: Points,
    loud: Points = ((0, 0), (0.15, 1), (0.7, 0.8), (1, 0)),
    trill: float = 0.0,
    rate: float = 30.0,
    second: float = 0.08,
) -> Floats:
    """A whistled syllable: a sine on a pitch curve (share, Hz), with a trill and a little second harmonic."""
    hertz = smooth_path(seconds, pitch) * (1 + trill * np.sin(2 * np.pi * rate * ticks(seconds) + rng.uniform(0, 6)))
    phase = 2 * np.pi * phase_of(hertz)
    tone = np.sin(phase) + second * np.sin(2 * phase) + 0.4 * second * np.sin(3 * phase)
    return np.asarray(tone * smooth_path(seconds, loud) * (1 + 0.08 * flicker(rng, seconds, 40)))


@dataclass(frozen=True)
class Species:
    """A singer by what its phrases are drawn from: pitch (Hz), syllable and gap (s), count, glide, trill (shares)."""

    low: float
    high: float
    syllable: tuple[float, float]
    gap: tuple[float, float]
    count: tuple[int, int]
    glide: float
    trill: float
    same: float


# Drawn after field descriptions: finch, warbler, thrush, robin, tit, canary, oriole, swallow, sparrow.
SPECIES = (
    Species(2600, 5200, (0.05, 0.12), (0.02, 0.05), (7, 14), 0.35, 0.03, 0.5),
    Species(3600, 7000, (0.03, 0.07), (0.01, 0.03), (10, 22), 0.45, 0.02, 0.8),
    Species(1900, 4200, (0.12, 0.35), (0.06, 0.2), (3, 6), 0.15, 0.06, 0.1),
    Species(2400, 6200, (0.05, 0.25), (0.03, 0.12), (6, 12), 0.5, 0.05, 0.15),
    Species(3300, 6500, (0.09, 0.2), (0.05, 0.1), (3, 5), 0.08, 0.0, 0.6),
    Species(2500, 5500, (0.03, 0.06), (0.012, 0.03), (18, 40), 0.25, 0.02, 0.93),
    Species(1500, 3200, (0.12, 0.28), (0.04, 0.1), (4, 8), 0.25, 0.01, 0.2),
    Species(2800, 6500, (0.04, 0.1), (0.02, 0.06), (8, 20), 0.6, 0.08, 0.25),
    Species(2900, 5000, (0.08, 0.14), (0.15, 0.4), (2, 5), 0.3, 0.04, 0.7),
)


def phrase(rng: np.random.Generator, timbre: np.random.Generator, species: Species, pitch: float = 1.0) -> Floats:
    """One phrase of a singer: syllables drawn from its small repertoire, with the repeats of its kind."""
    repertoire = [_syllable(timbre, species, pitch) for _ in range(6)]
    parts: list[tuple[float, Floats]] = []
    time, which = 0.0, int(rng.integers(6))
    for _ in range(int(rng.integers(species.count[0], species.count[1] + 1))):
        if rng.uniform() > species.same:
            which = int(rng.integers(6))
        sound = repertoire[which](rng)
        parts.append((time, sound * rng.uniform(0.7, 1.0)))
        time += len(sound) / 48_000 + rng.uniform(*species.gap)
    return laid(time + 0.02, parts)


def _syllable(timbre: np.random.Generator, species: Species, pitch: float) -> Callable[[np.random.Generator], Floats]:
    seconds = timbre.uniform(*species.syllable)
    start = float(np.exp(timbre.uniform(np.log(species.low), np.log(species.high)))) * pitch
    bends = start * np.exp(timbre.normal(0, species.glide, 3))
    curve = [(0.0, start)] + [
        (at, float(np.clip(bend, species.low * 0.8 * pitch, species.high * 1.2 * pitch)))
        for at, bend in zip((0.3, 0.65, 1.0), bends, strict=True)
    ]
    rate = timbre.uniform(22, 60)

    def sing(rng: np.random.Generator) -> Floats:
        detune = rng.normal(1, 0.008)
        return whistle(
            rng,
            seconds * rng.uniform(0.95, 1.05),
            [(at, hertz * detune) for at, hertz in curve],
            trill=species.trill,
            rate=rate,
        )

    return sing


@hit(
    "birdsong",
    Parameter(
        "species", 0, 0, 8, "0 finch, 1 warbler, 2 thrush, 3 robin, 4 tit, 5 canary, 6 oriole, 7 swallow, 8 sparrow"
    ),
    Parameter("pitch", 1.0, 0.5, 1.6, "times the species' own"),
    every=3.2,
    jitter=0.35,
)
def birdsong(making: Making) -> Floats:
    """A phrase of whistled song; the same bird keeps its own repertoire."""
    return phrase(making.rng, making.timbre(), SPECIES[making.choice("species")], making["pitch"])


@hit("cuckoo", every=1.6, jitter=0.05)
def cuckoo(making: Making) -> Floats:
    """Two hollow notes, a falling third."""
    rng = making.rng
    top = 640 * float(making.timbre().uniform(0.95, 1.05))
    notes = [
        (0.0, whistle(rng, 0.2, ((0, top * 0.97), (0.3, top), (1, top * 0.98)))),
        (0.32, whistle(rng, 0.32, ((0, top * 0.79), (1, top * 0.77)), ((0, 0), (0.1, 1), (0.5, 0.8), (1, 0)))),
    ]
    return laid(0.7, notes)


@hit("owl", Parameter("pitch", 1.0, 0.6, 1.8, "times a tawny owl's"), every=5.0, jitter=0.25)
def owl(making: Making) -> Floats:
    """A hoot, a rest, then a long wavering hoot."""
    rng, base = making.rng, 430 * making["pitch"]
    soft = ((0, 0), (0.2, 0.8), (0.6, 1), (1, 0))
    first = whistle(rng, 0.4, ((0, base * 0.95), (0.4, base), (1, base * 0.93)), soft, second=0.12)
    short = whistle(rng, 0.12, ((0, base * 0.95), (1, base * 0.95)), soft, second=0.12)
    last = whistle(
        rng,
        1.1,
        ((0, base), (0.2, base * 1.04), (1, base * 0.92)),
        ((0, 0), (0.08, 0.7), (0.5, 1), (1, 0)),
        0.02,
        13,
        0.15,
    )
    breath = 0.02 * hiss(rng, 2.2, band(300, 1500))
    song = laid(2.2, [(0, first), (0.9, 0.5 * short), (1.05, last)])
    return song + breath * np.abs(song)


@hit("pigeon", every=2.4, jitter=0.2)
def pigeon(making: Making) -> Floats:
    """Cooing: a purring low whistle in a swung rhythm."""
    rng = making.rng
    parts = []
    for start, seconds, hertz in ((0, 0.25, 400), (0.32, 0.7, 460), (1.1, 0.35, 420)):
        coo = whistle(rng, seconds, ((0, hertz * 0.92), (0.4, hertz), (1, hertz * 0.9)), second=0.25)
        parts.append((start, coo * (1 - 0.45 * (0.5 + 0.5 * np.cos(2 * np.pi * 26 * ticks(seconds)))[: len(coo)])))
    return laid(1.5, parts)


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


@dataclass(frozen=True)
class Croak:
    """A harsh call by source and filter; `times` calls `gap` seconds apart, each varied."""

    call: Call
    times: tuple[int, int]
    gap: float
    every: float


_ROOF = ((0, 0), (0.1, 1), (0.75, 0.8), (1, 0))
CROAKS = {
    "crow": Croak(
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
    "raven": Croak(
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
    "magpie": Croak(
        Call(0.07, ((0, 900), (1, 800)), _ROOF, steady((2300, 700, 0), (3800, 900, -4)), -4, 0.45, 0.04, 0.5),
        (8, 14),
        0.1,
        3.0,
    ),
    "duck": Croak(
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
    "goose": Croak(
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
    "swan": Croak(
        Call(
            0.4, ((0, 480), (0.4, 640), (1, 520)), _ROOF, steady((900, 250, 0), (1700, 350, -4)), -7, 0.12, 0.015, 0.2
        ),
        (1, 2),
        0.7,
        3.0,
    ),
    "chicken": Croak(
        Call(
            0.12, ((0, 420), (0.3, 560), (1, 380)), _ROOF, steady((1100, 300, 0), (2200, 500, -4)), -6, 0.2, 0.02, 0.2
        ),
        (3, 7),
        0.34,
        2.6,
    ),
    "gull": Croak(
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
    "hawk": Croak(
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
    "parrot": Croak(
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
    "peacock": Croak(
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
    "pheasant": Croak(
        Call(
            0.22, ((0, 800), (0.4, 1050), (1, 700)), _ROOF, steady((1400, 400, 0), (2600, 600, -3)), -4, 0.35, 0.03, 0.7
        ),
        (2, 2),
        0.33,
        5.0,
    ),
    "turkey": Croak(
        Call(
            0.09, ((0, 800), (0.5, 950), (1, 650)), _ROOF, steady((1100, 350, 0), (2300, 500, -4)), -6, 0.15, 0.02, 0.3
        ),
        (8, 13),
        0.105,
        3.5,
    ),
    "squawk": Croak(
        Call(
            0.35, ((0, 700), (0.3, 950), (1, 600)), _ROOF, steady((1600, 500, 0), (2800, 700, -2)), -4, 0.45, 0.04, 0.7
        ),
        (1, 3),
        0.5,
        2.5,
    ),
}


def _register(name: str, croak: Croak) -> None:
    @hit(
        name,
        Parameter("pitch", 1.0, 0.5, 2.0, "times the creature's own"),
        Parameter("calls", 1.0, 0.0, 1.0, "1: a natural run of calls, 0: a single one"),
        every=croak.every,
        jitter=0.3,
    )
    def utter(making: Making) -> Floats:
        return uttered(making, croak)

    utter.__doc__ = f"The call of a {name}."


def uttered(making: Making, croak: Croak) -> Floats:
    """A run of one call, each a little other in pitch, length and strength."""
    rng, own = making.rng, making.timbre().normal(1, 0.05)
    times = max(1, round(float(rng.integers(croak.times[0], croak.times[1] + 1)) * making["calls"]))
    parts, time = [], 0.0
    for n in range(times):
        parts.append((time, spoken(rng, varied(croak.call, rng, own * making["pitch"])) * rng.uniform(0.75, 1.0)))
        time += croak.gap * rng.uniform(0.9, 1.12)
        if n + 1 == times:
            time = parts[-1][0] + len(parts[-1][1]) / 48_000
    return laid(time + 0.02, parts)


def varied(call: Call, rng: np.random.Generator, pitch: float) -> Call:
    """A call as the same throat would give it another time."""
    bend = [hertz * pitch * float(rng.normal(1, 0.035)) for _, hertz in call.pitch]
    seconds = call.seconds * float(rng.uniform(0.85, 1.15))
    return replace(
        call, seconds=seconds, pitch=tuple((at, hertz) for (at, _), hertz in zip(call.pitch, bend, strict=True))
    )


for _name, _croak in CROAKS.items():
    _register(_name, _croak)


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
