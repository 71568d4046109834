"""Whether a soundtrack's joins are heard: steps at them beside those of its interior, over films of any length."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundstage import sound
from soundstage.evaluation.offline.profile import house_blocks
from soundstage.review.seams import Seams, Steps, seams
from soundstage.sound import SAMPLE_RATE

_PIECE = 60.0
_AROUND = 5.0


def seams_at(path: Path, joins: Sequence[float]) -> Seams | None:
    """The seams of a soundtrack at instants (s): where windows were put together, or scenes change.

    Read in pieces of a minute around the joins, in which every join has its own surroundings to stand out from.

    Returns:
        None where no join has sound on both sides of it.

    Raises:
        BadSound: the file cannot be read.
    """
    duration = sound.facts(path).duration
    found = list(_pieces(path, sorted(join for join in joins if 0 < join < duration)))
    return _together(found) if found else None


def _pieces(path: Path, joins: Sequence[float]) -> Iterator[Seams]:
    for number in sorted({int(join // _PIECE) for join in joins}):
        start = max(0.0, number * _PIECE - _AROUND)
        inside = [join - start for join in joins if int(join // _PIECE) == number]
        piece = _mono(path, start, (number + 1) * _PIECE + _AROUND)
        try:
            yield seams(piece, SAMPLE_RATE, inside)
        except ValueError:
            continue  # nothing but joins, or all of them at an end


def _mono(path: Path, start: float, end: float) -> NDArray[np.float32]:
    blocks = [block.mean(axis=1) for block in house_blocks(path, start, end)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def _together(parts: Sequence[Seams]) -> Seams:
    return Seams(*(_joined([getattr(part, name) for part in parts]) for name in ("level", "spectrum", "phase")))


def _joined(parts: Sequence[Steps]) -> Steps:
    joins, interior = (np.concatenate([getattr(part, name) for part in parts]) for name in ("joins", "interior"))
    return Steps(joins, interior)
