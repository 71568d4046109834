"""The pieces that MMAudio's network is built of; all work on tensors of shape (batch, positions, channels).

Names of parameters are those of the published checkpoints.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

_WIDTH_STEP = 256
_TURN_BASE = 10_000.0


def turns(length: int, channels: int, stretch: float, device: torch.device) -> Tensor:
    """Cosines and sines that tell positions apart (rotary embedding, Su et al. 2021), shape (length, channels / 2, 2).

    Args:
        length: how many positions.
        channels: of one attention head.
        stretch: how many positions of the finest sequence one position here stands for.
        device: where to put them.
    """
    exponents = torch.arange(0, channels, 2, dtype=torch.float32, device=device) / channels
    frequencies = stretch / _TURN_BASE**exponents
    angles = torch.outer(torch.arange(length, dtype=torch.float32, device=device), frequencies)
    return torch.stack([angles.cos(), angles.sin()], dim=-1)


def turned(x: Tensor, by: Tensor) -> Tensor:
    """Pairs of channels of `x` (batch, heads, positions, channels) turned by their position, in float32."""
    real, imaginary = x.float().reshape(*x.shape[:-1], -1, 2).unbind(-1)
    cosine, sine = by.unbind(-1)
    pairs = torch.stack([real * cosine - imaginary * sine, real * sine + imaginary * cosine], dim=-1)
    return pairs.flatten(-2).to(x.dtype)


def modulated(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Scaled and shifted by what a condition says."""
    return x * (1 + scale) + shift


