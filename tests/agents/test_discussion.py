from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundstage.agents.discussion import LONGEST, SHORTEST, describe_shots, storyboard
from soundstage.agents.house import house_cast
from soundstage.agents.roles import Cast, ShotScript, ShotView, Split, Verdict
from soundstage.cuesheet import Caption, CueSheet, Line, Overview, Speaker
from soundstage.reading import FilmFacts, Keyframe, Onset, Shot, VideoFacts


class BorderJudge:
    """Parts before the shots of given numbers, whatever came before them."""

    def __init__(self, borders: set[int]) -> None:
        self.borders = borders

    def judge(self, before: ShotScript, after: ShotScript, overview: Overview) -> Verdict:
        return Verdict(merge=after.shot.index not in self.borders, confidence=0.7, reason="as told")


class LengthJudge:
    """Looks at the scene so far: merges until it would last longer than 10 seconds."""

    def judge(self, before: ShotScript, after: ShotScript, overview: Overview) -> Verdict:
        return Verdict(merge=after.shot.end - before.shot.start <= 10, confidence=0.6, reason="length")


class WritingJudge:
    """Merges everything, and writes the caption of what it merged."""

    def judge(self, before: ShotScript, after: ShotScript, overview: Overview) -> Verdict:
        both = f"{before.caption.background} {after.caption.background}"
        return Verdict(merge=True, confidence=0.7, reason="all of it", caption=Caption(background=both))


class PlainScriptwriter:
    """Captions of one word; a scene is called by its last shot, and parted where it is told to."""

    def __init__(self, splits: Sequence[int] = ()) -> None:
        self.splits = splits

    def describe_shot(self, view: ShotView, overview: Overview | None) -> Caption:
        return Caption(background=f"shot {view.shot.index}")

    def unify(self, captions: Sequence[ShotScript]) -> Caption:
        return captions[-1].caption

    def split(self, scripts: Sequence[ShotScript], overview: Overview) -> Split | None:
        places = [place for place, script in enumerate(scripts) if place and script.shot.index in self.splits]
        return Split(places[0], "another event") if places else None

    def describe_film(self, facts: FilmFacts, scripts: Sequence[ShotScript]) -> Overview:
        return Overview(summary="a film")


def cast_with(judge: object, writer: object = None) -> Cast:
    house = house_cast()
    return Cast("test", writer or PlainScriptwriter(), judge, house.designer, house.synthesizer)


def facts(duration: float) -> FilmFacts:
    video = VideoFacts(codec="h264", width=320, height=180, fps=25, frames=round(duration * 25))
    return FilmFacts(digest="0" * 64, name="film.mp4", container="mp4", duration=duration, video=video)


def scripts_of(lengths: Sequence[float], words: Sequence[str] = ()) -> list[ShotScript]:
    borders = [0.0]
    for length in lengths:
        borders.append(borders[-1] + length)
    return [
        ShotScript(
            Shot(index=index, start=start, end=end, keyframes=(Keyframe(time=start, file="k.jpg", weight=1),)),
            Caption(background=words[index] if words else "place"),
        )
        for index, (start, end) in enumerate(pairwise(borders))
    ]


def scenes_of(lengths, judge, workers=1, words=()):
    scripts = scripts_of(lengths, words)
    board = storyboard(facts(scripts[-1].shot.end), scripts, (), cast_with(judge), workers)
    return board.scenes


films = st.lists(st.floats(0.04, 200), min_size=1, max_size=12)


@given(films, st.sets(st.integers(0, 12)), st.integers(1, 4))
@settings(deadline=None, max_examples=60)
def test_scenes_cover_the_film_exactly(lengths, borders, workers):
    scenes = scenes_of(lengths, BorderJudge(borders), workers)
    sheet = CueSheet(film="0" * 64, duration=scenes[-1].end, scenes=scenes)
    assert sheet.scenes[0].start == 0
    assert sheet.scenes[-1].end == pytest.approx(sum(lengths))
    assert all(one.end == other.start for one, other in pairwise(scenes))


@given(films, st.sets(st.integers(0, 12)))
@settings(deadline=None, max_examples=30)
def test_number_of_workers_changes_nothing(lengths, borders):
    assert scenes_of(lengths, BorderJudge(borders), 1) == scenes_of(lengths, BorderJudge(borders), 4)


@given(films)
@settings(deadline=None, max_examples=60)
def test_no_scene_is_too_long_or_too_short(lengths):
    scenes = scenes_of(lengths, BorderJudge(set()))
    assert all(scene.end - scene.start <= LONGEST + 1e-6 for scene in scenes)
    assert len(scenes) == 1 or all(scene.end - scene.start >= SHORTEST - 1e-6 for scene in scenes)


