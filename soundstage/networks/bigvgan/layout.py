"""The shapes in which BigVGAN is published."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from soundstage.errors import BadModel, MissingPart

_ACTIVATION_REACH = 5  # samples to either side, by twelve taps at twice the rate, up and down again
_OUTER_REACH = 3  # of the first and last convolution, of seven taps


@dataclass(frozen=True)
class Layout:
    """One shape: `bands` of mel in, and per stage by how much the rate rises and with which kernel.

    Each stage halves the `channels` and has one residual block per kernel of `blocks`, every one with convolutions of
    all `dilations`. `bounded_by_tanh`: the sound is bounded softly, else it is clipped. `last_bias`: the last
    convolution has a bias.
    """

    bands: int
    rates: tuple[int, ...]
    kernels: tuple[int, ...]
    channels: int = 1536
    blocks: tuple[int, ...] = (3, 7, 11)
    dilations: tuple[int, ...] = (1, 3, 5)
    bounded_by_tanh: bool = True
    last_bias: bool = True

    @property
    def hop(self) -> int:
        """Samples a mel frame."""
        return math.prod(self.rates)

    @property
    def context(self) -> int:
        """Mel frames to either side beyond which nothing acts on a frame's sound."""
        first, last = -_OUTER_REACH, _OUTER_REACH  # what a frame at 0 acts on, at the rate of the stage
        for rate, kernel in zip(self.rates, self.kernels, strict=True):
            early = (kernel - rate) // 2
            first = first * rate - early - self._block_reach
            last = last * rate - early + kernel - 1 + self._block_reach
        end = _ACTIVATION_REACH + _OUTER_REACH
        return max(-((first - end) // self.hop), (last + end) // self.hop)

    @property
    def _block_reach(self) -> int:
        """Samples to either side that the widest residual block reaches."""
        half = max(self.blocks) // 2
        return sum(2 * _ACTIVATION_REACH + half * (dilation + 1) for dilation in self.dilations)


AT_16K = Layout(bands=80, rates=(4, 4, 2, 2, 2, 2), kernels=(8, 8, 4, 4, 4, 4))
"""The vocoder that MMAudio's 16 kHz variants use (best_netG.pt, of Make-An-Audio 2)."""

AT_44K = Layout(
    bands=128, rates=(8, 4, 2, 2, 2, 2), kernels=(16, 8, 4, 4, 4, 4), bounded_by_tanh=False, last_bias=False
)
"""nvidia/bigvgan_v2_44khz_128band_512x."""


def read_layout(path: Path) -> Layout:
    """The layout that a published config.json tells.

    Raises:
        MissingPart: there is no such file.
        BadModel: it is no such configuration, or tells of a network that is not built here.
    """
    if not path.is_file():
        raise MissingPart(f"{path} is not there; fetch the model with: soundstage models pull.")
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        _check(told, path)
        return Layout(
            bands=int(told["num_mels"]),
            rates=tuple(told["upsample_rates"]),
            kernels=tuple(told["upsample_kernel_sizes"]),
            channels=int(told["upsample_initial_channel"]),
            blocks=tuple(told["resblock_kernel_sizes"]),
            dilations=tuple(told["resblock_dilation_sizes"][0]),
            bounded_by_tanh=bool(told.get("use_tanh_at_final", True)),
            last_bias=bool(told.get("use_bias_at_final", True)),
        )
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise BadModel(f"{path} is no BigVGAN configuration ({error!r}); give the published config.json.") from error


def _check(told: dict[str, object], path: Path) -> None:
    built = {"resblock": "1", "activation": "snakebeta", "snake_logscale": True}
    for name, value in built.items():
        if told[name] != value:
            raise BadModel(f"{path} asks for {name} {told[name]!r}; only {value!r} is built here.")
    dilations = told["resblock_dilation_sizes"]
    if isinstance(dilations, list) and any(each != dilations[0] for each in dilations):
        raise BadModel(f"{path} asks for other dilations in every residual block; only equal ones are built here.")
