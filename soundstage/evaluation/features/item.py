"""What features are extracted from: a film's pictures, a soundtrack, words; and which part of it is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from soundstage.evaluation.metrics.windows import LENGTH, spans

Array: TypeAlias = NDArray[np.float32]
Features: TypeAlias = Mapping[str, Array]
"""Arrays of one item by name; see `store.ARRAYS`."""

Table: TypeAlias = Mapping[str, Mapping[str, Array]]
"""Arrays by name, then by item."""


@dataclass(frozen=True)
class Item:
    """One film, or one soundtrack made for it.

    Attributes:
        id: the entry's; names its features.
        seconds: how long the film is.
        sound: what is heard: a sound file, or a film whose own track it is.
        film: what is seen.
        words: what is said of it.
    """

    id: str
    seconds: float
    sound: Path | None = None
    film: Path | None = None
    words: str = ""


@dataclass(frozen=True)
class View:
    """How much of a film is looked at.

    Attributes:
        whole: in windows over its whole length, one row of features each; else once from its beginning, as published.
        seconds: how much of the beginning (None: all of it); of windows, how long they are.
    """

    whole: bool
    seconds: float | None

    def spans(self, duration: float) -> tuple[tuple[float, float], ...]:
        """Start and end (s) of what is looked at, of a film of that length."""
        if self.whole:
            return spans(duration, self.seconds or LENGTH)
        return ((0.0, duration if self.seconds is None else self.seconds),)

    def rows(self, features: Array) -> Array:
        """Features of all spans, (spans, ...), as they are kept: those of a single look without the first axis."""
        return features if self.whole else features[0]


def legacy(seconds: float | None = 8.0) -> View:
    """The view of av-benchmark, whose `audio_length` is `seconds`; None: as long as each film is."""
    return View(whole=False, seconds=seconds)


WHOLE = View(whole=True, seconds=LENGTH)
