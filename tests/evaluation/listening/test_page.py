"""The test's folder: plays anywhere, equally loud, and gives nothing away."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from soundstage.evaluation.bench.entries import Bench
from soundstage.evaluation.listening.documents import ANCHOR, FOLDER, KEY_FILE, REFERENCE, Key
from soundstage.evaluation.listening.page import PAGE, make_test, page
from soundstage.evaluation.listening.planning import Plan
from soundstage.evaluation.listening.stimuli import MEDIA, levelled, low_anchor
from soundstage.evaluation.report.media import readable
from soundstage.film.probe import probe
from soundstage.loudness import loudness_of
from soundstage.sound import SAMPLE_RATE, facts, write_blocks
from tests.evaluation.benches import FILMS, SECONDS, TIMES, clicks, write_bench, write_results


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return write_bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def key(bench: Bench) -> Key:
    systems = [write_results(bench.folder / "systems/ours", "ours", 0.1)]
    return make_test(bench, systems, bench.folder, Plan())


def test_each_letter_of_each_trial_has_a_file_that_shows_and_sounds(bench: Bench, key: Key):
    files = sorted((bench.folder / FOLDER / MEDIA).iterdir())
    assert [file.name for file in files] == [f"{t.id}-{x}.mp4" for t in key.trials for x in "abc"]
    for file in files:
        assert probe(file).sound is not None
        with readable(file) as heard:
            assert facts(heard).duration == pytest.approx(SECONDS, abs=0.1)


def test_nothing_in_the_folder_names_a_system(bench: Bench, key: Key):
    for file in (bench.folder / FOLDER).rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert not any(name.encode() in content for name in ("ours", ANCHOR, REFERENCE, *FILMS))


def test_other_sounds_of_the_same_systems_are_another_test(bench: Bench, tmp_path: Path):
    systems = [write_results(tmp_path / "ours", "ours")]
    before = make_test(bench, systems, tmp_path, Plan())
    files = {file: file.read_bytes() for file in (tmp_path / FOLDER / MEDIA).iterdir()}
    for name in FILMS:
        write_blocks(systems[0].folder / f"sounds/{name}.flac", [clicks([0.2])], 2)
    assert make_test(bench, systems, tmp_path, Plan()).test != before.test
    changed = [file.name for file, content in files.items() if file.read_bytes() != content]
    assert sorted(changed) == sorted(
        f"{t.id}-{x}.mp4".lower() for t in before.trials for x in t.systems if t.systems[x] == "ours"
    )


def test_the_key_lies_beside_the_folder_and_tells(bench: Bench, key: Key):
    assert Key.model_validate_json((bench.folder / KEY_FILE).read_text()) == key


def test_what_is_made_is_kept_by_the_same_plan_and_made_anew_by_another(bench: Bench, tmp_path: Path):
    systems = [write_results(tmp_path / "ours", "ours")]
    make_test(bench, systems, tmp_path, Plan(seed=1))
    file = next((tmp_path / FOLDER / MEDIA).iterdir())
    made = file.stat().st_mtime_ns
    make_test(bench, systems, tmp_path, Plan(seed=1))
    assert file.stat().st_mtime_ns == made
    make_test(bench, systems, tmp_path, Plan(seed=2))
    assert file.stat().st_mtime_ns != made


def test_the_page_tells_the_scales_and_asks_nothing_of_any_network(bench: Bench, key: Key):
    text = (bench.folder / FOLDER / PAGE).read_text()
    told = json.loads(re.search(r'id="trials">(.*?)</script>', text).group(1))  # type: ignore[union-attr]
    assert [scale for scale, _ in told["scales"]] == ["quality", "consistency", "overall"]
    assert {path for trial in told["trials"] for path in trial["files"].values()} <= {
        str(file.relative_to(bench.folder / FOLDER)) for file in (bench.folder / FOLDER / MEDIA).iterdir()
    }
    assert "http://" not in text
    assert "https://" not in text
    assert "default-src 'none'" in text


def test_the_page_is_the_same_for_the_same_key(key: Key):
    assert page(key) == page(key)


def test_all_sounds_are_equally_loud():
    levels = [loudness_of(levelled(clicks(TIMES, level=level))) for level in (0.05, 0.5)]
    assert levels == pytest.approx([-23.0, -23.0], abs=0.5)


def test_silence_stays_silent():
    assert not levelled(np.zeros((SAMPLE_RATE, 2), np.float32)).any()


def test_the_anchor_is_dull_and_a_second_late():
    bright = clicks([0.5], hertz=8000.0, noise=0.0)
    dull = low_anchor(clicks([0.5], hertz=800.0, noise=0.0))
    assert np.abs(low_anchor(bright)[: 3 * SAMPLE_RATE]).max() < 0.2 * np.abs(bright).max()
    assert np.argmax(np.abs(dull[:, 0]) > 0.05) / SAMPLE_RATE == pytest.approx(1.5, abs=0.02)
