"""The master: one gain over the whole mix, then a true-peak limiter, so that it measures what was asked for.

Limiting takes loudness away, so the gain is tried on the mix and corrected until what comes out of
the limiter is as loud as the target. A mix with any sound above the gate reaches the target, however
quiet it was; only the limiter's work is bounded: where a mix of a few short hits would have to be
limited by more than `MAX_LIMITING` dB, it stays quieter than asked, and the result says so.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from soundstage.loudness import OVERSHOOT, LoudnessMeter
from soundstage.mix.limiter import Limiter
from soundstage.mix.mixing import Premaster
from soundstage.sound import Block, amplitude, decibels

MAX_LIMITING = 18.0
TOLERANCE = 0.1
_TRIALS = 8
# The limiter stops a little lower: its gain moves between samples, and 24 bits round.
_MARGIN = 0.1
# Raised by more than this, a mix may bring forward noise that nobody meant to hear.
_MUCH = 20.0
_STEP = float(2**-23)
_HIGHEST = 1.0 - _STEP


@dataclass(frozen=True)
class MasterPlan:
    """Gain before the limiter and the limiter's ceiling, in dB."""

    gain: float
    ceiling: float
    notes: tuple[str, ...] = ()
    silent: bool = False


def plan_master(
    premaster: Premaster, target: float, true_peak: float, block_frames: int, progress: Callable[[float], None]
) -> MasterPlan:
    """Find the gain that brings the mix to the target loudness (LUFS) through the limiter (dBTP)."""
    ceiling = true_peak - _MARGIN
    before = premaster.loudness
    if not math.isfinite(before):
        note = "Nothing in the mix is loud enough to be heard; the master is silent."
        return MasterPlan(0.0, ceiling, (note,), silent=True)
    gain = target - before
    notes = _remarks(before, gain)
    if premaster.sample_peak + gain + decibels(OVERSHOOT) <= ceiling:
        return MasterPlan(gain, ceiling, notes)
    gain = min(gain, ceiling + MAX_LIMITING - premaster.sample_peak)
    gain, reached = _by_trial(premaster, gain, target, ceiling, block_frames, progress)
    if abs(reached - target) > 0.5:
        notes += (
            f"The mix is a few short sounds with little between; more than {MAX_LIMITING:g} dB of limiting would be"
            f" needed for {target:g} LUFS, so the master stays at {reached:.1f} LUFS.",
        )
    return MasterPlan(gain, ceiling, notes)


def mastered(premaster: Premaster, plan: MasterPlan, block_frames: int) -> Iterator[Block]:
    """The master's blocks, as long as the mix, rounded to 24 bits and within full scale."""
    for block in _limited(premaster, plan.gain, Limiter(plan.ceiling, between=True), block_frames):
        yield np.clip(np.rint(block / _STEP) * _STEP, -1.0, _HIGHEST).astype(np.float32)


def _by_trial(
    premaster: Premaster,
    gain: float,
    target: float,
    ceiling: float,
    block_frames: int,
    progress: Callable[[float], None],
) -> tuple[float, float]:
    """The gain that reaches the target, and the loudness reached."""
    reached = -math.inf
    for trial in range(_TRIALS):
        limiter = Limiter(ceiling, between=True)
        meter = LoudnessMeter(peak=False)
        for block in _limited(premaster, gain, limiter, block_frames):
            meter.add(block)
        progress((trial + 1) / _TRIALS)
        reached = meter.integrated
        missing = target - reached
        room = MAX_LIMITING - limiter.reduction
        if abs(missing) <= TOLERANCE or (missing > 0 and room <= TOLERANCE) or trial == _TRIALS - 1:
            break
        # Limited sound gains less than it is raised by: aim a little further.
        gain += min(1.3 * missing, room) if missing > 0 else missing
    return gain, reached


def _limited(premaster: Premaster, gain: float, limiter: Limiter, block_frames: int) -> Iterator[Block]:
    scale = np.float32(amplitude(gain))
    for block in premaster.blocks(block_frames):
        yield limiter.process(block * scale)
    yield limiter.flush()


def _remarks(before: float, gain: float) -> tuple[str, ...]:
    if gain <= _MUCH:
        return ()
    return (
        f"The mix is very quiet ({before:.0f} LUFS) and was raised by {gain:.0f} dB to the target;"
        " if noise comes forward, ask for a lower target.",
    )
