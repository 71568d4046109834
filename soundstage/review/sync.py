"""Whether a take is in time with the picture: Synchformer (Iashin et al., 2024), in windows all along the cue.

The model tells by how much sound and picture of 4.8 s are apart, as one of 21 classes from -2 to 2 s. They are signed
as in its training, where the sound of class `o` was cut `o` seconds later out of the film than the picture:
what is heard in it comes `o` seconds too early, and a negative class means too late.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from soundstage.cuesheet import Cue, Layer, Perspective
from soundstage.footage import Footage
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Behaviour, Label
from soundstage.review.checks import Verdict
from soundstage.review.excerpts import Excerpt, excerpt, is_heard, spread
from soundstage.review.listeners import Lender

NAME = "sync"
WINDOW = 4.8
PICTURES_PER_SECOND = 25
SOUND_RATE = 16_000
OFFSETS: NDArray[np.float64] = np.linspace(-2.0, 2.0, 21)

_MOST_WINDOWS = 12
_SHORTEST = 0.3
_IN_TIME = 0.2  # the classes are as far apart
_LOST = 1.2
_SURE = 0.3  # the least share of the likeliest class and its neighbours; of 21 that are all alike they have 0.14


class PictureAndSound(Protocol):
    """A model that tells how far sound and picture are apart."""

    def classes(self, pictures: NDArray[np.uint8], sound: Excerpt) -> NDArray[np.float32]:
        """Logits of the 21 classes for one window.

        Args:
            pictures: (120, height, width, 3) at 25 a second.
            sound: (76 800,) at 16 kHz.
        """
        ...


@dataclass(frozen=True)
class Apart:
    """By how much the sound is late (negative: early) in the window around a film time, all in seconds."""

    late: float
    time: float


class Sync:
    """The ear for timing. It hears effects whose source is seen, where the take sounds."""

    name = NAME

    def __init__(self, lend: Lender[PictureAndSound], identity: str, footage: Footage) -> None:
        """Args: lend: the model. identity: of its weights. footage: the film's."""
        self._lend = lend
        self._identity = identity
        self._footage = footage

    def basis(self, cue: Cue) -> str:
        """The weights and the pictures it is shown; nothing for what it does not judge."""
        if not _is_timed(cue, knowledge().find(cue.label)):
            return ""
        starts = _starts(cue)
        return f"{self._identity} {self._footage.identity(max(0.0, starts[0]), starts[-1] + WINDOW)}"

    def judge(self, take: Path, cue: Cue, label: Label | None) -> Verdict | None:
        """By how much sound and picture are apart, the mean over the windows that tell."""
        if not _is_timed(cue, label):
            return None
        found = [apart for start in _starts(cue) if (apart := self._apart(take, cue, start)) is not None]
        return _verdict(found) if found else None

    def _apart(self, take: Path, cue: Cue, start: float) -> Apart | None:
        """In the window that begins at a film time; None where there is nothing to hear, or nothing to time it by."""
        heard = excerpt(take, start - cue.start, WINDOW, SOUND_RATE)
        if not is_heard(heard):
            return None
        seen = np.stack(list(self._footage.pictures(_times(start))))
        with self._lend() as model:
            likely = _shares(model.classes(seen, heard))
        best = int(likely.argmax())
        if likely[max(0, best - 1) : best + 2].sum() < _SURE:
            return None
        return Apart(late=-float(OFFSETS[best]), time=start + WINDOW / 2)


def _shares(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    powers = np.exp(logits.astype(np.float64) - logits.max())
    shares: NDArray[np.float64] = powers / powers.sum()
    return shares


def _is_timed(cue: Cue, label: Label | None) -> bool:
    seen = cue.layer is Layer.EFFECTS and cue.perspective is not Perspective.OFF_SCREEN
    steady = label is not None and label.behaviour is Behaviour.STEADY
    return seen and not steady and cue.duration >= _SHORTEST


def _starts(cue: Cue) -> tuple[float, ...]:
    """Film times at which windows begin: all along a long cue, one around a short one."""
    if cue.duration <= WINDOW:
        return ((cue.start + cue.end - WINDOW) / 2,)
    return tuple(cue.start + start for start in spread(cue.duration, WINDOW, _MOST_WINDOWS))


def _times(start: float) -> NDArray[np.float64]:
    return start + np.arange(round(WINDOW * PICTURES_PER_SECOND)) / PICTURES_PER_SECOND


def _verdict(found: Sequence[Apart]) -> Verdict:
    mean = float(np.mean([abs(apart.late) for apart in found]))
    score = float(np.clip((_LOST - mean) / (_LOST - _IN_TIME), 0.0, 1.0))
    if mean <= _IN_TIME:
        return score, "it is in time with the picture"
    worst = max(found, key=lambda apart: abs(apart.late))
    side = "late" if worst.late > 0 else "early"
    return score, f"it is {abs(worst.late):.1f} s {side} in the picture around {worst.time:.1f} s"
