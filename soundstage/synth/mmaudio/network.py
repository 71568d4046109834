"""MMAudio's network: where a half-made latent should go next, given pictures, their movement and words.

A latent is made of noise by following that velocity from time 0 to 1 (see `flow`). Nothing here remembers a length or
a time, so sounds at different steps of their way can be worked in one batch.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from soundstage.networks.checkpoints import load_into, read_weights
from soundstage.networks.rack import Setting
from soundstage.networks.unmade import unmade
from soundstage.synth.mmaudio.blocks import (
    Block,
    ChannelsLastConv,
    FinalBlock,
    GatedConv,
    GatedLinear,
    JointBlock,
    TimeEmbedding,
    turns,
)
from soundstage.synth.mmaudio.conditions import Conditions, stack
from soundstage.synth.mmaudio.variants import SEGMENT_FEATURES, Lengths, Variant

RECOMPUTED = ("t_embed.freqs", "latent_rot", "clip_rot")
"""Tensors that some checkpoints hold and that are worked out here."""


class Velocity(nn.Module):
    """The network; names of its parameters are those of the published checkpoints."""

    def __init__(self, variant: Variant) -> None:
        super().__init__()
        self.variant = variant
        hidden, channels = variant.hidden, variant.sampling.channels
        self.audio_input_proj = _projection(variant, ChannelsLastConv(channels, hidden, 7), kernel=7)
        self.clip_input_proj = _projection(variant, nn.Linear(variant.clip_channels, hidden), kernel=3)
        self.sync_input_proj = _projection(variant, ChannelsLastConv(variant.sync_channels, hidden, 7), kernel=3)
        self.text_input_proj = _projection(variant, nn.Linear(variant.text_channels, hidden), kernel=1)
        self.clip_cond_proj = nn.Linear(hidden, hidden)
        self.text_cond_proj = nn.Linear(hidden, hidden)
        self.global_cond_mlp = GatedLinear(hidden, 4 * hidden)
        self.t_embed = TimeEmbedding(hidden, hidden, 1e4) if variant.revised else TimeEmbedding(hidden, 256, 1.0)
        joint = variant.depth - variant.fused
        self.joint_blocks = nn.ModuleList(JointBlock(hidden, variant.heads, last=i == joint - 1) for i in range(joint))
        self.fused_blocks = nn.ModuleList(Block(hidden, variant.heads, kernel=3) for _ in range(variant.fused))
        self.final_layer = FinalBlock(hidden, channels)
        self.sync_pos_emb = nn.Parameter(torch.zeros(1, 1, SEGMENT_FEATURES, variant.sync_channels))
        self.latent_mean = nn.Parameter(torch.zeros(1, 1, channels))
        self.latent_std = nn.Parameter(torch.ones(1, 1, channels))
        self.empty_string_feat = nn.Parameter(torch.zeros(variant.text_length, variant.text_channels))
        self.empty_clip_feat = nn.Parameter(torch.zeros(1, variant.clip_channels))
        self.empty_sync_feat = nn.Parameter(torch.zeros(1, variant.sync_channels))

    def conditions(self, clip: Tensor, sync: Tensor, text: Tensor, latent_length: int) -> Conditions:
        """What does not change from step to step.

        Args:
            clip: CLIP features of the pictures, (batch, pictures, 1024).
            sync: Synchformer features, (batch, 8 for every segment, 768).
            text: CLIP features of the prompt's tokens, (batch, 77, 1024).
            latent_length: latents of the sound.
        """
        dtype = self.latent_mean.dtype
        places = self.sync_pos_emb[0].repeat(1, sync.shape[1] // SEGMENT_FEATURES, 1)
        movement = self.sync_input_proj(sync.to(dtype) + places).transpose(1, 2)
        pictures = self.clip_input_proj(clip.to(dtype))
        words = self.text_input_proj(text.to(dtype))
        summary = self.clip_cond_proj(pictures.mean(dim=1)) + self.text_cond_proj(words.mean(dim=1))
        head, device = self.variant.head_channels, pictures.device
        return Conditions(
            clip=pictures,
            sync=functional.interpolate(movement, size=latent_length, mode="nearest-exact").transpose(1, 2),
            text=words,
            summary=self.global_cond_mlp(summary),
            latent_turns=turns(latent_length, head, 1.0, device),
            clip_turns=turns(clip.shape[1], head, latent_length / clip.shape[1], device),
        )

    def no_clip(self, batch: int, lengths: Lengths) -> Tensor:
        """What was learnt to stand for no pictures, (batch, pictures, 1024)."""
        return self.empty_clip_feat.expand(batch, lengths.clip, -1)

    def no_sync(self, batch: int, lengths: Lengths) -> Tensor:
        """What was learnt to stand for no movement, (batch, 8 for every segment, 768)."""
        return self.empty_sync_feat.expand(batch, lengths.sync, -1)

    def no_text(self, batch: int) -> Tensor:
        """The features of the empty prompt, (batch, 77, 1024)."""
        return self.empty_string_feat.expand(batch, -1, -1)

    def forward(self, latent: Tensor, time: Tensor, conditions: Conditions) -> Tensor:
        """Where the latents should go: change per unit of time.

        Args:
            latent: (batch, latents, channels), of any floating type; the result has the same.
            time: of every row, 0 (noise) to 1 (sound), (batch,).
            conditions: a row for every latent.
        """
        x = self.audio_input_proj(latent.to(self.latent_mean.dtype))
        whole = (self.t_embed(time) + conditions.summary)[:, None]
        local = whole + conditions.sync
        clip, text = conditions.clip, conditions.text
        for block in self.joint_blocks:
            x, clip, text = block(x, clip, text, local, whole, conditions.latent_turns, conditions.clip_turns)
        for block in self.fused_blocks:
            x = block(x, local, conditions.latent_turns)
        velocity: Tensor = self.final_layer(x, whole)
        return velocity.to(latent.dtype)

    def unnormalise(self, latent: Tensor) -> Tensor:
        """Latents of this network to those of the autoencoder."""
        out: Tensor = latent * self.latent_std + self.latent_mean
        return out


def guided(
    network: Velocity, latent: Tensor, time: Tensor, wanted: Conditions, unwanted: Conditions, strength: float
) -> Tensor:
    """The velocity towards what is wanted and away from what is not, from one pass over twice the batch.

    It is strength * wanted + (1 - strength) * unwanted (classifier-free guidance, Ho and Salimans 2022);
    below a strength of 1 what is wanted alone.
    """
    if strength < 1:
        alone: Tensor = network(latent, time, wanted)
        return alone
    both = network(torch.cat([latent, latent]), torch.cat([time, time]), stack([wanted, unwanted]))
    towards, away = both.chunk(2)
    out: Tensor = strength * towards + (1 - strength) * away
    return out


def load(path: Path, variant: Variant, setting: Setting) -> Velocity:
    """The network of a published checkpoint, ready to be asked.

    Raises:
        MissingPart: there is no such file.
        BadModel: it is damaged or of another variant.
    """
    network = unmade(lambda: Velocity(variant))
    load_into(network, read_weights(path), path, ignore=RECOMPUTED)
    return network.to(setting.device, setting.dtype).eval()


def _projection(variant: Variant, first: nn.Module, kernel: int) -> nn.Sequential:
    """An input to the network's channels. Before v2 only what came by a convolution got an activation."""
    hidden = variant.hidden
    mixing = GatedLinear(hidden, 4 * hidden) if kernel == 1 else GatedConv(hidden, 4 * hidden, kernel)
    if variant.revised:
        return nn.Sequential(first, nn.SiLU(), mixing)
    if isinstance(first, ChannelsLastConv):
        return nn.Sequential(first, nn.SELU(), mixing)
    return nn.Sequential(first, mixing)
