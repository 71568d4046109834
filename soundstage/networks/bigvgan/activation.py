"""BigVGAN's periodic activation, worked at twice the rate so that the harmonics it adds do not fold back."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

_TAPS = 12
_LEAST = 1e-9


class SnakeBeta(nn.Module):
    """x + sin²(a x) / b with one frequency a and one magnitude b a channel, both held as logarithms."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.zeros(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as `x`, (batch, channels, samples)."""
        frequency, magnitude = self.alpha.exp()[:, None], 1 / (self.beta.exp()[:, None] + _LEAST)
        return x + magnitude * (x * frequency).sin().square()


class Activation(nn.Module):
    """A `SnakeBeta` at twice the rate; names of its filters are those of the published checkpoints."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.act = SnakeBeta(channels)
        self.upsample = Doubling()
        self.downsample = Halving()

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as `x`, (batch, channels, samples)."""
        out: Tensor = self.downsample(self.act(self.upsample(x)))
        return out


class Lowpass(nn.Module):
    """The taps of a low-pass at half of the band."""

    filter: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("filter", kaiser_sinc(0.25, 0.3, _TAPS)[None, None])

    def taps(self, channels: int) -> Tensor:
        """One filter for every channel, (channels, 1, taps)."""
        return self.filter.expand(channels, -1, -1)


class Doubling(Lowpass):
    """Twice the rate."""

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, samples) to (batch, channels, 2 * samples)."""
        edge = _TAPS // 2 - 1
        padded = functional.pad(x, (edge, edge), mode="replicate")
        doubled = functional.conv_transpose1d(padded, 2 * self.taps(x.shape[1]), stride=2, groups=x.shape[1])
        cut = 2 * edge + (_TAPS - 2) // 2
        return doubled[..., cut:-cut]


class Halving(nn.Module):
    """Half the rate."""

    def __init__(self) -> None:
        super().__init__()
        self.lowpass = Lowpass()

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, 2 * samples) to (batch, channels, samples)."""
        padded = functional.pad(x, (_TAPS // 2 - 1, _TAPS // 2), mode="replicate")
        return functional.conv1d(padded, self.lowpass.taps(x.shape[1]), stride=2, groups=x.shape[1])


def kaiser_sinc(cutoff: float, transition: float, taps: int) -> Tensor:
    """A low-pass of an even number of taps that sum to 1, shape (taps,): a sinc under a Kaiser window.

    Args:
        cutoff: in cycles a sample, up to 0.5.
        transition: half of the transition's width, likewise.
        taps: how many.
    """
    attenuation = 2.285 * (taps // 2 - 1) * math.pi * 4 * transition + 7.95
    window = torch.kaiser_window(taps, periodic=False, beta=_kaiser_beta(attenuation), dtype=torch.float32)
    places = torch.arange(taps) - (taps - 1) / 2
    response = window * torch.sinc(2 * cutoff * places)
    return response / response.sum()


def _kaiser_beta(attenuation: float) -> float:
    """Kaiser's formula for the window's shape at an attenuation in dB."""
    if attenuation > 50:
        return 0.1102 * (attenuation - 8.7)
    if attenuation < 21:
        return 0.0
    return float(0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21))
