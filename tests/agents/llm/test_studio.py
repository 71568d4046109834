"""The llm cast in a studio: takes that are listened to, a narrator, clips."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from soundstage import cuesheet
from soundstage.cuesheet import NARRATOR, Cue, CueSheet, Layer, Line
from soundstage.edits import NO_EDITS
from soundstage.mix.film import MixOptions, Outputs
from soundstage.options import StudioOptions
from soundstage.pipeline import Studio
from soundstage.synth.procedural import ProceduralMaker
from soundstage.synth.speech.placing import MARGIN
from soundstage.workfolder import WorkFolder
from tests.agents.llm.scenes import read_folder
from tests.agents.llm.scripted import Played, Question, captioned, in_order, playing
from tests.footage import bouncing_ball

OVERVIEW = {"summary": "A ball bounces."}
SEEN = {
    "scriptwriter_film": OVERVIEW,
    "scriptwriter_shot": captioned("A ball bounces.", confidence=0.9),
    "scriptwriter_part": OVERVIEW,
    "storyboarder_merge": {"merge": False, "confidence": 0.9, "reason": "another place"},
}
SILENT = {**SEEN, "designer_bible": {"sources": []}, "designer_draft": {"main": [], "background": []}}
OPTIONS = StudioOptions(transcribe=False, candidates=1, seed=3)


@contextmanager
def studio(
    folder: WorkFolder, film: Path, played: Played, options: StudioOptions = OPTIONS, **more: Any
) -> Iterator[Studio]:
    with folder.locked():
        yield Studio(film, folder, played.cast, (ProceduralMaker(),), options, **more)


@pytest.fixture(scope="module")
def ball(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[float, ...]]:
    """A film of a bouncing ball, and when it strikes the ground."""
    path = tmp_path_factory.mktemp("film") / "ball.mp4"
    return path, bouncing_ball(path, size=(160, 90))


def horns(hear: Any) -> dict[str, Any]:
    """A Designer who asks for a ship's horn at every bounce: too slow a sound to strike so often."""

    def draft(asked: Question) -> dict[str, Any]:
        moments = [onset["time"] for onset in asked.material["onsets"]]
        return {"main": [{"words": "ship horn", "reason": "a joke", "moments": moments, "level": -20}]}

    def suggest(asked: Question) -> dict[str, Any]:
        return {"suggestions": [{"sound": 1, "labels": asked.material["sounds"][0]["labels"][:1]}]}

    return {
        **SEEN,
        "designer_draft": draft,
        "synthesizer_retrieval": suggest,
        "synthesizer_plan": {"choices": [{"sound": 1, "label": "ship horn", "reason": "as asked"}]},
        "designer_review": {"final": True},
        "designer_hear": hear,
    }


CAR_HORN = {"action": "change", "label": "car horn", "words": "short honks", "reason": "it strikes fast"}


def dubbed(folder: WorkFolder, film: Path, played: Played, master: Path) -> tuple[CueSheet, Any]:
    with studio(folder, film, played) as at_work:
        rendered = at_work.rendered
        at_work.mix(Outputs(master=master), MixOptions())
        return at_work.sheet, rendered


def test_a_take_that_falls_short_is_made_as_another_label(ball: tuple[Path, tuple[float, ...]], tmp_path: Path) -> None:
    film, bounces = ball
    folder = WorkFolder(tmp_path / "work")
    with playing(horns(CAR_HORN)) as played:
        sheet, rendered = dubbed(folder, film, played, tmp_path / "one.flac")
    (cue,) = sheet.cues()
    (asked,) = played.questions("designer_hear")
    assert asked.material["asked for"]["label"] == "ship horn"
    assert asked.material["heard"][0].startswith("hits: asked for a hit at")
    assert (cue.label, cue.prompt, cue.level) == ("car horn", "short honks", -20)
    assert [anchor.time for anchor in cue.anchors] == pytest.approx(bounces, abs=0.04)
    assert cue.reason.startswith("a joke; as asked; heard: hits: asked for a hit at")
    assert cue.reason.endswith("; car horn instead: it strikes fast")

    # What lies in the folder agrees.
    (saved,) = cuesheet.load(folder.sheet).cues()
    (own,) = cuesheet.load(folder.baseline).cues()
    take = rendered.takes[cue.id]
    assert saved.model_copy(update={"take": None}) == cue == own
    assert saved.take is not None
    assert (saved.take.maker, saved.take.score) == (take.maker, pytest.approx(take.score, abs=0.01))
    assert take.cue == cue.id
    assert take.score > 0.75
    assert folder.edits() == NO_EDITS

    with playing({}) as again:
        same, _ = dubbed(folder, film, again, tmp_path / "two.flac")
    assert again.prompts() == []
    assert same == sheet
    assert (tmp_path / "two.flac").read_bytes() == (tmp_path / "one.flac").read_bytes()


def test_what_the_user_changed_is_not_sent_back(ball: tuple[Path, tuple[float, ...]], tmp_path: Path) -> None:
    folder = WorkFolder(tmp_path / "work")
    with playing(horns(CAR_HORN)) as played:
        with studio(folder, ball[0], played) as at_work:
            sheet = at_work.sheet
        changed = sheet.with_cues(lambda cue: cue.model_copy(update={"level": -30.0}))
        cuesheet.save(changed, folder.sheet)
        with studio(folder, ball[0], played) as at_work:
            takes = at_work.rendered.takes
            (cue,) = at_work.sheet.cues()
    assert (cue.label, cue.level) == ("ship horn", -30)
    assert takes[cue.id].score < 0.75
    assert played.questions("designer_hear") == []


