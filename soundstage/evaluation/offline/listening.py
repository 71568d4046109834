"""One soundtrack through all offline metrics. Each is independent of the others: films can be heard in parallel."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundstage.evaluation.bench.entries import Event
from soundstage.evaluation.offline.bands import Expected, band_agreement, expected_at
from soundstage.evaluation.offline.joins import seams_at
from soundstage.evaluation.offline.likeness import likeness, mel_features
from soundstage.evaluation.offline.loudness import longest_silence, loudness_range, silence_ratio
from soundstage.evaluation.offline.picture import picture_agreement
from soundstage.evaluation.offline.profile import Profile, profile_of
from soundstage.evaluation.offline.repetition import repetition_ratio
from soundstage.evaluation.offline.timing import TOLERANCE, Timing, timing_of
from soundstage.reading import MotionCurve
from soundstage.review.onsets import onsets_in

_BEGINNING = 0.05

_Values = Iterator[tuple[str, float | None]]


@dataclass(frozen=True)
class Soundtrack:
    """A soundtrack to be heard, and what is known of its film; what is not known is left out of the metrics.

    `joins` and `scenes` in seconds. `expected` adds to what the events' labels tell.
    """

    film: str
    sound: Path
    reference: Path | None = None
    events: tuple[Event, ...] = ()
    joins: tuple[float, ...] = ()
    scenes: tuple[float, ...] = ()
    expected: tuple[Expected, ...] = ()
    motion: MotionCurve | None = None


@dataclass(frozen=True)
class Heard:
    """What was measured of one soundtrack: values by the keys of `GAUGES`, and the features of FD-mel.

    `features` and `reference` are (seconds, 72); the latter is None without a reference.
    """

    film: str
    values: dict[str, float]
    features: NDArray[np.float64]
    reference: NDArray[np.float64] | None = None
    timing: Timing | None = None


def hear(track: Soundtrack) -> Heard:
    """Measure a soundtrack. Raises BadSound when a file cannot be read."""
    heard = profile_of(track.sound)
    truth = profile_of(track.reference) if track.reference is not None else None
    timing = _timing(track) if track.events else None
    values = {
        key: float(value)
        for part in (_itself(heard), _seams(track), _beside(track, heard, truth), _on_time(timing, heard))
        for key, value in part
        if value is not None and math.isfinite(value)
    }
    features = mel_features(heard)
    return Heard(track.film, values, features, mel_features(truth) if truth is not None else None, timing)


def _timing(track: Soundtrack) -> Timing:
    events = [event.time for event in track.events]
    onsets = [onset.time for onset in onsets_in(track.sound)]
    # That a soundtrack begins to sound at all is an onset of its own, which belongs to no event.
    begun = [time for time in onsets if time > _BEGINNING or any(time >= event - TOLERANCE for event in events)]
    return timing_of(events, begun)


def _on_time(timing: Timing | None, heard: Profile) -> _Values:
    if timing is None:
        return
    yield "event-f1", timing.f1
    yield "event-precision", timing.precision
    yield "event-recall", timing.recall
    yield "timing-error", timing.error
    yield "timing-bias", timing.late
    yield "within-40", timing.within(0.04)
    yield "within-100", timing.within(TOLERANCE)
    yield "within-200", timing.within(0.2)
    yield "extra-onsets", timing.extra * 60 / heard.duration if heard.duration else None


def _itself(heard: Profile) -> _Values:
    yield "silence", silence_ratio(heard.steps)
    yield "longest-silence", longest_silence(heard.steps)
    yield "repetition", repetition_ratio(heard.levels)
    yield "loudness", heard.integrated
    yield "loudness-range", loudness_range(heard.steps)
    yield "true-peak", heard.true_peak


def _seams(track: Soundtrack) -> _Values:
    joined = seams_at(track.sound, track.joins) if track.joins else None
    if joined is not None:
        yield "seam-level", joined.level.excess
        yield "seam-spectrum", joined.spectrum.excess
        yield "seam-phase", joined.phase.excess
        yield "seam-rank", _mean([joined.level.rank, joined.spectrum.rank, joined.phase.rank])
    scenes = seams_at(track.sound, track.scenes) if track.scenes else None
    if scenes is not None:
        yield "scene-level", scenes.level.excess
        yield "scene-spectrum", scenes.spectrum.excess


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _beside(track: Soundtrack, heard: Profile, truth: Profile | None) -> _Values:
    yield "bands", band_agreement(heard, (*expected_at(track.events), *track.expected))
    if track.motion is not None:
        seen = picture_agreement(track.motion, heard)
        yield "picture-bursts", seen.bursts
        yield "picture-activity", seen.activity
        yield "picture-lag", abs(seen.lag.seconds) if seen.lag else None
    like = likeness(heard, truth) if truth is not None else None
    if like is not None:
        yield "like-loudness", like.loudness
        yield "like-onsets", like.onsets
        yield "like-spectrum", like.spectrum
        yield "like-lag", abs(like.lag.seconds) if like.lag else None
