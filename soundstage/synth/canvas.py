"""One long latent covered by overlapping windows that are denoised together.

A generative network serves a few seconds at a time. Sounds made window by window differ where they meet,
and a cross-fade only hides the step. Here a sound has one latent, the canvas. At every step of the flow
each window says where its part of the canvas should go, and where windows overlap their velocities are
averaged before any of them moves: they cannot come to differ there (MultiDiffusion, arXiv 2302.08113).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor

# Noise is drawn so many frames at a time, whatever the length: a frame's noise hangs on seed and place alone.
_BLOCK = 64


class Stopped(Exception):
    """The sound is not wanted any more; nothing of it was kept."""


@dataclass(frozen=True)
class Span:
    """Frames `start` to `end` (exclusive) of a canvas."""

    start: int
    end: int


Velocity = Callable[[Sequence[Span], Tensor, float], Tensor]
"""Of windows of the canvas (windows, frames, channels) at a time: where each of them goes, in the same shape."""


@dataclass(frozen=True)
class Windows:
    """Overlapping windows of one length that cover a canvas; the last one is shifted back to end with it."""

    length: int
    window: int
    overlap: int
    starts: tuple[int, ...]

    @classmethod
    def over(cls, length: int, window: int, overlap: int) -> "Windows":
        """Cover `length` frames by windows of `window` frames that share at least `overlap`.

        A canvas shorter than a window gets a single one, as short as itself.

        Raises:
            ValueError: there is no frame to cover, or windows would not get on.
        """
        if length < 1:
            raise ValueError(f"a canvas of {length} frames cannot be covered")
        if not 0 <= overlap < window:
            raise ValueError(f"windows of {window} frames cannot overlap by {overlap}")
        size = min(length, window)
        last = length - size
        starts = (*range(0, last, window - overlap), last)
        return cls(length, size, min(overlap, size), starts)

    @property
    def spans(self) -> tuple[Span, ...]:
        """What each window covers, in order."""
        return tuple(Span(start, start + self.window) for start in self.starts)

    @cached_property
    def weights(self) -> Tensor:
        """What each frame of each window counts, shape (windows, window), float32.

        Above zero everywhere, tapering towards the edges that another window shares, and at every
        frame of the canvas the windows' weights sum to one.
        """
        taper = self._taper().expand(len(self.starts), self.window)
        return (taper / self._sum(taper)[self._frames]).float()

    def finer(self, factor: int) -> "Windows":
        """The same windows counted in frames that are `factor` times as many."""
        starts = tuple(factor * start for start in self.starts)
        return Windows(factor * self.length, factor * self.window, factor * self.overlap, starts)

    def cut(self, canvas: Tensor) -> Tensor:
        """The windows of a canvas (frames, channels), shape (windows, window, channels)."""
        return canvas[self._frames.to(canvas.device)]

    def join(self, pieces: Tensor) -> Tensor:
        """The canvas whose windows are `pieces` (windows, window, channels), averaged where they overlap."""
        return self._sum(pieces * self.weights[:, :, None].to(pieces))

    @property
    def _frames(self) -> Tensor:
        return torch.tensor(self.starts)[:, None] + torch.arange(self.window)

    def _taper(self) -> Tensor:
        """Raised cosines of `overlap` frames at both ends; where two meet in step they sum to one."""
        rise = (torch.arange(self.window, dtype=torch.float64) + 0.5) / max(self.overlap, 1)
        ramp = torch.sin(0.5 * math.pi * rise.clamp(max=1.0)) ** 2
        return ramp * ramp.flip(0)

    def _sum(self, pieces: Tensor) -> Tensor:
        canvas = pieces.new_zeros(self.length, *pieces.shape[2:])
        # One after the other: sums come out the same on every run, which scattered ones on a GPU do not.
        for start, piece in zip(self.starts, pieces, strict=True):
            canvas[start : start + self.window] += piece
        return canvas


def noise(seed: int, length: int, channels: int) -> Tensor:
    """White noise for a canvas, shape (length, channels), float32, on the CPU.

    A frame's noise depends on the seed and its place only, neither on the length nor on the device.
    """
    generator = torch.Generator().manual_seed(seed % 2**63)
    blocks = [torch.randn(_BLOCK, channels, generator=generator) for _ in range(0, length, _BLOCK)]
    return torch.cat(blocks)[:length]


def steps(canvas: Tensor, windows: Windows, times: Sequence[float], velocity: Velocity) -> Iterator[Tensor]:
    """Follow the flow from noise to a sound's latent, all windows together, by Euler steps.

    Nothing is worked out before it is asked for: who stops asking has stopped it.

    Args:
        canvas: noise, shape (frames, channels); not changed.
        windows: what covers it.
        times: of the flow, rising from 0 to 1; one step less than there are times.
        velocity: called once a step with every window.

    Yields:
        The canvas after every step.
    """
    spans = windows.spans
    for now, then in pairwise(times):
        canvas = canvas + (then - now) * windows.join(velocity(spans, windows.cut(canvas), now))
        yield canvas


def denoise(
    canvas: Tensor, windows: Windows, times: Sequence[float], velocity: Velocity, stop: Callable[[], bool]
) -> Tensor:
    """All `steps` in one go; `stop` is asked before each of them whether to give up.

    Raises:
        Stopped: `stop` said so.
    """
    on_the_way = steps(canvas, windows, times, velocity)
    for now in times[:-1]:
        if stop():
            raise Stopped(f"The sound was given up at {now:.0%} of its way.")
        canvas = next(on_the_way)
    return canvas


def piecewise(
    whole: Tensor,
    size: int,
    reach: int,
    overlap: int,
    turn: Callable[[Sequence[Tensor]], Sequence[Tensor]],
) -> Tensor:
    """A sequence of any length through a network that takes pieces of at most `size` frames.

    Every piece has `reach` frames more than is used of it wherever there are more: with the network's
    reach, no join can be told from its surroundings but by what the network looks at further off.

    Args:
        whole: shape (frames, channels).
        size: frames of every piece, or all there are if fewer; more than twice `reach` plus `overlap`.
        reach: frames to either side that a frame hangs on.
        overlap: frames over which a piece fades into the next; 0 where pieces agree where they meet.
        turn: all pieces (frames, channels) into (factor * frames, other channels), in order.

    Returns:
        Shape (factor * frames, other channels).
    """
    length = len(whole)
    if length <= size:
        return turn([whole])[0]
    kept = Windows.over(length, size - 2 * reach, overlap)
    starts = [min(max(0, start - reach), length - size) for start in kept.starts]
    turned = turn([whole[start : start + size] for start in starts])
    factor = len(turned[0]) // size
    places = [factor * (place - start) for place, start in zip(kept.starts, starts, strict=True)]
    pieces = [piece[at : at + factor * kept.window] for piece, at in zip(turned, places, strict=True)]
    return kept.finer(factor).join(torch.stack(pieces))
