import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundstage.agents.house import house_cast
from soundstage.evaluation.cases import Part
from soundstage.evaluation.labelling import (
    DEPTH,
    Answer,
    LabelCase,
    LabelReport,
    chosen_by,
    label_cases,
    rank_labels,
    searched,
)
from soundstage.knowledge.base import knowledge

_PARTS = (Part.TUNED, Part.HELD_OUT)
_NAMES = ("rain", "wind", "thunder", "hail", "surf", "river", "gong")
_RIGHT = {case.words: case.labels for case in label_cases()}


def _answer(part: Part, right: list[str], found: list[str]) -> Answer:
    return Answer(LabelCase(part=part, words="words", labels=tuple(right)), tuple(found))


_names = st.sampled_from(_NAMES)
_answers = st.lists(
    st.builds(
        _answer,
        st.sampled_from(_PARTS),
        st.lists(_names, min_size=1, unique=True),
        st.lists(_names, max_size=DEPTH, unique=True),
    )
).map(tuple)


def test_there_are_enough_cases():
    assert len(label_cases()) >= 150


def test_no_words_are_asked_twice():
    assert len(_RIGHT) == len(label_cases())


def test_about_a_third_is_held_out():
    assert 0.28 <= sum(case.part is Part.HELD_OUT for case in label_cases()) / len(label_cases()) <= 0.4


def test_every_right_answer_is_a_label():
    assert {label for case in label_cases() for label in case.labels} <= knowledge().labels.keys()


def test_no_case_asks_for_a_label_by_its_name():
    assert [case.words for case in label_cases() if knowledge().find(case.words)] == []


@pytest.mark.parametrize("part", Part)
def test_a_ranking_that_is_always_right_scores_one(part: Part):
    score = rank_labels(lambda words: _RIGHT[words]).score(part)
    assert (score.top1, score.top5) == (1, 1)


def test_a_silent_ranking_scores_nothing():
    report = rank_labels(lambda words: ())
    assert (report.score().top1, report.score().top5) == (0, 0)
    assert len(report.missed()) == len(label_cases())


def test_the_right_label_in_second_place_counts_among_five():
    score = rank_labels(lambda words: ("no label", *_RIGHT[words])).score()
    assert (score.top1, score.top5) == (0, 1)


def test_the_right_label_in_sixth_place_counts_nowhere():
    score = rank_labels(lambda words: (*["no label"] * DEPTH, *_RIGHT[words])).score()
    assert (score.top1, score.top5) == (0, 0)


def test_the_knowledge_base_ranks_the_same_however_many_are_asked_at_once():
    cases = label_cases()[:40]
    assert rank_labels(searched, cases, workers=1) == rank_labels(searched, cases, workers=6)


@pytest.mark.parametrize(
    ("words", "label"), [("gong", "gong"), ("a woman screaming", "screaming"), ("none", None)], ids=str
)
def test_a_synthesizers_choice_is_a_ranking_of_at_most_one(words: str, label: str | None):
    assert chosen_by(house_cast().synthesizer)(words) == (() if label is None else (label,))


@given(_answers)
def test_five_places_hold_no_less_than_one(answers: tuple[Answer, ...]):
    score = LabelReport(answers).score()
    assert 0 <= score.top1 <= score.top5 <= 1


@given(_answers, st.sampled_from((1, DEPTH)))
def test_what_is_no_hit_is_listed(answers: tuple[Answer, ...], depth: int):
    report = LabelReport(answers)
    hits = {1: report.score().top1, DEPTH: report.score().top5}[depth] * len(answers)
    assert hits + len(report.missed(depth=depth)) == pytest.approx(len(answers))


@given(_answers)
def test_the_parts_add_up_to_all(answers: tuple[Answer, ...]):
    report = LabelReport(answers)
    assert sum(report.score(part).cases for part in _PARTS) == len(answers)
    assert sum(len(report.missed(part)) for part in _PARTS) == len(report.missed())
