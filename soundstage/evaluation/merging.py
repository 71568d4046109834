"""The merge benchmark: does a Storyboarder join what is one scene, and only that?"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from soundstage.agents.roles import ShotScript, Storyboarder, Verdict
from soundstage.agents.together import side_by_side
from soundstage.cuesheet import Caption, Finding, Identifier, Overview
from soundstage.evaluation.cases import Case, Part, Record, read_cases
from soundstage.reading import Shot

_SHOT = 4.0  # seconds of every shot; the captions alone are to decide
_SURE = 1.0  # the captions were written by someone who saw it all


class PlainCaption(Record):
    """A caption in plain words."""

    background: str
    entities: tuple[str, ...]
    actions: tuple[str, ...]
    summary: str

    def caption(self) -> Caption:
        """The same as the Scriptwriter would hand it on."""
        return Caption(
            background=self.background,
            entities=_findings(self.entities),
            actions=_findings(self.actions),
            summary=self.summary,
            confidence=_SURE,
        )


class MergePair(Case):
    """Two neighbouring shots; `merge` is the truth, `film` the overview where it matters."""

    id: Identifier
    merge: bool
    reason: str
    film: str = ""
    before: PlainCaption
    after: PlainCaption


@dataclass(frozen=True)
class Decision:
    """A pair and what the Storyboarder said."""

    pair: MergePair
    verdict: Verdict

    @property
    def right(self) -> bool:
        """Whether the verdict is the truth."""
        return self.verdict.merge == self.pair.merge


@dataclass(frozen=True)
class MergeScore:
    """Counts of decisions, and the usual shares of them (0 to 1).

    A share of nothing is 1: who never merges made no wrong merge (precision 1), but found none (recall 0).
    """

    merged_rightly: int
    merged_wrongly: int
    parted_rightly: int
    parted_wrongly: int

    @property
    def pairs(self) -> int:
        """How many pairs were judged."""
        return self.merged_rightly + self.merged_wrongly + self.parted_rightly + self.parted_wrongly

    @property
    def precision(self) -> float:
        """Share of the merges that are right."""
        return _share(self.merged_rightly, self.merged_rightly + self.merged_wrongly)

    @property
    def recall(self) -> float:
        """Share of the pairs that are one scene that were merged."""
        return _share(self.merged_rightly, self.merged_rightly + self.parted_wrongly)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _share(2 * self.merged_rightly, 2 * self.merged_rightly + self.merged_wrongly + self.parted_wrongly)

    @property
    def accuracy(self) -> float:
        """Share of all decisions that are right."""
        return _share(self.merged_rightly + self.parted_rightly, self.pairs)


@dataclass(frozen=True)
class MergeReport:
    """All decisions of one Storyboarder, in the order of the pairs."""

    decisions: tuple[Decision, ...]

    def score(self, part: Part = Part.ALL) -> MergeScore:
        """The counts of one part."""
        told = [(decision.verdict.merge, decision.right) for decision in self.decisions if part.holds(decision.pair)]
        return MergeScore(
            merged_rightly=told.count((True, True)),
            merged_wrongly=told.count((True, False)),
            parted_rightly=told.count((False, True)),
            parted_wrongly=told.count((False, False)),
        )

    def wrong(self, part: Part = Part.ALL) -> tuple[Decision, ...]:
        """The decisions of one part that are not the truth."""
        return tuple(decision for decision in self.decisions if part.holds(decision.pair) and not decision.right)


@cache
def merge_pairs() -> tuple[MergePair, ...]:
    """The pairs that ship with Soundstage."""
    return read_cases("merge_pairs.yaml", MergePair)


def judge_pairs(storyboarder: Storyboarder, pairs: Sequence[MergePair] | None = None, workers: int = 8) -> MergeReport:
    """Have every pair judged, up to `workers` at a time; without `pairs`, all that ship with Soundstage.

    The shots carry no look, no motion and no sound. Raises whatever the Storyboarder raises.
    """

    def decide(pair: MergePair) -> Decision:
        before, after = ShotScript(_shot(0), pair.before.caption()), ShotScript(_shot(1), pair.after.caption())
        return Decision(pair, storyboarder.judge(before, after, Overview(summary=pair.film)))

    return MergeReport(tuple(side_by_side(decide, merge_pairs() if pairs is None else pairs, workers)))


def _findings(names: Sequence[str]) -> tuple[Finding, ...]:
    return tuple(Finding(name=name, confidence=_SURE) for name in names)


def _shot(index: int) -> Shot:
    return Shot(index=index, start=index * _SHOT, end=(index + 1) * _SHOT)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
