"""The master: one gain over the whole mix, then a true-peak limiter, so that it measures what was asked for.

Limiting takes loudness away, so the gain is tried on the mix and corrected until what comes out of
the limiter is as loud as the target. A mix with sound above the gate reaches the target, however
quiet it was. Only the limiter's work is bounded: a mix of a few clicks with nothing between, which
would have to be limited by more than `MAX_LIMITING` dB or be crushed without becoming louder, stays
quieter than asked, and the result says so.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from soundstage.mix.limiter import Limiter
from soundstage.mix.premaster import Premaster
from soundstage.mix.trials import Trials
from soundstage.sound import Block, amplitude

MAX_LIMITING = 24.0
TOLERANCE = 0.1
_TRIALS = 8
# Raising the gain further is given up where less than this share of it becomes loudness.
_WORTH = 0.2
# The limiter stops a little lower: its gain moves between samples, and 24 bits round.
_MARGIN = 0.1
# Raised by more than this, a mix may bring forward noise that nobody meant to hear.
_MUCH = 20.0


@dataclass(frozen=True)
class MasterPlan:
    """Gain before the limiter and the limiter's ceiling, in dB; None where nothing needs to be limited."""

    gain: float
    ceiling: float | None
    notes: tuple[str, ...] = ()
    silent: bool = False


def plan_master(premaster: Premaster, target: float, true_peak: float, progress: Callable[[float], None]) -> MasterPlan:
    """Find the gain that brings the mix to the target loudness (LUFS) through the limiter (dBTP)."""
    ceiling = true_peak - _MARGIN
    before = premaster.loudness
    if not math.isfinite(before):
        note = "Nothing in the mix is loud enough to be heard; the master is silent."
        return MasterPlan(0.0, None, (note,), silent=True)
    gain = target - before
    notes = _remarks(before, gain)
    if premaster.true_peak + gain <= ceiling:
        return MasterPlan(gain, None, notes)
    gain = min(gain, ceiling + MAX_LIMITING - premaster.true_peak)
    gain, reached = _by_trial(Trials(premaster, ceiling), gain, target, progress)
    if abs(reached - target) > 0.5:
        notes += (
            f"The mix is a few short sounds with little between, which cannot be brought to {target:g} LUFS without"
            f" being crushed; the master stays at {reached:.1f} LUFS.",
        )
    return MasterPlan(gain, ceiling, notes)


def mastered(premaster: Premaster, plan: MasterPlan, block_frames: int) -> Iterator[Block]:
    """The master's blocks, as long as the mix."""
    if plan.ceiling is None:
        scale = np.float32(amplitude(plan.gain))
        return (block * scale for block in premaster.blocks(block_frames))
    return _limited(premaster, plan.gain, Limiter(plan.ceiling, between=True), block_frames)


def _by_trial(trials: Trials, first: float, target: float, progress: Callable[[float], None]) -> tuple[float, float]:
    """The gain that reaches the target, or the last that was worth its limiting, and the loudness reached."""
    gain, tried = first, trials.at(first)
    for number in range(_TRIALS):
        progress((number + 1) / _TRIALS)
        missing, room = target - tried.loudness, MAX_LIMITING - tried.reduction
        if abs(missing) <= TOLERANCE or (missing > 0 and room <= TOLERANCE):
            break
        # Limited sound gains less than it is raised by: aim a little further.
        step = min(1.3 * missing, room) if missing > 0 else missing
        again = trials.at(gain + step)
        if step > 0 and again.loudness - tried.loudness < _WORTH * step:
            break
        gain, tried = gain + step, again
    return gain, tried.loudness


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
