"""The part of Synchformer that hears: an audio spectrogram transformer.

Parameters are named as in `synchformer_state_dict.pth`.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from soundstage.networks.attention import attend
from soundstage.networks.synchformer.config import SYNCHFORMER, SyncConfig
from soundstage.networks.synchformer.summary import Summary

_OWN = 2  # a class and a distillation token stand before the patches
_EPS = 1e-12


class SyncSound(nn.Module):
    """Features of sound, six of each segment of 0.64 s."""

    def __init__(self, config: SyncConfig = SYNCHFORMER) -> None:
        super().__init__()
        self.mel_patches = config.mel_patches
        self.ast = _SpectrogramTransformer(config)
        self.freq_attn_agg = Summary(config.width, config.heads)

    def forward(self, spectrograms: Tensor) -> Tensor:
        """Features of segments; each is heard for itself.

        Args:
            spectrograms: (b, s, bands, columns); see `mel.log_mel`.

        Returns:
            (b, s, 6, width), one a column of patches.
        """
        b, s = spectrograms.shape[:2]
        bands, columns = self.mel_patches
        tokens = self.ast(spectrograms.flatten(0, 1).to(self.ast.layernorm.weight.dtype))
        patches = tokens[:, _OWN:].reshape(b * s, bands, columns, -1).transpose(1, 2)
        summaries: Tensor = self.freq_attn_agg(patches.flatten(0, 1))
        return summaries.view(b, s, columns, -1)


class _SpectrogramTransformer(nn.Module):
    def __init__(self, config: SyncConfig) -> None:
        super().__init__()
        self.embeddings = _Embeddings(config)
        self.encoder = _Encoder(config)
        self.layernorm = nn.LayerNorm(config.width, eps=_EPS)

    def forward(self, spectrograms: Tensor) -> Tensor:
        result: Tensor = self.layernorm(self.encoder(self.embeddings(spectrograms)))
        return result


class _Embeddings(nn.Module):
    def __init__(self, config: SyncConfig) -> None:
        super().__init__()
        bands, columns = config.mel_patches
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.distillation_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.position_embeddings = nn.Parameter(torch.zeros(1, _OWN + bands * columns, config.width))
        self.patch_embeddings = nn.ModuleDict({"projection": nn.Conv2d(1, config.width, 16, stride=10)})

    def forward(self, spectrograms: Tensor) -> Tensor:
        patches = self.patch_embeddings["projection"](spectrograms[:, None]).flatten(2).transpose(1, 2)
        own = torch.cat((self.cls_token, self.distillation_token), dim=1).expand(len(patches), -1, -1)
        return torch.cat((own, patches), dim=1) + self.position_embeddings


class _Encoder(nn.Module):
    def __init__(self, config: SyncConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList(_Layer(config.width, config.heads) for _ in range(config.sound_layers))

    def forward(self, tokens: Tensor) -> Tensor:
        for layer in self.layer:
            tokens = layer(tokens)
        return tokens


class _Layer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.layernorm_before = nn.LayerNorm(width, eps=_EPS)
        self.attention = _Attention(width, heads)
        self.layernorm_after = nn.LayerNorm(width, eps=_EPS)
        self.intermediate = _dense(width, 4 * width)
        self.output = _dense(4 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attention(self.layernorm_before(tokens))
        hidden = gelu(self.intermediate["dense"](self.layernorm_after(tokens)))
        changed: Tensor = tokens + self.output["dense"](hidden)
        return changed


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = _Projections(width, heads)
        self.output = _dense(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        result: Tensor = self.output["dense"](self.attention(tokens))
        return result


class _Projections(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        return attend(self.query(tokens), self.key(tokens), self.value(tokens), self.heads)


def _dense(given: int, wanted: int) -> nn.ModuleDict:
    return nn.ModuleDict({"dense": nn.Linear(given, wanted)})
