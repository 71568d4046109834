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

from soundstage.loudness import LoudnessMeter
from soundstage.mix.limiter import Limiter
from soundstage.mix.mixing import Premaster
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


def plan_master(
    premaster: Premaster, target: float, true_peak: float, block_frames: int, progress: Callable[[float], None]
) -> MasterPlan:
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
    gain, reached = _by_trial(premaster, gain, target, ceiling, block_frames, progress)
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


def _by_trial(
    premaster: Premaster,
    first: float,
    target: float,
    ceiling: float,
    block_frames: int,
    progress: Callable[[float], None],
) -> tuple[float, float]:
    """The gain that reaches the target, or the last that was worth its limiting, and the loudness reached."""
    gain, (reached, reduction) = first, _tried(premaster, first, ceiling, block_frames)
    for trial in range(_TRIALS):
        progress((trial + 1) / _TRIALS)
        missing, room = target - reached, MAX_LIMITING - reduction
        if abs(missing) <= TOLERANCE or (missing > 0 and room <= TOLERANCE):
            break
        # Limited sound gains less than it is raised by: aim a little further.
        step = min(1.3 * missing, room) if missing > 0 else missing
        louder, reduction = _tried(premaster, gain + step, ceiling, block_frames)
        if step > 0 and louder - reached < _WORTH * step:
            break
        gain, reached = gain + step, louder
    return gain, reached


def _tried(premaster: Premaster, gain: float, ceiling: float, block_frames: int) -> tuple[float, float]:
    """Loudness of the master at a gain, and how deep it is limited in dB."""
    limiter = Limiter(ceiling, between=True)
    meter = LoudnessMeter(peak=False)
    for block in _limited(premaster, gain, limiter, block_frames):
        meter.add(block)
    return meter.integrated, limiter.reduction


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
