from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundstage.cuesheet import Line
from soundstage.errors import BadSound
from soundstage.synth.speech.placing import MARGIN, REACH, Gap, Placed, gaps, place, placed_cues, room_for

DURATION = 60.0
# Lines are compared to the millisecond.
CLOSE = 1e-3


def line(start: float, end: float, speaker: str | None = None) -> Line:
    return Line(start=start, end=end, text="Hello", speaker=speaker)


def times(placed: Placed) -> list[tuple[float, float] | None]:
    return [spot and (spot.start, spot.end) for spot in placed.lines]


@st.composite
def spans(draw: st.DrawFn, most: int = 12, until: int = 60_000) -> list[Line]:
    """Lines on whole milliseconds, sorted by their start; some overlap."""
    starts = draw(st.lists(st.integers(0, until - 1), max_size=most))
    ends = [start + draw(st.integers(1, 6000)) for start in starts]
    return sorted((line(s / 1000, e / 1000) for s, e in zip(starts, ends, strict=True)), key=lambda x: (x.start, x.end))


def meets(one: Line, other: Line, margin: float = 0.0) -> bool:
    return one.start < other.end + margin - CLOSE and one.end > other.start - margin + CLOSE


def is_free(one: Line, dialogue: Sequence[Line]) -> bool:
    return not any(meets(one, other, MARGIN) for other in dialogue)


@given(lines=spans(), dialogue=spans())
def test_no_placed_line_meets_the_dialogue(lines: list[Line], dialogue: list[Line]):
    assert all(is_free(spot, dialogue) for spot in place(lines, dialogue, DURATION).lines if spot)


@given(lines=spans(), dialogue=spans())
def test_a_line_whose_time_is_free_stays(lines: list[Line], dialogue: list[Line]):
    # Half a millisecond is no overlap, so that lines on whole milliseconds are free or not.
    wide = [line(max(0, each.start - MARGIN), each.end + MARGIN) for each in dialogue]
    free = [not any(one.start < other.end and one.end > other.start for other in wide) for one in lines]
    placed = place(lines, dialogue, DURATION)
    assert all(spot is one for one, spot, stays in zip(lines, placed.lines, free, strict=True) if stays)


@given(lines=spans(), dialogue=spans())
def test_the_order_is_kept(lines: list[Line], dialogue: list[Line]):
    starts = [spot.start for spot in place(lines, dialogue, DURATION).lines if spot]
    assert starts == sorted(starts)


@given(lines=spans(), dialogue=spans())
def test_no_line_is_moved_onto_another(lines: list[Line], dialogue: list[Line]):
    spots = place(lines, dialogue, DURATION).lines
    for (one, spot), (other, place_of_other) in combinations(zip(lines, spots, strict=True), 2):
        if spot and place_of_other and not (one.start < other.end and one.end > other.start):
            assert not meets(spot, place_of_other)


@given(lines=spans(), dialogue=spans())
def test_a_moved_line_lasts_as_long_and_stays_near(lines: list[Line], dialogue: list[Line]):
    for one, spot in zip(lines, place(lines, dialogue, DURATION).lines, strict=True):
        if spot and spot is not one:
            assert abs(spot.start - one.start) <= REACH + CLOSE
            assert spot.end - spot.start == pytest.approx(min(one.end, DURATION) - one.start, abs=CLOSE)
            assert spot.start >= 0
            assert spot.end <= DURATION + CLOSE


@given(lines=spans(), dialogue=spans())
def test_what_is_placed_stays_when_it_is_placed_again(lines: list[Line], dialogue: list[Line]):
    spots = tuple(spot for spot in place(lines, dialogue, DURATION).lines if spot)
    assert place(spots, dialogue, DURATION) == Placed(lines=spots)


@given(dialogue=spans(), margin=st.integers(0, 500))
def test_gaps_are_all_of_the_film_in_which_nobody_speaks(dialogue: list[Line], margin: int):
    quiet = gaps(dialogue, DURATION, margin / 1000)
    points = [n / 10 + 0.0507 for n in range(600)]
    wide = [(each.start - margin / 1000, each.end + margin / 1000) for each in dialogue]
    heard = [any(start < point < end for start, end in wide) for point in points]
    assert [any(gap.start < point < gap.end for gap in quiet) for point in points] == [not spoken for spoken in heard]


