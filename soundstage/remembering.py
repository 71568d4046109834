"""What a cast has seen is kept in the work folder, so that no shot is looked at twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from soundstage.agents.roles import Bible, Cast, FilmView, Pause, Scriptwriter, ShotScript, ShotView, Split
from soundstage.cuesheet import Caption, Cue, Line, Overview, Scene, digest
from soundstage.reading import FilmFacts
from soundstage.workfolder import WorkFolder

_Model = TypeVar("_Model", bound=BaseModel)


class Glimpse(BaseModel):
    """A remembered first look; None of a cast that takes none."""

    overview: Overview | None


class WrittenBible(BaseModel):
    """A remembered sound bible."""

    bible: Bible


class Story(BaseModel):
    """A remembered storyboard, with the talk that led to it."""

    overview: Overview
    scenes: tuple[Scene, ...]
    talk: tuple[str, ...]


class SceneDesign(BaseModel):
    """A remembered design of one scene, with the talk that led to it."""

    cues: tuple[Cue, ...]
    talk: tuple[str, ...]


@dataclass(frozen=True)
class Memory:
    """What a cast has made of a film, kept in its work folder.

    From the moment on that another cast has stood in for it, what is made may hang on that one's answers: it is kept
    for this run, and the next one asks again.
    """

    cast: Cast
    folder: WorkFolder

    def recall(self, key: str, model: type[_Model]) -> _Model | None:
        """A remembered result, or None when there is none."""
        return self.folder.recall(key, model)

    def remember(self, key: str, result: BaseModel) -> None:
        """Keep a result under the hash of its inputs."""
        if self.cast.stood_in():
            self.folder.remember_for_now(key, result)
        else:
            self.folder.remember(key, result)


def written_bible(memory: Memory, film: Sequence[object], overview: Overview, scenes: Sequence[Scene]) -> Bible:
    """The sound bible that is remembered of a film's scenes, or a new one."""
    told = [overview.model_dump(mode="json"), *(scene.model_dump(mode="json") for scene in scenes)]
    key = digest(["bible", memory.cast.name, *film, told])
    known = memory.recall(key, WrittenBible)
    if known is not None:
        return known.bible
    bible = memory.cast.designer.write_bible(overview, scenes)
    memory.remember(key, WrittenBible(bible=bible))
    return bible


class RememberingScriptwriter:
    """Another Scriptwriter whose captions of shots are kept."""

    def __init__(self, cast: Cast, memory: Memory, film: Sequence[object]) -> None:
        """Args: cast: whose Scriptwriter is asked. memory: where captions are kept. film: what tells it from others."""
        self._inner: Scriptwriter = cast.scriptwriter
        self._memory = memory
        self._film = film
        self._name = cast.name

    def describe_shot(self, view: ShotView, overview: Overview | None) -> Caption:
        """The caption that is remembered, or a new one."""
        inputs = [view.shot.model_dump(mode="json", exclude={"clip"}), view.hint, [line.text for line in view.dialogue]]
        rough = overview.model_dump(mode="json") if overview else None
        key = digest(["caption", self._name, *self._film, inputs, rough])
        known = self._memory.recall(key, Caption)
        if known is not None:
            return known
        caption = self._inner.describe_shot(view, overview)
        self._memory.remember(key, caption)
        return caption

    def glimpse(self, view: FilmView) -> Overview | None:
        """As the inner one."""
        return self._inner.glimpse(view)

    def unify(self, captions: Sequence[ShotScript]) -> Caption:
        """As the inner one."""
        return self._inner.unify(captions)

    def split(self, scripts: Sequence[ShotScript], overview: Overview) -> Split | None:
        """As the inner one."""
        return self._inner.split(scripts, overview)

    def describe_film(self, facts: FilmFacts, scripts: Sequence[ShotScript]) -> Overview:
        """As the inner one."""
        return self._inner.describe_film(facts, scripts)

    def narrate(self, overview: Overview, scenes: Sequence[Scene], pauses: Sequence[Pause]) -> tuple[Line, ...]:
        """As the inner one."""
        return self._inner.narrate(overview, scenes, pauses)
