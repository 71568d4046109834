"""The CLIP network; its parameters are named as in open_clip's checkpoints."""

from collections import OrderedDict
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from soundstage.networks.attention import PackedAttention
from soundstage.networks.checkpoints import load_into, read_weights
from soundstage.networks.clip.config import DFN5B, ClipConfig, Tower
from soundstage.networks.pictures import CLIP_MEAN, CLIP_STD, normalised
from soundstage.networks.rack import Setting
from soundstage.networks.unmade import unmade

# The temperature of its training, and a mask that older checkpoints carry though it follows from the context.
_NOT_NEEDED = ("logit_scale", "attn_mask")


class Clip(nn.Module):
    """Pictures and texts as vectors of length 1, near each other where they mean the same."""

    def __init__(self, config: ClipConfig) -> None:
        super().__init__()
        width = config.words.width
        self.visual = _Sight(config)
        self.token_embedding = nn.Embedding(config.vocabulary, width)
        self.positional_embedding = _random(config.context, width)
        self.transformer = _Stack(config.words, config.quick_gelu)
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = _random(width, config.embedding)

    def picture_features(self, pictures: Tensor) -> Tensor:
        """The vectors of pictures.

        Args:
            pictures: (n, 3, side, side) in 0..1; see `pictures.for_clip`.

        Returns:
            (n, embedding), each of length 1.
        """
        seen: Tensor = self.visual(normalised(pictures, CLIP_MEAN, CLIP_STD))
        return normalize(seen, dim=-1)

    def text_features(self, tokens: Tensor) -> Tensor:
        """The vectors of whole texts, to be compared with those of pictures.

        Args:
            tokens: (n, context); see `ClipWords`.

        Returns:
            (n, embedding), each of length 1.
        """
        ends = tokens.argmax(dim=-1)  # the end token has the highest number of all
        read = self._read(tokens)[torch.arange(len(tokens), device=tokens.device), ends]
        return normalize(read @ self.text_projection, dim=-1)

    def token_features(self, tokens: Tensor) -> Tensor:
        """What became of each token in the last layer, padding too: what MMAudio is conditioned on.

        Args:
            tokens: (n, context); see `ClipWords`.

        Returns:
            (n, context, width of the reading tower), each token's vector of length 1.
        """
        return normalize(self._read(tokens), dim=-1)

    def _read(self, tokens: Tensor) -> Tensor:
        read: Tensor = self.ln_final(
            self.transformer(self.token_embedding(tokens) + self.positional_embedding, causal=True)
        )
        return read


def load_clip(path: Path, setting: Setting, config: ClipConfig = DFN5B) -> Clip:
    """A CLIP from the published checkpoint, on the device.

    Args:
        path: `open_clip_pytorch_model.bin` or the same as safetensors.
        setting: where to and in which precision.
        config: the sizes of the model in the file.

    Raises:
        MissingPart: there is no such file.
        BadModel: it is damaged or of another model.
    """
    network = unmade(lambda: Clip(config))
    load_into(network, read_weights(path), path, ignore=_NOT_NEEDED)
    return network.to(setting.device, setting.dtype).eval()


class _Sight(nn.Module):
    """The tower that sees: patches and one class token, whose last state stands for the picture."""

    def __init__(self, config: ClipConfig) -> None:
        super().__init__()
        width = config.sight.width
        self.conv1 = nn.Conv2d(3, width, config.patch, config.patch, bias=False)
        self.class_embedding = _random(width)
        self.positional_embedding = _random(config.patches + 1, width)
        self.ln_pre = nn.LayerNorm(width)
        self.transformer = _Stack(config.sight, config.quick_gelu)
        self.ln_post = nn.LayerNorm(width)
        self.proj = _random(width, config.embedding)

    def forward(self, pictures: Tensor) -> Tensor:
        patches = self.conv1(pictures.to(self.proj.dtype)).flatten(2).transpose(1, 2)
        start = self.class_embedding.expand(len(patches), 1, -1)
        tokens = torch.cat((start, patches), dim=1) + self.positional_embedding
        seen: Tensor = self.ln_post(self.transformer(self.ln_pre(tokens))[:, 0]) @ self.proj
        return seen


class _Stack(nn.Module):
    def __init__(self, tower: Tower, quick_gelu: bool) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(_Block(tower, quick_gelu) for _ in range(tower.layers))

    def forward(self, tokens: Tensor, causal: bool = False) -> Tensor:
        for block in self.resblocks:
            tokens = block(tokens, causal)
        return tokens


class _Block(nn.Module):
    def __init__(self, tower: Tower, quick_gelu: bool) -> None:
        super().__init__()
        width = tower.width
        self.ln_1 = nn.LayerNorm(width)
        self.attn = PackedAttention(width, tower.heads)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            OrderedDict[str, nn.Module](
                c_fc=nn.Linear(width, 4 * width),
                gelu=_QuickGelu() if quick_gelu else nn.GELU(),
                c_proj=nn.Linear(4 * width, width),
            )
        )

    def forward(self, tokens: Tensor, causal: bool) -> Tensor:
        tokens = tokens + self.attn(self.ln_1(tokens), causal)
        changed: Tensor = tokens + self.mlp(self.ln_2(tokens))
        return changed


class _QuickGelu(nn.Module):
    """The cheap stand-in for GELU of OpenAI's first CLIP, which DFN5B was trained with."""

    def forward(self, values: Tensor) -> Tensor:
        return values * torch.sigmoid(1.702 * values)


def _random(*shape: int) -> nn.Parameter:
    return nn.Parameter(nn.init.normal_(torch.empty(*shape), std=shape[-1] ** -0.5))
