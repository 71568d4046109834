"""The four roles of the studio, as interfaces; every cast implements all of them.

Roles are asked from several threads at once and keep no state between questions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from soundstage.cuesheet import Caption, Cue, Line, Overview, Scene
from soundstage.reading import FilmFacts, MotionCurve, Shot


@dataclass(frozen=True)
class ShotView:
    """All that a Scriptwriter may look at of one shot: its reading, its keyframes on disk, what is said in it."""

    shot: Shot
    pictures: tuple[Path, ...]
    dialogue: tuple[Line, ...] = ()
    hint: str | None = None


@dataclass(frozen=True)
class ShotScript:
    """A shot together with its caption: what the Storyboarder judges."""

    shot: Shot
    caption: Caption


@dataclass(frozen=True)
class Verdict:
    """The Storyboarder's decision on two neighbours, how sure it is, and why."""

    merge: bool
    confidence: float
    reason: str


@dataclass(frozen=True)
class SoundIdea:
    """A sound the Designer asks for, in free words, with why. `confidence` is 0 to 1.

    `visible` tells whether its source is on the picture; `salience` how much of the scene it is.
    """

    words: str
    confidence: float
    reason: str
    visible: bool = True
    salience: float = 0.5


@dataclass(frozen=True)
class Draft:
    """The Designer's first answer: ambience behind, main sounds in front. Both may be empty."""

    background: tuple[SoundIdea, ...]
    main: tuple[SoundIdea, ...]


@dataclass(frozen=True)
class Choice:
    """An idea with the label the Synthesizer found for it; `label` is None when the idea stays silent."""

    idea: SoundIdea
    label: str | None
    similarity: float
    reason: str


@dataclass(frozen=True)
class Plan:
    """The Synthesizer's answer: every idea with its label."""

    background: tuple[Choice, ...]
    main: tuple[Choice, ...]


@dataclass(frozen=True)
class Review:
    """The Designer's word on a plan: final, or the draft corrected with what was wrong."""

    final: bool
    draft: Draft
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class SceneView:
    """All that a Designer may look at of one scene. `seed` is the job's."""

    scene: Scene
    shots: tuple[Shot, ...]
    motion: MotionCurve
    overview: Overview
    facts: FilmFacts
    seed: int = 0


@dataclass(frozen=True)
class Turn:
    """One thing said in a conversation of the cast; `str` makes it a line to read."""

    role: str
    text: str

    def __str__(self) -> str:
        return f"{self.role}: {self.text}"


class Scriptwriter(Protocol):
    """Says what happens: shot by shot, in merged scenes, and over the whole film."""

    def describe_shot(self, view: ShotView, overview: Overview | None) -> Caption:
        """Caption one shot from its keyframes, motion and dialogue; a hint outweighs what is seen."""
        ...

    def unify(self, captions: Sequence[ShotScript]) -> Caption:
        """One caption for shots that were merged into a scene."""
        ...

    def describe_film(self, facts: FilmFacts, scripts: Sequence[ShotScript]) -> Overview:
        """The film as a whole: a rough summary and a timeline."""
        ...


class Storyboarder(Protocol):
    """Decides which neighbouring shots are one scene."""

    def judge(self, before: ShotScript, after: ShotScript, overview: Overview) -> Verdict:
        """Same ongoing event in the same setting, and action and sound continue?"""
        ...


class Designer(Protocol):
    """Decides what should be heard, and sets it in time, level and space."""

    def draft(self, view: SceneView) -> Draft:
        """Ask for sounds in free words; restraint is an answer."""
        ...

    def review(self, view: SceneView, plan: Plan) -> Review:
        """Accept the plan or correct the draft."""
        ...

    def cue(self, view: SceneView, plan: Plan) -> tuple[Cue, ...]:
        """Turn an accepted plan into cues: times, anchors, level, pan, seed, parameters."""
        ...


class Synthesizer(Protocol):
    """Finds the label that each sound asked for can be made as."""

    def retrieve(self, view: SceneView, draft: Draft) -> Plan:
        """Replace ideas by labels of the knowledge base; never a label outside it."""
        ...


@dataclass(frozen=True)
class Cast:
    """One implementation of each role."""

    name: str
    scriptwriter: Scriptwriter
    storyboarder: Storyboarder
    designer: Designer
    synthesizer: Synthesizer
