"""What a cast has seen is kept in the work folder, so that no shot is looked at twice."""

from collections.abc import Sequence

from pydantic import BaseModel

from soundstage.agents.roles import Cast, FilmView, Pause, Scriptwriter, ShotScript, ShotView, Split
from soundstage.cuesheet import Caption, Line, Overview, Scene, digest
from soundstage.reading import FilmFacts
from soundstage.workfolder import WorkFolder


class Glimpse(BaseModel):
    """A remembered first look; None of a cast that takes none."""

    overview: Overview | None


class RememberingScriptwriter:
    """Another Scriptwriter whose captions of shots are kept in the work folder."""

    def __init__(self, cast: Cast, folder: WorkFolder, film: Sequence[object]) -> None:
        """Args: cast: whose Scriptwriter is asked. folder: where captions are kept. film: what tells it from others."""
        self._inner: Scriptwriter = cast.scriptwriter
        self._folder = folder
        self._film = film
        self._name = cast.name

    def describe_shot(self, view: ShotView, overview: Overview | None) -> Caption:
        """The caption that is remembered, or a new one."""
        inputs = [view.shot.model_dump(mode="json", exclude={"clip"}), view.hint, [line.text for line in view.dialogue]]
        rough = overview.model_dump(mode="json") if overview else None
        key = digest(["caption", self._name, *self._film, inputs, rough])
        known = self._folder.recall(key, Caption)
        if known is not None:
            return known
        caption = self._inner.describe_shot(view, overview)
        self._folder.remember(key, caption)
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
