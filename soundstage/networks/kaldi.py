"""Log-mel filterbanks as Kaldi computes them (compute-fbank-feats), which AudioSet networks are trained on."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

_EMPHASIS = 0.97
_FLOOR = torch.finfo(torch.float32).eps


@dataclass(frozen=True)
class Fbank:
    """What to compute: `bins` mel bands from `low` to `high` Hz (half the `rate`), every `shift` s over `length` s.

    Each window's mean is taken out, its highs are raised, and it is faded by a symmetric Hann window; powers come
    from a transform of the next power of two. Nothing is dithered.
    """

    rate: int = 16_000
    bins: int = 128
    low: float = 20.0
    length: float = 0.025
    shift: float = 0.010
    high: float | None = None

    @property
    def window(self) -> int:
        """Samples of a window."""
        return int(self.rate * self.length)

    @property
    def hop(self) -> int:
        """Samples from one window to the next."""
        return int(self.rate * self.shift)

    @property
    def points(self) -> int:
        """Points of the transform."""
        return 1 << (self.window - 1).bit_length()


def fbank(sound: Tensor, settings: Fbank) -> Tensor:
    """The log-mel energies of whole windows of a sound; what is left over at its end is not looked at.

    Args:
        sound: float, (..., samples), at `settings.rate`.
        settings: of the analysis.

    Returns:
        (..., windows, bins), natural logarithm, not below log(1.19e-7). Shorter than a window gives no windows.
    """
    if sound.shape[-1] < settings.window:
        return sound.new_zeros(*sound.shape[:-1], 0, settings.bins)
    frames = sound.unfold(-1, settings.window, settings.hop)
    frames = frames - frames.mean(dim=-1, keepdim=True)
    before = torch.cat([frames[..., :1], frames[..., :-1]], dim=-1)
    hann = torch.hann_window(settings.window, periodic=False, device=sound.device, dtype=sound.dtype)
    powers = torch.fft.rfft((frames - _EMPHASIS * before) * hann, n=settings.points).abs().square()
    energies: Tensor = powers @ bands(settings).to(powers)
    return energies.clamp_min(_FLOOR).log()


def bands(settings: Fbank) -> Tensor:
    """Weights of the triangular bands, (points / 2 + 1, bins): straight on the mel scale, none at half the rate."""
    edges = torch.linspace(_mel(settings.low), _mel(settings.high or settings.rate / 2), settings.bins + 2)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    lines = torch.arange(settings.points // 2) * (settings.rate / settings.points)
    mels = (1127.0 * torch.log1p(lines / 700.0)).unsqueeze(1)
    weights = torch.minimum((mels - left) / (centre - left), (right - mels) / (right - centre)).clamp_min(0.0)
    return functional.pad(weights, (0, 0, 0, 1))


def _mel(hertz: float) -> float:
    return 1127.0 * math.log1p(hertz / 700.0)
