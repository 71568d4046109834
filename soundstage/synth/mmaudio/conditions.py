"""What a sound is made after, in the network's own terms: worked out once, used at every step."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Conditions:
    """Conditions of some sounds of the same lengths, a row each.

    Shapes, with b rows, n latents, c CLIP features, h channels inside the network and d channels a head:
    `clip` (b, c, h); `sync` (b, n, h), one for every latent; `text` (b, 77, h); `summary` (b, h);
    `latent_turns` (n, d / 2, 2) and `clip_turns` (c, d / 2, 2), cosines and sines of positions, which all rows share.
    """

    clip: Tensor
    sync: Tensor
    text: Tensor
    summary: Tensor
    latent_turns: Tensor
    clip_turns: Tensor

    def __len__(self) -> int:
        return len(self.summary)

    @property
    def lengths(self) -> tuple[int, int]:
        """Latents and CLIP features; only sounds that agree in both can be stacked."""
        return self.sync.shape[1], self.clip.shape[1]

    def rows(self, index: int | slice | Sequence[int] | Tensor) -> "Conditions":
        """Some of the rows, in the order given; one row stays a batch of one."""
        chosen = slice(index, index + 1 or None) if isinstance(index, int) else index
        return Conditions(
            clip=self.clip[chosen],
            sync=self.sync[chosen],
            text=self.text[chosen],
            summary=self.summary[chosen],
            latent_turns=self.latent_turns,
            clip_turns=self.clip_turns,
        )


def stack(parts: Sequence[Conditions]) -> Conditions:
    """All rows of conditions of the same lengths, one after the other.

    Raises:
        ValueError: there are none, or their lengths differ.
    """
    if len({part.lengths for part in parts}) != 1:
        raise ValueError("Only conditions of the same lengths can be worked together; give sounds of one length.")
    return Conditions(
        clip=torch.cat([part.clip for part in parts]),
        sync=torch.cat([part.sync for part in parts]),
        text=torch.cat([part.text for part in parts]),
        summary=torch.cat([part.summary for part in parts]),
        latent_turns=parts[0].latent_turns,
        clip_turns=parts[0].clip_turns,
    )
