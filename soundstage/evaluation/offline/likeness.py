"""How like a reference a soundtrack is, without any network: as one film, and as a set.

FD-mel is Soundstage's own measure and comparable with nothing else: the Fréchet distance of 72 plain numbers a second,
the mean level of 40 mel bands (dB), and how strongly 8 groups of them beat at 1 to 2, 3 to 5, 6 to 12 and 13 to 25 Hz.
How loud a soundtrack is mastered is a choice, and measured for itself: all are first brought to one loudness.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundstage.evaluation.offline.envelopes import Lag, correlation, lag_between
from soundstage.evaluation.offline.loudness import SILENT, lufs
from soundstage.evaluation.offline.profile import BANDS, RATE, Profile

REACH = 2.5
LOUDNESS = -23.0
"""LUFS to which soundtracks are brought before their features are taken, as for listeners (EBU R 128)."""

_Floats = NDArray[np.float64]
_LEAST_LEVEL = -80.0
_GROUPS = 8
_BEATS = ((1, 2), (3, 5), (6, 12), (13, 25))
_LEAST_BEAT = 0.1  # dB
_BLUR = np.hanning(13)[1:-1]


@dataclass(frozen=True)
class Likeness:
    """How a soundtrack agrees with its reference.

    `loudness`: correlation of their loudness in steps of 100 ms. `onsets`: correlation of how they rise, blurred by
    60 ms. `spectrum`: mean distance of their bands in dB, whole loudness evened out. `lag`: by how much it is late.
    Correlations are None where either does not change at all.
    """

    loudness: float | None
    onsets: float | None
    spectrum: float
    lag: Lag | None


def likeness(made: Profile, truth: Profile) -> Likeness | None:
    """Compare two soundtracks of one film over the time that both last; None where that is less than a second."""
    frames = min(len(made.levels), len(truth.levels))
    if frames < RATE:
        return None
    first, second = (np.maximum(lufs(part.steps[: frames // 10]), SILENT) for part in (made, truth))
    rising, risen = (np.convolve(part.flux[:frames], _BLUR, mode="same") for part in (made, truth))
    return Likeness(
        loudness=correlation(first, second),
        onsets=correlation(rising, risen),
        spectrum=_spectral_distance(made.levels[:frames], truth.levels[:frames]),
        lag=lag_between(rising, risen, RATE, REACH),
    )


def _spectral_distance(made: NDArray[np.float32], truth: NDArray[np.float32]) -> float:
    first, second = (np.maximum(levels, _LEAST_LEVEL).astype(np.float64) for levels in (made, truth))
    apart = first - second
    return float(np.abs(apart - np.median(apart)).mean())


def mel_features(heard: Profile) -> _Floats:
    """72 numbers of each whole second, (seconds, 72), at a loudness of -23 LUFS; silence stays as it is."""
    seconds = len(heard.levels) // RATE
    gain = LOUDNESS - heard.integrated if np.isfinite(heard.integrated) else 0.0
    levels = heard.levels[: seconds * RATE].astype(np.float64) + gain
    held = np.maximum(levels, _LEAST_LEVEL).reshape(seconds, RATE, BANDS)
    if not seconds:
        return np.zeros((0, BANDS + _GROUPS * len(_BEATS)))
    grouped = held.reshape(seconds, RATE, _GROUPS, BANDS // _GROUPS).mean(axis=3)
    lines = np.abs(np.fft.rfft(grouped - grouped.mean(axis=1, keepdims=True), axis=1)) * (2 / RATE)
    beats = [np.sqrt((lines[:, low : high + 1] ** 2).sum(axis=1)) for low, high in _BEATS]
    levels = 20 * np.log10(np.maximum(np.concatenate(beats, axis=1), _LEAST_BEAT))
    return np.concatenate([held.mean(axis=1), levels], axis=1)
