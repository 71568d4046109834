"""The transformer that ImageBind uses for every sense, with the published names of its parameters."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from soundstage.networks.imagebind.config import TrunkConfig
from soundstage.networks.mlp import Mlp

_EPSILON = 1e-6


class Attention(nn.Module):
    """Self-attention whose keys may end with a learned one that belongs to no token (`bias_k`, `bias_v`)."""

    def __init__(self, width: int, heads: int, extra_key: bool) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.zeros(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        self.bias_k = nn.Parameter(torch.zeros(1, 1, width)) if extra_key else None
        self.bias_v = nn.Parameter(torch.zeros(1, 1, width)) if extra_key else None

    def forward(self, tokens: Tensor, causal: bool) -> Tensor:
        """(n, tokens, width) -> the same shape; `causal`: no token sees those after it."""
        query, key, value = functional.linear(tokens, self.in_proj_weight, self.in_proj_bias).chunk(3, dim=-1)
        if self.bias_k is not None and self.bias_v is not None:
            key = torch.cat([key, self.bias_k.expand(len(key), -1, -1)], dim=1)
            value = torch.cat([value, self.bias_v.expand(len(value), -1, -1)], dim=1)
        seen = functional.scaled_dot_product_attention(
            self._split(query), self._split(key), self._split(value), is_causal=causal
        )
        mixed: Tensor = self.out_proj(seen.transpose(1, 2).flatten(2))
        return mixed

    def _split(self, tokens: Tensor) -> Tensor:
        count, length, width = tokens.shape
        return tokens.reshape(count, length, self.heads, width // self.heads).transpose(1, 2)


class Block(nn.Module):
    """Attention and a perceptron, each behind its own norm and beside a straight path."""

    def __init__(self, config: TrunkConfig, extra_key: bool) -> None:
        super().__init__()
        self.attn = Attention(config.width, config.heads, extra_key)
        self.norm_1 = nn.LayerNorm(config.width, eps=_EPSILON)
        self.mlp = Mlp(config.width)
        self.norm_2 = nn.LayerNorm(config.width, eps=_EPSILON)

    def forward(self, tokens: Tensor, causal: bool) -> Tensor:
        """(n, tokens, width) -> the same shape."""
        tokens = tokens + self.attn(self.norm_1(tokens), causal)
        result: Tensor = tokens + self.mlp(self.norm_2(tokens))
        return result


class Trunk(nn.Module):
    """All blocks of one sense; pictures alone are normed before the first."""

    def __init__(self, config: TrunkConfig, normed: bool = False, extra_key: bool = False) -> None:
        super().__init__()
        norm: nn.Module = nn.LayerNorm(config.width, eps=_EPSILON) if normed else nn.Identity()
        self.pre_transformer_layer = nn.Sequential(norm)
        self.blocks = nn.ModuleList(Block(config, extra_key) for _ in range(config.blocks))

    def forward(self, tokens: Tensor, causal: bool = False) -> Tensor:
        """(n, tokens, width) -> the same shape."""
        tokens = self.pre_transformer_layer(tokens)
        for block in self.blocks:
            tokens = block(tokens, causal)
        return tokens
