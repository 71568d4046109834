"""ImageBind as it is used: stretches of a film and of sound go in, embeddings come out.

What the network is shown is what it is shown for the published IB score: two pictures 2 s apart in three squares, and
2 s of sound as a filterbank; the mean over all of a stretch stands for it.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from soundstage.networks.checkpoints import load_into, read_weights
from soundstage.networks.desk import Desk
from soundstage.networks.imagebind.config import HUGE, ImageBindConfig
from soundstage.networks.imagebind.network import UNUSED, ImageBindNetwork
from soundstage.networks.kaldi import Fbank, fbank
from soundstage.networks.pictures import (
    CLIP_MEAN,
    CLIP_STD,
    Frames,
    channels_first,
    in_unit_range,
    normalised,
    shorter_side_resized,
)
from soundstage.networks.rack import Setting
from soundstage.networks.unmade import unmade

FILE = "imagebind_huge.pth"
SOUND_RATE = 16_000
SECONDS_PER_PICTURE = 2.0
_CLIP = 2 * SOUND_RATE
_CLIPS = 3
_MEAN, _STD = -4.268, 9.138  # of AudioSet's filterbanks
_BATCH = 24

Embedding = NDArray[np.float32]


def load_imagebind(path: Path, setting: Setting, config: ImageBindConfig = HUGE) -> ImageBindNetwork:
    """The network from its published checkpoint; raises as `load_into` does."""
    network = unmade(lambda: ImageBindNetwork(config))
    load_into(network, read_weights(path), path, ignore=UNUSED)
    return network.to(setting.device, setting.dtype).eval()


class ImageBind:
    """Embeds stretches of film and sound. Safe to ask from several threads, whose work is batched."""

    def __init__(self, network: ImageBindNetwork, setting: Setting) -> None:
        """Args: network: with its weights. setting: where it works from now on."""
        self._network = network.eval().requires_grad_(False).to(setting.device, setting.dtype)
        self._setting = setting
        self._config = network.config
        self._pictures = Desk(self._see, _BATCH, name="ImageBind")
        self._clips = Desk(self._hear, _BATCH, name="ImageBind")

    @classmethod
    def load(cls, folder: Path, setting: Setting, config: ImageBindConfig = HUGE) -> Self:
        """ImageBind from the folder that holds `imagebind_huge.pth`.

        Raises:
            MissingPart: the file is not there.
            BadModel: it is damaged, or another model's.
        """
        return cls(load_imagebind(folder / FILE, setting, config), setting)

    def vision(self, frames: Frames) -> Embedding:
        """The embedding of a stretch of film.

        Args:
            frames: one picture every 2 s, bytes, (n, height, width, 3), at least one.

        Returns:
            (embedding,), of length 1.
        """
        shown = squares(frames, self._config.picture)
        pairs = [shown[:, :, at : at + 2] for at in range(max(1, shown.shape[2] - 1))]
        return _mean(self._pictures.ask([square for pair in pairs for square in pair]))

    def audio(self, sound: NDArray[np.float32]) -> Embedding:
        """The embedding of a sound.

        Args:
            sound: (samples,) at 16 kHz.

        Returns:
            (embedding,), of length 1.
        """
        return _mean(self._clips.ask(list(filterbanks(torch.as_tensor(sound), self._config))))

    def text(self, words: NDArray[np.int64]) -> Embedding:
        """Embeddings of texts.

        Args:
            words: CLIP's tokens (n, 77), zeros after the end.

        Returns:
            (n, embedding), each of length 1.
        """
        with torch.inference_mode():
            result = self._network.text(torch.as_tensor(words).to(self._setting.device))
        return _numbers(result)

    def _see(self, squares: Sequence[Tensor]) -> list[Tensor]:
        with torch.inference_mode():
            return list(self._network.vision(self._laid_out(squares)).float().cpu())

    def _hear(self, clips: Sequence[Tensor]) -> list[Tensor]:
        with torch.inference_mode():
            return list(self._network.audio(self._laid_out(clips)).float().cpu())

    def _laid_out(self, items: Sequence[Tensor]) -> Tensor:
        return torch.stack(list(items)).to(self._setting.device, self._setting.dtype)


def squares(frames: Frames, side: int) -> Tensor:
    """A stretch of film as three squares, from its left, middle and right (of tall pictures top to bottom).

    Args:
        frames: bytes, (n, height, width, 3).
        side: of a square, in pixels.

    Returns:
        (3, 3, n, side, side): squares, colours, pictures; normalised as CLIP's are.
    """
    shown = shorter_side_resized(channels_first(frames), side)
    height, width = shown.shape[-2:]
    shown = normalised(in_unit_range(shown), CLIP_MEAN, CLIP_STD).transpose(0, 1)
    rests = (0, math.ceil((max(height, width) - side) / 2), max(height, width) - side)
    axis = 2 if height > width else 3
    return torch.stack([shown.narrow(axis, rest, side) for rest in rests])


def filterbanks(sound: Tensor, config: ImageBindConfig = HUGE) -> Tensor:
    """A sound as three clips of 2 s: they begin at 0, 1/3 and 2/3 of where the last one could.

    Args:
        sound: (samples,) at 16 kHz, float.
        config: says how many bins and windows; a clip that is shorter ends with zeros.

    Returns:
        (3, 1, bins, windows), normalised.
    """
    starts = (int(number * max(0, len(sound) - _CLIP) / _CLIPS) for number in range(_CLIPS))
    return torch.stack([_filterbank(sound[start : start + _CLIP], config) for start in starts])


def _filterbank(clip: Tensor, config: ImageBindConfig) -> Tensor:
    energies = fbank(clip.float() - clip.float().mean(), Fbank(SOUND_RATE, config.bins)).T
    filled = functional.pad(energies, (0, max(0, config.windows - energies.shape[1])))
    return ((filled[:, : config.windows] - _MEAN) / _STD).unsqueeze(0)


def _mean(embeddings: Sequence[Tensor]) -> Embedding:
    return _numbers(functional.normalize(torch.stack(list(embeddings)).mean(dim=0), dim=-1))


def _numbers(tensor: Tensor) -> Embedding:
    return tensor.float().cpu().numpy()
