"""What a recipe is: a named way to make a sound, with typed parameters, in one table.

A bed recipe gives an endless stream; a hit recipe gives one finished sound whose energy begins at
its first frame. Modules of `recipes/` register theirs with `bed` and `hit`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from soundstage.errors import BadCueSheet
from soundstage.sound import Block
from soundstage.synth.procedural.noise import Floats
from soundstage.synth.procedural.streams import Stream


@dataclass(frozen=True)
class Parameter:
    """One thing about a recipe that the design or a user sets."""

    name: str
    default: float
    low: float = 0.0
    high: float = 1.0
    doc: str = ""


def timbre_of(seed: int) -> np.random.Generator:
    """Chance that belongs to the source of a seed."""
    return np.random.default_rng([seed, 1])


@dataclass(frozen=True)
class Making:
    """What a recipe works with: chance, the parameters' values, and the cue around it.

    `seed` stands for the source: `timbre()` gives the same random numbers for every hit of it,
    while `rng` differs from hit to hit and from performance to performance (`take`). `seconds` is
    how long the cue lasts; `strength` (0..1) how hard this hit falls; `index` counts the hits.
    """

    rng: np.random.Generator
    values: Mapping[str, float]
    seconds: float
    seed: int
    take: int = 0
    strength: float = 1.0
    index: int = 0

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def choice(self, name: str) -> int:
        """A parameter that counts or chooses, as a whole number."""
        return round(self.values[name])

    def timbre(self) -> np.random.Generator:
        """Chance that belongs to the source: the same numbers at every hit."""
        return timbre_of(self.seed)

    def using(self, values: Mapping[str, float]) -> "Making":
        """The same making for another recipe that this one is built on, with that one's parameters."""
        return replace(self, values=values)

    def hit(self, index: int, strength: float) -> "Making":
        """The same source at its next hit."""
        return replace(self, rng=np.random.default_rng([self.take, 2, index]), strength=strength, index=index)


@dataclass(frozen=True)
class Pass:
    """A sound with its own stereo picture whose anchor is `lead` frames after its start (a car passing)."""

    sound: Block
    lead: int = 0


BedMaker = Callable[[Making], Stream]
HitMaker = Callable[[Making], Floats | Pass]
Bed = TypeVar("Bed", bound=BedMaker)
Hit = TypeVar("Hit", bound=HitMaker)


@dataclass(frozen=True)
class Recipe:
    """A way to make a sound: exactly one of `stream` and `blow` is there.

    `every` is the natural time between hits in seconds, `jitter` its variation as a share.
    `contrast` (dB) is how far a bed's rare events rise above it: so much room is left to them.
    """

    name: str
    doc: str
    parameters: tuple[Parameter, ...]
    stream: BedMaker | None = None
    blow: HitMaker | None = None
    every: float = 1.0
    jitter: float = 0.1
    contrast: float = 0.0

    def values(self, given: Mapping[str, float]) -> dict[str, float]:
        """Defaults, overridden by what is given; numbers outside a parameter's range go to its edge.

        Raises:
            BadCueSheet: a name this recipe does not know, or a value that is no number.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        if unknown := sorted(set(given) - set(known)):
            raise BadCueSheet(
                f"The recipe {self.name} has no parameter {unknown[0]!r}; it knows {', '.join(known) or 'none'}."
            )
        if odd := next((name for name, value in given.items() if not math.isfinite(value)), None):
            raise BadCueSheet(f"The parameter {odd!r} of the recipe {self.name} must be a number; correct it.")
        return {n: min(max(float(given.get(n, p.default)), p.low), p.high) for n, p in known.items()}


RECIPES: dict[str, Recipe] = {}


def bed(name: str, *parameters: Parameter, contrast: float = 0.0) -> Callable[[Bed], Bed]:
    """Register a function that gives an endless stream."""

    def register(make: Bed) -> Bed:
        _enter(Recipe(name, _doc(make), parameters, stream=make, contrast=contrast))
        return make

    return register


def hit(name: str, *parameters: Parameter, every: float, jitter: float = 0.1) -> Callable[[Hit], Hit]:
    """Register a function that gives one sound; `every` becomes a parameter of its own."""

    def register(make: Hit) -> Hit:
        pace = Parameter("every", every, 0.03, 60.0, "seconds between hits when the cue gives no anchors")
        _enter(Recipe(name, _doc(make), (*parameters, pace), blow=make, every=every, jitter=jitter))
        return make

    return register


def _enter(recipe: Recipe) -> None:
    if recipe.name in RECIPES:
        raise ValueError(f"two recipes are called {recipe.name!r}")
    RECIPES[recipe.name] = recipe


def _doc(make: Callable[..., object]) -> str:
    return (make.__doc__ or "").strip().splitlines()[0] if make.__doc__ else ""
