"""The onset detector: an R(2+1)D-18 over pictures that says for each of them whether something sounds.

The network is that of Tran et al. 2018 (arXiv 1711.11248) without any stride in time (Du et al. 2023,
"Conditional Generation of Audio from Video via Foley Analogies"); the names are those of the published weights.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from soundstage.networks.checkpoints import load_into, read_weights
from soundstage.networks.pictures import centre_cropped, channels_first, in_unit_range, normalised

RATE = 15
"""Pictures a second that it was trained on."""

SIDE = 112
"""Height and width of its pictures."""

WIDTHS = (64, 128, 256, 512)
"""Channels of its four layers."""

_STEM = 45
_HIDDEN = 128
_REACH = 17  # one convolution over three pictures in the stem, sixteen in the blocks
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
_WRAPPED = "module."  # what training on several cards puts before each name


class OnsetNet(nn.Module):
    """Pictures (batch, 3, time, height, width) to one logit each (batch, time)."""

    def __init__(self, widths: tuple[int, int, int, int] = WIDTHS) -> None:
        """Args: widths: channels of the four layers."""
        super().__init__()
        self.net = nn.ModuleDict({"model": _R2Plus1D(widths)})
        self.fc = nn.Sequential(nn.Linear(widths[-1], _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, 1))

    @classmethod
    def load(cls, path: Path, widths: tuple[int, int, int, int] = WIDTHS) -> Self:
        """From timestamp_detector.pth.tar, in float32 on the CPU.

        Raises:
            MissingPart: there is no such file.
            BadModel: it is damaged or another network's.
        """
        network = cls(widths)
        load_into(network, unwrapped(read_weights(path)), path)
        return network.eval()

    def forward(self, pictures: Tensor) -> Tensor:
        """See the class; pictures as `prepared` gives them."""
        logits: Tensor = self.fc(self.net["model"](pictures).transpose(1, 2))
        return logits.squeeze(-1)

    def along(self, pictures: Iterable[Tensor], at_once: int = 150) -> Iterator[Tensor]:
        """Logits of a picture sequence of any length, on the CPU, by pieces that see as far as the whole would.

        Args:
            pictures: each of shape (3, 112, 112), `RATE` a second.
            at_once: pictures per piece.
        """
        held: list[Tensor] = []
        before = 0
        for picture in pictures:
            held.append(picture)
            if len(held) == before + at_once + _REACH:
                yield self._logits(held)[before : before + at_once]
                kept = min(before + at_once, _REACH)
                held, before = held[before + at_once - kept :], kept
        if len(held) > before:
            yield self._logits(held)[before:]

    def _logits(self, pictures: list[Tensor]) -> Tensor:
        device = next(self.parameters()).device
        logits: Tensor = self(torch.stack(pictures, 1)[None].to(device))
        return logits[0].cpu()


class _R2Plus1D(nn.Module):
    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            *_across(3, _STEM, kernel=7, stride=2), *_along(_STEM, widths[0]), nn.BatchNorm3d(widths[0]), nn.ReLU()
        )
        self.layer1 = _layer(widths[0], widths[0], stride=1)
        self.layer2 = _layer(widths[0], widths[1], stride=2)
        self.layer3 = _layer(widths[1], widths[2], stride=2)
        self.layer4 = _layer(widths[2], widths[3], stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 3, time, height, width) to (batch, channels, time)."""
        for part in (self.stem, self.layer1, self.layer2, self.layer3, self.layer4):
            x = part(x)
        return x.mean((3, 4))


class _Block(nn.Module):
    """Two convolutions split into space and time: between the halves, what gives the first its unsplit weight count."""

    def __init__(self, wide: int, width: int, stride: int) -> None:
        super().__init__()
        middle = (wide * width * 27) // (wide * 9 + 3 * width)
        self.conv1 = nn.Sequential(_split(wide, middle, width, stride), nn.BatchNorm3d(width), nn.ReLU())
        self.conv2 = nn.Sequential(_split(width, middle, width, 1), nn.BatchNorm3d(width))
        self.downsample = _shortcut(wide, width, stride) if stride > 1 else None

    def forward(self, x: Tensor) -> Tensor:
        straight = x if self.downsample is None else self.downsample(x)
        return torch.relu(self.conv2(self.conv1(x)) + straight)


def prepared(pictures: Tensor) -> Tensor:
    """Pictures for the detector: bytes (n, height, width, 3) to float32 (n, 3, 112, 112).

    Squeezed to 128 × 128, the middle 112 × 112 of it, in the statistics of ImageNet: as in its training.
    """
    whole = in_unit_range(channels_first(pictures))
    squeezed = functional.interpolate(whole, (128, 128), mode="bilinear", align_corners=False, antialias=True)
    return normalised(centre_cropped(squeezed, SIDE), _MEAN, _DEVIATION)


def unwrapped(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors without the "module." that training on several cards puts before each name."""
    return {name.removeprefix(_WRAPPED): value for name, value in weights.items()}


def _layer(wide: int, width: int, stride: int) -> nn.Sequential:
    return nn.Sequential(_Block(wide, width, stride), _Block(width, width, 1))


def _split(wide: int, middle: int, width: int, stride: int) -> nn.Sequential:
    return nn.Sequential(*_across(wide, middle, kernel=3, stride=stride), *_along(middle, width))


def _across(wide: int, width: int, kernel: int, stride: int) -> tuple[nn.Module, ...]:
    padding = kernel // 2
    conv = nn.Conv3d(wide, width, (1, kernel, kernel), (1, stride, stride), (0, padding, padding), bias=False)
    return conv, nn.BatchNorm3d(width), nn.ReLU()


def _along(wide: int, width: int) -> tuple[nn.Module, ...]:
    return (nn.Conv3d(wide, width, (3, 1, 1), padding=(1, 0, 0), bias=False),)


def _shortcut(wide: int, width: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(wide, width, 1, (1, stride, stride), bias=False),
        nn.BatchNorm3d(width),
    )
