"""What every film of a set shows and when, drawn from a seed before anything is painted."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Final

import numpy as np

from soundstage.errors import BadOption
from soundstage.evaluation.bench.entries import Entry, Event, Span
from soundstage.evaluation.films.actions import Action
from soundstage.evaluation.films.kinds import KINDS, THEMES, Kind
from soundstage.evaluation.films.sheet import Camera
from soundstage.evaluation.films.timing import on_picture

FILMS, SOUNDS = "films", "sounds"
_CUT_FROM: Final = 5.0  # seconds from which a scene may be shown in two shots
_TWO_SHOTS: Final = 0.7
_CLOSER: Final = (Camera(0.1, 0.16, 0.8), Camera(0.12, 0.12, 0.76, mirrored=True), Camera(0.06, 0.1, 0.88))


@dataclass(frozen=True)
class Size:
    """How many films a set has, and how long they and their scenes are, in seconds."""

    films: int
    seconds: tuple[float, float]
    scene: tuple[float, float]


SETS: Final[Mapping[str, Size]] = {
    "small": Size(films=6, seconds=(20.0, 40.0), scene=(6.0, 11.0)),
    "large": Size(films=24, seconds=(60.0, 120.0), scene=(8.0, 20.0)),
}


@dataclass(frozen=True)
class ScenePlan:
    """One scene: its kind, when it starts and how long it is (s), where it is cut, and the seed of its action."""

    kind: str
    start: float
    seconds: float
    cut: float | None
    camera: Camera
    seed: tuple[int, ...]

    @property
    def end(self) -> float:
        """When the scene ends, in the film."""
        return self.start + self.seconds

    @property
    def what(self) -> Kind:
        """The kind of scene it is."""
        return KINDS[self.kind]

    @property
    def action(self) -> Action:
        """What goes on in it."""
        return _action(self.kind, self.seconds, self.seed)

    @property
    def instants(self) -> tuple[float, ...]:
        """When it sounds, in the film."""
        return tuple(round(self.start + at, 3) for at in self.action.instants)


@lru_cache(maxsize=64)
def _action(kind: str, seconds: float, seed: tuple[int, ...]) -> Action:
    return KINDS[kind].act(np.random.default_rng(seed), seconds)


@dataclass(frozen=True)
class FilmPlan:
    """One film: its id, its category, and its scenes one after the other."""

    id: str
    category: str
    scenes: tuple[ScenePlan, ...]

    @property
    def seconds(self) -> float:
        """The film's length."""
        return self.scenes[-1].end

    def entry(self) -> Entry:
        """The film as an entry of a bench, with all that is known of it."""
        told = dict.fromkeys(scene.what.words for scene in self.scenes)
        return Entry(
            id=self.id,
            film=f"{FILMS}/{self.id}.mp4",
            sound=f"{SOUNDS}/{self.id}.flac",
            captions=tuple(
                Span(start=round(scene.start, 3), end=round(scene.end, 3), text=_sentence(scene.what.words))
                for scene in self.scenes
            ),
            description=" ".join(_sentence(words) for words in told),
            categories=(self.category,),
            events=tuple(Event(time=at, label=scene.what.label) for scene in self.scenes for at in scene.instants),
            scenes=tuple(round(scene.start, 3) for scene in self.scenes[1:]),
        )


def plans(name: str, seed: int = 0) -> tuple[FilmPlan, ...]:
    """The films of a set. Raises BadOption where there is no set of that name."""
    if name not in SETS:
        raise BadOption(f"There is no film set {name!r}; choose one of: {', '.join(SETS)}.")
    return tuple(plan(SETS[name], number, seed) for number in range(SETS[name].films))


def plan(size: Size, number: int, seed: int = 0) -> FilmPlan:
    """One film of a set, by its number from 0; every category comes in turn."""
    rng = np.random.default_rng([seed, number])
    category = tuple(THEMES)[number % len(THEMES)]
    lengths = _lengths(rng, size)
    kinds = _kinds(rng, THEMES[category], len(lengths))
    starts = [0.0, *accumulate(lengths)]
    scenes = tuple(
        ScenePlan(
            kind=kind,
            start=round(start, 3),
            seconds=length,
            cut=_cut(rng, length),
            camera=_CLOSER[int(rng.integers(len(_CLOSER)))],
            seed=(seed, number, place),
        )
        for place, (kind, start, length) in enumerate(zip(kinds, starts, lengths, strict=False))
    )
    return FilmPlan(f"{number + 1:02}-{category.replace(' ', '-')}", category, scenes)


def _lengths(rng: np.random.Generator, size: Size) -> list[float]:
    """Lengths of scenes that make up a film of a length within the set's bounds."""
    whole = float(rng.uniform(*size.seconds))
    count = max(2, round(whole / float(np.mean(size.scene))))
    shares = rng.uniform(*size.scene, count)
    return [on_picture(float(share)) for share in shares * whole / shares.sum()]


def _kinds(rng: np.random.Generator, among: tuple[str, ...], count: int) -> list[str]:
    """Kinds of scene in a drawn order, each as often as any other, none twice in a row."""
    order = [among[place] for place in rng.permutation(len(among))]
    return [order[place % len(order)] for place in range(count)]


def _cut(rng: np.random.Generator, seconds: float) -> float | None:
    """Where in a scene the camera changes, if it does."""
    at, changes = on_picture(float(rng.uniform(0.4, 0.6)) * seconds), rng.random() < _TWO_SHOTS
    return at if changes and seconds >= _CUT_FROM else None


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."
