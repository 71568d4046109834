"""The house cast's own words: what classes of pictures, settings and verbs mean to a film's sound."""

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from soundstage.agents.house.efficientnet import class_names

_Share = Annotated[float, Field(ge=0, le=1)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Concept(_Entry):
    """Something that can be seen: the classes that mean it, where it is met, what it sounds like.

    `when` says what it takes to be heard: `seen` (being there), `moving` (the picture moves) or
    `acting` (something visibly happens). `needs` names colours without which it was misread.
    """

    name: str
    kind: Literal["animal", "vehicle", "person", "thing", "place", "instrument", "weapon", "tool", "food"]
    words: tuple[str, ...] = ()
    classes: tuple[str, ...]
    setting: dict[str, _Share] = Field(default_factory=dict)
    needs: tuple[Literal["water", "blue", "fire", "sky"], ...] = ()
    sounds: tuple[str, ...] = ()
    when: Literal["seen", "moving", "acting"]


class Setting(_Entry):
    """A place or weather, and the ambience behind it by day and by night."""

    name: str
    inside: bool
    weather: bool = False
    words: tuple[str, ...] = ()
    caption: str
    day: tuple[str, ...]
    night: tuple[str, ...]
    surface: str = ""

    def ambience(self, night: bool) -> tuple[str, ...]:
        """What is heard there."""
        return self.night if night else self.day


class Action(_Entry):
    """Verbs that sound alike. `rhythm` says how the sound sits on the onsets of motion."""

    verbs: tuple[str, ...]
    by: tuple[str, ...] = ()
    sound: str
    rhythm: Literal["steps", "hits", "none"] = "none"


def _load(name: str) -> list[dict[str, Any]]:
    text = resources.files(__package__).joinpath("data").joinpath(name).read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = yaml.safe_load(text)
    return entries


@cache
def concepts() -> tuple[Concept, ...]:
    """Everything the eye has a word for."""
    return tuple(Concept.model_validate(entry) for entry in _load("concepts.yaml"))


@cache
def settings() -> dict[str, Setting]:
    """Places and weathers by name."""
    return {entry["name"]: Setting.model_validate(entry) for entry in _load("settings.yaml")}


@cache
def actions() -> tuple[Action, ...]:
    """Groups of verbs, more particular ones first."""
    return tuple(Action.model_validate(entry) for entry in _load("actions.yaml"))


def concept(name: str) -> Concept | None:
    """The concept of this name or with this word for it."""
    return _by_word().get(name)


@cache
def _by_word() -> dict[str, Concept]:
    by_name = {each.name: each for each in concepts()}
    return {word: each for each in concepts() for word in each.words} | by_name


@cache
def class_matrix() -> NDArray[np.float32]:
    """Which classes mean which concept, shape (concepts, 1000), of zeros and ones."""
    names = class_names()
    numbers = {name: number for number, name in enumerate(names)}
    matrix = np.zeros((len(concepts()), len(names)), dtype=np.float32)
    for row, each in enumerate(concepts()):
        matrix[row, _numbers(each.classes, numbers)] = 1
    return matrix


def _numbers(classes: Sequence[str], numbers: dict[str, int]) -> list[int]:
    found: list[int] = []
    for entry in classes:
        first, dash, last = entry.partition("-")
        if first.isdigit():
            found.extend(range(int(first), int(last if dash else first) + 1))
        else:
            found.append(numbers[entry])
    return found
