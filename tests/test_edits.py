from hypothesis import given

from soundstage.cuesheet import CueSheet, Line, TakeNote
from soundstage.edits import all_of, apply_edits, baseline, edits_between
from tests.documents import cue, sheet, sheets

_BASE = sheet((cue("rain", 0, 4), cue("wind", 0, 5)), (cue("sea", 5, 9),))


@given(sheets())
def test_an_untouched_sheet_has_no_edits(made: CueSheet):
    edits = edits_between(made, made)
    assert not edits
    assert apply_edits(made, edits) == made


def test_a_take_note_is_no_edit():
    note = TakeNote(maker="procedural", licence="CC0-1.0", score=1.0, reason="")
    noted = _BASE.with_cues(lambda c: c.model_copy(update={"take": note}))
    assert not edits_between(_BASE, noted)


def test_a_changed_cue_survives_a_new_design():
    edited = _BASE.with_cues(lambda c: c.model_copy(update={"level": -20.0}) if c.id == "wind" else c)
    fresh = _BASE.with_cues(lambda c: c.model_copy(update={"seed": 5}))
    result = {c.id: c for c in apply_edits(fresh, edits_between(_BASE, edited)).cues()}
    assert (result["wind"].level, result["wind"].seed) == (-20.0, 0)
    assert result["rain"].seed == 5


def test_a_removed_cue_stays_away():
    edited = _BASE.with_cues(lambda c: None if c.id == "rain" else c)
    result = apply_edits(_BASE, edits_between(_BASE, edited))
    assert [c.id for c in result.cues()] == ["wind", "sea"]


def test_an_added_cue_joins_the_scene_of_its_start():
    edited = sheet((cue("rain", 0, 4), cue("wind", 0, 5)), (cue("sea", 5, 9), cue("gull", 6, 7)))
    result = apply_edits(_BASE, edits_between(_BASE, edited))
    assert [c.id for c in result.scenes[1].cues] == ["sea", "gull"]


def test_a_hint_survives():
    hinted = _BASE.scenes[1].model_copy(update={"hint": "a calm sea"})
    edited = _BASE.model_copy(update={"scenes": (_BASE.scenes[0], hinted)})
    assert apply_edits(_BASE, edits_between(_BASE, edited)).scenes[1].hint == "a calm sea"


def test_corrected_dialogue_survives():
    heard = _with_dialogue("There's a cat in the hat.")
    corrected = _with_dialogue("There's a bat in the attic.")
    edits = edits_between(heard, corrected)
    assert edits
    assert apply_edits(heard, edits).scenes[0].dialogue == corrected.scenes[0].dialogue


def _with_dialogue(text: str) -> CueSheet:
    first, second = _BASE.scenes
    spoken = first.model_copy(update={"dialogue": (Line(start=1.0, end=2.0, text=text),)})
    return _BASE.model_copy(update={"scenes": (spoken, second)})


def test_an_edited_cue_whose_id_is_gone_is_kept():
    edited = _BASE.with_cues(lambda c: c.model_copy(update={"level": -20.0}) if c.id == "sea" else c)
    fresh = _BASE.with_cues(lambda c: None if c.id == "sea" else c)
    assert [c.id for c in apply_edits(fresh, edits_between(_BASE, edited)).scenes[1].cues] == ["sea"]


def test_moved_scene_borders_are_an_edit():
    first, second = _BASE.scenes
    moved = _BASE.model_copy(
        update={"scenes": (first.model_copy(update={"end": 4.5}), second.model_copy(update={"start": 4.5}))}
    )
    scenes = edits_between(_BASE, moved).scenes
    assert scenes is not None
    assert scenes[0].end == 4.5


def test_hints_and_borders_are_still_edits_after_the_design_that_followed_them():
    first, second = _BASE.scenes
    scenes = (first.model_copy(update={"end": 4.5, "hint": "a storm"}), second.model_copy(update={"start": 4.5}))
    edited = _BASE.model_copy(update={"scenes": scenes})
    again = edits_between(baseline(edited, _BASE.scenes), edited)
    assert again == edits_between(_BASE, edited)
    assert again.hints == {"s000": "a storm"}
    assert again.scenes is not None


@given(sheets())
def test_a_baseline_holds_every_designed_cue(made: CueSheet):
    assert sorted(c.id for c in baseline(made, made.scenes).cues()) == sorted(c.id for c in made.cues())


def test_an_added_cue_outweighs_a_designed_one_of_its_name():
    edited = sheet((cue("rain", 0, 4), cue("wind", 0, 5)), (cue("sea", 5, 9), cue("gull", 6, 7, level=-20.0)))
    fresh = sheet((cue("gull", 1, 2),), (cue("sea", 5, 9),))
    result = apply_edits(fresh, edits_between(_BASE, edited))
    assert [c.level for c in result.cues() if c.id == "gull"] == [-20.0]


@given(sheets())
def test_a_sheet_that_is_all_the_users_stays_as_it_is(made: CueSheet):
    silent = made.with_cues(lambda _: None)
    assert sorted(c.id for c in apply_edits(silent, all_of(made)).cues()) == sorted(c.id for c in made.cues())
