"""What all extractors are, and how those that hear do it."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import numpy as np

from soundstage.errors import BadSound
from soundstage.evaluation.features.item import Array, Features, Item, View
from soundstage.evaluation.features.sounds import Soundtrack, cut, heard

if TYPE_CHECKING:
    from torch import Tensor

    from soundstage.networks.rack import Rack, Setting
    from soundstage.weights.card import ModelCard

Network = TypeVar("Network")
_BATCH = 8


class Takes(StrEnum):
    """What of an item an extractor takes."""

    SOUND = "sound"
    FILM = "film"
    WORDS = "words"


class Extractor(Protocol):
    """Turns an item into arrays. Safe to ask from several threads."""

    @property
    def name(self) -> str:
        """Its name, for people."""

    @property
    def takes(self) -> Takes:
        """What of an item it takes."""

    @property
    def arrays(self) -> tuple[str, ...]:
        """The names of the arrays that it gives; see `store.ARRAYS`."""

    @property
    def identity(self) -> str:
        """Tells its very weights and way of working from others."""

    def features(self, item: Item, view: View) -> Features:
        """The arrays of an item.

        Raises:
            SoundstageError: the item cannot be read, or the network cannot be loaded (MissingPart, BadModel).
        """


class Lender(Generic[Network]):
    """Lends a network from the rack, in single precision, to one thread at a time."""

    def __init__(self, rack: "Rack", card: "ModelCard", load: Callable[["Setting"], Network]) -> None:
        """Args: rack: keeps it. card: the network's. load: loads it, where and as the setting says."""
        self._rack = rack
        self._name = f"{card.name} for measuring"
        self._size = 2 * (card.memory or 0)  # cards say what half precision takes
        self._load = load
        self._turn = threading.Lock()

    @contextlib.contextmanager
    def lend(self) -> Iterator[Network]:
        """The network for as long as the block lasts. Raises as `Rack.borrow` does."""
        with self._turn, self._rack.borrow(self._name, self._size, self._in_full) as network:
            yield network

    def _in_full(self, setting: "Setting") -> Network:
        import torch

        from soundstage.networks.rack import Setting

        return self._load(Setting(setting.device, torch.float32))


@dataclass(frozen=True)
class SoundExtractor(Generic[Network]):
    """Hears spans of soundtracks.

    Attributes:
        name: for people.
        arrays: the names of what `hear` gives, in its order.
        identity: of the weights.
        rate: the network's, in Hz.
        lend: lends the network.
        hear: of spans (n, samples), arrays (n, ...) on any device.
        channel: the sound at a rate that is shown.
        least: samples that the network needs at least.
        cuts: whether a single look ends where the view says; else all of the sound is heard, however long.
    """

    name: str
    arrays: tuple[str, ...]
    identity: str
    rate: int
    lend: Callable[[], AbstractContextManager[Network]]
    hear: Callable[[Network, "Tensor"], "tuple[Tensor, ...]"]
    channel: Callable[[Soundtrack, int, View], "Tensor"]
    least: int = 1
    cuts: bool = True
    takes: Takes = Takes.SOUND

    def features(self, item: Item, view: View) -> Features:
        """See `Extractor.features`."""
        import torch

        looked = view if self.cuts or view.whole else replace(view, seconds=None)
        spans = cut(self.channel(heard(item), self.rate, view), self.rate, looked, item)
        if spans.shape[1] < self.least:
            raise BadSound(f"{item.sound} is too short for {self.name}; it takes {self.least / self.rate:.2f} s.")
        with self.lend() as network:
            batches = [self.hear(network, batch) for batch in torch.split(spans, _BATCH)]
        whole = [np.concatenate([numbers(part) for part in parts]) for parts in zip(*batches, strict=True)]
        return {name: view.rows(array) for name, array in zip(self.arrays, whole, strict=True)}


@dataclass(frozen=True)
class WordsExtractor(Generic[Network]):
    """Reads what is said of items; attributes as those of `SoundExtractor`."""

    name: str
    arrays: tuple[str, ...]
    identity: str
    lend: Callable[[], AbstractContextManager[Network]]
    read: Callable[[Network, str], "Tensor"]
    takes: Takes = Takes.WORDS

    def features(self, item: Item, view: View) -> Features:
        """See `Extractor.features`; the same whichever the view."""
        with self.lend() as network:
            return {self.arrays[0]: numbers(self.read(network, item.words))}


def mono(sound: Soundtrack, rate: int, view: View) -> "Tensor":
    """The mean of all channels, its own mean taken out."""
    return sound.at(rate)


def numbers(tensor: "Tensor") -> Array:
    """A tensor as an array of its own."""
    return tensor.detach().float().cpu().numpy().copy()
