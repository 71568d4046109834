"""Whether a take belongs to the picture: ImageBind, which puts pictures and sounds into one space.

The cosine of the two is what is published as IB score, of which MMAudio's large model has a mean of 0.33 on VGGSound;
a take of 0.3 or more is counted as fully belonging, one of 0 as not at all.
"""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from soundstage.cuesheet import Cue, Layer, Perspective
from soundstage.footage import Footage
from soundstage.knowledge.label import Label
from soundstage.review.checks import Verdict
from soundstage.review.excerpts import excerpt, is_heard, spread
from soundstage.review.listeners import Lender

Vector = NDArray[np.float32]

NAME = "pairing"
SOUND_RATE = 16_000
_WINDOW = 10.0
_MOST_WINDOWS = 6
_SECONDS_PER_PICTURE = 2.0
_SHORTEST = 0.3
_STRANGE = 0.0
_TOGETHER = 0.3
_GOOD = 0.5
_JUDGED = (Layer.EFFECTS, Layer.AMBIENCE)


class PicturesAndSounds(Protocol):
    """A model that puts pictures and sounds into one space; `soundstage.networks.imagebind` has one."""

    def vision(self, frames: NDArray[np.uint8]) -> Vector:
        """The vector of length 1, (d,), of pictures (n, height, width, 3), one every 2 s."""
        ...

    def audio(self, sound: NDArray[np.float32]) -> Vector:
        """The vector of length 1, (d,), of a sound (samples,) at 16 kHz."""
        ...


class Pairing:
    """The ear for what belongs together. It hears effects and ambience, not what is said to be off screen."""

    name = NAME

    def __init__(self, lend: Lender[PicturesAndSounds], identity: str, footage: Footage) -> None:
        """Args: lend: the model. identity: of its weights. footage: the film's."""
        self._lend = lend
        self._identity = identity
        self._footage = footage

    def basis(self, cue: Cue) -> str:
        """The weights and the pictures it is shown; nothing for what it does not judge."""
        if not _is_seen(cue):
            return ""
        return f"{self._identity} {self._footage.identity(cue.start, cue.end)}"

    def judge(self, take: Path, cue: Cue, label: Label | None) -> Verdict | None:
        """How well sound and picture go together, the mean over windows of 10 s all along the cue."""
        if not _is_seen(cue):
            return None
        length = min(cue.duration, _WINDOW)
        starts = spread(cue.duration, length, _MOST_WINDOWS)
        found = {start: near for start in starts if (near := self._nearness(take, cue, start, length)) is not None}
        return _verdict(cue, found, length) if found else None

    def _nearness(self, take: Path, cue: Cue, start: float, length: float) -> float | None:
        """The cosine in the window that begins at `start` from the cue's; None where there is nothing to hear."""
        heard = excerpt(take, start, length, SOUND_RATE)
        if not is_heard(heard):
            return None
        seen = np.stack(list(self._footage.pictures(_times(cue.start + start, length))))
        with self._lend() as model:
            return float(model.vision(seen) @ model.audio(heard))


def _is_seen(cue: Cue) -> bool:
    return cue.layer in _JUDGED and cue.perspective is not Perspective.OFF_SCREEN and cue.duration >= _SHORTEST


def _times(start: float, length: float) -> NDArray[np.float64]:
    """Film times of pictures 2 s apart; two of a shorter stretch, which the network sees as moving."""
    count = max(2, round(length / _SECONDS_PER_PICTURE))
    return start + (np.arange(count) + 0.5) * length / count


def _verdict(cue: Cue, found: dict[float, float], length: float) -> Verdict:
    mean = float(np.mean(list(found.values())))
    score = float(np.clip((mean - _STRANGE) / (_TOGETHER - _STRANGE), 0.0, 1.0))
    if score >= _GOOD:
        return score, f"it belongs to the picture ({mean:.2f})"
    worst = min(found, key=lambda start: found[start])
    where = cue.start + worst + length / 2
    return score, f"it hardly belongs to what is seen around {where:.1f} s ({found[worst]:.2f}); ask for another sound"
