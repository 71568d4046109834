"""The four roles of the studio, as interfaces; every cast implements all of them.

Roles are asked from several threads at once and keep no state between questions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from soundstage.cuesheet import Caption, Cue, Line, Overview, Perspective, Scene
from soundstage.reading import FilmFacts, MotionCurve, Shot

# How a sound sits on what moves: at every footfall, at every blow, when something is nearest, or on none of it.
Rhythm = Literal["steps", "hits", "pass", "none"]


@dataclass(frozen=True)
class ShotView:
    """All that a Scriptwriter may look at of one shot: its reading, its keyframes on disk, what is said in it.

    `clip` is its proxy clip on disk, where the film was read for one.
    """

    shot: Shot
    pictures: tuple[Path, ...]
    dialogue: tuple[Line, ...] = ()
    hint: str | None = None
    clip: Path | None = None


@dataclass(frozen=True)
class Still:
    """A picture on disk, and when in the film it is (seconds)."""

    time: float
    path: Path


MOST_STILLS = 24


@dataclass(frozen=True)
class FilmView:
    """All that a Scriptwriter may look at of the whole film before its shots: stills in order, and what is said.

    There are at most `MOST_STILLS` stills, however long the film. `shots` is what was measured of every shot.
    """

    facts: FilmFacts
    stills: tuple[Still, ...]
    dialogue: tuple[Line, ...] = ()
    hint: str | None = None
    shots: tuple[Shot, ...] = ()


@dataclass(frozen=True)
class ShotScript:
    """A shot together with its caption: what the Storyboarder judges."""

    shot: Shot
    caption: Caption


@dataclass(frozen=True)
class Verdict:
    """The Storyboarder's decision on two neighbours, how sure it is, and why.

    `caption` is its one caption for both, when they are merged and it has written one; else the Scriptwriter is asked.
    """

    merge: bool
    confidence: float
    reason: str
    caption: Caption | None = None


@dataclass(frozen=True)
class Split:
    """The Scriptwriter's wish to part a scene again: the place (1 or more) of the shot that begins the second event."""

    place: int
    reason: str


@dataclass(frozen=True)
class Wish:
    """How the Designer wants a sound to be, where it says so; None leaves it to the label and the picture.

    `level` is LUFS, `pan` -1 to 1, `moments` are film times (s) to be hit, `rhythm` how it sits on what moves.
    """

    level: float | None = None
    pan: float | None = None
    perspective: Perspective | None = None
    rhythm: Rhythm | None = None
    moments: tuple[float, ...] = ()


NO_WISH = Wish()


@dataclass(frozen=True)
class SoundIdea:
    """A sound the Designer asks for, in free words, with why. `confidence` is 0 to 1.

    `visible` tells whether its source is on the picture; `salience` how much of the scene it is; `source` is the name
    of a recurring source of the sound bible.
    """

    words: str
    confidence: float
    reason: str
    visible: bool = True
    salience: float = 0.5
    source: str | None = None
    wish: Wish = NO_WISH


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
class Source:
    """A source that recurs in a film, as it is to sound in every scene: its label, and its level (LUFS).

    `scenes` are the ids of those in which it is expected, where that is known.
    """

    name: str
    words: str
    label: str
    level: float
    note: str = ""
    scenes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bible:
    """The film's sound bible: its recurring sources, each named once."""

    sources: tuple[Source, ...] = ()

    def find(self, name: str | None) -> Source | None:
        """The source of that name."""
        return next((source for source in self.sources if source.name == name), None)


@dataclass(frozen=True)
class SceneView:
    """All that a Designer may look at of one scene. `seed` is the job's."""

    scene: Scene
    shots: tuple[Shot, ...]
    motion: MotionCurve
    overview: Overview
    facts: FilmFacts
    seed: int = 0
    bible: Bible = Bible()


