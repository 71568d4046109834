"""Long latents to sound, a stretch at a time: decoders need memory by the square of the length, or hundreds of MB."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundstage.synth.diffusion.latents import Latents

# Frames of the latents in a stretch, and shared by two. Half of what is shared is thrown away at each side, which is
# more than any decoder here looks around (Stable Audio 3's largest: 12 frames), and they are faded over the rest.
STRETCH = 256
SHARED = 64

_Sound = NDArray[np.float32]


def decoded(latents: Tensor, kind: Latents, samples: int) -> _Sound:
    """The sound of one sound's latents.

    Args:
        latents: shape (1, channels, frames, ...).
        kind: what they are like.
        samples: wanted, at the model's rate; the latents cover at least so many.

    Returns:
        Shape (samples, channels), float32.
    """
    frames = min(latents.shape[2], -(-samples // kind.hop) + SHARED)
    whole: _Sound | None = None
    for start, piece in _pieces(latents[:, :, :frames], kind):
        if whole is None:
            whole = np.zeros((frames * kind.hop, piece.shape[1]), np.float32)
        whole[start : start + len(piece)] += piece[: len(whole) - start]
    if whole is None:
        raise ValueError("latents of no frames cannot be decoded")
    return whole[:samples]


def _pieces(latents: Tensor, kind: Latents) -> Iterator[tuple[int, _Sound]]:
    """Decoded stretches with the sample each starts at, faded so that they sum up to the whole."""
    frames = latents.shape[2]
    starts = list(range(0, max(1, frames - SHARED), STRETCH - SHARED))
    for start in starts:
        stretch = latents[:, :, start : start + STRETCH]
        with torch.inference_mode():
            sound = kind.sound(stretch)[0]
        # AudioLDM2's vocoder gives a few samples more than its hop says.
        piece = sound.float().cpu().numpy().T[: stretch.shape[2] * kind.hop]
        yield start * kind.hop, piece * _fades(len(piece), kind.hop, first=start == 0, last=start == starts[-1])


def _fades(length: int, hop: int, *, first: bool, last: bool) -> _Sound:
    fades = np.ones((length, 1), np.float32)
    shared = min(SHARED * hop, length)
    ramp = np.clip(np.linspace(-0.5, 1.5, shared, dtype=np.float32), 0, 1)[:, None]
    if not first:
        fades[:shared] *= ramp
    if not last:
        fades[length - shared :] *= ramp[::-1]
    return fades
