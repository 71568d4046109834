"""`soundstage evaluate` on films, as a program reads it: a tiny bench all the way, and what is refused."""

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from soundstage.cli.console import log_to_stderr
from soundstage.cli.evaluate import app
from soundstage.errors import BadBench, BadOption, StorageError
from soundstage.evaluation.bench.entries import Bench
from soundstage.evaluation.listening.documents import KEY_FILE, REFERENCE, Key
from soundstage.sound import write_blocks
from tests.evaluation.benches import FILMS, TIMES, clicks, write_bench, write_results

_ONE = ("--workers", "1")


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


def _told(*arguments: str | Path) -> Any:
    result = _run(*arguments, "--json")
    if result.exception is not None:
        raise result.exception
    return json.loads(result.stdout)


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> Iterator[None]:
    """The program sends its log to stderr before it runs a command."""
    log_to_stderr(logging.ERROR)
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bench with results of two systems."""
    bench = write_bench(tmp_path_factory.mktemp("bench"))
    write_results(bench.folder / "systems/soundstage", "soundstage")
    write_results(bench.folder / "systems/elsewhere", "elsewhere", 0.3, (1.5,))
    return bench.folder


@pytest.fixture(scope="module")
def scores(folder: Path) -> Any:
    return _told("score", folder, "--offline", "--resamples", "20", *_ONE)


@pytest.fixture(scope="module")
def key(folder: Path) -> Key:
    _told("listen", folder, "--seconds", "2", "--most", "1")
    return Key.model_validate_json((folder / KEY_FILE).read_text())


def test_scores_are_told_with_soundstage_first(scores: Any, folder: Path):
    assert [system["system"] for system in scores["systems"]] == ["soundstage", "elsewhere"]
    assert json.loads((folder / "scores.json").read_text()) == scores


def test_only_some_systems_can_be_scored(folder: Path, scores: Any, tmp_path: Path):
    assert isinstance(_run("score", folder, "--only", "nobody").exception, BadOption)


def test_the_report_lies_where_it_is_told(folder: Path, scores: Any):
    told = _told("report", folder)
    assert "soundstage" in Path(told["report"]).read_text()
    assert "elsewhere" in Path(told["page"]).read_text()


def test_the_report_can_be_of_some_systems(folder: Path, scores: Any):
    told = _told("report", folder, "--only", "elsewhere")
    assert "| elsewhere |" in Path(told["report"]).read_text()
    assert "| soundstage |" not in Path(told["report"]).read_text()


def test_a_folder_of_sounds_is_a_system(folder: Path, tmp_path: Path):
    (tmp_path / "mine").mkdir()
    for film in FILMS:
        write_blocks(tmp_path / f"mine/{film}.flac", [clicks(TIMES)], 2)
    bench = Bench.load(folder)
    bench.model_copy(update={"entries": bench.entries[:1]}).save(tmp_path)
    (made,) = _told("run", tmp_path, "--system", f"folder:{tmp_path / 'mine'}", *_ONE)
    assert (made["system"], len(made["results"])) == ("mine", 1)
    assert (tmp_path / "systems/mine/results.json").exists()


def test_a_sound_bench_passes_its_check(folder: Path):
    assert _told("check", folder) == {"problems": []}


def test_what_is_wrong_with_a_bench_is_told_and_ends_the_command(folder: Path, tmp_path: Path):
    shutil.copy(folder / "bench.json", tmp_path)
    result = _run("check", tmp_path)
    assert isinstance(result.exception, BadBench)
    assert "films/dog.mp4" in result.stdout


def test_a_card_counts_the_films(folder: Path):
    told = _told("card", folder)
    assert told["films"] == len(FILMS)
    assert "tiny" in Path(told["card"]).read_text()
    assert Path(told["plot"]).read_bytes().startswith(b"\x89PNG")


def test_listeners_are_heard(folder: Path, key: Key):
    (trial,) = key.trials
    marks = {name: 5 if name == REFERENCE else 3 for name in trial.systems.values()}
    ratings = [
        {"trial": trial.id, "label": label, **dict.fromkeys(("quality", "consistency", "overall"), marks[name])}
        for label, name in trial.systems.items()
    ]
    saved = folder / "results-ann.json"
    saved.write_text(json.dumps({"test": key.test, "listener": "ann", "ratings": ratings}))
    told = _told("listened", saved, "--key", folder / KEY_FILE)
    means = {opinion["system"]: opinion["mean"] for opinion in told["opinions"]}
    assert means == marks
    assert "No difference" in _run("listened", saved, "--key", folder / KEY_FILE).stdout


@pytest.mark.parametrize("name", ["nobody", "soundstage:x", "folder:", "folder:/no/such/place"])
def test_systems_that_are_not_there_are_refused(folder: Path, name: str):
    assert isinstance(_run("run", folder, "--system", name).exception, BadOption)


@pytest.mark.parametrize("command", ["check", "card", "run", "score", "report", "listen"])
def test_a_folder_without_a_bench_is_refused(tmp_path: Path, command: str):
    assert isinstance(_run(command, tmp_path).exception, StorageError)


def test_a_bench_without_results_says_what_to_do(folder: Path, tmp_path: Path):
    Bench.load(folder).save(tmp_path)
    assert "evaluate run" in str(_run("score", tmp_path).exception)


def test_one_command_does_it_all_on_a_bench_that_is_there(folder: Path, tmp_path: Path):
    bench = Bench.load(folder)
    bench.model_copy(update={"entries": bench.entries[:1]}).save(tmp_path)
    arguments = ("bench", tmp_path, "--system", "windows", "--offline", "--resamples", "10", *_ONE)
    told = _told(*arguments)
    assert [system["system"] for system in told["scores"]["systems"]] == ["procedural-10s"]
    assert Path(told["page"]).exists()
    made = (tmp_path / "systems/procedural-10s/sounds/dog.flac").stat().st_mtime_ns
    assert _told(*arguments)["scores"]["systems"][0]["digest"] == told["scores"]["systems"][0]["digest"]
    assert (tmp_path / "systems/procedural-10s/sounds/dog.flac").stat().st_mtime_ns == made


def test_a_folder_of_pairs_becomes_a_bench_and_what_it_lacks_is_told(folder: Path, tmp_path: Path):
    pairs = tmp_path / "pairs"
    pairs.mkdir()
    for film in FILMS:
        shutil.copy(folder / f"films/{film}.mp4", pairs)
    shutil.copy(folder / "sounds/dog.flac", pairs)
    told = _told("read", pairs, "--format", "pairs", "-o", tmp_path / "bench")
    bench = Bench.load(tmp_path / "bench")
    assert told["films"] == len(bench.entries)
    assert bench.film_of(bench.entry("dog")).is_file()


def test_an_unknown_format_is_refused(folder: Path, tmp_path: Path):
    assert isinstance(_run("read", folder, "--format", "tape", "-o", tmp_path).exception, BadOption)


def test_a_report_on_a_system_without_scores_is_refused(folder: Path, scores: Any):
    assert isinstance(_run("report", folder, "--only", "nobody").exception, BadOption)


@pytest.mark.parametrize("name", ["soundstage", "reference"])
def test_a_folder_that_is_called_as_our_own_results_is_refused(folder: Path, tmp_path: Path, name: str):
    (tmp_path / name).mkdir()
    assert isinstance(_run("run", folder, "--system", f"folder:{tmp_path / name}").exception, BadOption)


def test_two_folders_of_one_name_are_refused(folder: Path, tmp_path: Path):
    for parent in "ab":
        (tmp_path / parent / "theirs").mkdir(parents=True)
    named = [part for parent in "ab" for part in ("--system", f"folder:{tmp_path / parent / 'theirs'}")]
    result = _run("run", folder, *named)
    assert isinstance(result.exception, BadOption)
    assert "theirs" in str(result.exception)


def test_failures_are_told_where_the_scores_are(folder: Path, tmp_path: Path):
    shutil.copytree(folder, tmp_path / "bench")
    (tmp_path / "bench/systems/elsewhere/sounds/dog.flac").unlink()
    shown = _run("score", tmp_path / "bench", "--only", "elsewhere", "--offline", "--resamples", "10", *_ONE)
    assert "elsewhere failed on 1 of its films" in shown.stdout