def test_nobody_listens_where_it_is_not_wanted(ball: tuple[Path, tuple[float, ...]], tmp_path: Path) -> None:
    options = StudioOptions(transcribe=False, candidates=1, listen=False)
    with playing(horns(CAR_HORN)) as played, studio(WorkFolder(tmp_path), ball[0], played, options) as at_work:
        assert list(at_work.rendered.takes)
    assert played.questions("designer_hear") == []


def test_a_film_read_for_clips_gives_each_shot_its_own(ball: tuple[Path, tuple[float, ...]], tmp_path: Path) -> None:
    options = StudioOptions(transcribe=False, clips=True)
    with playing(SILENT) as played, studio(WorkFolder(tmp_path), ball[0], played, options) as at_work:
        assert at_work._views.shot(0).clip == tmp_path / "reading" / "clips" / "0000.mp4"


DIALOGUE = (Line(start=4, end=7, text="Who is there?"), Line(start=18, end=19, text="Nobody."))


@pytest.fixture
def spoken(tmp_path: Path) -> WorkFolder:
    """A work folder with the reading of a film of 24 s in which somebody speaks."""
    return read_folder(tmp_path / "work", DIALOGUE)


def narrated(folder: WorkFolder, narration: Any, **options: Any) -> tuple[list[Cue], Played]:
    chosen = StudioOptions(narrate=True, **options)
    with (
        playing({**SILENT, "scriptwriter_narration": narration}) as played,
        studio(folder, folder.root / "film.mp4", played, chosen, film_digest="0" * 64) as at_work,
    ):
        assert at_work.notes == []
        return [cue for cue in at_work.sheet.cues() if cue.layer is Layer.SPEECH], played


def every_pause(asked: Question) -> dict[str, Any]:
    """As much as can be said in every pause."""
    return {"lines": [{"pause": p["pause"], "text": " ".join(["on"] * p["words"])} for p in asked.material["pauses"]]}


def test_a_narrator_speaks_in_the_pauses(spoken: WorkFolder) -> None:
    cues, played = narrated(spoken, every_pause)
    pauses = played.questions("scriptwriter_narration")[0].material["pauses"]
    assert [(p["start"], p["end"], p["scene"]) for p in pauses] == [
        (0, 3.75, "s001"),
        (7.25, 12, "s001"),
        (12, 17.75, "s002"),
        (19.25, 24, "s002"),
    ]
    assert [(cue.start, cue.text) for cue in cues] == [(p["start"], " ".join(["on"] * p["words"])) for p in pauses]
    assert {cue.source for cue in cues} == {NARRATOR}
    assert {cue.reason for cue in cues} == {"written for the narrator"}
    for cue in cues:
        assert any(p["start"] <= cue.start < cue.end <= p["end"] for p in pauses)
        assert all(cue.end <= line.start - MARGIN or cue.start >= line.end + MARGIN for line in DIALOGUE)


def test_too_many_words_are_sent_back(spoken: WorkFolder) -> None:
    long = {"lines": [{"pause": 1, "text": " ".join(["word"] * 10)}]}
    cues, played = narrated(spoken, in_order(long, {"lines": [{"pause": 1, "text": "A door."}]}))
    assert [cue.text for cue in cues] == ["A door."]
    told = "The line for pause 1 has 10 words, but only 9 can be spoken in it."
    assert told in played.questions("scriptwriter_narration")[1].corrections[0]


def test_a_narrator_does_not_speak_over_given_lines(spoken: WorkFolder) -> None:
    given = spoken.root / "lines.srt"
    given.write_text("1\n00:00:01,000 --> 00:00:02,000\nCome in.\n")
    cues, _ = narrated(spoken, every_pause, speech=given)
    narrator = [cue for cue in cues if cue.source == NARRATOR]
    (other,) = [cue for cue in cues if cue.source != NARRATOR]
    assert len(narrator) == 5
    assert all(cue.end <= other.start - MARGIN or cue.start >= other.end + MARGIN for cue in narrator)


def test_a_narrator_may_speak_over_dialogue_that_is_replaced(spoken: WorkFolder) -> None:
    _, played = narrated(spoken, {"lines": []}, over_dialogue=True)
    pauses = played.questions("scriptwriter_narration")[0].material["pauses"]
    assert [(p["start"], p["end"]) for p in pauses] == [(0, 12), (12, 24)]


def test_without_a_narrator_nothing_is_written(spoken: WorkFolder) -> None:
    with (
        playing(SILENT) as played,
        studio(spoken, spoken.root / "film.mp4", played, StudioOptions(), film_digest="0" * 64) as at_work,
    ):
        assert list(at_work.sheet.cues()) == []
    assert played.questions("scriptwriter_narration") == []


def test_notes_on_moved_lines_are_told_of_a_sheet_that_is_kept(spoken: WorkFolder) -> None:
    given = spoken.root / "lines.srt"
    given.write_text("1\n00:00:18,000 --> 00:00:19,000\nCome in.\n")
    with playing(SILENT) as played:
        options = StudioOptions(speech=given)
        with studio(spoken, spoken.root / "film.mp4", played, options, film_digest="0" * 64) as at_work:
            first = (at_work.sheet, at_work.notes)
        kept = replace(options, keep_sheet=True)
        with studio(spoken, spoken.root / "film.mp4", played, kept, film_digest="0" * 64) as at_work:
            again = (at_work.sheet, at_work.notes)
    assert len(first[1]) == 1
    assert again == first
