"""Attention with several heads, as the transformers here share it."""

import torch
from torch import Tensor, nn
from torch.nn import functional


def attend(query: Tensor, key: Tensor, value: Tensor, heads: int, causal: bool = False) -> Tensor:
    """What each query gathers from the values, by all heads.

    Args:
        query: (batch, queries, width).
        key: (batch, tokens, width).
        value: (batch, tokens, width).
        heads: between which the width is split.
        causal: whether a query sees only tokens up to its own place.

    Returns:
        (batch, queries, width).
    """
    query, key, value = (part.view(*part.shape[:2], heads, -1).transpose(1, 2) for part in (query, key, value))
    return functional.scaled_dot_product_attention(query, key, value, is_causal=causal).transpose(1, 2).flatten(2)


class PackedAttention(nn.Module):
    """Self-attention whose three projections lie in one matrix, named as in torch's MultiheadAttention."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(nn.init.normal_(torch.empty(3 * width, width), std=width**-0.5))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor, causal: bool = False, first: int | None = None) -> Tensor:
        """Args: tokens: (batch, n, width). causal: see `attend`. first: ask only for as many; None: for all."""
        query, key, value = functional.linear(tokens, self.in_proj_weight, self.in_proj_bias).chunk(3, dim=-1)
        gathered: Tensor = self.out_proj(attend(query[:, :first], key, value, self.heads, causal))
        return gathered
