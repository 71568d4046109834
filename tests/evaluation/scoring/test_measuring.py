"""Systems are scored: what is late scores late, what fails is told, and the same gives the same."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundstage.errors import BadBench
from soundstage.evaluation.bench.entries import Bench
from soundstage.evaluation.scoring.measuring import Scoring, score
from soundstage.evaluation.scoring.scores import Scores, named
from soundstage.evaluation.systems.results import Results
from soundstage.sound import SAMPLE_RATE, write_blocks
from tests.evaluation.benches import FILMS, SECONDS, TIMES, clicks, write_bench, write_results

_HOW = Scoring(resamples=20, workers=1)
_JOIN = 1.5


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return write_bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, ...]:
    folder = tmp_path_factory.mktemp("systems")
    return write_results(folder / "good", "good"), write_results(folder / "late", "late", 0.3, (_JOIN,))


@pytest.fixture(scope="module")
def scores(bench: Bench, systems: tuple[Results, ...]) -> Scores:
    return score(bench, systems, bench.folder, _HOW)


def _value(scores: Scores, system: int, name: str) -> float | None:
    measure = scores.systems[system].measure(name)
    return measure.value if measure else None


def test_a_late_system_scores_as_late_as_it_is(scores: Scores):
    assert _value(scores, 0, "Timing error") == pytest.approx(0.0, abs=0.01)
    assert _value(scores, 1, "Timing error") == pytest.approx(0.3, abs=0.01)


def test_a_system_in_one_piece_is_measured_where_another_is_joined(scores: Scores):
    assert _value(scores, 0, "Level step at joins") is not None


def test_measures_by_film_are_told_by_category(scores: Scores):
    categories = scores.systems[1].categories
    assert set(categories) == {"animals", "cityscape"}
    assert named(categories["animals"])["Timing error"].films.keys() == {"dog"}


def test_what_is_short_has_no_more_than_its_beginning(scores: Scores):
    whole, first = scores.systems[0].measure("Event recall"), named(scores.systems[0].legacy)["Event recall"]
    assert whole == first


def test_the_beginning_ends_where_published_tools_stop(
    bench: Bench, systems: tuple[Results, ...], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("soundstage.evaluation.scoring.measuring.BEGINNING", 1.0)
    cut = score(bench, systems[:1], bench.folder, _HOW)
    assert named(cut.systems[0].legacy)["Extra onsets"].value == pytest.approx(0.0)
    assert named(cut.systems[0].legacy)["Event recall"].value == 1.0


def test_scores_say_what_they_are_of(scores: Scores, bench: Bench):
    assert (scores.bench, scores.films) == ("tiny", len(FILMS))
    assert scores.duration == pytest.approx(len(FILMS) * SECONDS, abs=0.1)
    assert {"python", "numpy", "scipy", "soundstage", "torch"} <= scores.versions.keys()


def test_left_out_measures_are_named_with_the_reason(scores: Scores):
    (left,) = scores.left_out
    assert {"FD-VGG", "DeSync"} <= set(left.metrics)
    assert "--offline" in left.why


def test_the_same_results_give_the_same_scores(bench: Bench, systems: tuple[Results, ...], scores: Scores):
    assert score(bench, systems, bench.folder, _HOW) == scores


def test_scores_come_back_as_they_were_saved(scores: Scores, tmp_path: Path):
    assert Scores.load(scores.save(tmp_path) and tmp_path) == scores


def test_a_sound_that_cannot_be_heard_is_a_failure_of_its_film(bench: Bench, tmp_path: Path):
    broken = write_results(tmp_path / "broken", "broken")
    (broken.folder / "sounds/dog.flac").write_bytes(b"no sound")
    (system,) = score(bench, [broken], bench.folder, _HOW).systems
    assert [failure.entry for failure in system.failures] == ["dog"]
    assert system.films == 1


def test_another_sound_changes_the_digest_and_nothing_else_does(
    bench: Bench, systems: tuple[Results, ...], scores: Scores, tmp_path: Path
):
    shutil.copytree(systems[0].folder, tmp_path / "copy")
    slower = systems[0].model_copy(
        update={"results": tuple(r.model_copy(update={"seconds": 9.0}) for r in systems[0].results)}
    )
    slower.save(tmp_path / "copy")
    same = score(bench, [Results.load(tmp_path / "copy")], bench.folder, _HOW)
    assert same.systems[0].digest == scores.systems[0].digest
    assert scores.systems[0].digest != scores.systems[1].digest


def test_two_systems_of_one_name_are_refused(bench: Bench, systems: tuple[Results, ...]):
    with pytest.raises(BadBench, match="good"):
        score(bench, [systems[0], systems[0]], bench.folder, _HOW)


def test_nothing_to_score_is_refused(bench: Bench):
    with pytest.raises(BadBench, match="no results"):
        score(bench, [], bench.folder, _HOW)


def test_the_reference_is_measured_as_if_it_were_a_system(scores: Scores):
    assert scores.reference is not None
    assert scores.reference.films == len(FILMS)
    assert named(scores.reference.measures)["FD-mel"].value == pytest.approx(0.0, abs=1e-3)
    assert named(scores.reference.measures)["Event recall"].value == 1.0


def test_no_system_can_be_called_the_reference(bench: Bench, systems: tuple[Results, ...]):
    with pytest.raises(BadBench, match="reference"):
        score(bench, [systems[0].model_copy(update={"system": "reference"})], bench.folder, _HOW)


def test_a_bench_without_reference_sound_is_scored_by_what_needs_none(bench: Bench, systems: tuple[Results, ...]):
    silent = tuple(entry.model_copy(update={"sound": None}) for entry in bench.entries)
    without = bench.model_copy(update={"entries": silent}).at(bench.folder)
    scores = score(without, systems[:1], bench.folder, _HOW)
    assert scores.reference is None
    assert scores.systems[0].films == len(FILMS)
    assert _value(scores, 0, "FD-mel") is None
    assert _value(scores, 0, "Event recall") == 1.0


@pytest.mark.parametrize("seconds", [1.0, 6.0], ids=["ends early", "goes on"])
def test_a_soundtrack_is_measured_over_its_films_length(bench: Bench, tmp_path: Path, seconds: float):
    made = write_results(tmp_path / "other", "other")
    whole = np.concatenate([clicks(TIMES), clicks(TIMES)])[: round(seconds * SAMPLE_RATE)]
    for name in FILMS:
        write_blocks(made.folder / f"sounds/{name}.flac", [whole], 2)
    scores = score(bench, [made], bench.folder, _HOW)
    assert _value(scores, 0, "Silence") == pytest.approx(max(0.0, 1 - seconds / SECONDS), abs=0.02)
    assert _value(scores, 0, "Extra onsets") == pytest.approx(0.0)


def test_a_sound_that_is_missing_is_a_failure_of_its_film(bench: Bench, tmp_path: Path):
    lost = write_results(tmp_path / "lost", "lost")
    (lost.folder / "sounds/dog.flac").unlink()
    (system,) = score(bench, [lost], bench.folder, _HOW).systems
    assert [failure.entry for failure in system.failures] == ["dog"]


@pytest.mark.parametrize("seconds", [SECONDS, 1.0], ids=["whole", "short"])
def test_a_sound_of_numbers_that_are_none_is_a_failure_of_its_film(bench: Bench, tmp_path: Path, seconds: float):
    broken = write_results(tmp_path / "broken", "broken")
    samples = np.zeros(round(seconds * 8000), np.float32)
    samples[100] = np.nan
    soundfile.write(str(broken.folder / "sounds/dog.wav"), samples, 8000, subtype="FLOAT")
    (dog, door) = broken.results
    nan = broken.model_copy(update={"results": (dog.model_copy(update={"sound": "sounds/dog.wav"}), door)})
    (system,) = score(bench, [nan.at(broken.folder)], bench.folder, _HOW).systems
    assert [failure.entry for failure in system.failures] == ["dog"]
    assert "not finite" in system.failures[0].reason


def test_a_result_for_a_film_that_the_bench_has_not_is_told(bench: Bench, systems: tuple[Results, ...]):
    results = (*systems[0].results, systems[0].results[0].model_copy(update={"entry": "cat"}))
    more = systems[0].model_copy(update={"results": results}).at(systems[0].folder)
    (system,) = score(bench, [more], bench.folder, _HOW).systems
    assert [failure.entry for failure in system.failures] == ["cat"]
