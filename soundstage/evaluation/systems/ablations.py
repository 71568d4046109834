"""Soundstage with a part taken out, to see what that part is worth: roles that stand in for those of a cast."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Final

from soundstage.agents.roles import (
    Cast,
    Choice,
    Draft,
    FilmView,
    Pause,
    Plan,
    SceneView,
    Scriptwriter,
    ShotScript,
    ShotView,
    SoundIdea,
    Split,
    Verdict,
)
from soundstage.cuesheet import Caption, Line, Overview, Scene
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import NONE
from soundstage.options import StudioOptions
from soundstage.reading import FilmFacts


class Ablation(StrEnum):
    """A part of Soundstage that can be taken out.

    no-storyboard: the whole film is one scene (as far as scenes may be long). no-correction: the Storyboarder and the
    Scriptwriter do not discuss: every shot is a scene. no-retrieval: what the Designer asks for is taken by its
    letters, not by its meaning. no-listening: the first take of every sound stands, and nobody asks for another.
    """

    NO_STORYBOARD = "no-storyboard"
    NO_CORRECTION = "no-correction"
    NO_RETRIEVAL = "no-retrieval"
    NO_LISTENING = "no-listening"


def without(cast: Cast, ablations: Iterable[Ablation]) -> Cast:
    """The cast without the parts taken out, under a name of its own."""
    for ablation in ablations:
        cast = replace(_CASTS.get(ablation, _unchanged)(cast), name=f"{cast.name}, {ablation.value}")
    return cast


def options_without(options: StudioOptions, ablations: Iterable[Ablation]) -> StudioOptions:
    """The options of a studio in which the parts taken out do not work."""
    if Ablation.NO_LISTENING in ablations:
        return replace(options, candidates=1, listen=False)
    return options


@dataclass(frozen=True)
class ConstantStoryboarder:
    """Says the same of every pair of shots."""

    merge: bool

    def judge(self, before: ShotScript, after: ShotScript, overview: Overview) -> Verdict:
        """What it always says."""
        return Verdict(merge=self.merge, confidence=0.5, reason="nobody looks whether the shots go together")


@dataclass(frozen=True)
class UnsplittingScriptwriter:
    """Another Scriptwriter who never finds two events in a scene."""

    inner: Scriptwriter

    def glimpse(self, view: FilmView) -> Overview | None:
        """As the other does."""
        return self.inner.glimpse(view)

    def describe_shot(self, view: ShotView, overview: Overview | None) -> Caption:
        """As the other does."""
        return self.inner.describe_shot(view, overview)

    def unify(self, captions: Sequence[ShotScript]) -> Caption:
        """As the other does."""
        return self.inner.unify(captions)

    def split(self, scripts: Sequence[ShotScript], overview: Overview) -> Split | None:
        """Never."""
        return None

    def describe_film(self, facts: FilmFacts, scripts: Sequence[ShotScript]) -> Overview:
        """As the other does."""
        return self.inner.describe_film(facts, scripts)

    def narrate(self, overview: Overview, scenes: Sequence[Scene], pauses: Sequence[Pause]) -> tuple[Line, ...]:
        """As the other does."""
        return self.inner.narrate(overview, scenes, pauses)


class LiteralSynthesizer:
    """Takes the Designer at his word: the label of that name, else the one that is spelt most like it.

    There is no search by meaning or type of sound, no look at what can be made well, no rule on voices.
    """

    def retrieve(self, view: SceneView, draft: Draft) -> Plan:
        """Every idea with the label its letters lead to."""
        return Plan(
            background=tuple(map(_literal, draft.background)),
            main=tuple(map(_literal, draft.main)),
        )


def _literal(idea: SoundIdea) -> Choice:
    words = idea.words.strip().lower()
    if words in ("", NONE, "silence", "nothing"):
        return Choice(idea, None, 1.0, "none stays none")
    named = knowledge().find(words)
    if named is not None:
        return Choice(idea, named.name, 1.0, "named outright")
    return Choice(idea, _spelt_like(words), 0.0, "spelt most like it")


@lru_cache(maxsize=4096)
def _spelt_like(words: str) -> str:
    return difflib.get_close_matches(words, sorted(knowledge().labels), n=1, cutoff=0.0)[0]


def _unchanged(cast: Cast) -> Cast:
    return cast


def _one_scene(cast: Cast) -> Cast:
    scriptwriter = UnsplittingScriptwriter(cast.scriptwriter)
    return replace(cast, storyboarder=ConstantStoryboarder(merge=True), scriptwriter=scriptwriter)


def _scene_a_shot(cast: Cast) -> Cast:
    return replace(cast, storyboarder=ConstantStoryboarder(merge=False))


def _taken_literally(cast: Cast) -> Cast:
    return replace(cast, synthesizer=LiteralSynthesizer())


def _unheard(cast: Cast) -> Cast:
    return replace(cast, listens=False)


_CASTS: Final[Mapping[Ablation, Callable[[Cast], Cast]]] = {
    Ablation.NO_STORYBOARD: _one_scene,
    Ablation.NO_CORRECTION: _scene_a_shot,
    Ablation.NO_RETRIEVAL: _taken_literally,
    Ablation.NO_LISTENING: _unheard,
}
