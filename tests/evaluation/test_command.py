"""`soundstage evaluate`, as a program reads it and as a person does."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from soundstage.cli.console import stdout
from soundstage.cli.evaluate import app
from soundstage.errors import BadOption
from tests.agents.llm.standin import said, standin
from tests.agents.llm.studio import sensible

_PARTS = {"tuned", "held-out", "all"}


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def merges() -> Any:
    return json.loads(_run("merge", "--json").stdout)


@pytest.fixture(scope="module")
def labels() -> Any:
    return json.loads(_run("labels", "--json").stdout)


def test_the_house_is_judged_in_every_part(merges: Any):
    (house,) = merges["judges"]
    assert house["name"].startswith("house")
    assert house["scores"].keys() == _PARTS


def test_the_counts_of_merges_give_their_shares(merges: Any):
    score = merges["judges"][0]["scores"]["all"]
    assert score["precision"] == score["merged_rightly"] / (score["merged_rightly"] + score["merged_wrongly"])
    assert score["recall"] == score["merged_rightly"] / (score["merged_rightly"] + score["parted_wrongly"])


def test_wrong_pairs_are_told_with_what_was_said(merges: Any):
    house = merges["judges"][0]
    counts = house["scores"]["all"]
    assert len(house["wrong"]) == counts["merged_wrongly"] + counts["parted_wrongly"]
    assert all(wrong["said"]["merge"] is not wrong["merge"] for wrong in house["wrong"])


def test_the_knowledge_base_and_the_houses_choice_are_ranked(labels: Any):
    search, chosen = labels["rankings"]
    assert search["scores"].keys() == chosen["scores"].keys() == _PARTS
    assert search["scores"]["all"]["top5"] >= search["scores"]["all"]["top1"]


def test_a_choice_has_no_five_places(labels: Any):
    assert {score["top5"] for score in labels["rankings"][1]["scores"].values()} == {None}


def test_missed_words_are_told_with_what_was_found(labels: Any):
    for ranking in labels["rankings"]:
        assert all(not set(missed["found"][:1]) & set(missed["labels"]) for missed in ranking["missed"])


def test_a_table_names_every_part():
    lines = _run("merge").stdout.splitlines()
    assert [line.split()[1] for line in lines[1:]] == ["tuned", "held-out", "all"]


def test_wrong_pairs_are_listed_when_asked_for(merges: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stdout, "width", 200)
    told = _run("merge", "--wrong").stdout
    assert all(wrong["id"] in told for wrong in merges["judges"][0]["wrong"])


@pytest.mark.parametrize("what", ["merge", "labels"])
def test_an_address_needs_a_model(what: str):
    assert isinstance(_run(what, "--base-url", "http://127.0.0.1:1").exception, BadOption)


def test_a_models_merges_stand_beside_the_houses(merges: Any):
    verdict = {"merge": True, "confidence": 0.9, "reason": "it all goes together"}
    with standin(sensible(**{"You are the Storyboarder": said(verdict)})) as server:
        told = _run("merge", "--json", "--model", "openai-chat:qwen", "--base-url", server.url, "--concurrency", "16")
        asked = len(server.requests)
    house, model = json.loads(told.stdout)["judges"]
    assert house == merges["judges"][0]
    assert model["name"] == "openai-chat:qwen"
    assert model["scores"]["all"]["recall"] == 1
    assert model["scores"]["all"]["precision"] == pytest.approx(62 / 119, abs=1e-3)
    assert asked == 119
