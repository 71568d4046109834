"""The part of Synchformer that compares: a transformer over what was seen and what was heard.

Parameters are named as in `synchformer_state_dict.pth`.
"""

import torch
from torch import Tensor, nn

from soundstage.networks.attention import attend
from soundstage.networks.synchformer.config import OFFSETS, SyncConfig


class Comparison(nn.Module):
    """How likely picture and sound are apart by each of the offsets."""

    def __init__(self, config: SyncConfig) -> None:
        super().__init__()
        width = config.width
        self.vis_in_lnorm = nn.LayerNorm(width)
        self.aud_in_lnorm = nn.LayerNorm(width)
        self.OFF_tok = nn.Parameter(torch.zeros(1, 1, width))
        self.MOD_tok = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_emb_cfg = _Places(config.places, width)
        self.blocks = nn.Sequential(*(_Block(width, config.joint_heads) for _ in range(config.joint_layers)))
        self.ln_f = nn.LayerNorm(width)
        self.off_head = nn.Linear(width, len(OFFSETS))

    def forward(self, seen: Tensor, heard: Tensor) -> Tensor:
        """Args: seen: (b, n, width). heard: (b, m, width). Returns: logits, (b, offsets)."""
        offset, border = (token.expand(len(seen), -1, -1) for token in (self.OFF_tok, self.MOD_tok))
        tokens = torch.cat((offset, self.vis_in_lnorm(seen), border, self.aud_in_lnorm(heard)), dim=1)
        compared = self.blocks(self.pos_emb_cfg(tokens))
        logits: Tensor = self.off_head(self.ln_f(compared[:, 0]))
        return logits


class _Places(nn.Module):
    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.pos_emb = nn.Parameter(torch.zeros(1, count, width))

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens + self.pos_emb


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(width)
        self.ln2 = nn.LayerNorm(width)
        self.attn = _Attention(width, heads)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attn(self.ln1(tokens))
        changed: Tensor = tokens + self.mlp(self.ln2(tokens))
        return changed


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.key = nn.Linear(width, width)
        self.query = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        gathered = attend(self.query(tokens), self.key(tokens), self.value(tokens), self.heads)
        result: Tensor = self.proj(gathered)
        return result