@pytest.mark.parametrize(
    ("lines", "dialogue", "expected"),
    [
        pytest.param([line(1, 2)], [], [(1, 2)], id="no dialogue"),
        pytest.param([line(1, 2)], [line(0, 60)], [None], id="dialogue over the whole film"),
        pytest.param([line(1, 2)], [line(3, 4)], [(1, 2)], id="free"),
        pytest.param([line(1, 2)], [line(2.25, 4)], [(1, 2)], id="a breath away"),
        pytest.param([line(1, 2)], [line(2.05, 8)], [(0.8, 1.8)], id="too near"),
        pytest.param([line(5, 6)], [line(4, 5.5)], [(5.75, 6.75)], id="moved on"),
        pytest.param([line(5, 6)], [line(5.5, 9)], [(4.25, 5.25)], id="moved back"),
        pytest.param([line(5, 9)], [line(4, 6), line(9, 20)], [None], id="longer than any gap near"),
        pytest.param([line(10, 11)], [line(4, 16)], [None], id="the gap is too far"),
        pytest.param([line(59, 60)], [line(58, 59.5)], [(56.75, 57.75)], id="no room before the end"),
        pytest.param([line(5, 6), line(6, 7)], [line(5.5, 5.7)], [(4.25, 5.25), (6, 7)], id="beside the next one"),
        pytest.param([line(5, 6), line(6, 7)], [line(3, 6.5)], [(6.75, 7.75), (7.75, 8.75)], id="one after the other"),
        pytest.param([line(5, 6), line(5, 7)], [line(3, 5.5)], [(5.75, 6.75), (5.75, 7.75)], id="both at once"),
        pytest.param([line(3, 4), line(5, 6)], [line(4.5, 30)], [(3, 4), None], id="not before the one before"),
        pytest.param([line(5, 6)], [line(5.5, 5.5)], [(5, 6)], id="dialogue that does not last"),
        pytest.param([line(5, 6)], [line(5.4, 9), line(2, 5.2)], [None], id="dialogue unsorted"),
        pytest.param([line(58, 62)], [line(57.5, 57.8)], [(55.25, 57.25)], id="as much as the film has time for"),
        pytest.param([line(70, 71)], [line(58, 60)], [(70, 71)], id="after the film"),
        pytest.param([], [line(1, 2)], [], id="no lines"),
    ],
)
def test_placing(lines: list[Line], dialogue: list[Line], expected: list[tuple[float, float] | None]):
    assert times(place(lines, dialogue, DURATION)) == expected


def test_hundreds_of_lines_between_hundreds_of_others():
    dialogue = [line(n * 10, n * 10 + 5) for n in range(800)]
    lines = [line(n * 10 + 4, n * 10 + 6) for n in range(800)]
    placed = place(lines, dialogue, 8000)
    assert times(placed) == [(n * 10 + 5.25, n * 10 + 7.25) for n in range(800)]
    assert len(placed.notes) == 800


def test_a_moved_line_is_told():
    assert place([line(5, 6)], [line(4, 5.5)], DURATION).notes == (
        "Line 1 was moved from 5.00 s to 5.75 s, where it does not talk over the film's own dialogue.",
    )


def test_a_line_left_out_is_told():
    assert place([line(1, 2), line(20, 21)], [line(10, 40)], DURATION).notes == (
        "Line 2 at 20.00 s would talk over the film's own dialogue; "
        "remove the original sound to hear it, or give it another time.",
    )


def test_cues_keep_the_numbers_of_their_lines():
    lines = [line(20, 21), line(41, 42, "Ann")]
    cues = placed_cues(lines, place(lines, [line(10, 40)], DURATION), DURATION)
    assert [(cue.id, cue.start, cue.end, cue.source) for cue in cues] == [("line-0002", 41, 42, "ann")]


def test_cues_end_with_the_film():
    lines = [line(59, 62)]
    (cue,) = placed_cues(lines, place(lines, [], DURATION), DURATION)
    assert cue.end == DURATION


def test_a_line_after_the_film_is_refused():
    lines = [line(70, 71)]
    with pytest.raises(BadSound, match="but the film lasts"):
        placed_cues(lines, place(lines, [], DURATION), DURATION)


def test_gaps_keep_a_breath_on_both_sides():
    assert gaps([line(5, 6), line(6.3, 8)], DURATION) == (Gap(0, 4.75), Gap(8.25, 60))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [pytest.param(10.0, 25, id="ten seconds"), pytest.param(0.3, 0, id="a breath"), pytest.param(60, 150, id="minute")],
)
def test_words_that_a_gap_has_room_for(seconds: float, words: int):
    assert room_for(Gap(3, 3 + seconds)) == words
