from pathlib import Path

import numpy as np
import pytest

from soundstage.agents.roles import Bible, Pause, Source
from soundstage.cuesheet import Line, Overview
from soundstage.reading import Keyframe, MotionCurve, Reading, Shot
from soundstage.views import MOST_STILLS, Views, stills_of
from soundstage.workfolder import WorkFolder
from tests.agents.llm.scenes import facts, scene

LINES = (Line(start=1.5, end=2.5, text="Ho!"), Line(start=4, end=6, text="Well."))


def shot(number: int, length: float = 2.0, frames: int = 2, **changes: object) -> Shot:
    start = number * length
    keyframes = tuple(
        Keyframe(time=start + place, file=f"keyframes/{number}-{place}.jpg", weight=0.4 + 0.2 * place)
        for place in range(frames)
    )
    return Shot(index=number, start=start, end=start + length, keyframes=keyframes, **changes)


def reading(*shots: Shot, dialogue: tuple[Line, ...] = LINES) -> Reading:
    return Reading(facts=facts(shots[-1].end), shots=shots, dialogue=dialogue)


@pytest.fixture
def folder(tmp_path: Path) -> WorkFolder:
    """A work folder with a motion curve of 10 s."""
    folder = WorkFolder(tmp_path)
    folder.reading.mkdir()
    times = np.arange(0, 10, 0.5)
    MotionCurve(times, times.astype(np.float32) / 10, np.zeros(len(times), np.float32)).save(folder.reading)
    return folder


@pytest.mark.parametrize("shots", [1, 2, MOST_STILLS, MOST_STILLS + 1, 1000])
def test_stills_are_spread_over_the_film(shots: int) -> None:
    stills = stills_of(reading(*(shot(number) for number in range(shots))))
    times = [still.time for still in stills]
    assert len(stills) == min(shots, MOST_STILLS)
    assert times == sorted(set(times))
    assert max(np.diff([0, *times, 2 * shots])) <= 4 * shots / len(stills)


def test_a_still_is_the_heaviest_keyframe_of_its_shot() -> None:
    assert [still.file for still in stills_of(reading(shot(0), shot(1, frames=0)))] == ["keyframes/0-1.jpg"]


def test_the_film_at_a_first_look(folder: WorkFolder) -> None:
    view = Views(folder, reading(shot(0), shot(1)), hint="a day").film()
    assert [(still.time, still.path) for still in view.stills] == [
        (1, folder.reading / "keyframes/0-1.jpg"),
        (3, folder.reading / "keyframes/1-1.jpg"),
    ]
    assert (view.dialogue, view.hint, view.facts.duration) == (LINES, "a day", 4)


def test_a_shot_has_its_pictures_and_what_is_said_in_it(folder: WorkFolder) -> None:
    view = Views(folder, reading(shot(0), shot(1), shot(2)), hint="a day").shot(1)
    assert view.shot.index == 1
    assert view.pictures == (folder.reading / "keyframes/1-0.jpg", folder.reading / "keyframes/1-1.jpg")
    assert [line.text for line in view.dialogue] == ["Ho!"]
    assert (view.hint, view.clip) == ("a day", None)


def test_a_line_that_runs_on_is_said_in_both_shots(folder: WorkFolder) -> None:
    views = Views(folder, reading(shot(0), shot(1), shot(2)))
    assert [[line.text for line in views.shot(number).dialogue] for number in range(3)] == [["Ho!"], ["Ho!"], ["Well."]]


def test_a_shot_read_for_a_clip_has_it(folder: WorkFolder) -> None:
    view = Views(folder, reading(shot(0, clip="clips/0000.mp4"))).shot(0)
    assert view.clip == folder.reading / "clips/0000.mp4"


def test_a_scene_has_its_shots_its_motion_and_the_bible(folder: WorkFolder) -> None:
    bible = Bible((Source("our-dog", "a dog", "dog barking", -26),))
    of = scene(start=2, length=4, shots=(1, 2))
    view = Views(folder, reading(*(shot(number) for number in range(5))), seed=7).scene(
        of, Overview(summary="A."), bible
    )
    assert [each.index for each in view.shots] == [1, 2]
    assert view.motion.times.tolist() == [2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5]
    assert (view.scene, view.overview.summary, view.seed, view.bible) == (of, "A.", 7, bible)


def test_pauses_lie_between_the_lines_within_each_scene(folder: WorkFolder) -> None:
    views = Views(folder, reading(*(shot(number) for number in range(5))))
    scenes = (scene("s001", 0, 5), scene("s002", 5, 5))
    assert views.pauses(scenes, LINES) == (
        Pause(0, 1.25, 3, "s001"),
        Pause(2.75, 3.75, 2, "s001"),
        Pause(6.25, 10, 9, "s002"),
    )


def test_a_pause_too_short_for_a_word_is_none(folder: WorkFolder) -> None:
    views = Views(folder, reading(*(shot(number) for number in range(5))))
    lines = (Line(start=0.5, end=4.7, text="Much."), Line(start=5.5, end=9.5, text="More."))
    assert views.pauses((scene("s001", 0, 10),), lines) == ()
