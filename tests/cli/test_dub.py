import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import opentimelineio
import pytest

from soundstage import sound
from tests.cli.conftest import Run


@pytest.fixture(scope="module")
def dubbed(run: Run, film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the film was dubbed once, to out.mp4."""
    folder = tmp_path_factory.mktemp("dubbed")
    said = run("dub", film, "-o", folder / "out.mp4", "--hint", "rain on a street, a dog barks")
    assert said.code == 0, said.err
    return folder


@pytest.fixture
def work(dubbed: Path, tmp_path: Path) -> Path:
    """A copy of the dubbed folder to change."""
    return Path(shutil.copytree(dubbed, tmp_path / "copy"))


def _again(run: Run, film: Path, folder: Path, *more: str):
    hint = ("--hint", "rain on a street, a dog barks")
    return run("dub", film, "-o", folder / "out.mp4", *hint, "--json", *more)


@pytest.mark.parametrize(
    "name",
    ["out.mp4", *(f"out.soundstage/{n}" for n in ("master.flac", "cuesheet.json", "captions.vtt", "timeline.otio"))],
)
def test_everything_promised_lies_there(dubbed: Path, name: str):
    assert (dubbed / name).stat().st_size > 0


def test_the_hint_is_heard(dubbed: Path):
    scenes = json.loads((dubbed / "out.soundstage" / "cuesheet.json").read_text())["scenes"]
    labels = {cue["label"] for scene in scenes for cue in scene["cues"]}
    assert any("rain" in label for label in labels)
    assert any("dog" in label for label in labels)


def test_the_sheet_keeps_the_schema_beside_it(dubbed: Path):
    folder = dubbed / "out.soundstage"
    schema = json.loads((folder / "cuesheet.schema.json").read_text())
    jsonschema.validate(json.loads((folder / "cuesheet.json").read_text()), schema)


def test_the_timeline_opens(dubbed: Path):
    timeline = opentimelineio.adapters.read_from_file(str(dubbed / "out.soundstage" / "timeline.otio"))
    assert len(timeline.tracks) >= 2


def test_the_report_names_every_licence(dubbed: Path):
    report = json.loads((dubbed / "out.soundstage" / "report.json").read_text())
    assert report["takes"]
    assert all(take["licence"] for take in report["takes"].values())


def test_a_second_run_makes_nothing_new(run: Run, film: Path, work: Path):
    before = sound.facts(work / "out.soundstage" / "master.flac")
    said = _again(run, film, work)
    assert said.code == 0, said.err
    assert said.value["fresh_takes"] == 0
    assert sound.facts(work / "out.soundstage" / "master.flac") == before


def _edit(folder: Path, change: Callable[[dict[str, object]], None]) -> None:
    path = folder / "out.soundstage" / "cuesheet.json"
    sheet = json.loads(path.read_text())
    change(sheet["scenes"][0]["cues"][0])
    path.write_text(json.dumps(sheet))


@pytest.mark.parametrize(
    ("edit", "fresh"),
    [
        pytest.param({"seed": 12345}, 1, id="another seed renders one take"),
        pytest.param({"level": -25.0}, 0, id="another level only mixes"),
    ],
)
def test_an_edit_renders_only_what_it_must(run: Run, film: Path, work: Path, edit: dict[str, object], fresh: int):
    master = work / "out.soundstage" / "master.flac"
    before = master.read_bytes()
    takes = {path.name: path.stat().st_mtime_ns for path in (work / "out.soundstage" / "takes").glob("*.flac")}
    _edit(work, lambda cue: cue.update(edit))
    said = _again(run, film, work)
    assert said.code == 0, said.err
    assert said.value["fresh_takes"] == fresh
    assert master.read_bytes() != before
    after = {path.name: path.stat().st_mtime_ns for path in (work / "out.soundstage" / "takes").glob("*.flac")}
    assert {name: after[name] for name in takes} == takes


def test_an_edit_survives_another_hint(run: Run, film: Path, work: Path):
    _edit(work, lambda cue: cue.update(level=-44.0))
    said = run("dub", film, "-o", work / "out.mp4", "--hint", "rain on a street, a horse gallops", "--json")
    assert said.code == 0, said.err
    scenes = json.loads((work / "out.soundstage" / "cuesheet.json").read_text())["scenes"]
    assert -44.0 in [cue["level"] for scene in scenes for cue in scene["cues"]]


@pytest.mark.parametrize(("hint", "noted"), [("夜の雨", 1), ("rain at night", 0)], ids=["Japanese", "English"])
def test_a_hint_that_nobody_understands_is_noted(run: Run, film: Path, work: Path, hint: str, noted: int):
    said = run("design", film, "--work", work / "out.soundstage", "--hint", hint)
    assert said.code == 0, said.err
    assert (said.out + said.err).count("says nothing that was understood") == noted


@pytest.mark.parametrize("asked", ["inspect", "mix"])
def test_the_work_on_a_film_is_not_given_up_for_looking_at_another(run: Run, work: Path, asked: str):
    before = (work / "out.soundstage" / "cuesheet.json").read_bytes()
    output = work / ("look" if asked == "inspect" else "mixed.mp4")
    said = run(asked, work / "out.mp4", "-o", output, "--work", work / "out.soundstage")
    assert said.code == 2
    assert "is the work folder of film.mp4" in said.err
    assert (work / "out.soundstage" / "cuesheet.json").read_bytes() == before


def test_what_was_designed_by_itself_is_mixed(run: Run, film: Path, work: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(work)  # where `design` keeps its work
    Path("out.soundstage").rename("film.soundstage")
    said = run("mix", film, "-o", "mixed.mp4", "--json")
    assert said.code == 0, said.err
    assert said.value["fresh_takes"] == 0
    assert Path("mixed.mp4").exists()


def test_who_works_on_another_film_is_told_where_the_sheet_is(run: Run, work: Path):
    (work / "out.mp4").rename(work / "other.mp4")
    said = run("storyboard", work / "other.mp4", "--work", work / "out.soundstage")
    assert said.code == 0
    assert (work / "out.soundstage" / "cuesheet.1.json").exists()
    assert "cuesheet.1.json" in said.err


def test_an_unknown_label_is_refused_and_nothing_is_lost(run: Run, film: Path, work: Path):
    before = (work / "out.mp4").read_bytes()
    _edit(work, lambda cue: cue.update(label="unheard of thing"))
    said = _again(run, film, work)
    assert said.code == 4
    assert "unheard of thing" in said.err
    assert (work / "out.mp4").read_bytes() == before


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
@pytest.mark.parametrize("after", ["reading/reading.json", "takes"])
def test_a_killed_run_goes_on(
    command: Callable[..., subprocess.Popen[str]],
    run: Run,
    film: Path,
    dubbed: Path,
    tmp_path: Path,
    how: signal.Signals,
    after: str,
):
    process = command("dub", film, "-o", tmp_path / "out.mp4", "--hint", "rain on a street, a dog barks")
    wait_for(tmp_path / "out.soundstage" / after, process)
    process.send_signal(how)
    process.communicate(timeout=60)
    assert process.returncode == (130 if how is signal.SIGINT else -how)
    assert not (tmp_path / "out.mp4").exists()
    said = _again(run, film, tmp_path)
    assert said.code == 0, said.err
    master = Path("out.soundstage") / "master.flac"
    assert (tmp_path / master).read_bytes() == (dubbed / master).read_bytes()
    assert not list(tmp_path.rglob("*.part"))


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    """Wait until something lies at `path`; a process that ends before is a failed test."""
    for _ in range(3000):
        if path.is_file() or (path.is_dir() and any(path.iterdir())):
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    raise AssertionError(f"{path} never came")
