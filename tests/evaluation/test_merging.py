from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundstage.agents.house import house_cast
from soundstage.agents.roles import ShotScript, Verdict
from soundstage.cuesheet import Overview
from soundstage.evaluation.cases import Part
from soundstage.evaluation.merging import (
    Decision,
    MergePair,
    MergeReport,
    MergeScore,
    PlainCaption,
    judge_pairs,
    merge_pairs,
)

_PARTS = (Part.TUNED, Part.HELD_OUT)
_PAPER = {
    "park-then-church": False,
    "lake-then-another-lake": False,
    "dog-jumps-down-the-stairs": True,
    "chopping-then-seasoning": False,
    "tank-fires-and-shoots": True,
    "knife-duel-from-another-angle": True,
}


class _Judge:
    """Knows the truth of every pair by its captions, and says what it makes of it."""

    def __init__(self, says: Callable[[bool], bool]) -> None:
        self._says = says
        self._truths = {(pair.before.caption(), pair.after.caption()): pair.merge for pair in merge_pairs()}

    def judge(self, before: ShotScript, after: ShotScript, overview: Overview) -> Verdict:
        return Verdict(self._says(self._truths[before.caption, after.caption]), 1.0, "known")


def _decision(part: Part, truth: bool, said: bool) -> Decision:
    caption = PlainCaption(background="a field", entities=(), actions=(), summary="")
    pair = MergePair(id="pair", part=part, merge=truth, reason="", before=caption, after=caption)
    return Decision(pair, Verdict(said, 1.0, ""))


_decisions = st.lists(st.builds(_decision, st.sampled_from(_PARTS), st.booleans(), st.booleans())).map(tuple)
_counts = st.integers(0, 500)
_scores = st.builds(MergeScore, _counts, _counts, _counts, _counts)


def test_there_are_enough_pairs():
    assert len(merge_pairs()) >= 60


def test_ids_are_unique():
    assert len({pair.id for pair in merge_pairs()}) == len(merge_pairs())


def test_no_two_pairs_show_the_same():
    assert len({(pair.before, pair.after) for pair in merge_pairs()}) == len(merge_pairs())


@pytest.mark.parametrize("part", _PARTS)
def test_both_truths_are_in_every_part(part: Part):
    assert {pair.merge for pair in merge_pairs() if pair.part is part} == {True, False}


@pytest.mark.parametrize("truth", [True, False])
def test_about_half_is_one_scene(truth: bool):
    assert 0.4 <= sum(pair.merge is truth for pair in merge_pairs()) / len(merge_pairs()) <= 0.6


def test_about_a_third_is_held_out():
    assert 0.28 <= sum(pair.part is Part.HELD_OUT for pair in merge_pairs()) / len(merge_pairs()) <= 0.4


@pytest.mark.parametrize("name", _PAPER)
def test_the_papers_examples_have_the_papers_truth(name: str):
    assert [pair.merge for pair in merge_pairs() if pair.id == name] == [_PAPER[name]]


@pytest.mark.parametrize("part", Part)
def test_a_judge_that_is_always_right_scores_one(part: Part):
    score = judge_pairs(_Judge(lambda truth: truth)).score(part)
    assert (score.precision, score.recall, score.f1, score.accuracy) == (1, 1, 1, 1)


def test_a_judge_that_is_always_wrong_scores_nothing():
    report = judge_pairs(_Judge(lambda truth: not truth))
    assert report.score().accuracy == report.score().f1 == 0
    assert len(report.wrong()) == len(merge_pairs())


def test_a_judge_that_never_merges_makes_no_wrong_merge_and_finds_none():
    score = judge_pairs(_Judge(lambda truth: False)).score()
    assert (score.precision, score.recall, score.f1) == (1, 0, 0)


def test_a_judge_that_always_merges_finds_all():
    score = judge_pairs(_Judge(lambda truth: True)).score()
    assert score.recall == 1
    assert score.precision == score.accuracy


def test_the_house_decides_the_same_however_many_are_asked_at_once():
    judge = house_cast().storyboarder
    assert judge_pairs(judge, workers=1) == judge_pairs(judge, workers=6)


@given(_scores)
def test_shares_lie_between_nothing_and_all(score: MergeScore):
    assert all(0 <= share <= 1 for share in (score.precision, score.recall, score.f1, score.accuracy))


@given(_scores)
def test_f1_lies_between_precision_and_recall(score: MergeScore):
    low, high = sorted((score.precision, score.recall))
    assert low - 1e-9 <= score.f1 <= high + 1e-9


@given(_decisions)
def test_the_parts_add_up_to_all(decisions: tuple[Decision, ...]):
    report = MergeReport(decisions)
    assert sum(report.score(part).pairs for part in _PARTS) == report.score().pairs == len(decisions)
    assert sum(len(report.wrong(part)) for part in _PARTS) == len(report.wrong())


@given(_decisions)
def test_accuracy_counts_what_is_not_listed_as_wrong(decisions: tuple[Decision, ...]):
    report = MergeReport(decisions)
    right = len(decisions) - len(report.wrong())
    assert report.score().accuracy == pytest.approx(right / len(decisions) if decisions else 1)
