"""Soundtracks as av-benchmark reads them: one channel at the network's rate, without its mean, cut where it ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from soundstage.errors import BadSound
from soundstage.evaluation.bench.sounding import track_blocks
from soundstage.evaluation.features.item import Array, Item, View
from soundstage.film.probe import probe
from soundstage.sound import SAMPLE_RATE, Block, facts, read_blocks

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Soundtrack:
    """A whole soundtrack at its own `rate`: all channels' `mean`, and the `first` channel alone."""

    mean: Array
    first: Array
    rate: int

    def at(self, rate: int, centred: bool = True) -> "Tensor":
        """The mean of all channels at another rate, (samples,); `centred`: its own mean is taken out before."""
        return _at(self.mean - self.mean.mean() if centred else self.mean, self.rate, rate)

    def first_at(self, rate: int) -> "Tensor":
        """The first channel at another rate, (samples,)."""
        return _at(self.first, self.rate, rate)


def heard(item: Item) -> Soundtrack:
    """The soundtrack of an item.

    Raises:
        BadSound: it has none, an empty one, or one that cannot be read.
        BadFilm: it is that of a film that cannot be read.
        StorageError: likewise.
        ToolFailed: a film's track cannot be decoded.
    """
    if item.sound is None:
        raise BadSound(f"{item.id} has no soundtrack; give one.")
    rate, blocks = _opened(item.sound)
    parts = [(block.mean(axis=1), block[:, 0].copy()) for block in blocks]
    if not parts:
        raise BadSound(f"{item.sound} holds no sound; give one that does.")
    mean, first = (np.concatenate(channel) for channel in zip(*parts, strict=True))
    if not np.isfinite(mean).all():
        raise BadSound(f"{item.sound} holds numbers that are not finite; make it again.")
    return Soundtrack(mean, first, rate)


def cut(samples: "Tensor", rate: int, view: View, item: Item) -> "Tensor":
    """What a view looks at of a sound, (spans, samples).

    Windows that reach beyond its end go on in silence; a single look is as long as the sound is, at most.
    """
    import torch
    from torch.nn.functional import pad

    if not view.whole and view.seconds is None:
        return samples[None]
    spans = view.spans(item.seconds)
    pieces = [samples[int(start * rate) : int(end * rate)] for start, end in spans]
    if not view.whole:
        return torch.stack(pieces)
    wanted = max(int(end * rate) - int(start * rate) for start, end in spans)
    return torch.stack([pad(piece, (0, wanted - len(piece))) for piece in pieces])


def _opened(path: Path) -> tuple[int, Iterator[Block]]:
    if _is_sound(path):
        return facts(path).sample_rate, read_blocks(path)
    return SAMPLE_RATE, track_blocks(path, probe(path))


def _is_sound(path: Path) -> bool:
    try:
        soundfile.info(str(path))
    except (soundfile.SoundFileError, OSError):
        return path.suffix.lower() in (".wav", ".flac")  # a damaged one is no film either
    return True


def _at(samples: Array, given: int, wanted: int) -> "Tensor":
    import torch

    from soundstage.evaluation.features.resampling import resampled

    return resampled(torch.from_numpy(samples), given, wanted)
