"""Bird song: whistles whose pitch is drawn syllable by syllable."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import laid, ticks
from soundstage.synth.procedural.noise import Floats, band, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, hit
from soundstage.synth.procedural.tones import whistle


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
        time += len(sound) / SAMPLE_RATE + rng.uniform(*species.gap)
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