@dataclass(frozen=True)
class Heard:
    """What a take of a cue sounded like: its score (0 to 1), and what was wrong, in words to act on."""

    score: float
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Pause:
    """A stretch of film in which nobody speaks, in a scene, and how many words can be said in it."""

    start: float
    end: float
    words: int
    scene: str


@dataclass(frozen=True)
class Turn:
    """One thing said in a conversation of the cast; `str` makes it a line to read."""

    role: str
    text: str

    def __str__(self) -> str:
        return f"{self.role}: {self.text}"


class Scriptwriter(Protocol):
    """Says what happens: in the film at a first look, shot by shot, in merged scenes, and over the whole film."""

    def glimpse(self, view: FilmView) -> Overview | None:
        """A first, rough look at the whole film, for whoever describes its shots; None when none is needed."""
        ...

    def describe_shot(self, view: ShotView, overview: Overview | None) -> Caption:
        """Caption one shot from its keyframes, motion and dialogue; a hint outweighs what is seen."""
        ...

    def unify(self, captions: Sequence[ShotScript]) -> Caption:
        """One caption for shots that were merged into a scene."""
        ...

    def split(self, scripts: Sequence[ShotScript], overview: Overview) -> Split | None:
        """Whether a scene of three shots or more holds two events, and where the second begins."""
        ...

    def describe_film(self, facts: FilmFacts, scripts: Sequence[ShotScript]) -> Overview:
        """The film as a whole: a rough summary and a timeline."""
        ...

    def narrate(self, overview: Overview, scenes: Sequence[Scene], pauses: Sequence[Pause]) -> tuple[Line, ...]:
        """Lines for a narrator, each within one of the pauses; silence is an answer.

        Raises:
            MissingPart: this cast writes none.
        """
        ...


class Storyboarder(Protocol):
    """Decides which neighbouring shots are one scene."""

    def judge(self, before: ShotScript, after: ShotScript, overview: Overview) -> Verdict:
        """Same ongoing event in the same setting, and action and sound continue?"""
        ...


class Designer(Protocol):
    """Decides what should be heard, and sets it in time, level and space."""

    def write_bible(self, overview: Overview, scenes: Sequence[Scene]) -> Bible:
        """The sources that recur in the film, before any scene is designed."""
        ...

    def draft(self, view: SceneView) -> Draft:
        """Ask for sounds in free words; restraint is an answer."""
        ...

    def review(self, view: SceneView, plan: Plan) -> Review:
        """Accept the plan or correct the draft."""
        ...

    def cue(self, view: SceneView, plan: Plan) -> tuple[Cue, ...]:
        """Turn an accepted plan into cues: times, anchors, level, pan, seed, parameters."""
        ...

    def hear(self, view: SceneView, cue: Cue, heard: Heard) -> Cue | None:
        """Another cue in place of one whose take fell short; None lets the take stand."""
        ...


class Synthesizer(Protocol):
    """Finds the label that each sound asked for can be made as."""

    def retrieve(self, view: SceneView, draft: Draft) -> Plan:
        """Replace ideas by labels of the knowledge base; never a label outside it."""
        ...


def _nothing_to_leave() -> None:
    """For casts whose answers cannot be waited for."""


def _never() -> bool:
    """For casts that nobody stands in for."""
    return False


def _always(text: str) -> bool:
    """For casts that read any language."""
    return True


@dataclass(frozen=True)
class Cast:
    """One implementation of each role.

    `at_once` is how many questions may be open at the same time, where that is not a matter of processors;
    `listens` tells whether the Designer has anything to say on takes; `abandon` leaves all open questions
    unanswered, at once; `stood_in` tells whether another cast has answered in place of this one so far;
    `understands` tells whether it can make anything of what a user says of the film.
    """

    name: str
    scriptwriter: Scriptwriter
    storyboarder: Storyboarder
    designer: Designer
    synthesizer: Synthesizer
    at_once: int = 1
    listens: bool = False
    abandon: Callable[[], None] = _nothing_to_leave
    stood_in: Callable[[], bool] = _never
    understands: Callable[[str], bool] = _always
