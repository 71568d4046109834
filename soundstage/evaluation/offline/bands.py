"""Whether what sounds is the kind of sound it should be: its energy in the bands of the labels expected there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundstage.cuesheet import CueSheet
from soundstage.evaluation.bench.entries import Event
from soundstage.evaluation.offline.profile import FLOOR, RATE, Profile, band_centres
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Acoustics

_SHORTEST = 0.1
_BED = 0.1  # seconds before an event, which tell what sounds there anyway
_AUDIBLE = -70.0
# The bands of the profile overlap by half: energy at a label's edge shows in the band that lies across it.
_EDGE = 2 ** (1 / 6)

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Expected:
    """A sound expected between two instants (s), and the hertz that most of its energy lies in.

    `hit`: it stands on what sounds anyway, which is taken off first.
    """

    start: float
    end: float
    low: float
    high: float
    hit: bool = False


def expected_at(events: Iterable[Event]) -> tuple[Expected, ...]:
    """What the knowledge base expects of events with a label that it knows."""
    return tuple(
        Expected(event.time, event.time + _length(label.acoustics), label.acoustics.low, label.acoustics.high, hit=True)
        for event in events
        if event.label is not None and (label := knowledge().find(event.label)) is not None
    )


def expected_by(sheet: CueSheet) -> tuple[Expected, ...]:
    """What the knowledge base expects of a cue sheet's cues with a label that it knows."""
    return tuple(
        Expected(cue.start, cue.end, label.acoustics.low, label.acoustics.high)
        for cue in sheet.cues()
        if (label := knowledge().find(cue.label)) is not None
    )


def _length(acoustics: Acoustics) -> float:
    return max(_SHORTEST, acoustics.attack + acoustics.decay)


def band_agreement(heard: Profile, expected: Sequence[Expected]) -> float | None:
    """The mean over expected sounds of the share of energy that lies in the bands expected there.

    Where several sound at once, each band of any of them is expected. A sound that is not heard has a share of 0.

    Returns:
        None where nothing is expected within the soundtrack.
    """
    power = 10 ** (heard.levels.astype(np.float64) / 10)
    power[heard.levels <= FLOOR] = 0
    shares = [_share(power, sound, expected) for sound in expected if 0 <= sound.start < heard.duration]
    return float(np.mean(shares)) if shares else None


def _share(power: _Floats, sound: Expected, expected: Sequence[Expected]) -> float:
    first, last = round(sound.start * RATE), max(round(sound.start * RATE) + 1, round(sound.end * RATE))
    mean = power[first:last].mean(axis=0)
    if sound.hit:
        before = power[max(0, first - round((_BED + 0.03) * RATE)) : max(0, first - 3)]
        mean = np.maximum(0, mean - before.mean(axis=0)) if len(before) else mean
    total = float(mean.sum())
    if total <= 10 ** (_AUDIBLE / 10):
        return 0.0
    together = [other for other in expected if other.start < sound.end and sound.start < other.end]
    return float(mean[_inside(together)].sum() / total)


def _inside(sounds: Iterable[Expected]) -> NDArray[np.bool_]:
    centres = band_centres()
    inside = np.zeros(len(centres), bool)
    for sound in sounds:
        inside |= (centres >= sound.low / _EDGE) & (centres <= sound.high * _EDGE)
        inside[int(np.argmin(np.abs(centres - np.sqrt(sound.low * sound.high))))] = True
    return inside
