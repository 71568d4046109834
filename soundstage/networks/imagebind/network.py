"""ImageBind's network: Girdhar et al., "ImageBind: One Embedding Space To Bind Them All" (CVPR 2023).

Of the six senses of the published network, pictures, sound and words are here; parameters have the published names.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from soundstage.networks.imagebind.blocks import Trunk
from soundstage.networks.imagebind.config import HUGE, ImageBindConfig, TrunkConfig
from soundstage.networks.imagebind.stems import WordStem, audio_stem, vision_stem

_EPSILON = 1e-6
_UNUSED_SENSES = ("depth", "thermal", "imu")
_PARTS = ("modality_preprocessors", "modality_trunks", "modality_heads", "modality_postprocessors")

# What imagebind_huge.pth holds beyond this network: other senses, what scales a comparison, and the causal mask.
UNUSED = (
    *(f"{part}.{sense}." for part in _PARTS for sense in _UNUSED_SENSES),
    "modality_postprocessors.text.",
    "modality_postprocessors.audio.",
    "modality_preprocessors.text.mask",
)


class First(nn.Module):
    """Keeps the token that stands for all."""

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, tokens, width) -> (n, width)."""
        return tokens[:, 0]


class WordHead(nn.Module):
    """Projects the token at the end of the words."""

    def __init__(self, width: int, embedding: int) -> None:
        super().__init__()
        norm = nn.LayerNorm(width, eps=_EPSILON)
        self.proj = nn.Sequential(norm, nn.Linear(width, embedding, bias=False))

    def forward(self, tokens: Tensor, ends: Tensor) -> Tensor:
        """(n, words, width) and (n,) -> (n, embedding)."""
        result: Tensor = self.proj(tokens[torch.arange(len(tokens), device=tokens.device), ends])
        return result


class ImageBindNetwork(nn.Module):
    """Embeds pictures, sounds and words, each embedding of length 1: near is alike."""

    def __init__(self, config: ImageBindConfig = HUGE) -> None:
        super().__init__()
        self.config = config
        self.modality_preprocessors = nn.ModuleDict(
            {"vision": vision_stem(config), "text": WordStem(config), "audio": audio_stem(config)}
        )
        self.modality_trunks = nn.ModuleDict(
            {
                "vision": Trunk(config.vision, normed=True),
                "text": Trunk(config.text),
                "audio": Trunk(config.audio, extra_key=True),
            }
        )
        self.modality_heads = nn.ModuleDict(
            {
                "vision": _head(config.vision, config.embedding),
                "text": WordHead(config.text.width, config.embedding),
                "audio": _head(config.audio, config.embedding),
            }
        )

    def vision(self, pictures: Tensor) -> Tensor:
        """Normalised pictures (n, 3, 1 or 2 frames, side, side) -> (n, embedding)."""
        return self._embedded("vision", pictures)

    def audio(self, clips: Tensor) -> Tensor:
        """Normalised filterbanks (n, 1, bins, windows) -> (n, embedding)."""
        return self._embedded("audio", clips)

    def text(self, words: Tensor) -> Tensor:
        """CLIP tokens (n, words), zeros after the end, which has the highest number -> (n, embedding)."""
        tokens = self.modality_trunks["text"](self.modality_preprocessors["text"](words), causal=True)
        return functional.normalize(self.modality_heads["text"](tokens, words.argmax(dim=-1)), dim=-1)

    def _embedded(self, sense: str, shown: Tensor) -> Tensor:
        tokens = self.modality_trunks[sense](self.modality_preprocessors[sense](shown))
        return functional.normalize(self.modality_heads[sense](tokens), dim=-1)


def _head(trunk: TrunkConfig, embedding: int) -> nn.Sequential:
    norm = nn.LayerNorm(trunk.width, eps=_EPSILON)
    return nn.Sequential(norm, First(), nn.Linear(trunk.width, embedding, bias=False))
