"""How Synchformer sums up many tokens in one."""

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from soundstage.networks.attention import PackedAttention


class Summary(nn.Module):
    """A transformer block over the tokens and one of its own, whose last state is all that is kept.

    Named as in torch's TransformerEncoderLayer. As only one token is asked for, only its way is computed.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.self_attn = PackedAttention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.linear1 = nn.Linear(width, 4 * width)
        self.linear2 = nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, tokens, width) to (n, width)."""
        start = self.cls_token.expand(len(tokens), -1, -1)
        gathered = self.self_attn(self.norm1(torch.cat((start, tokens), dim=1)), first=1)
        summary = start + gathered
        result: Tensor = summary + self.linear2(gelu(self.linear1(self.norm2(summary))))
        return result[:, 0]
