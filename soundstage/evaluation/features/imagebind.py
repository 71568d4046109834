"""ImageBind's embeddings of films and of soundtracks: whether a sound belongs to what is seen."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from soundstage.evaluation.features.extractor import SoundExtractor, Takes, numbers
from soundstage.evaluation.features.item import Array, Features, Item, View
from soundstage.evaluation.features.pictures import seen
from soundstage.evaluation.features.sounds import Soundtrack
from soundstage.networks.imagebind.config import HUGE
from soundstage.networks.imagebind.embedding import SECONDS_PER_PICTURE, SOUND_RATE, filterbanks, squares
from soundstage.networks.imagebind.network import ImageBindNetwork

_BATCH = 12
_SCALE = 20.0  # by which the published network lengthens embeddings of sound; cosines do not change by it

Lends = Callable[[], AbstractContextManager[ImageBindNetwork]]


def imagebind_sounds(lend: Lends, identity: str) -> SoundExtractor[ImageBindNetwork]:
    """Gives `imagebind_audio`: of three clips of 2 s of each span; in the published way, of the whole sound."""
    arrays = ("imagebind_audio",)
    return SoundExtractor("ImageBind, sound", arrays, identity, SOUND_RATE, lend, _hear, _channel, cuts=False)


@dataclass(frozen=True)
class ImageBindPictures:
    """Gives `imagebind_video`: of pictures 2 s apart, in pairs and in three squares each."""

    lend: Lends
    identity: str
    side: int = HUGE.picture
    name: str = "ImageBind, pictures"
    arrays: tuple[str, ...] = ("imagebind_video",)
    takes: Takes = Takes.FILM

    def features(self, item: Item, view: View) -> Features:
        """See `Extractor.features`."""
        shown = [self._pairs(item, start, end) for start, end in view.spans(item.seconds)]
        with self.lend() as network:
            rows = np.stack([_see(network, pairs) for pairs in shown])
        return {self.arrays[0]: view.rows(rows)}

    def _pairs(self, item: Item, start: float, end: float) -> Tensor:
        """(pairs x 3 squares, colours, 2 pictures, side, side)."""
        count = max(1, int((end - start) / SECONDS_PER_PICTURE))
        pictures = [squares(picture[None], self.side) for picture in seen(item, 1 / SECONDS_PER_PICTURE, start, count)]
        together = torch.cat(pictures, dim=2)
        return torch.cat([together[:, :, at : at + 2] for at in range(max(1, count - 1))])


def _channel(sound: Soundtrack, rate: int, view: View) -> Tensor:
    """The published reader looks at the first channel alone."""
    return sound.at(rate) if view.whole else sound.first_at(rate)


def _hear(network: ImageBindNetwork, samples: Tensor) -> tuple[Tensor, ...]:
    clips = [filterbanks(span, network.config) for span in samples]
    found = _in_batches(network.audio, torch.cat(clips), network)
    return (_SCALE * torch.from_numpy(found).view(len(samples), -1, found.shape[-1]).mean(dim=1),)


def _see(network: ImageBindNetwork, pairs: Tensor) -> Array:
    mean: Array = _in_batches(network.vision, pairs, network).mean(axis=0)
    return mean


def _in_batches(embed: Callable[[Tensor], Tensor], shown: Tensor, network: ImageBindNetwork) -> Array:
    device = next(network.parameters()).device
    with torch.inference_mode():
        return np.concatenate([numbers(embed(batch.to(device))) for batch in torch.split(shown, _BATCH)])
