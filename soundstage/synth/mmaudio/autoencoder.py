"""MMAudio's autoencoder of mel spectrograms: an encoder to a latent at half their rate, and a decoder back.

In the middle of either lies one attention over the whole length: what a latent decodes to depends on all others, so
decoding in pieces is not quite the same as decoding whole. Both were trained on eight seconds, and are best given as
much at a time. Names of parameters are those of v1-16.pth and v1-44.pth.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn

from soundstage.networks.checkpoints import load_into, read_weights
from soundstage.networks.rack import Setting
from soundstage.networks.unmade import unmade
from soundstage.synth.mmaudio.preserving import Conv, Downsample, Middle, ResidualBlock, Upsample, folded, silu
from soundstage.synth.mmaudio.variants import Sampling

REACH = 21
"""Latents to either side that a spectrogram frame hangs on by convolutions; what is further acts by attention alone."""

_BOUND = 256.0
_LEVELS = (1, 2, 4)


@dataclass(frozen=True)
class Distribution:
    """A normal distribution over latents; both are (batch, channels, latents)."""

    mean: Tensor
    deviation: Tensor

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """One latent of it."""
        noise = torch.empty_like(self.mean).normal_(generator=generator)
        return self.mean + self.deviation * noise


class Autoencoder(nn.Module):
    """Mel spectrograms to latents and back; without its encoder it only decodes, in half the memory."""

    data_mean: Tensor
    data_std: Tensor

    def __init__(self, sampling: Sampling, encoder: bool = True) -> None:
        super().__init__()
        self.sampling = sampling
        self.register_buffer("data_mean", torch.zeros(1, sampling.bands, 1))
        self.register_buffer("data_std", torch.ones(1, sampling.bands, 1))
        if encoder:
            self.encoder = Encoder(sampling)
        self.decoder = Decoder(sampling)

    def encode(self, mel: Tensor) -> Distribution:
        """The latents that may stand for a mel spectrogram (batch, bands, frames)."""
        mean, log_variance = self.encoder((mel.to(self.data_mean.dtype) - self.data_mean) / self.data_std).chunk(
            2, dim=1
        )
        return Distribution(mean, (0.5 * log_variance.clamp(-30.0, 20.0)).exp())

    def decode(self, latent: Tensor) -> Tensor:
        """(batch, channels, latents) to a mel spectrogram (batch, bands, 2 * latents)."""
        mel: Tensor = self.decoder(latent.to(self.data_mean.dtype)) * self.data_std + self.data_mean
        return mel


class Encoder(nn.Module):
    """A normalised mel spectrogram to mean and log variance of latents, one after the other in the channels."""

    def __init__(self, sampling: Sampling) -> None:
        super().__init__()
        widths = [sampling.width * factor for factor in _LEVELS]
        self.conv_in = Conv(sampling.bands, widths[0], 3)
        self.down = nn.ModuleList(
            Level([before, width, width], downsample=i == 0)
            for i, (before, width) in enumerate(pairwise([widths[0], *widths]))
        )
        self.mid = Middle(widths[-1])
        self.conv_out = Conv(widths[-1], 2 * sampling.channels, 3)
        self.learnable_gain = nn.Parameter(torch.zeros([]))

    def forward(self, mel: Tensor) -> Tensor:
        """(batch, bands, frames) to (batch, 2 * channels, frames / 2)."""
        x = self.conv_in(mel)
        for level in self.down:
            x = level(x)
        x = self.mid(x).clamp(-_BOUND, _BOUND)
        out: Tensor = self.conv_out(silu(x)) * (1 + self.learnable_gain)
        return out


class Decoder(nn.Module):
    """Latents to a normalised mel spectrogram."""

    def __init__(self, sampling: Sampling) -> None:
        super().__init__()
        widths = [sampling.width * factor for factor in _LEVELS]
        self.conv_in = Conv(sampling.channels, widths[-1], 3)
        self.mid = Middle(widths[-1])
        self.up = nn.ModuleList(
            Level([before, width, width, width], upsample=i == 1)
            for i, (width, before) in enumerate(pairwise([*widths, widths[-1]]))
        )
        self.conv_out = Conv(widths[0], sampling.bands, 3)
        self.learnable_gain = nn.Parameter(torch.zeros([]))

    def forward(self, latent: Tensor) -> Tensor:
        """(batch, channels, latents) to (batch, bands, 2 * latents)."""
        x = self.mid(self.conv_in(latent)).clamp(-_BOUND, _BOUND)
        for level in reversed(self.up):
            x = level(x)
        out: Tensor = self.conv_out(silu(x)) * (1 + self.learnable_gain)
        return out


class Level(nn.Module):
    """Residual blocks at one rate, from width to width, and then perhaps a change of rate."""

    def __init__(self, widths: list[int], downsample: bool = False, upsample: bool = False) -> None:
        super().__init__()
        self.block = nn.ModuleList(ResidualBlock(inputs, outputs) for inputs, outputs in pairwise(widths))
        if downsample:
            self.downsample = Downsample(widths[-1])
        if upsample:
            self.upsample = Upsample(widths[-1])

    def forward(self, x: Tensor) -> Tensor:
        """(batch, widths[0], length) to (batch, widths[-1], length, half or twice of it)."""
        for block in self.block:
            x = block(x).clamp(-_BOUND, _BOUND)
        for change in ("downsample", "upsample"):
            if hasattr(self, change):
                x = getattr(self, change)(x)
        return x


def load(path: Path, sampling: Sampling, setting: Setting, encoder: bool = False) -> Autoencoder:
    """The autoencoder of a published checkpoint, ready to be asked; its encoder only where wanted.

    Raises:
        MissingPart: there is no such file.
        BadModel: it is damaged or of another sampling.
    """
    network = unmade(lambda: Autoencoder(sampling, encoder))
    lay(network, read_weights(path), path)
    return network.to(setting.device, setting.dtype).eval()


def lay(network: Autoencoder, weights: Mapping[str, Tensor], source: Path) -> None:
    """Lay published weights into an autoencoder; raises `BadModel` where they do not fit."""
    unused = () if hasattr(network, "encoder") else ("encoder.",)
    load_into(network, folded({name: value for name, value in weights.items() if not name.startswith(unused)}), source)
