"""Finds the separate hits in a recording, each with the instant at which it strikes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from soundstage.sound import Block
from soundstage.synth.library.recording import Recording, stream

# Longer recordings are searched at their beginning only.
_SEARCHED = 60.0
_STEP = 0.005
# A hit stands this far above the quiet of its recording, and no further below the loudest moment (dB).
_OVER_FLOOR = 12.0
_UNDER_PEAK = 40.0
# Silence shorter than this does not part two hits; a rise of this much within a sound does.
_GAP = 0.08
_RISE = 14.0
_FIRST_MOMENT = 0.1
# The instant of the strike: energy has come a tenth of the way to the peak.
_WAY_UP = 0.1
_LEAD = 0.01
_WEAKEST = 15.0
_ONE_EVENT = 0.4
_STRONG = 0.5


@dataclass(frozen=True)
class Hit:
    """One hit in a recording: start, strike and end in seconds from the recording's start, and its peak (0 to 1)."""

    start: float
    strike: float
    end: float
    peak: float

    @property
    def duration(self) -> float:
        """Seconds from start to end."""
        return self.end - self.start


def hits_in(recording: Recording) -> tuple[Hit, ...]:
    """The hits of a recording in order, without those much weaker than the strongest.

    A recording without any pause is one hit. Silence has none.
    """
    rate = recording.sample_rate
    power = _power(recording, round(_SEARCHED * rate))
    step = max(1, round(_STEP * rate))
    steps = np.maximum.reduceat(power, np.arange(0, len(power), step)) if len(power) else power
    if not len(steps) or steps.max() <= 1e-9:
        return ()
    levels = 10 * np.log10(steps + 1e-12)
    found = [_hit(power, rate, first * step, min(last * step, len(power))) for first, last in _regions(levels)]
    strongest = max(hit.peak for hit in found)
    return tuple(hit for hit in found if hit.peak >= strongest * 10 ** (-_WEAKEST / 20))


def whole_events(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Hits that follow each other closely, joined: a car that starts is one event, not five.

    An event strikes where its first strong hit does.
    """
    events: list[list[Hit]] = []
    for hit in hits:
        if events and hit.start - events[-1][-1].end < _ONE_EVENT:
            events[-1].append(hit)
        else:
            events.append([hit])
    return tuple(_joined(event) for event in events)


def _joined(event: Sequence[Hit]) -> Hit:
    peak = max(hit.peak for hit in event)
    first_strong = next(hit for hit in event if hit.peak >= _STRONG * peak)
    return Hit(start=event[0].start, strike=first_strong.strike, end=event[-1].end, peak=peak)


def _power(recording: Recording, limit: int) -> NDArray[np.float32]:
    """Power over the channels, smoothed over 1 ms."""
    blocks: list[Block] = list(stream(recording, limit))
    if not blocks:
        return np.zeros(0, np.float32)
    power = np.concatenate([np.einsum("fc,fc->f", block, block) / block.shape[1] for block in blocks])
    width = max(2, recording.sample_rate // 1000)
    smooth: NDArray[np.float32] = uniform_filter1d(power, width, mode="constant").clip(0)
    return smooth


def _regions(levels: NDArray[np.float32]) -> list[tuple[int, int]]:
    """First and last step of every hit: runs above the threshold, parted again where a new strike rises."""
    peak, floor = float(levels.max()), float(np.percentile(levels, 10))
    threshold = max(peak - _UNDER_PEAK, min(floor + _OVER_FLOOR, peak - _OVER_FLOOR))
    loud = np.flatnonzero(levels > threshold)
    breaks = np.flatnonzero(np.diff(loud) > round(_GAP / _STEP))
    firsts, lasts = np.append(loud[0], loud[breaks + 1]), np.append(loud[breaks], loud[-1])
    return [part for first, last in zip(firsts, lasts, strict=True) for part in _parted(levels, first, last + 1)]


def _parted(levels: NDArray[np.float32], first: int, last: int) -> Iterator[tuple[int, int]]:
    """A run cut before every step that is much louder than all of the 80 ms before it."""
    start, apart = first, round(_GAP / _STEP)
    for step in range(first + 2 * apart, last):
        quiet = levels[step - apart : step - 1].max()
        if levels[step] - quiet > _RISE and step - start >= 2 * apart:
            yield int(start), int(step - 1)
            start = step - 1
    yield int(start), int(last)


def _hit(power: NDArray[np.float32], rate: int, first: int, last: int) -> Hit:
    """The strike is looked for in the first tenth of a second, where the hit begins."""
    head = power[max(0, first - round(_LEAD * rate)) : min(last, first + round(_FIRST_MOMENT * rate))]
    offset = max(0, first - round(_LEAD * rate))
    strike = offset + int(np.argmax(head >= _WAY_UP * head.max()))
    start = max(0, min(first, strike) - round(_LEAD * rate))
    return Hit(
        start=start / rate,
        strike=strike / rate,
        end=last / rate,
        peak=float(np.sqrt(power[first:last].max())),
    )
