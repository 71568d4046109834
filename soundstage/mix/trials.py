"""What limiting would do to a mix at some gain: how loud the master would be, and how deeply it would be limited.

Below its ceiling a limiter changes nothing, and of a mix at its right level only a few moments lie above it. So only
those are limited and measured anew; for all others the loudness of the mix is known, and moves with the gain.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundstage.loudness import AFTER, BEFORE, OVERSHOOT, STEP_FRAMES, LoudnessMeter, between_samples, gated
from soundstage.mix.envelope import joined
from soundstage.mix.limiter import RELEASE, Limiter
from soundstage.mix.premaster import Premaster
from soundstage.sound import SAMPLE_RATE, amplitude

# Steps of 100 ms before a stretch, in which the limiter and the meter's filter come to rest.
_LEAD = 2
# One after it, into whose beginning the filter still rings.
_TRAIL = 1
# Steps looked at together, and frames limited together.
_PIECE = 2
_BLOCK = 16 * STEP_FRAMES
# So many steps make one window of the gate; what is shorter is measured whole.
_GATED = 4


@dataclass(frozen=True)
class Trial:
    """`loudness` in LUFS that a gain gives, and the deepest `reduction` in dB that the limiter takes for it."""

    loudness: float
    reduction: float


class Trials:
    """Tries gains on a mix."""

    def __init__(self, premaster: Premaster, ceiling: float) -> None:
        """Args: ceiling: the limiter's, in dBTP."""
        self._premaster = premaster
        self._ceiling = ceiling
        self._steps = premaster.steps
        self._tops = premaster.tops
        self._peaks = self._tops * np.float32(OVERSHOOT)  # no less than the true peaks, which are found when needed
        self._found = np.zeros(len(self._peaks), bool)

    def at(self, gain: float) -> Trial:
        """Try a gain (dB)."""
        if len(self._steps) < _GATED:
            loudness, reduction = self._limited(gain, 0, len(self._tops))
            return Trial(loudness.integrated, reduction)
        power, deepest = self._steps * amplitude(gain) ** 2, 0.0
        for first, last in self._stretches(gain):
            lead = min(_LEAD, first)
            meter, reduction = self._limited(gain, first - lead, last + 1)
            measured = meter.steps[lead : lead + last - first]
            power[first : first + len(measured)] = measured
            deepest = max(deepest, reduction)
        return Trial(gated(power), deepest)

    def _limited(self, gain: float, first: int, last: int) -> tuple[LoudnessMeter, float]:
        """What the steps from `first` up to `last` measure once they are limited, and how deep that was."""
        limiter, meter = Limiter(self._ceiling, between=True), LoudnessMeter(peak=False)
        scale = np.float32(amplitude(gain))
        for block in self._premaster.blocks(_BLOCK, first * STEP_FRAMES, last * STEP_FRAMES):
            meter.add(limiter.process(block * scale))
        meter.add(limiter.flush())
        return meter, limiter.reduction

    def _stretches(self, gain: float) -> list[tuple[int, int]]:
        """Steps, from and up to, in which the limiter acts: from before a peak until it has let go."""
        room = self._ceiling - gain
        self._find_peaks(above=amplitude(room))
        loud = np.flatnonzero(self._peaks > amplitude(room))
        over = 20 * np.log10(self._peaks[loud]) - room
        ends = loud + 1 + _TRAIL + np.ceil(over / RELEASE * SAMPLE_RATE / STEP_FRAMES).astype(int)
        return joined(zip(np.maximum(loud - 1, 0).tolist(), ends.tolist(), strict=True), gap=0)

    def _find_peaks(self, above: float) -> None:
        """Put the true peak in place of its bound wherever it may lie above an amplitude."""
        wanted = np.flatnonzero(~self._found & (self._peaks > above)).tolist()
        self._found[wanted] = True
        for start, end in joined(((step, step + 1) for step in wanted), gap=0):
            for first in range(start, end, _PIECE):
                last = min(first + _PIECE, end)
                self._peaks[first:last] = np.maximum(self._tops[first:last], self._between(first, last))

    def _between(self, first: int, last: int) -> NDArray[np.float32]:
        sound = self._premaster.read(first * STEP_FRAMES - BEFORE, last * STEP_FRAMES + AFTER)
        return np.asarray(between_samples(sound).reshape(-1, STEP_FRAMES).max(axis=1))
