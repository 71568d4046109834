"""SAME, the autoencoder of Stable Audio 3, as published: its decoder, small and large.

diffusers has the large one, in which each latent attends to its neighbours. In the small one they attend to each
other by twos, and by twos one further on in the second half of the layers
(https://github.com/Stability-AI/stable-audio-3, stable_audio_3/models/autoencoders.py).
"""

from collections.abc import Mapping
from typing import Any

import diffusers
import torch
from diffusers.models.autoencoders.autoencoder_same import SAMETransformerResamplingBlock
from torch import Tensor, nn
from torch.nn.utils import weight_norm

from soundstage.networks.folders import Network


class ChunkedBlock(SAMETransformerResamplingBlock):
    """Turns latents into `stride` frames each, by transformers over chunks of them."""

    def __init__(self, *, chunk: int, **options: Any) -> None:  # noqa: ANN401
        """Args: chunk: output frames in a chunk. options: those of the block of diffusers."""
        super().__init__(mode="decoder", **options)
        self.chunk = chunk
        if not isinstance(self.mapping, nn.Identity):
            self.mapping = weight_norm(nn.Conv1d(self.in_channels, self.out_channels, 3, padding="same"))

    def forward(self, latents: Tensor) -> Tensor:
        """Decode (batch, channels, frames) to (batch, channels, frames x stride)."""
        batch, channels, frames = latents.shape
        together = self.chunk // self.stride
        padded = nn.functional.pad(latents, (0, -frames % together)).transpose(1, 2)
        new = self.new_tokens.expand(batch, padded.shape[1], self.stride, channels)
        tokens = torch.cat([padded[:, :, None], new], dim=2).flatten(1, 2)
        decoded = self._attended(tokens, together * (1 + self.stride))
        kept = decoded.reshape(batch, -1, 1 + self.stride, channels)[:, :, 1:]
        mapped: Tensor = self.mapping(kept.flatten(1, 2).transpose(1, 2))
        return mapped[:, :, : frames * self.stride]

    def _attended(self, tokens: Tensor, size: int) -> Tensor:
        half, shift = len(self.transformers) // 2, size // 2
        tokens = _in_chunks(self.transformers[:half], tokens, size)
        moved = torch.cat([tokens[:, :shift], tokens, tokens[:, -shift:]], dim=1)
        return _in_chunks(self.transformers[half:], moved, size)[:, shift:-shift]


def _in_chunks(layers: nn.ModuleList, tokens: Tensor, size: int) -> Tensor:
    chunks = tokens.reshape(-1, size, tokens.shape[2])
    for layer in layers:
        chunks = layer(chunks)
    return chunks.reshape(tokens.shape)


def same_decoder(config: Mapping[str, Any], rate: int) -> Network:
    """The autoencoder of a published configuration, with random weights and without its encoder.

    Args:
        config: what `model_config.json` says of it (`model.pretransform.config`).
        rate: of the sound, in Hz.

    Raises:
        ValueError: its latents attend to each other in neither of these ways.
    """
    decoder = config["decoder"]["config"]
    kind: Network = diffusers.AutoencoderSAME
    whole = kind(
        audio_channels=config["io_channels"],
        patch_size=config["pretransform"]["config"]["patch_size"],
        encoder_channels=decoder["channels"],
        encoder_c_mults=decoder["c_mults"],
        encoder_strides=decoder["strides"],
        encoder_transformer_depths=decoder["transformer_depths"],
        latent_dim=decoder["latent_dim"],
        use_differential_attention=decoder.get("differential", True),
        dim_heads=decoder.get("dim_heads", 128),
        ff_mult=decoder.get("ff_mult", 3),
        sliding_window=(decoder.get("sliding_window") or (1,))[0],
        decoder_sinusoidal_blocks=decoder.get("sinusoidal_blocks", (0,)),
        sampling_rate=rate,
    )
    whole.encoder = nn.Identity()
    if decoder.get("sliding_window") is None:
        if not decoder.get("chunk_midpoint_shift"):
            raise ValueError("shifted chunks")
        whole.decoder.blocks = nn.ModuleList(_chunked(block, decoder) for block in whole.decoder.blocks)
    return whole


def _chunked(block: SAMETransformerResamplingBlock, decoder: Mapping[str, Any]) -> ChunkedBlock:
    return ChunkedBlock(
        chunk=decoder.get("chunk_size", 128),
        in_channels=block.in_channels,
        out_channels=block.out_channels,
        stride=block.stride,
        transformer_depth=len(block.transformers),
        dim_heads=decoder.get("dim_heads", 128),
        use_differential=decoder.get("differential", True),
        ff_mult=decoder.get("ff_mult", 3),
    )
