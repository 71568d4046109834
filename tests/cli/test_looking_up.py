"""Commands that look things up: labels, the library, and what is installed."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundstage.knowledge.base import knowledge
from soundstage.sound import SAMPLE_RATE
from tests.cli.conftest import Run


@pytest.mark.parametrize(("query", "first"), [("a dog barks", "dog barking"), ("thunder", "thunder")])
def test_labels_are_found_by_what_they_are(run: Run, query: str, first: str):
    said = run("labels", query, "--limit", "3", "--json")
    assert said.code == 0, said.err
    assert len(said.value) == 3
    assert said.value[0]["name"] == first
    assert {"layer", "behaviour", "acoustics", "fidelity", "similarity"} <= said.value[0].keys()


def test_all_labels_are_listed(run: Run):
    said = run("labels", "all", "--json")
    assert {label["name"] for label in said.value} == set(knowledge().labels)


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    sound = np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE // 2).astype(np.float32)
    soundfile.write(folder / "DOORWood_Heavy door slam_AB_CD.wav", sound, SAMPLE_RATE)
    (folder / "damaged.wav").write_bytes(b"RIFF and nothing more")
    return folder


def test_a_library_is_added_listed_searched_and_forgotten(run: Run, recordings: Path):
    added = run("library", "add", recordings, "--json")
    assert added.code == 0, added.err
    assert added.value[0]["recordings"] == 1
    (listed,) = [one for one in run("library", "list", "--json").value if one["path"].startswith(str(recordings))]
    assert (listed["ucs"], listed["duration"], listed["channels"]) == ("DOORWood", 0.5, 1)
    assert run("library", "search", "a wooden door is slammed", "--json").value[0]["path"] == listed["path"]
    assert run("library", "remove", recordings, "--json").value["forgotten"] == 1
    assert listed not in run("library", "list", "--json").value


def test_what_cannot_be_read_is_named(run: Run, recordings: Path):
    said = run("library", "add", recordings)
    run("library", "remove", recordings)
    assert said.code == 0
    assert "damaged.wav" in said.err


def test_the_doctor_says_how_to_get_what_is_missing(run: Run):
    said = run("doctor", "--json")
    assert said.code == 0, said.err
    assert {finding["part"] for finding in said.value if finding["needed"]} <= {
        finding["part"] for finding in said.value if finding["present"]
    }
    assert all(finding["present"] or finding["remedy"] for finding in said.value)
