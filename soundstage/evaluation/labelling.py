"""The label benchmark: does a description of a sound find its label?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated

import numpy as np
from pydantic import Field

from soundstage.agents.roles import Draft, SceneView, SoundIdea, Synthesizer
from soundstage.agents.together import side_by_side
from soundstage.cuesheet import Caption, Finding, Overview, Scene
from soundstage.evaluation.cases import Case, Part, read_cases
from soundstage.knowledge.base import knowledge
from soundstage.reading import FilmFacts, MotionCurve, Shot, VideoFacts

DEPTH = 5  # how many labels a ranking gives
_SCENE = 4.0  # seconds
Ranking = Callable[[str], Sequence[str]]


class LabelCase(Case):
    """A sound as a Designer asks for it; `labels` are the right answers, the one that was meant first."""

    words: Annotated[str, Field(min_length=1)]
    labels: Annotated[tuple[str, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Answer:
    """A case and the labels found for it, best first."""

    case: LabelCase
    found: tuple[str, ...]

    def hit(self, depth: int) -> bool:
        """Whether one of the first `depth` labels is right."""
        return not set(self.case.labels).isdisjoint(self.found[:depth])


@dataclass(frozen=True)
class LabelScore:
    """Shares (0 to 1) of the cases with a right label in the first place, and among the first five."""

    cases: int
    top1: float
    top5: float


@dataclass(frozen=True)
class LabelReport:
    """All answers of one ranking, in the order of the cases."""

    answers: tuple[Answer, ...]

    def score(self, part: Part = Part.ALL) -> LabelScore:
        """The shares of one part; of no cases they are 1."""
        answers = [answer for answer in self.answers if part.holds(answer.case)]
        return LabelScore(len(answers), _share_hit(answers, 1), _share_hit(answers, DEPTH))

    def missed(self, part: Part = Part.ALL, depth: int = 1) -> tuple[Answer, ...]:
        """The answers of one part without a right label among their first `depth`."""
        return tuple(answer for answer in self.answers if part.holds(answer.case) and not answer.hit(depth))


@cache
def label_cases() -> tuple[LabelCase, ...]:
    """The cases that ship with Soundstage."""
    return read_cases("label_cases.yaml", LabelCase)


def rank_labels(ranking: Ranking, cases: Sequence[LabelCase] | None = None, workers: int = 8) -> LabelReport:
    """Ask a ranking for every case, up to `workers` at a time; without `cases`, all that ship with Soundstage.

    Raises whatever the ranking raises.
    """

    def answer(case: LabelCase) -> Answer:
        return Answer(case, tuple(ranking(case.words)))

    return LabelReport(tuple(side_by_side(answer, label_cases() if cases is None else cases, workers)))


def searched(words: str) -> tuple[str, ...]:
    """The knowledge base's own ranking."""
    return tuple(match.label.name for match in knowledge().search(words, DEPTH))


def chosen_by(synthesizer: Synthesizer) -> Ranking:
    """A ranking of the one label that a Synthesizer chooses, or of none where it leaves the idea silent.

    The picture shows what is asked for, so that voices are allowed where the words have one.
    """

    def choose(words: str) -> tuple[str, ...]:
        idea = SoundIdea(words, confidence=1.0, reason="seen")
        plan = synthesizer.retrieve(_view(words), Draft(background=(), main=(idea,)))
        return tuple(choice.label for choice in plan.main if choice.label is not None)

    return choose


def _view(words: str) -> SceneView:
    seen = (Finding(name=words, confidence=1.0),)
    caption = Caption(background="", actions=seen, summary=words, confidence=1.0)
    nothing = np.zeros(0)
    return SceneView(
        scene=Scene(id="s001", start=0.0, end=_SCENE, shots=(0, 0), caption=caption),
        shots=(Shot(index=0, start=0.0, end=_SCENE),),
        motion=MotionCurve(times=nothing, energy=nothing.astype(np.float32), pan=nothing.astype(np.float32)),
        overview=Overview(),
        facts=_FACTS,
    )


def _share_hit(answers: Sequence[Answer], depth: int) -> float:
    return sum(answer.hit(depth) for answer in answers) / len(answers) if answers else 1.0


_FACTS = FilmFacts(
    digest="0" * 64,
    name="evaluation",
    container="mp4",
    duration=_SCENE,
    video=VideoFacts(codec="h264", width=640, height=360, fps=25.0, frames=100),
)
