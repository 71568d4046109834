from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundstage.agents.continuity import OVERLAP, settle
from soundstage.cuesheet import Caption, Cue, CueSheet, Layer, Scene
from tests.documents import FILM, cue


def scenes_with(*beds: str | None, length: float = 5.0, **changes: object) -> list[Scene]:
    """Scenes of equal length, each with a bed of this label (None: without)."""
    return [
        Scene(
            id=f"s{number:03}",
            start=number * length,
            end=(number + 1) * length,
            shots=(number, number),
            caption=Caption(background="somewhere", confidence=0.8),
            cues=(bed(number, label, length, **changes),) if label else (),
        )
        for number, label in enumerate(beds)
    ]


def bed(number: int, label: str, length: float = 5.0, **changes: object) -> Cue:
    given = {"label": label, "source": f"bed-{label}", "seed": number, "fade_in": 0.5, "fade_out": 0.5, **changes}
    return cue(f"s{number:03}-{label}", number * length, (number + 1) * length, **given)


def test_adjacent_scenes_share_one_bed():
    first, second, third = settle(scenes_with("rain", "rain", "rain"))
    assert [(c.start, c.end) for c in first.cues] == [(0, 15)]
    assert second.cues == third.cues == ()
    assert second.shares == third.shares == (first.cues[0].id,)


def test_other_beds_overlap_and_fade():
    first, second = settle(scenes_with("rain", "wind"))
    assert first.cues[0].end == pytest.approx(5 + OVERLAP / 2)
    assert second.cues[0].start == pytest.approx(5 - OVERLAP / 2)
    assert first.cues[0].fade_out == second.cues[0].fade_in == pytest.approx(OVERLAP)


def test_beds_of_very_different_level_are_not_one():
    scenes = scenes_with("rain", "rain")
    louder = scenes[1].cues[0].model_copy(update={"level": -15.0})
    scenes[1] = scenes[1].model_copy(update={"cues": (louder,)})
    assert [len(scene.cues) for scene in settle(scenes)] == [1, 1]


def test_recurring_source_keeps_its_seed():
    first, _, third = settle(scenes_with("rain", "wind", "rain"))
    assert first.cues[0].seed == third.cues[0].seed


def test_locked_cues_survive_as_they_are():
    scenes = scenes_with("rain", "rain", locked=True)
    assert [scene.cues for scene in settle(scenes)] == [scene.cues for scene in scenes]


def test_bed_runs_on_under_a_scene_in_which_nothing_was_recognised():
    scenes = scenes_with("rain", None, "rain")
    unsure = Caption(background="a place that cannot be told", confidence=0.1)
    scenes[1] = scenes[1].model_copy(update={"caption": unsure})
    first, second, _ = settle(scenes)
    assert first.cues[0].end == 15
    assert second.shares == (first.cues[0].id,)


def test_scene_that_is_known_may_stay_silent():
    assert settle(scenes_with("rain", None, "rain"))[1].shares == ()


def test_cues_of_one_name_are_told_apart():
    scenes = scenes_with("rain")
    twice = scenes[0].cues[0].model_copy(update={"layer": Layer.EFFECTS, "label": "thunder"})
    (scene,) = settle([scenes[0].model_copy(update={"cues": (scenes[0].cues[0], twice)})])
    assert len({c.id for c in scene.cues}) == 2


@given(st.lists(st.sampled_from(["rain", "wind", None]), min_size=1, max_size=8), st.floats(0.2, 30))
@settings(deadline=None, max_examples=80)
def test_settled_scenes_are_a_valid_sheet_without_gaps(beds, length):
    scenes = scenes_with(*beds, length=length, fade_in=0.0, fade_out=0.0)
    settled = settle(scenes)
    sheet = CueSheet.model_validate(
        CueSheet(film=FILM, duration=scenes[-1].end, scenes=scenes).model_copy(update={"scenes": settled}).model_dump()
    )
    for label, scene in zip(beds, sheet.scenes, strict=True):
        over = [c for c in sheet.cues() if c.start <= scene.start + 1e-6 and c.end >= scene.end - 1e-6]
        assert label is None or label in {c.label for c in over}
    assert all(one.end == other.start for one, other in pairwise(sheet.scenes))
