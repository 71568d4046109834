"""Layers that keep the magnitude of what goes through them, on tensors of shape (batch, channels, length).

They are those of Karras et al., "Analyzing and Improving the Training Dynamics of Diffusion Models", CVPR 2024.
Their published weights are raw; `folded` scales each filter to unit magnitude once, when they are loaded.
"""

import math
from collections.abc import Mapping

from torch import Tensor, linalg, nn
from torch.nn import functional

_SILU_MAGNITUDE = 0.596  # root mean square of SiLU of standard normal numbers, equation 81
_BRANCH = 0.3
_LEAST = 1e-4


def silu(x: Tensor) -> Tensor:
    """SiLU at unit magnitude."""
    return functional.silu(x) / _SILU_MAGNITUDE


def added(x: Tensor, branch: Tensor) -> Tensor:
    """Three tenths of a branch on seven of what it left, at unit magnitude (equation 88)."""
    return x.lerp(branch, _BRANCH) / math.hypot(1 - _BRANCH, _BRANCH)


def normalised(x: Tensor) -> Tensor:
    """At unit magnitude at every place, over the channels."""
    magnitude: Tensor = linalg.vector_norm(x.float(), dim=1, keepdim=True) / math.sqrt(x.shape[1])
    return x / (magnitude + _LEAST).to(x.dtype)


def folded(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Published weights with every convolution's filters at unit magnitude (equations 47 and 66)."""
    return {name: _scaled(value) if _is_filters(name, value) else value for name, value in weights.items()}


class Conv(nn.Module):
    """A convolution without bias that keeps the length."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.weight = nn.Conv1d(inputs, outputs, kernel, bias=False).weight

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, length) to (batch, outputs, length)."""
        return functional.conv1d(x, self.weight, padding=self.weight.shape[-1] // 2)


class ResidualBlock(nn.Module):
    """Two convolutions beside a way past them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = Conv(inputs, outputs, 3)
        self.conv2 = Conv(outputs, outputs, 3)
        if inputs != outputs:
            self.nin_shortcut = Conv(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, length) to (batch, outputs, length)."""
        x = normalised(x)
        branch = self.conv2(silu(self.conv1(silu(x))))
        past = self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x
        return added(past, branch)


class Attention(nn.Module):
    """Attention of one head over the whole length."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.qkv = Conv(channels, 3 * channels, 1)
        self.proj_out = Conv(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as `x`."""
        asked = normalised(self.qkv(x).reshape(len(x), -1, 3, x.shape[-1]))
        query, key, value = asked.permute(2, 0, 3, 1)[:, :, None].contiguous()
        answers = functional.scaled_dot_product_attention(query, key, value)[:, 0].transpose(1, 2)
        return added(x, self.proj_out(answers))


class Middle(nn.Module):
    """A block, attention and a block."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block_1 = ResidualBlock(channels, channels)
        self.attn_1 = Attention(channels)
        self.block_2 = ResidualBlock(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as `x`."""
        out: Tensor = self.block_2(self.attn_1(self.block_1(x)))
        return out


class Upsample(nn.Module):
    """Every place twice, then smoothed by a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = Conv(channels, channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, length) to (batch, channels, 2 * length)."""
        out: Tensor = self.conv(functional.interpolate(x, scale_factor=2.0, mode="nearest-exact"))
        return out


class Downsample(nn.Module):
    """The mean of every two places, between two changes of channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = Conv(channels, channels, 1)
        self.conv2 = Conv(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, length) to (batch, channels, length / 2)."""
        out: Tensor = self.conv2(functional.avg_pool1d(self.conv1(x), 2))
        return out


def _is_filters(name: str, value: Tensor) -> bool:
    return name.endswith(".weight") and value.ndim == 3


def _scaled(weight: Tensor) -> Tensor:
    """A convolution's filters at unit magnitude, each divided by its norm."""
    filters = weight.float()
    norms: Tensor = linalg.vector_norm(filters, dim=(1, 2), keepdim=True)
    return (filters / (norms + _LEAST * math.sqrt(filters[0].numel()))).to(weight.dtype)
