"""HiFi-GAN: turns a log-mel spectrogram into sound (Kong et al. 2020, arXiv 2010.05646).

The names are those of the published generators. Their weights come as magnitude and direction
(weight normalisation); they are folded into plain weights when they are loaded, so that
the network itself is nothing but convolutions.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from soundstage.errors import BadModel, MissingPart
from soundstage.networks.checkpoints import load_into, read_weights

_SLOPE = 0.1
_LAST_SLOPE = 0.01
_REACH = 32  # spectrogram columns that a sample hears to each side, at most; 23 in the published network


@dataclass(frozen=True)
class HifiGanConfig:
    """Shape of a generator, as its config.json tells it."""

    num_mels: int
    upsample_rates: tuple[int, ...]
    upsample_kernel_sizes: tuple[int, ...]
    upsample_initial_channel: int
    resblock_kernel_sizes: tuple[int, ...]
    resblock_dilation_sizes: tuple[tuple[int, ...], ...]
    resblock: str = "1"
    sampling_rate: int = 16_000

    @property
    def hop(self) -> int:
        """Samples per spectrogram column."""
        return math.prod(self.upsample_rates)

    @classmethod
    def read(cls, path: Path) -> Self:
        """From a config.json; entries that shape training only are passed over.

        Raises:
            MissingPart: there is no such file.
            BadModel: it is not the configuration of a generator.
        """
        try:
            return cls._of(json.loads(path.read_text("utf-8")))
        except FileNotFoundError as error:
            raise MissingPart(f"{path} is not there; fetch the model with: soundstage models pull.") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadModel(f"{path} does not describe a HiFi-GAN ({error}); give the published config.json.") from error

    @classmethod
    def _of(cls, entries: Mapping[str, Any]) -> Self:
        return cls(
            num_mels=int(entries["num_mels"]),
            upsample_rates=tuple(map(int, entries["upsample_rates"])),
            upsample_kernel_sizes=tuple(map(int, entries["upsample_kernel_sizes"])),
            upsample_initial_channel=int(entries["upsample_initial_channel"]),
            resblock_kernel_sizes=tuple(map(int, entries["resblock_kernel_sizes"])),
            resblock_dilation_sizes=tuple(tuple(map(int, each)) for each in entries["resblock_dilation_sizes"]),
            resblock=str(entries.get("resblock", "1")),
            sampling_rate=int(entries.get("sampling_rate", 16_000)),
        )


class HifiGan(nn.Module):
    """The generator: upsamples step by step; after each step, blocks of several kernels are averaged."""

    def __init__(self, config: HifiGanConfig) -> None:
        """Args: config: the shape."""
        super().__init__()
        self.config = config
        widths = [config.upsample_initial_channel >> step for step in range(len(config.upsample_rates) + 1)]
        block = _PairedBlock if config.resblock == "1" else _SingleBlock
        self.conv_pre = nn.Conv1d(config.num_mels, widths[0], 7, padding=3)
        self.ups = nn.ModuleList(
            _upsampling(wide, narrow, kernel, rate)
            for wide, narrow, kernel, rate in zip(
                widths[:-1], widths[1:], config.upsample_kernel_sizes, config.upsample_rates, strict=True
            )
        )
        self.resblocks = nn.ModuleList(
            block(width, kernel, dilations)
            for width in widths[1:]
            for kernel, dilations in zip(config.resblock_kernel_sizes, config.resblock_dilation_sizes, strict=True)
        )
        self.conv_post = nn.Conv1d(widths[-1], 1, 7, padding=3)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """From a folder with config.json and vocoder.pt, in float32 on the CPU.

        Raises:
            MissingPart: one of the files is not there.
            BadModel: they are damaged, or do not fit together.
        """
        network = cls(HifiGanConfig.read(folder / "config.json"))
        path = folder / "vocoder.pt"
        load_into(network, folded(read_weights(path)), path)
        return network.eval()

    def forward(self, mel: Tensor) -> Tensor:
        """Log-mel spectrograms (batch, mels, columns) to sound (batch, columns × hop), within -1..1."""
        x = self.conv_pre(mel)
        kernels = len(self.config.resblock_kernel_sizes)
        for step, upsample in enumerate(self.ups):
            x = upsample(functional.leaky_relu(x, _SLOPE))
            blocks = list(self.resblocks)[step * kernels : (step + 1) * kernels]
            x = torch.stack([block(x) for block in blocks]).mean(0)
        x = self.conv_post(functional.leaky_relu(x, _LAST_SLOPE))
        return torch.tanh(x).squeeze(1)

    def in_pieces(self, mel: Tensor, columns: int = 1024) -> Tensor:
        """The same as calling it, in the memory that `columns` columns take however long the spectrogram is."""
        hop = self.config.hop
        pieces = []
        for start in range(0, mel.shape[-1], columns):
            before = min(start, _REACH)
            end = min(start + columns, mel.shape[-1])
            piece = self(mel[..., start - before : end + _REACH])
            pieces.append(piece[..., before * hop : (before + end - start) * hop])
        return torch.cat(pieces, dim=-1)


class _PairedBlock(nn.Module):
    """Residual steps of a dilated and a plain convolution each (type "1")."""

    def __init__(self, width: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(_same(width, kernel, dilation) for dilation in dilations)
        self.convs2 = nn.ModuleList(_same(width, kernel, 1) for _ in dilations)

    def forward(self, x: Tensor) -> Tensor:
        for dilated, plain in zip(self.convs1, self.convs2, strict=True):
            step = dilated(functional.leaky_relu(x, _SLOPE))
            x = x + plain(functional.leaky_relu(step, _SLOPE))
        return x


class _SingleBlock(nn.Module):
    """Residual steps of one dilated convolution each (type "2")."""

    def __init__(self, width: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.convs = nn.ModuleList(_same(width, kernel, dilation) for dilation in dilations)

    def forward(self, x: Tensor) -> Tensor:
        for conv in self.convs:
            x = x + conv(functional.leaky_relu(x, _SLOPE))
        return x


def folded(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Magnitudes and directions (weight_g, weight_v) multiplied into plain weights; other tensors as they are.

    The norm is taken over all but the first dimension, as torch's weight_norm does by default.
    """
    plain = {name: value for name, value in weights.items() if not name.endswith(("weight_g", "weight_v"))}
    for name, direction in weights.items():
        magnitude = weights.get(f"{name[:-1]}g") if name.endswith("weight_v") else None
        if magnitude is not None:
            norm = direction.flatten(1).norm(dim=1).view(-1, *[1] * (direction.ndim - 1))
            plain[name.removesuffix("_v")] = direction * (magnitude / norm)
    return plain


def _same(width: int, kernel: int, dilation: int) -> nn.Conv1d:
    return nn.Conv1d(width, width, kernel, dilation=dilation, padding=(kernel - 1) * dilation // 2)


def _upsampling(wide: int, narrow: int, kernel: int, rate: int) -> nn.ConvTranspose1d:
    """Exactly `rate` times as long; what kernel and rate leave over goes to the end."""
    odd = (kernel - rate) % 2
    return nn.ConvTranspose1d(wide, narrow, kernel, rate, padding=(kernel - rate) // 2 + odd, output_padding=odd)