class ChannelsLastConv(nn.Conv1d):
    """A convolution along the positions that keeps their number."""

    def __init__(self, inputs: int, outputs: int, kernel: int, bias: bool = True) -> None:
        super().__init__(inputs, outputs, kernel, padding=kernel // 2, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, positions, inputs) to (batch, positions, outputs)."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class GatedLinear(nn.Module):
    """A SwiGLU of two thirds of `inner` channels, rounded up to whole steps of 256."""

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        width = _inner_width(inner)
        self.w1 = nn.Linear(channels, width, bias=False)
        self.w2 = nn.Linear(width, channels, bias=False)
        self.w3 = nn.Linear(channels, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as `x`."""
        out: Tensor = self.w2(functional.silu(self.w1(x)) * self.w3(x))
        return out


class GatedConv(nn.Module):
    """A `GatedLinear` whose layers also see the positions around: `kernel` of them."""

    def __init__(self, channels: int, inner: int, kernel: int) -> None:
        super().__init__()
        width, padding = _inner_width(inner), kernel // 2
        self.w1 = nn.Conv1d(channels, width, kernel, padding=padding, bias=False)
        self.w2 = nn.Conv1d(width, channels, kernel, padding=padding, bias=False)
        self.w3 = nn.Conv1d(channels, width, kernel, padding=padding, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as `x`."""
        columns = x.transpose(1, 2)
        out: Tensor = self.w2(functional.silu(self.w1(columns)) * self.w3(columns))
        return out.transpose(1, 2)


class Attention(nn.Module):
    """What a sequence asks, is asked for and answers, for attention that several sequences may share."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels)
        self.q_norm = nn.RMSNorm(channels // heads)
        self.k_norm = nn.RMSNorm(channels // heads)

    def forward(self, x: Tensor, by: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each (batch, heads, positions, channels a head); turned by position if told."""
        query, key, value = self.qkv(x).unflatten(-1, (self.heads, -1, 3)).permute(4, 0, 2, 1, 3)
        query, key = self.q_norm(query), self.k_norm(key)
        if by is None:
            return query, key, value
        return turned(query, by), turned(key, by), value


def attended(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Every query's answer, (batch, positions, channels)."""
    answers = functional.scaled_dot_product_attention(query.contiguous(), key.contiguous(), value.contiguous())
    return answers.transpose(1, 2).flatten(2)


class Block(nn.Module):
    """A transformer block over one sequence, with six modulations of its condition.

    With `kernel` 1 it works position by position (words), else also on the positions around (sound, pictures).
    One that is `last` only asks and answers: nothing of its sequence is used afterwards.
    """

    def __init__(self, channels: int, heads: int, kernel: int, last: bool = False) -> None:
        super().__init__()
        self.last = last
        self.norm1 = nn.LayerNorm(channels, elementwise_affine=False)
        self.attn = Attention(channels, heads)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(channels, (2 if last else 6) * channels))
        if last:
            return
        self.norm2 = nn.LayerNorm(channels, elementwise_affine=False)
        if kernel == 1:
            self.linear1: nn.Module = nn.Linear(channels, channels)
            self.ffn: nn.Module = GatedLinear(channels, 4 * channels)
        else:
            self.linear1 = ChannelsLastConv(channels, channels, kernel)
            self.ffn = GatedConv(channels, 4 * channels, kernel)

    def forward(self, x: Tensor, condition: Tensor, by: Tensor | None) -> Tensor:
        """Attention of the sequence with itself alone; `condition` has one position or as many as `x`."""
        question, modulations = self.ask(x, condition, by)
        return self.take(x, attended(*question), modulations)

    def ask(
        self, x: Tensor, condition: Tensor, by: Tensor | None
    ) -> tuple[tuple[Tensor, Tensor, Tensor], tuple[Tensor, ...]]:
        """Queries, keys and values; and the modulations that `take` wants."""
        shift, scale, *rest = self.adaLN_modulation(condition).chunk(2 if self.last else 6, dim=-1)
        return self.attn(modulated(self.norm1(x), shift, scale), by), tuple(rest)

    def take(self, x: Tensor, answers: Tensor, modulations: tuple[Tensor, ...]) -> Tensor:
        """The sequence after the answers to it."""
        if self.last:
            return x
        gate, shift, scale, late_gate = modulations
        x = x + self.linear1(answers) * gate
        out: Tensor = x + self.ffn(modulated(self.norm2(x), shift, scale)) * late_gate
        return out


class JointBlock(nn.Module):
    """Sound, pictures and words, each with a block of its own, in one attention over all three."""

    def __init__(self, channels: int, heads: int, last: bool) -> None:
        super().__init__()
        self.latent_block = Block(channels, heads, kernel=3)
        self.clip_block = Block(channels, heads, kernel=3, last=last)
        self.text_block = Block(channels, heads, kernel=1, last=last)

    def forward(
        self,
        latent: Tensor,
        clip: Tensor,
        text: Tensor,
        local: Tensor,
        whole: Tensor,
        latent_turns: Tensor,
        clip_turns: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Sound, pictures and words after the block.

        Args:
            latent: the sound, (batch, latents, channels).
            clip: the pictures, (batch, pictures, channels).
            text: the words, (batch, 77, channels).
            local: the condition of every latent, (batch, latents, channels).
            whole: the condition of pictures and words, (batch, 1, channels).
            latent_turns: what tells the latents' positions.
            clip_turns: what tells the pictures' positions.
        """
        asked = [
            self.latent_block.ask(latent, local, latent_turns),
            self.clip_block.ask(clip, whole, clip_turns),
            self.text_block.ask(text, whole, None),
        ]
        query, key, value = (torch.cat([question[i] for question, _ in asked], dim=2) for i in range(3))
        answers = attended(query, key, value)
        heard, seen = latent.shape[1], clip.shape[1]
        return (
            self.latent_block.take(latent, answers[:, :heard], asked[0][1]),
            self.clip_block.take(clip, answers[:, heard : heard + seen], asked[1][1]),
            self.text_block.take(text, answers[:, heard + seen :], asked[2][1]),
        )


class FinalBlock(nn.Module):
    """Channels of the network to channels of the latent."""

    def __init__(self, channels: int, outputs: int) -> None:
        super().__init__()
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(channels, 2 * channels))
        self.norm = nn.LayerNorm(channels, elementwise_affine=False)
        self.conv = ChannelsLastConv(channels, outputs, 7)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(batch, positions, channels) to (batch, positions, outputs)."""
        shift, scale = self.adaLN_modulation(condition).chunk(2, dim=-1)
        out: Tensor = self.conv(modulated(self.norm(x), shift, scale))
        return out


class TimeEmbedding(nn.Module):
    """A moment between noise (0) and sound (1) as `channels` numbers; worked out in float32.

    Frequencies fall from `fastest` (radians over the whole way) to a ten-thousandth of it, over `waves` channels.
    """

    def __init__(self, channels: int, waves: int, fastest: float) -> None:
        super().__init__()
        self.waves = waves
        self.fastest = fastest
        self.mlp = nn.Sequential(nn.Linear(waves, channels), nn.SiLU(), nn.Linear(channels, channels))

    def forward(self, time: Tensor) -> Tensor:
        """(batch,) to (batch, channels)."""
        exponents = torch.arange(0, self.waves, 2, dtype=torch.float32, device=time.device) / self.waves
        angles = time.float()[:, None] * (self.fastest / _TURN_BASE**exponents)
        waves = torch.cat([angles.cos(), angles.sin()], dim=-1)
        out: Tensor = self.mlp(waves.to(next(self.mlp.parameters()).dtype))
        return out


def _inner_width(inner: int) -> int:
    return -(-(2 * inner // 3) // _WIDTH_STEP) * _WIDTH_STEP
