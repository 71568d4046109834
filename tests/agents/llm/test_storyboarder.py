import pytest

from soundstage.agents.roles import ShotScript
from soundstage.cuesheet import Caption, Moment, Overview
from soundstage.reading import Shot
from tests.agents.llm.scripted import captioned, playing

OVERVIEW = Overview(summary="A harbour.", timeline=(Moment(start=0, end=60, text="Ships."),))
BEFORE = ShotScript(Shot(index=3, start=6, end=12), Caption(background="a quay", summary="A ship.", motion=0.2))
AFTER = ShotScript(Shot(index=4, start=12, end=14), Caption(background="a mast", summary="A sail.", motion=0.6))
MERGED = {"merge": True, "confidence": 0.8, "reason": "one ship", "caption": captioned("A ship under sail.", "a quay")}


def test_two_stretches_and_a_rough_summary_are_told():
    with playing({"storyboarder_merge": MERGED}) as played:
        played.cast.storyboarder.judge(BEFORE, AFTER, OVERVIEW)
    seen = {"setting": [], "entities": [], "actions": []}
    assert played.questions()[0].material == {
        "before": {"shot": 3, "start": 6, "end": 12, "background": "a quay", **seen, "summary": "A ship."},
        "after": {"shot": 4, "start": 12, "end": 14, "background": "a mast", **seen, "summary": "A sail."},
        "the whole film": {"this is": "rough and partly wrong", "summary": "A harbour.", "timeline": []},
    }


def test_a_merge_brings_one_caption_that_moves_as_both_did():
    with playing({"storyboarder_merge": MERGED}) as played:
        verdict = played.cast.storyboarder.judge(BEFORE, AFTER, OVERVIEW)
    assert (verdict.merge, verdict.confidence, verdict.reason) == (True, 0.8, "one ship")
    assert verdict.caption is not None
    assert (verdict.caption.summary, verdict.caption.background) == ("A ship under sail.", "a quay")
    assert verdict.caption.motion == pytest.approx(0.3)


def test_what_is_parted_has_no_caption_of_both():
    with playing({"storyboarder_merge": {**MERGED, "merge": False}}) as played:
        assert played.cast.storyboarder.judge(BEFORE, AFTER, OVERVIEW).caption is None
