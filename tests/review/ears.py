"""Stand-ins for models whose answers are known, and for ears."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundstage.cuesheet import Cue
from soundstage.knowledge.label import Label
from soundstage.review.checks import Verdict

Vector = NDArray[np.float32]


def lent(model):
    return lambda: contextlib.nullcontext(model)


def unit(*numbers: float) -> Vector:
    vector = np.array(numbers, np.float32)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@dataclass
class PlantedWords:
    """Sounds lie where `heard` puts them; texts at the vector of the name that they end with, else apart."""

    heard: Callable[[Vector], Vector]
    names: Mapping[str, Vector]
    scale: float = 10.0
    texts: list[str] = field(default_factory=list)
    windows: list[int] = field(default_factory=list)

    def audio(self, sounds: Sequence[Vector]) -> Vector:
        self.windows += [len(sound) for sound in sounds]
        return np.stack([self.heard(sound) for sound in sounds])

    def text(self, texts: Sequence[str]) -> Vector:
        self.texts += texts
        apart = unit(0, 0, 1)
        return np.stack(
            [next((v for name, v in self.names.items() if text.endswith(f" {name}.")), apart) for text in texts]
        )


@dataclass
class PlantedPairs:
    """Pictures lie at `seen`, sounds at `heard`."""

    seen: Vector
    heard: Vector
    shown: list[tuple[int, ...]] = field(default_factory=list)

    def vision(self, frames: NDArray[np.uint8]) -> Vector:
        self.shown.append(frames.shape)
        return self.seen

    def audio(self, sound: Vector) -> Vector:
        return self.heard


@dataclass
class Stopwatch:
    """Finds where a bright picture and a loud instant lie in a window, as a perfect model of sync would.

    Where there is no flash it cannot tell.
    """

    rate: int = 25
    sure: float = 20.0

    def classes(self, pictures: NDArray[np.uint8], sound: Vector) -> Vector:
        flash = float(pictures.mean(axis=(1, 2, 3)).argmax()) / self.rate
        bang = float(np.abs(sound).argmax()) / 16_000
        grid = np.linspace(-2, 2, 21)
        sure = self.sure if pictures.any() else 0.0
        return (-sure * np.abs(grid - (flash - bang))).astype(np.float32)


@dataclass
class Planted:
    """An ear whose verdict is told beforehand, or which raises."""

    verdict: Callable[[Path], Verdict | None]
    name: str = "planted"
    told: str = "weights"
    asked: list[str] = field(default_factory=list)

    def basis(self, cue: Cue) -> str:
        return self.told

    def judge(self, take: Path, cue: Cue, label: Label | None) -> Verdict | None:
        self.asked.append(cue.id)
        return self.verdict(take)


def raising(problem: Exception) -> Callable[[Path], Verdict | None]:
    def verdict(take: Path) -> Verdict | None:
        raise problem

    return verdict


@dataclass
class Flashes:
    """Footage that is dark but for flashes, a tenth of a second long each."""

    times: tuple[float, ...] = ()
    asked: list[float] = field(default_factory=list)

    def pictures(self, times: NDArray[np.float64]) -> Iterator[NDArray[np.uint8]]:
        for time in times:
            self.asked.append(float(time))
            lit = any(flash - 1e-6 <= time < flash + 0.1 for flash in self.times)
            yield np.full((4, 6, 3), 255 if lit else 0, np.uint8)

    def identity(self, start: float, end: float) -> str:
        return f"{self.times} {start:.2f} {end:.2f}"
