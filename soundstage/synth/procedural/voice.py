"""Voices as a source and a filter: a pulsing source of moving pitch, shaped by resonances.

Used for animals, and for the babble of crowds. The source's harmonics fall 12 dB per octave
(Fant, Acoustic Theory of Speech Production).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from soundstage.synth.procedural.envelopes import flicker, smooth_path, ticks
from soundstage.synth.procedural.noise import Floats, band, hiss, sweep_bins, swept
from soundstage.synth.procedural.tones import Points, phase_of, read, tilted


@dataclass(frozen=True)
class Formant:
    """A resonance that moves: (share of the length, Hz) points, bandwidth in Hz, level in dB."""

    hertz: Points
    width: float
    level: float = 0.0


@dataclass(frozen=True)
class Call:
    """One cry of a creature.

    Args:
        seconds: its length.
        pitch: (share, Hz) points of the fundamental.
        loud: (share, 0..1) points of the strength.
        formants: the throat and mouth.
        tilt: dB per octave by which the source's harmonics fall.
        breath: share of noise in the source, 0..1.
        jitter: random movement of the pitch as a share.
        rough: depth of a subharmonic roughness, 0..1.
        rough_hertz: its rate; 0 takes half the pitch.
        floor: level in dB between the formants.
    """

    seconds: float
    pitch: Points
    loud: Points
    formants: Sequence[Formant]
    tilt: float = -10.0
    breath: float = 0.08
    jitter: float = 0.01
    rough: float = 0.0
    rough_hertz: float = 0.0
    floor: float = -34.0


def spoken(rng: np.random.Generator, call: Call) -> Floats:
    """The samples of a call, mono, peak about 1."""
    hertz = smooth_path(call.seconds, call.pitch)
    hertz = hertz * (1 + call.jitter * (0.7 * flicker(rng, call.seconds, 9) + 0.6 * flicker(rng, call.seconds, 60)))
    phase = phase_of(hertz)
    source = read(tilted(float(hertz.max()), call.tilt), phase)
    source *= 1 + 0.18 * flicker(rng, call.seconds, 45)
    if call.rough:
        wobble = phase_of(np.full_like(hertz, call.rough_hertz)) if call.rough_hertz else phase / 2
        source *= 1 - call.rough * (0.5 + 0.5 * np.cos(2 * np.pi * wobble + flicker(rng, call.seconds, 30)))
    noise = hiss(rng, call.seconds, band(250, 9000))
    pulsed = 0.55 + 0.45 * np.cos(2 * np.pi * phase)
    source = source * (1 - call.breath) + call.breath * 1.4 * noise * pulsed
    shaped = swept(source, throat(call.formants, call.floor))
    loud = smooth_path(call.seconds, call.loud)
    # A throat speaks at once, if softly: the anchor is where it begins.
    loud = np.maximum(loud, 0.15 * (1 - 3 * ticks(call.seconds) / call.seconds))
    edge = np.minimum(1, np.minimum(ticks(call.seconds) / 0.001, ticks(call.seconds)[::-1] / 0.004))
    shaped *= loud * edge
    return np.asarray(shaped / max(np.abs(shaped).max(), 1e-9))


def throat(formants: Sequence[Formant], floor: float, steps: int = 48) -> Floats:
    """Gains over time and frequency of formants in parallel, shape (steps, bins) for `swept`."""
    bins = sweep_bins()
    share = np.linspace(0, 1, steps)
    gains = np.full((steps, len(bins)), 10 ** (floor / 20))
    for formant in formants:
        centre = np.interp(share, [p[0] for p in formant.hertz], [p[1] for p in formant.hertz])[:, None]
        gains += 10 ** (formant.level / 20) / np.sqrt(1 + ((bins - centre) / (formant.width / 2)) ** 2)
    return np.asarray(gains * np.minimum(bins / 80.0, 1.0))


def steady(*formants: tuple[float, float, float]) -> tuple[Formant, ...]:
    """Formants that stay: (Hz, bandwidth, dB) each."""
    return tuple(Formant(((0, hertz), (1, hertz)), width, level) for hertz, width, level in formants)


# First three formants of vowels, Hz (Peterson & Barney 1952, men).
VOWELS = (
    (730, 1090, 2440),
    (530, 1840, 2480),
    (270, 2290, 3010),
    (570, 840, 2410),
    (300, 870, 2240),
    (490, 1350, 1690),
)


def babble(rng: np.random.Generator, seconds: float, pitch: float, throat_size: float, effort: float) -> Floats:
    """Speech-like murmur of one voice without words: syllables, phrases, pauses; mono, RMS about 1.

    Args:
        rng: the speaker.
        seconds: length; the end may be joined to the start.
        pitch: mean fundamental in Hz.
        throat_size: formants are divided by this (a child's is 0.75).
        effort: 0 murmuring to 1 shouting: higher, brighter and with fewer pauses.
    """
    time = ticks(seconds)
    syllables = int(seconds * rng.uniform(4.0, 5.5))
    melody = np.exp(0.16 * flicker(rng, seconds, 1.2) + 0.1 * flicker(rng, seconds, 4.5))
    hertz = pitch * (1 + 0.5 * effort) * melody
    source = read(tilted(float(hertz.max()), -7 + 3 * effort), phase_of(hertz))
    source += (0.25 + 0.1 * effort) * hiss(rng, seconds, band(400, 8000))[: len(source)]
    vowels = [VOWELS[int(v)] for v in rng.integers(0, len(VOWELS), syllables)]
    steps = np.linspace(0, 1, syllables)
    formants = [
        Formant(tuple((float(s), v[n] / throat_size) for s, v in zip(steps, vowels, strict=True)), width, level)
        for n, (width, level) in enumerate(((90, 0), (120, -5 + 5 * effort), (180, -10 + 6 * effort)))
    ]
    shaped = swept(source, throat(formants, -46, 3 * syllables))
    pulse = 0.5 + 0.5 * flicker(rng, seconds, syllables / seconds * 1.6)
    phrases = np.clip(1.6 * flicker(rng, seconds, 0.5) + 0.7 + effort, 0, 1)
    shaped *= (0.08 + pulse**1.5) * phrases * np.sin(np.pi * np.clip(time / seconds, 0, 1)) ** 0.1
    return np.asarray(shaped / max(np.sqrt(np.mean(shaped**2)), 1e-9))
