"""BigVGAN's generator: a mel spectrogram to sound."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from soundstage.networks.bigvgan.activation import Activation
from soundstage.networks.bigvgan.layout import Layout
from soundstage.networks.checkpoints import load_into, read_weights
from soundstage.networks.rack import Setting
from soundstage.networks.unmade import unmade

# How weight normalisation names a weight's magnitude and direction: as torch did until 2.0, and as it does since.
_NORMALISED = (
    ("weight_g", "weight_v"),
    ("parametrizations.weight.original0", "parametrizations.weight.original1"),
)


class Generator(nn.Module):
    """The network. Weight normalisation is worked out when weights are loaded, so it has plain weights.

    Sound hangs on no mel frames further off than the layout's `context`.
    """

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        self.conv_pre = nn.Conv1d(layout.bands, layout.channels, 7, padding=3)
        self.ups = nn.ModuleList()
        self.resblocks = nn.ModuleList()
        channels = layout.channels
        for rate, kernel in zip(layout.rates, layout.kernels, strict=True):
            rise = nn.ConvTranspose1d(channels, channels // 2, kernel, rate, padding=(kernel - rate) // 2)
            self.ups.append(nn.Sequential(rise))
            channels //= 2
            self.resblocks.extend(ResidualBlock(channels, size, layout.dilations) for size in layout.blocks)
        self.activation_post = Activation(channels)
        self.conv_post = nn.Conv1d(channels, 1, 7, padding=3, bias=layout.last_bias)

    def forward(self, mel: Tensor) -> Tensor:
        """(batch, bands, frames) to sound from -1 to 1, (batch, hop * frames)."""
        x = self.conv_pre(mel.to(self.conv_pre.weight.dtype))
        count = len(self.layout.blocks)
        for stage, rise in enumerate(self.ups):
            x = rise(x)
            x = sum(block(x) for block in self.resblocks[stage * count : (stage + 1) * count]) / count
        sound = self.conv_post(self.activation_post(x)).squeeze(1)
        bounded: Tensor = sound.tanh() if self.layout.bounded_by_tanh else sound.clamp(-1, 1)
        return bounded


class ResidualBlock(nn.Module):
    """Per dilation two convolutions, each behind a periodic activation, beside a way past them."""

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(_convolution(channels, kernel, dilation) for dilation in dilations)
        self.convs2 = nn.ModuleList(_convolution(channels, kernel, 1) for _ in dilations)
        self.activations = nn.ModuleList(Activation(channels) for _ in range(2 * len(dilations)))

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as `x`, (batch, channels, samples)."""
        for i, (wide, narrow) in enumerate(zip(self.convs1, self.convs2, strict=True)):
            x = x + narrow(self.activations[2 * i + 1](wide(self.activations[2 * i](x))))
        return x


def load(path: Path, layout: Layout, setting: Setting) -> Generator:
    """The generator of a published checkpoint, ready to be asked.

    Raises:
        MissingPart: there is no such file.
        BadModel: it is damaged or of another layout.
    """
    network = unmade(lambda: Generator(layout))
    load_into(network, folded(read_weights(path)), path)
    return network.to(setting.device, setting.dtype).eval()


def folded(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights with normalisation worked out (Salimans and Kingma 2016): magnitude times direction over its norm.

    Weights that are plain already stay as they are.
    """
    plain = dict(weights)
    for magnitude, direction in _NORMALISED:
        for name in [name for name in plain if name.endswith("." + direction)]:
            owner = name.removesuffix(direction)
            if owner + magnitude in plain:
                plain[owner + "weight"] = torch._weight_norm(plain.pop(name), plain.pop(owner + magnitude), 0)
    return plain


def _convolution(channels: int, kernel: int, dilation: int) -> nn.Conv1d:
    return nn.Conv1d(channels, channels, kernel, dilation=dilation, padding=kernel // 2 * dilation)
