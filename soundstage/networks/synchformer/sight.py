"""The part of Synchformer that sees: Motionformer with divided space-time attention.

Every token attends to those at its place through time, then to those of its own slice of time; the class
token is seen by all and sees all. Parameters are named as in `synchformer_state_dict.pth`.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from soundstage.networks.mlp import Mlp
from soundstage.networks.synchformer.config import SYNCHFORMER, SyncConfig
from soundstage.networks.synchformer.summary import Summary


class SyncPictures(nn.Module):
    """Features of movement, eight of each segment of 16 pictures."""

    def __init__(self, config: SyncConfig = SYNCHFORMER) -> None:
        super().__init__()
        width = config.width
        self.slices = config.slices
        self.patch_embed_3d = _Tubelets(width, config.patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + config.patches, width))
        self.temp_embed = nn.Parameter(torch.zeros(1, config.slices, width))
        self.blocks = nn.ModuleList(_Block(width, config.heads) for _ in range(config.sight_layers))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.spatial_attn_agg = Summary(width, config.heads)

    def forward(self, segments: Tensor) -> Tensor:
        """Features of segments; each is seen for itself.

        Args:
            segments: (b, s, 16, 3, 224, 224) in -1..1; see `pictures.for_sync` and `segments.of_pictures`.

        Returns:
            (b, s, 8, width), one for every two pictures.
        """
        b, s = segments.shape[:2]
        tokens = self._tokens(segments.flatten(0, 1).to(self.norm.weight.dtype))
        for block in self.blocks:
            tokens = block(tokens, self.slices)
        by_slice = self.norm(tokens[:, 1:]).reshape(b * s * self.slices, -1, tokens.shape[-1])
        summaries: Tensor = self.spatial_attn_agg(by_slice)
        return summaries.view(b, s, self.slices, -1)

    def _tokens(self, segments: Tensor) -> Tensor:
        """The class token and all patches, slice by slice, with their places: (n, 1 + slices x patches, width)."""
        patches = self.patch_embed_3d(segments)
        places = (self.pos_embed[:, None, 1:] + self.temp_embed[:, :, None]).flatten(1, 2)
        start = (self.cls_token + self.pos_embed[:, :1]).expand(len(patches), -1, -1)
        return torch.cat((start, patches + places), dim=1)


class _Tubelets(nn.Module):
    """Patches through two pictures each."""

    def __init__(self, width: int, patch: int) -> None:
        super().__init__()
        size = (2, patch, patch)
        self.proj = nn.Conv3d(3, width, kernel_size=size, stride=size)

    def forward(self, segments: Tensor) -> Tensor:
        """(n, pictures, 3, height, width) to (n, slices x patches, width)."""
        patches: Tensor = self.proj(segments.transpose(1, 2))
        return patches.flatten(2).transpose(1, 2)


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.norm3 = nn.LayerNorm(width, eps=1e-6)
        self.attn = _DividedAttention(width, heads)
        self.timeattn = _DividedAttention(width, heads)
        self.mlp = Mlp(width)

    def forward(self, tokens: Tensor, slices: int) -> Tensor:
        tokens = tokens + self.timeattn(self.norm3(tokens), slices, through_time=True)
        tokens = tokens + self.attn(self.norm1(tokens), slices, through_time=False)
        changed: Tensor = tokens + self.mlp(self.norm2(tokens))
        return changed


class _DividedAttention(nn.Module):
    """Attention within groups of tokens: those of one place, or those of one slice of time."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor, slices: int, through_time: bool) -> Tensor:
        n, count, width = tokens.shape
        query, key, value = self.qkv(tokens).view(n, count, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        start = scaled_dot_product_attention(query[:, :, :1], key, value)
        grouped = scaled_dot_product_attention(
            _grouped(query[:, :, 1:], slices, through_time),
            _with_class(key, slices, through_time),
            _with_class(value, slices, through_time),
        )
        rest = _ungrouped(grouped, n, through_time)
        gathered = torch.cat((start, rest), dim=2).transpose(1, 2).reshape(n, count, width)
        result: Tensor = self.proj(gathered)
        return result


def _grouped(patches: Tensor, slices: int, through_time: bool) -> Tensor:
    """(n, heads, slices x places, d) as (n x groups, heads, members, d)."""
    n, heads, _, depth = patches.shape
    grid = patches.reshape(n, heads, slices, -1, depth)
    return grid.permute(*((0, 3, 1, 2, 4) if through_time else (0, 2, 1, 3, 4))).flatten(0, 1)


def _with_class(tokens: Tensor, slices: int, through_time: bool) -> Tensor:
    """The patches in groups, each with the class token, which comes first."""
    groups = _grouped(tokens[:, :, 1:], slices, through_time)
    start = tokens[:, :, :1].repeat_interleave(len(groups) // len(tokens), dim=0)
    return torch.cat((start, groups), dim=2)


def _ungrouped(groups: Tensor, n: int, through_time: bool) -> Tensor:
    """(n x groups, heads, members, d) as (n, heads, slices x places, d)."""
    grid = groups.view(n, -1, *groups.shape[1:])
    return grid.permute(*((0, 2, 3, 1, 4) if through_time else (0, 2, 1, 3, 4))).flatten(2, 3)
