"""HTS-AT (Chen et al., 2022), the hearing half of both CLAPs: transformers' network behind torchlibrosa's spectrogram.

Both published checkpoints name its parameters as its authors do; transformers' names are others.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn
from transformers import ClapAudioConfig, ClapAudioModel

from soundstage.networks.spectrogram import LogMel, Spectrogram

# The authors' names by those of transformers, in the order in which they are put in place.
_RENAMED = (
    (r"^bn0\.", "batch_norm."),
    (r"\.attn\.proj\.", ".attention.output.dense."),
    (r"\.attn\.", ".attention.self."),
    (r"\.mlp\.fc1\.", ".intermediate.dense."),
    (r"\.mlp\.fc2\.", ".output.dense."),
    (r"\.norm1\.", ".layernorm_before."),
    (r"\.norm2\.", ".layernorm_after."),
)
_FRONT = ("spectrogram_extractor.", "logmel_extractor.")
# For classes, which embeddings do without; masks, which follow from the sizes.
_UNUSED = re.compile(r"^(tscam_conv|head)\.|\.attn_mask$")
_PACKED = ".attention.self.qkv."


@dataclass(frozen=True)
class HtsatConfig:
    """Sizes; those not given are of the model that MS-CLAP hears with ("tiny").

    Attributes:
        window: samples of an analysis window.
        hop: samples from one window to the next.
        bands: mel bands.
        side: of the square that a spectrogram is folded into.
        width: of the tokens of the first stage; each stage doubles it.
        depths: blocks of each stage.
        heads: of the attention of each stage.
        span: side of the windows of attention.
    """

    window: int = 1024
    hop: int = 320
    bands: int = 64
    side: int = 256
    width: int = 96
    depths: tuple[int, ...] = (2, 2, 6, 2)
    heads: tuple[int, ...] = (4, 8, 16, 32)
    span: int = 8

    @property
    def embedding(self) -> int:
        """Width of what comes out."""
        return self.width << (len(self.depths) - 1)


class Htsat(nn.Module):
    """Embeds sounds."""

    def __init__(self, config: HtsatConfig) -> None:
        super().__init__()
        self.spectrogram_extractor = Spectrogram(config.window, config.hop)
        self.logmel_extractor = LogMel(config.window, config.bands)
        self.audio_encoder = ClapAudioModel(_for_transformers(config)).audio_encoder

    def forward(self, samples: Tensor) -> Tensor:
        """(n, samples), not more than fill the square, to (n, embedding)."""
        levels = self.logmel_extractor(self.spectrogram_extractor(samples))
        result: Tensor = self.audio_encoder(levels).pooler_output
        return result


def renamed(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The published weights of an HTS-AT, named as `Htsat` names them; what it does not need is left out."""
    found: dict[str, Tensor] = {}
    for name, value in weights.items():
        if name.startswith(_FRONT):
            found[name] = value
        elif not _UNUSED.search(name):
            found |= _parts(f"audio_encoder.{_as_transformers(name)}", value)
    return found


def hearing_renamed(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """A CLAP's weights, those of its HTS-AT below `prefix` named as `renamed` does."""
    hearing = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
    rest = {name: value for name, value in weights.items() if not name.startswith(prefix)}
    return rest | {prefix + name: value for name, value in renamed(hearing).items()}


def with_own_numbers(network: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights with the network's own whole numbers: they follow from its sizes, and some files leave them out."""
    own = {name: value for name, value in network.state_dict().items() if not value.is_floating_point()}
    return {**weights, **own}


def _as_transformers(name: str) -> str:
    for pattern, replacement in _RENAMED:
        name = re.sub(pattern, replacement, name)
    return name


def _parts(name: str, value: Tensor) -> dict[str, Tensor]:
    """Query, key and value, where they are packed into one."""
    if _PACKED not in name:
        return {name: value}
    before, after = name.split(_PACKED)
    parts = zip(("query", "key", "value"), value.chunk(3), strict=True)
    return {f"{before}.attention.self.{part}.{after}": tensor for part, tensor in parts}


def _for_transformers(config: HtsatConfig) -> ClapAudioConfig:
    return ClapAudioConfig(
        num_mel_bins=config.bands,
        spec_size=config.side,
        window_size=config.span,
        patch_embeds_hidden_size=config.width,
        hidden_size=config.embedding,
        depths=list(config.depths),
        num_attention_heads=list(config.heads),
        num_hidden_layers=len(config.depths),
    )
