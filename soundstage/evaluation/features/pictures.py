"""Moving pictures as av-benchmark reads them: at a steady rate, each the one shown half an interval later."""

from collections.abc import Iterator

import numpy as np

from soundstage.errors import BadFilm
from soundstage.evaluation.features.item import Item
from soundstage.footage import Footage, Picture, Reel

# ffmpeg's filter `fps` gives picture n the last one that comes before n and a half intervals.
_BEFORE = 0.001


def seen(item: Item, rate: float, start: float, count: int) -> Iterator[Picture]:
    """Pictures of an item's film, (height, width, 3) each.

    Args:
        item: has a film.
        rate: pictures a second.
        start: film time (s) from which they are counted.
        count: how many.

    Raises:
        BadFilm: it has no film, or one that ends before the last of them.
        StorageError: the film cannot be read.
    """
    if item.film is None:
        raise BadFilm(f"{item.id} has no film; give one.")
    times = start + (np.arange(count, dtype=np.float64) + 0.5) / rate - _BEFORE
    if count and start + (count - 0.5) / rate > item.seconds + 0.5 / rate:
        raise BadFilm(
            f"{item.film} is {item.seconds:.2f} s long, but {start + count / rate:g} s of it are to be looked at; "
            "look at less."
        )
    return Footage([Reel(item.film, 0.0, item.seconds)]).pictures(times)
