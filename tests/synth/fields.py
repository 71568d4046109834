"""Velocity fields whose answers are known, to try joint denoising on."""

from collections.abc import Sequence

import torch
from torch import Tensor

from soundstage.synth.canvas import Span, Velocity, Windows, denoise, noise

STEPS = 25
_HEARING = 0.25
_SWELLS = (1.7, 2.9, 4.3)


def times(steps: int = STEPS) -> list[float]:
    """Of an Euler flow in equal steps."""
    return [step / steps for step in range(steps + 1)]


def never() -> bool:
    """Nobody stops."""
    return False


class Blend:
    """Each window wants what it is told, and goes there straight: the Euler flow ends at it exactly."""

    def __init__(self, wanted: Tensor) -> None:
        self.wanted = wanted

    def __call__(self, spans: Sequence[Span], pieces: Tensor, time: float) -> Tensor:
        return (self.wanted - pieces) / (1 - time)


class Hum:
    """Each window wants a hum of its own level, in the phase it hears around each frame in what is there already.

    So it is with a network: where two windows hear the same they want the same, but a window alone finds a
    phase that is no other's. A latent frame is a sample, `rate` of them a second. The hum swells of itself
    by some decibels; `levels` (amplitudes, one a window) come on top of that.
    """

    def __init__(self, rate: int, pitch: float, levels: Sequence[float]) -> None:
        self._rate = rate
        self._levels = torch.tensor(levels)
        self._pitch = 2 * torch.pi * pitch / rate
        self._ear = torch.hann_window(round(_HEARING * rate) | 1, periodic=False)

    def __call__(self, spans: Sequence[Span], pieces: Tensor, time: float) -> Tensor:
        frames = torch.tensor([span.start for span in spans])[:, None] + torch.arange(pieces.shape[1])
        turning = torch.polar(torch.ones(frames.shape), frames * self._pitch)
        heard = self._around(pieces[:, :, 0] * turning.conj())
        hum = (heard / heard.abs().clamp(min=1e-9) * turning).real * self._swell(frames) * self._levels[:, None]
        return (hum[:, :, None] - pieces) / (1 - time)

    def _swell(self, frames: Tensor) -> Tensor:
        decibels = sum(torch.sin(2 * torch.pi * frames / (self._rate * period)) for period in _SWELLS)
        return torch.as_tensor(10 ** (decibels / 20))

    def _around(self, turned: Tensor) -> Tensor:
        """Means over what an ear at each frame hears, by way of the spectrum."""
        size = turned.shape[1] + len(self._ear)
        lines = torch.fft.fft(turned, size) * torch.fft.fft(self._ear, size)
        half = len(self._ear) // 2
        return torch.fft.ifft(lines)[:, half : half + turned.shape[1]]


def alone(field: Velocity, windows: Windows, seed: int) -> Tensor:
    """What every window makes by itself, from noise of its own, shape (windows, window, channels)."""
    count = len(windows.starts)
    apart = Windows.over(count * windows.window, windows.window, 0)

    def velocity(spans: Sequence[Span], pieces: Tensor, time: float) -> Tensor:
        return field(windows.spans, pieces, time)

    made = denoise(noise(seed, apart.length, 1), apart, times(), velocity, never)
    return made.unflatten(0, (count, windows.window))


def concatenated(pieces: Tensor, windows: Windows) -> Tensor:
    """Windows laid one after the other, each cut where the next one begins."""
    ends = (*windows.starts[1:], windows.length)
    cut = [piece[: end - start] for piece, start, end in zip(pieces, windows.starts, ends, strict=True)]
    return torch.cat(cut)
