"""Whether sound and picture go together where nobody wrote down what happens: motion beside what is heard."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundstage.evaluation.offline.envelopes import Lag, correlation, lag_between
from soundstage.evaluation.offline.loudness import SILENT, lufs
from soundstage.evaluation.offline.profile import RATE, Profile
from soundstage.reading import MotionCurve

REACH = 1.0

_RATE = 25.0
_BLUR = 0.06  # what is within three pictures belongs together
_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PictureAgreement:
    """How sound and picture go together.

    `bursts`: correlation of sudden motion and sound that sets in, each blurred by 60 ms. `activity`: correlation of
    motion and loudness over half a second. `lag`: by how much the sound is late by the first of them, and the
    correlation there. None where nothing changes on the picture or in the sound.
    """

    bursts: float | None
    activity: float | None
    lag: Lag | None


def picture_agreement(motion: MotionCurve, heard: Profile) -> PictureAgreement:
    """Compare a film's motion curve with its soundtrack's profile."""
    count = int(min(heard.duration, float(motion.times[-1]) if len(motion.times) else 0.0) * _RATE)
    times = np.arange(count) / _RATE
    if count < round(_RATE):
        return PictureAgreement(None, None, None)
    energy = np.interp(times, motion.times, motion.energy)
    seen, sounding = (
        _blurred(np.maximum(0, np.diff(energy, prepend=energy[0])), _BLUR),
        _blurred(_onsets(heard, times), _BLUR),
    )
    moving, loud = _blurred(energy, 0.25), _blurred(_loudness(heard, times), 0.25)
    return PictureAgreement(
        bursts=correlation(seen, sounding),
        activity=correlation(moving, loud),
        lag=lag_between(sounding, seen, _RATE, REACH),
    )


def _onsets(heard: Profile, times: _Floats) -> _Floats:
    """Rises of the level in the time of each picture."""
    sums = np.concatenate([[0.0], np.cumsum(heard.flux)])
    edges = np.interp(np.append(times, times[-1] + 1 / _RATE) * RATE, np.arange(len(sums)), sums)
    return np.asarray(np.diff(edges), np.float64)


def _loudness(heard: Profile, times: _Floats) -> _Floats:
    levels = np.maximum(lufs(heard.steps), SILENT)
    return np.interp(times, (np.arange(len(levels)) + 0.5) / 10, levels) if len(levels) else np.zeros(len(times))


def _blurred(curve: _Floats, seconds: float) -> _Floats:
    reach = int(np.ceil(3 * seconds * _RATE))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (seconds * _RATE)) ** 2)
    return np.convolve(curve, weights / weights.sum())[reach : reach + len(curve)]
