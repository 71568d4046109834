"""What turns pictures, filterbanks and words into the tokens of ImageBind's trunks."""

import torch
from torch import Tensor, nn

from soundstage.networks.imagebind.config import ImageBindConfig

_FRAMES = 2  # a picture that stands still is shown twice


class Patches(nn.Module):
    """Cuts what it is shown into patches, each one token; `norm_layer` where the patches are normed."""

    def __init__(self, proj: nn.Module, norm: nn.Module | None) -> None:
        super().__init__()
        self.proj = proj
        self.norm_layer = norm

    def forward(self, shown: Tensor) -> Tensor:
        """(n, channels, ...) -> (n, patches, width)."""
        tokens: Tensor = self.proj(shown).flatten(2).transpose(1, 2)
        return tokens if self.norm_layer is None else self.norm_layer(tokens)


class Places(nn.Module):
    """The learned place of every token."""

    def __init__(self, tokens: int, width: int) -> None:
        super().__init__()
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, width))


class PatchStem(nn.Module):
    """Patches behind a token that stands for them all, each at its place."""

    def __init__(self, patches: Patches, count: int, width: int) -> None:
        super().__init__()
        self.rgbt_stem = patches
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embedding_helper = Places(count + 1, width)

    def forward(self, shown: Tensor) -> Tensor:
        """(n, channels, ...) -> (n, 1 + patches, width)."""
        patches = self.rgbt_stem(shown)
        tokens = torch.cat([self.cls_token.expand(len(patches), -1, -1), patches], dim=1)
        return tokens + self.pos_embedding_helper.pos_embed


class WordStem(nn.Module):
    """Words at their places; `mask`, which the checkpoint holds, is what `is_causal` says."""

    def __init__(self, config: ImageBindConfig) -> None:
        super().__init__()
        width = config.text.width
        self.token_embedding = nn.Embedding(config.vocabulary, width)
        self.pos_embed = nn.Parameter(torch.zeros(1, config.words, width))

    def forward(self, words: Tensor) -> Tensor:
        """(n, words) of integers -> (n, words, width)."""
        result: Tensor = self.token_embedding(words) + self.pos_embed
        return result


class Repeated(nn.Module):
    """A single picture as two that are alike."""

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, 3, frames, h, w), one frame becomes two."""
        return pictures if pictures.shape[2] > 1 else pictures.repeat_interleave(_FRAMES, dim=2)


def vision_stem(config: ImageBindConfig) -> PatchStem:
    """For pictures, (n, 3, 1 or 2, side, side)."""
    size = (_FRAMES, config.patch, config.patch)
    cut = nn.Conv3d(3, config.vision.width, size, stride=size, bias=False)
    count = (config.picture // config.patch) ** 2
    return PatchStem(Patches(nn.Sequential(Repeated(), cut), None), count, config.vision.width)


def audio_stem(config: ImageBindConfig) -> PatchStem:
    """For filterbanks, (n, 1, bins, windows)."""
    width = config.audio.width
    cut = nn.Conv2d(1, width, config.square, stride=config.stride, bias=False)
    rows, columns = ((side - config.square) // config.stride + 1 for side in (config.bins, config.windows))
    return PatchStem(Patches(cut, nn.LayerNorm(width)), rows * columns, width)
