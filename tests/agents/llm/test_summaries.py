from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundstage.agents.discussion import storyboard
from soundstage.agents.llm.summaries import grouped
from soundstage.cuesheet import Overview
from tests.agents.llm.scenes import facts, scripts
from tests.agents.llm.scripted import Played, Question, captioned, playing

MOST = 40
LONGEST = 60_000  # characters of a question: some 15,000 tokens


def summing(asked: Question) -> dict[str, Any]:
    """A summary as long as may be, and an entry for every fifth stretch."""
    stretches = asked.material["stretches"]
    timeline = [
        {"start": some[0]["start"], "end": some[-1]["end"], "text": f"from {some[0]['start']}"}
        for some in (stretches[place : place + 5] for place in range(0, len(stretches), 5))
    ]
    return {"summary": "y" * 1200, "timeline": timeline}


def summed_up(shots: int, answer: Any = summing, summary: str = "x" * 400) -> tuple[Overview, Played]:
    film = scripts(*[summary] * shots, length=2.0)
    with playing({"scriptwriter_part": answer}, concurrency=8) as played:
        return played.cast.scriptwriter.describe_film(facts(2.0 * shots), film), played


@pytest.mark.parametrize(
    ("shots", "levels"),
    [(1, [1]), (40, [1]), (41, [2, 1]), (1600, [40, 1]), (3000, [75, 2, 1])],
    ids=["one shot", "one question", "two questions and one", "two levels", "three levels"],
)
def test_no_question_grows_with_the_film(shots: int, levels: list[int]) -> None:
    overview, played = summed_up(shots)
    asked = [question.material["stretches"] for question in played.questions()]
    assert len(asked) == sum(levels)
    assert max(map(len, asked)) <= MOST
    assert max(len(question.asked.user) for question in played.questions()) < LONGEST
    assert sum(map(len, asked[: levels[0]])) == shots
    assert sum(map(len, asked)) == shots + sum(levels[:-1])
    assert overview.summary == "y" * 1200


@pytest.mark.parametrize("shots", [1, 60, 3000])
def test_the_timeline_covers_the_film_in_order(shots: int) -> None:
    timeline = summed_up(shots)[0].timeline
    assert (timeline[0].start, timeline[-1].end) == (0, 2.0 * shots)
    assert all(one.end == other.start for one, other in pairwise(timeline))
    assert len(timeline) <= 60


def test_a_timeline_of_gaps_is_closed() -> None:
    late = {
        "summary": "a day",
        "timeline": [{"start": 5, "end": 6, "text": "noon"}, {"start": 2, "end": 3, "text": "a"}],
    }
    overview, _ = summed_up(10, lambda asked: late)
    assert [(m.start, m.end, m.text) for m in overview.timeline] == [(0, 5, "a"), (5, 20, "noon")]


def test_a_film_without_a_timeline_is_one_moment() -> None:
    overview, _ = summed_up(10, lambda asked: {"summary": "a day"})
    assert [(m.start, m.end, m.text) for m in overview.timeline] == [(0, 20, "a day")]


def test_a_shot_without_a_summary_is_told_by_its_background() -> None:
    _, played = summed_up(2, summary="")
    assert [each["what happens"] for each in played.questions()[0].material["stretches"]] == ["a place", "a place"]


@given(st.lists(st.integers(), min_size=1, max_size=400), st.integers(1, 50))
def test_groups_are_of_neighbours_none_too_large(parts: list[int], most: int) -> None:
    groups = grouped(parts, most)
    assert [each for group in groups for each in group] == parts
    assert len(groups) == -(-len(parts) // most)
    assert all(0 < len(group) <= most for group in groups)


def test_a_scene_of_very_many_shots_is_split_and_captioned_in_stretches() -> None:
    """Every shot goes on from the one before; the 60th of 90 begins another event."""

    def split(asked: Question) -> dict[str, Any]:
        numbers = [shot["shot"] for shot in asked.material["shots"]]
        return {"two_events": 60 in numbers[1:], "begins_with_shot": 60, "reason": "it rains"}

    film = scripts(*["a tram"] * 90, length=0.9)
    answers = {
        "scriptwriter_part": {"summary": "a tram line"},
        "storyboarder_merge": {"merge": True, "confidence": 1, "reason": "on", "caption": captioned("a tram goes on")},
        "scriptwriter_split": split,
        "scriptwriter_unify": lambda asked: captioned(f"{len(asked.material['shots'])} parts"),
    }
    with playing(answers, concurrency=8) as played:
        board = storyboard(facts(81.0), film, (), played.cast)
    assert [scene.shots for scene in board.scenes] == [(0, 59), (60, 89)]
    assert [scene.caption.summary for scene in board.scenes] == ["2 parts", "30 parts"]
    asked = played.questions("scriptwriter_split", "scriptwriter_unify")
    assert max(len(question.material["shots"]) for question in asked) <= MOST
