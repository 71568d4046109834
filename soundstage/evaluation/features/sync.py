"""Synchformer's features of films and of soundtracks, and how far the two are apart."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch.nn.functional import pad

from soundstage.errors import BadFilm, BadSound
from soundstage.evaluation.features.extractor import Takes, numbers
from soundstage.evaluation.features.item import Array, Features, Item, View
from soundstage.evaluation.features.pictures import seen
from soundstage.evaluation.features.sounds import heard
from soundstage.footage import Picture
from soundstage.networks.pictures import for_sync
from soundstage.networks.synchformer.config import (
    OFFSETS,
    PICTURE_RATE,
    SEGMENT_PICTURES,
    SEGMENT_SAMPLES,
    SOUND_RATE,
    STEP_PICTURES,
    STEP_SAMPLES,
)
from soundstage.networks.synchformer.network import SyncNet

_BATCH = 8  # segments

Lends = Callable[[], AbstractContextManager[SyncNet]]


@dataclass(frozen=True)
class SyncSounds:
    """Gives `synchformer_audio`, (segments, 6, 768): 0.64 s each, every 0.32 s, all along."""

    lend: Lends
    identity: str
    name: str = "Synchformer, sound"
    arrays: tuple[str, ...] = ("synchformer_audio",)
    takes: Takes = Takes.SOUND

    def features(self, item: Item, view: View) -> Features:
        """See `Extractor.features`. As published, what is shorter than is looked at is refused."""
        samples = heard(item).at(SOUND_RATE, centred=False)
        wanted = _pictures(item, view) * SOUND_RATE // PICTURE_RATE
        if view.whole:
            samples = pad(samples, (0, max(0, wanted - len(samples))))
        if len(samples) < max(wanted, SEGMENT_SAMPLES):
            raise BadSound(f"{item.sound} is too short for Synchformer; it takes {wanted / SOUND_RATE:.2f} s.")
        with self.lend() as network, torch.inference_mode():
            device = network.vproj.weight.device
            found = [
                numbers(network.sound_features(part[None].to(device))[0]) for part in _overlapping(samples[:wanted])
            ]
        return {self.arrays[0]: np.concatenate(found)}


@dataclass(frozen=True)
class SyncFilms:
    """Gives `synchformer_video`, (segments, 8, 768), at the same times as those of sound."""

    lend: Lends
    identity: str
    name: str = "Synchformer, pictures"
    arrays: tuple[str, ...] = ("synchformer_video",)
    takes: Takes = Takes.FILM

    def features(self, item: Item, view: View) -> Features:
        """See `Extractor.features`. Pictures are decoded as they are needed: a long film would not fit into memory."""
        count = _pictures(item, view)
        if count < SEGMENT_PICTURES:
            raise BadFilm(f"{item.film} is too short for Synchformer; it takes {SEGMENT_PICTURES / PICTURE_RATE} s.")
        pictures = seen(item, PICTURE_RATE, 0.0, count)
        found = []
        for block in _blocks(pictures):
            with self.lend() as network, torch.inference_mode():
                shown = torch.cat(block)[None].to(network.vproj.weight.device)
                found.append(numbers(network.picture_features(shown)[0]))
        return {self.arrays[0]: np.concatenate(found)}


@dataclass(frozen=True)
class SyncComparison:
    """Tells how far picture and sound are apart, from features of both."""

    lend: Lends

    def logits(self, pictures: Array, sound: Array, windows: Sequence[slice]) -> Array:
        """Logits of the 21 offsets from -2 to 2 s, (windows, 21).

        Args:
            pictures: (segments, 8, 768).
            sound: (segments, 6, 768).
            windows: of segments, 14 each; those that are shorter are left out, as nothing is known of them.
        """
        with self.lend() as network, torch.inference_mode():
            wanted, device = network.config.segments, network.vproj.weight.device
            both = [(pictures[window], sound[window]) for window in windows]
            whole = [pair for pair in both if len(pair[0]) == len(pair[1]) == wanted]
            found = [
                numbers(network.offsets(*(torch.from_numpy(side)[None].to(device) for side in pair))) for pair in whole
            ]
        return np.concatenate(found) if found else np.zeros((0, len(OFFSETS)), np.float32)


def _pictures(item: Item, view: View) -> int:
    """How many pictures are looked at."""
    return int(PICTURE_RATE * (item.seconds if view.whole or view.seconds is None else view.seconds))


def _overlapping(samples: torch.Tensor) -> Iterator[torch.Tensor]:
    """Stretches of at most so many segments as are looked at at once, each segment in one of them."""
    segments = (len(samples) - SEGMENT_SAMPLES) // STEP_SAMPLES + 1
    for first in range(0, segments, _BATCH):
        last = min(first + _BATCH, segments) - 1
        yield samples[first * STEP_SAMPLES : last * STEP_SAMPLES + SEGMENT_SAMPLES]


def _blocks(pictures: Iterator[Picture]) -> Iterator[list[torch.Tensor]]:
    """Pictures made ready, in the same stretches; a rest that fills no segment is left out."""
    ahead = SEGMENT_PICTURES - STEP_PICTURES
    held = [_ready(picture) for picture in islice(pictures, ahead)]
    while fresh := [_ready(picture) for picture in islice(pictures, _BATCH * STEP_PICTURES)]:
        held += fresh
        if len(held) >= SEGMENT_PICTURES:
            yield held
        held = held[-ahead:]


def _ready(picture: Picture) -> torch.Tensor:
    return for_sync(picture[None])
