import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundstage.cuesheet import Cue, Layer
from soundstage.inspection.systems import cells, pack, systems, ticks
from soundstage.reading import Keyframe, Shot


@pytest.mark.parametrize(
    ("duration", "count"), [(0.04, 1), (23.4, 1), (45, 1), (46, 2), (600, 10), (3600, 12), (7200, 12), (86_400, 12)]
)
def test_a_film_is_drawn_in_at_most_twelve_lines(duration, count):
    assert len(systems(duration)) == count


@given(st.floats(0.04, 100_000))
def test_the_lines_cover_the_film_without_gap_or_overlap(duration):
    lines = systems(duration)
    assert lines[0].start == 0
    assert lines[-1].end == duration
    assert all(a.end == b.start for a, b in itertools.pairwise(lines))
    assert all(line.end > line.start for line in lines)


@given(st.floats(0.04, 100_000), st.floats(200, 4000))
def test_ticks_stand_apart_and_within_their_line(duration, width):
    for line in systems(duration):
        marks = ticks(line, width)
        assert all(line.start - 1e-6 <= mark <= line.end + 1e-6 for mark in marks)
        assert all((b - a) * width / line.seconds >= 63.9 for a, b in itertools.pairwise(marks))


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 20)), max_size=30))
def test_cues_of_a_lane_never_overlap(times):
    cues = [
        Cue(id=f"c{n}", layer=Layer.EFFECTS, label="knock", start=start, end=start + length, level=-20)
        for n, (start, length) in enumerate(times)
    ]
    placed = sorted(pack(cues, [cue.end for cue in cues]), key=lambda p: (p.lane, p.cue.start))
    assert {p.cue.id for p in placed} == {cue.id for cue in cues}
    for a, b in itertools.pairwise(placed):
        assert a.lane != b.lane or a.cue.end <= b.cue.start + 1e-5


def shot(index, start, end, frames=1):
    step = (end - start) / frames
    keys = tuple(
        Keyframe(time=start + (n + 0.5) * step, file=f"{index}-{n}.jpg", weight=1 / frames) for n in range(frames)
    )
    return Shot(index=index, start=start, end=end, keyframes=keys)


@given(st.lists(st.floats(0.04, 30), min_size=1, max_size=200), st.floats(0.5, 20))
def test_the_strip_is_covered_and_not_crowded(lengths, seconds):
    starts = [sum(lengths[:n]) for n in range(len(lengths))]
    strip = list(cells([shot(n, s, s + d) for n, (s, d) in enumerate(zip(starts, lengths, strict=True))], seconds))
    assert strip[0].start == 0
    assert strip[-1].end == pytest.approx(sum(lengths))
    assert all(a.end == pytest.approx(b.start) for a, b in itertools.pairwise(strip))
    assert len(strip) <= 2 + 2 * sum(lengths) / (0.4 * seconds)


def test_a_long_shot_shows_several_keyframes_in_order():
    strip = list(cells([shot(0, 0, 12, frames=4)], 3))
    assert [cell.frame.file for cell in strip] == ["0-0.jpg", "0-1.jpg", "0-2.jpg", "0-3.jpg"]


def test_short_shots_share_the_picture_of_the_longest():
    (cell,) = cells([shot(0, 0, 0.3), shot(1, 0.3, 0.9), shot(2, 0.9, 1.1)], 5)
    assert cell.frame.file == "1-0.jpg"