@given(st.lists(st.floats(1.5, 8), min_size=1, max_size=10), st.sets(st.integers(0, 10)))
@settings(deadline=None, max_examples=60)
def test_judging_pairs_first_decides_as_folding_in_order(lengths, borders):
    in_order: list[list[int]] = [[0]]
    for index in range(1, len(lengths)):
        in_order.append([index]) if index in borders else in_order[-1].append(index)
    scenes = scenes_of(lengths, BorderJudge(borders), 3)
    assert [scene.shots for scene in scenes] == [(run[0], run[-1]) for run in in_order]


def test_next_shot_is_compared_with_the_merged_scene():
    # Each pair alone lasts 8 s and merges; three shots together would last 12 s.
    assert [scene.shots for scene in scenes_of([4, 4, 4, 4], LengthJudge())] == [(0, 1), (2, 3)]


def test_first_pair_is_judged_too():
    assert [scene.shots for scene in scenes_of([4, 4], BorderJudge({1}))] == [(0, 0), (1, 1)]


def test_scene_in_which_the_scriptwriter_finds_two_events_is_split_again():
    scripts = scripts_of([4, 4, 4, 4])
    board = storyboard(facts(16), scripts, (), cast_with(BorderJudge(set()), PlainScriptwriter(splits=(2,))))
    assert [scene.shots for scene in board.scenes] == [(0, 1), (2, 3)]
    told = "scriptwriter: shots 0-3 hold two events (another event); cut before shot 2"
    assert told in map(str, board.turns)


def test_caption_that_the_storyboarder_wrote_for_a_merge_is_the_scenes():
    scenes = scenes_of([4, 4, 4], WritingJudge(), words=["gate", "yard", "barn"])
    assert [scene.caption.background for scene in scenes] == ["gate yard barn"]


def test_line_gets_the_speaker_whom_the_caption_names():
    scripts = scripts_of([4, 4])
    named = scripts[0].caption.model_copy(update={"speakers": (Speaker(time=1, name="the captain"),)})
    lines = (Line(start=1, end=2, text="Land!"), Line(start=5, end=6, text="Where?"))
    board = storyboard(facts(8), [ShotScript(scripts[0].shot, named), scripts[1]], lines, cast_with(BorderJudge(set())))
    assert [line.speaker for line in board.scenes[0].dialogue] == ["the captain", None]


def test_flash_of_a_shot_joins_its_neighbour():
    assert [scene.shots for scene in scenes_of([4, 0.3, 4], BorderJudge({1, 2}))] == [(0, 1), (2, 2)]


def test_scenes_that_were_joined_are_captioned_once_when_their_borders_stand():
    asked: list[list[int]] = []

    class Counting(PlainScriptwriter):
        def unify(self, captions: Sequence[ShotScript]) -> Caption:
            asked.append([script.shot.index for script in captions])
            return super().unify(captions)

    scripts = scripts_of([0.25] * 60)
    board = storyboard(facts(15), scripts, (), cast_with(BorderJudge(set(range(60))), Counting()))
    ranges = [list(range(first, last + 1)) for first, last in (scene.shots for scene in board.scenes)]
    assert asked == ranges


def test_one_long_shot_is_cut_where_it_is_calm():
    shot = Shot(index=0, start=0, end=120, onsets=tuple(Onset(time=t, strength=1) for t in (50, 55, 58, 61)))
    script = ShotScript(shot, Caption(background="a lecture"))
    scenes = storyboard(facts(120), [script], (), cast_with(BorderJudge(set()))).scenes
    assert [scene.shots for scene in scenes] == [(0, 0), (0, 0)]
    assert 61 < scenes[0].end < 75


def test_dialogue_goes_to_the_scene_it_starts_in():
    line = Line(start=4.5, end=6, text="Hello")
    board = storyboard(facts(8), scripts_of([4, 4]), (line,), cast_with(BorderJudge({1})))
    assert [scene.dialogue for scene in board.scenes] == [(), (line,)]


def test_shots_are_described_in_order_and_counted():
    views = [ShotView(script.shot, ()) for script in scripts_of([1] * 7)]
    told: list[float] = []
    scripts = describe_shots(views, cast_with(BorderJudge(set())), 3, told.append)
    assert [script.caption.background for script in scripts] == [f"shot {index}" for index in range(7)]
    assert sorted(told) == told
    assert told[-1] == 1


def test_talk_can_be_read():
    board = storyboard(facts(8), scripts_of([4, 4]), (), cast_with(BorderJudge({1})))
    assert "storyboarder: shots 0 and 1 part: as told" in map(str, board.turns)
