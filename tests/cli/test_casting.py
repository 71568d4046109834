"""The cast that asks models, from the command line: through the real program, to a stand-in over a socket."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents.llm.standin import Standin, standin
from tests.agents.llm.studio import sensible
from tests.cli.conftest import Run


@pytest.fixture(scope="module")
def server() -> Iterator[Standin]:
    with standin(sensible()) as server:
        yield server


@pytest.fixture(scope="module")
def work(run: Run, film: Path, server: Standin, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work folder of a film that was dubbed with models."""
    place = tmp_path_factory.mktemp("dubbed")
    said = run("dub", film, "-o", place / "out.mp4", *asking(server), "--work", place / "work", "--json")
    assert said.code == 0, said.err
    return place / "work"


def asking(server: Standin) -> tuple[str, ...]:
    return ("--cast", "llm", "--model", "openai-chat:qwen", "--base-url", server.url)


def test_cue_sheet_holds_what_the_models_asked_for(work: Path):
    sheet = json.loads((work / "cuesheet.json").read_text())
    assert sheet["overview"]["summary"] == "Cyclists on streets."
    cues = {cue["prompt"]: cue for scene in sheet["scenes"] for cue in scene["cues"]}
    assert set(cues) == {"bicycle bell rings", "city traffic"}
    assert (cues["bicycle bell rings"]["level"], cues["bicycle bell rings"]["layer"]) == (-22, "effects")


def test_every_question_is_written_down(work: Path):
    turns = [json.loads(line) for line in (work / "turns.jsonl").read_text().splitlines()]
    assert {turn["role"] for turn in turns} == {"scriptwriter", "storyboarder", "designer", "synthesizer"}
    assert all(turn["model"] == "openai-chat:qwen" and turn["tokens_in"] == 100 for turn in turns)
    assert {turn["prompt"].partition("@")[0] for turn in turns} >= {"scriptwriter_film", "storyboarder_merge"}


def test_report_sums_up_what_each_role_cost(work: Path):
    agents = json.loads((work / "report.json").read_text())["agents"]
    turns = (work / "turns.jsonl").read_text().splitlines()
    assert sum(role["questions"] for role in agents.values()) == len(turns)
    assert agents["storyboarder"]["tokens_in"] == 100 * agents["storyboarder"]["questions"]


def test_a_second_run_asks_nothing(run: Run, film: Path, server: Standin, work: Path):
    asked = len(server.requests)
    said = run("dub", film, "-o", work.with_name("out.mp4"), *asking(server), "--work", work, "--json")
    assert said.code == 0, said.err
    assert len(server.requests) == asked


def test_house_stands_in_and_the_result_says_so(run: Run, film: Path, tmp_path: Path):
    away = ("--cast", "llm", "--model", "openai-chat:qwen", "--base-url", "http://127.0.0.1:9/v1")
    quick = tmp_path / "studio.toml"
    quick.write_text("[agents]\nretries = 0\n")
    place = ("-o", tmp_path / "out.mp4", "--work", tmp_path / "work", "--config", quick)
    said = run("dub", film, *place, *away, "--fallback", "--json")
    assert said.code == 0, said.err
    assert any(note.startswith("The house stood in for a model") for note in said.value["notes"])


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        pytest.param(("--cast", "llm"), 2, "No model is named", id="no model"),
        pytest.param(("--model", "openai-chat:qwen"), 2, "add --cast llm", id="model for the house"),
        pytest.param(("--cast", "llm", "--model", "qwen"), 2, "--model names no model", id="no provider"),
        pytest.param(("--cast", "llm", "--model", "nobody:qwen"), 2, "nobody", id="unknown provider"),
        pytest.param(("--config", "studio.toml"), 2, "add --cast llm", id="settings for the house"),
        pytest.param(("--narrate",), 6, "writes no narration", id="narration by the house"),
        pytest.param(
            ("--cast", "llm", "--model", "openai-chat:qwen", "--base-url", "http://127.0.0.1:9/v1"),
            9,
            "cannot be reached",
            id="nobody there",
        ),
    ],
)
def test_what_cannot_be_asked_ends_in_one_sentence(run: Run, film: Path, tmp_path: Path, options, code, sentence):
    config = tmp_path / "studio.toml"
    config.write_text("[agents]\nretries = 0\n")
    quick = ("--config", config) if "--cast" in options else ()
    said = run("design", film, "--work", tmp_path / "work", *quick, *options)
    assert said.code == code, said.err
    assert sentence in said.err
    assert "Traceback" not in said.err


def test_budget_that_is_spent_ends_the_run(run: Run, film: Path, server: Standin, tmp_path: Path):
    said = run("design", film, "--work", tmp_path / "work", *asking(server), "--most-tokens", "1500")
    assert said.code == 12, said.err
    assert "budget" in said.err
