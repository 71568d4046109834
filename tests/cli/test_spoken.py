import json
import shutil
from pathlib import Path

import pytest

from soundstage.cuesheet import Line
from soundstage.reading import Reading
from soundstage.workfolder import WorkFolder
from tests.cli.conftest import Run

# The film lasts 3.6 s, and somebody speaks from 1.2 s on for a while.
DIALOGUE = (Line(start=1.2, end=1.6, text="[speech]"), Line(start=2.6, end=3.6, text="Who is there?"))
LINES = """1
00:00:00,100 --> 00:00:00,400
Free.

2
00:00:01,300 --> 00:00:01,700
Moved.

3
00:00:02,500 --> 00:00:03,500
Left out.
"""
MOVED = "Line 2 was moved from 1.30 s to 1.85 s, where it does not talk over the film's own dialogue."
LEFT_OUT = (
    "Line 3 at 2.50 s would talk over the film's own dialogue; "
    "remove the original sound to hear it, or give it another time."
)


@pytest.fixture(scope="module")
def overheard(run: Run, film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder with a finished reading in which somebody speaks."""
    work = tmp_path_factory.mktemp("overheard") / "work"
    assert run("storyboard", film, "--work", work).code == 0
    folder = WorkFolder(work)
    reading = Reading.load(folder.reading)
    reading.model_copy(update={"dialogue": DIALOGUE}).save(folder.reading)
    folder.seal_reading(speech=True)
    (work / "lines.srt").write_text(LINES)
    return work


@pytest.fixture
def work(overheard: Path, tmp_path: Path) -> Path:
    """A copy of it to work in."""
    return Path(shutil.copytree(overheard, tmp_path / "work"))


def _spoken(work: Path) -> dict[str, float]:
    sheet = json.loads((work / "cuesheet.json").read_text())
    return {cue["id"]: cue["start"] for scene in sheet["scenes"] for cue in scene["cues"] if cue["layer"] == "speech"}


def test_lines_are_moved_or_left_out_and_the_user_is_told_each_time(run: Run, film: Path, work: Path):
    for _ in ("designed", "remembered"):
        said = run("design", film, "--work", work, "--speech", work / "lines.srt")
        assert said.code == 0, said.err
        assert f"Note: {MOVED}\nNote: {LEFT_OUT}\n" in said.out
        assert f"Studio: {MOVED}\nStudio: {LEFT_OUT}\n" in (work / "talk.txt").read_text()
        assert _spoken(work) == {"line-0001": 0.1, "line-0002": 1.85}


def test_the_report_tells_too(run: Run, film: Path, work: Path):
    said = run("dub", film, "-o", work.with_name("out.mp4"), "--work", work, "--speech", work / "lines.srt", "--json")
    assert said.code == 0, said.err
    assert said.value["notes"] == [MOVED, LEFT_OUT]
    assert json.loads((work / "report.json").read_text())["notes"] == [MOVED, LEFT_OUT]


@pytest.mark.parametrize("original", ["remove"])
def test_lines_keep_their_time_where_the_films_sound_goes(run: Run, film: Path, work: Path, original: str):
    place = ("-o", work.with_name("out.mp4"), "--work", work)
    said = run("dub", film, *place, "--speech", work / "lines.srt", "--original", original, "--json")
    assert said.code == 0, said.err
    assert said.value["notes"] == []
    assert _spoken(work) == {"line-0001": 0.1, "line-0002": 1.3, "line-0003": 2.5}


def test_hundreds_of_notes_leave_the_result_in_sight(run: Run, film: Path, work: Path):
    entries = (f"{n}\n00:00:02,{n:03} --> 00:00:03,500\nWord.\n" for n in range(500, 800))
    (work / "many.srt").write_text("\n".join(entries))
    said = run("design", film, "--work", work, "--speech", work / "many.srt")
    assert said.code == 0, said.err
    assert said.out.count("Note: ") == 20
    assert "And 280 more notes" in said.out
