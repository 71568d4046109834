"""Measures by networks come of whatever extractors are at hand; what is not is named with the reason.

The extractors here are tiny: what they give is read off the sound or the words without any weights.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from soundstage.errors import BadModel, BadSound
from soundstage.evaluation.bench.entries import Bench
from soundstage.evaluation.features.at_hand import NEEDED, AtHand, LeftOut
from soundstage.evaluation.features.extractor import Takes
from soundstage.evaluation.features.item import Features, Item, View
from soundstage.evaluation.features.kept import Kept
from soundstage.evaluation.metrics.bootstrap import Resampling
from soundstage.evaluation.scoring.networks import RECIPES, Judged, NetworksAtHand, metrics_of, no_networks
from soundstage.evaluation.scoring.scores import named
from soundstage.evaluation.systems.results import Results
from soundstage.sound import read_blocks
from tests.evaluation.benches import write_bench, write_results

_FEW = Resampling(times=10)


@dataclass(frozen=True)
class _Tiny:
    """Gives rows that depend on all that an item holds, one for each span of the view."""

    arrays: tuple[str, ...]
    takes: Takes = Takes.SOUND
    name: str = "tiny"
    identity: str = "tiny 1"
    fails: type[Exception] | None = None
    only: str = ""

    def features(self, item: Item, view: View) -> Features:
        if self.fails is not None and item.id.endswith(self.only):
            raise self.fails(f"{item.id} cannot be taken.")
        rows = np.stack([self._row(item, start) for start, _ in view.spans(item.seconds)])
        return {name: view.rows(rows) if self.takes is not Takes.WORDS else rows[0] for name in self.arrays}

    def _row(self, item: Item, start: float) -> np.ndarray:
        if self.takes is Takes.SOUND and item.sound is not None:
            samples = np.concatenate(list(read_blocks(item.sound)))[:, 0]
            return np.abs(samples[: 48_000 * 3]).reshape(6, -1).mean(axis=1).astype(np.float32) + np.float32(start)
        return np.linspace(1, 2, 6, dtype=np.float32)


@dataclass(frozen=True)
class _Late:
    """Says of all windows that they are off by 0.4 s."""

    def logits(self, pictures: np.ndarray, sound: np.ndarray, windows: tuple[slice, ...]) -> np.ndarray:
        return np.eye(21, dtype=np.float32)[[12] * len(windows)]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return write_bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def systems(bench: Bench) -> list[Results]:
    folder = bench.folder / "systems"
    return [write_results(folder / "good", "good"), write_results(folder / "late", "late", 0.4)]


def _judge(hands: AtHand, bench: Bench, systems: list[Results], kept: Kept | None = None) -> Judged:
    return NetworksAtHand(hands, kept, jobs=1)(bench, systems, _FEW)


def test_measures_are_taken_whole_and_of_the_beginning(bench: Bench, systems: list[Results]):
    judged = _judge(AtHand((_Tiny(("pann_2048", "pann_logits")),)), bench, systems)
    whole, first = (set(named(measures)) for measures in judged.of("late"))
    assert whole == first == {"FD-PANN", "KD-PANN", "KL-PANNS", "IS-PANNS"}


def test_what_is_like_the_reference_diverges_less(bench: Bench, systems: list[Results]):
    judged = _judge(AtHand((_Tiny(("pann_2048", "pann_logits")),)), bench, systems)
    good, late = (named(judged.of(name)[0])["KL-PANNS"].value for name in ("good", "late"))
    assert good is not None
    assert late is not None
    assert good < late


def test_words_are_held_against_every_window(bench: Bench, systems: list[Results]):
    hands = AtHand((_Tiny(("clap_laion_audio",)), _Tiny(("clap_laion_text",), Takes.WORDS)))
    whole, first = _judge(hands, bench, systems).of("good")
    assert {m.name: len(m.films) for m in (*whole, *first)} == {"LAION-CLAP": 2}


def test_pictures_and_sound_are_compared_for_their_offset(bench: Bench, systems: list[Results]):
    extractors = (_Tiny(("synchformer_audio",)), _Tiny(("synchformer_video",), Takes.FILM))
    hands = AtHand(extractors, comparison=_Late())  # type: ignore[arg-type]
    for measures in _judge(hands, bench, systems).of("good"):
        assert named(measures)["DeSync"].value == pytest.approx(0.4)


def test_without_extractors_all_is_left_out_with_the_reason(bench: Bench, systems: list[Results]):
    hands = AtHand(left_out=(LeftOut("vggish", ("vggish",), "pull it"),))
    judged = _judge(hands, bench, systems)
    assert judged.of("good") == ((), ())
    assert [(left.metrics[0], left.why) for left in judged.left_out] == [("FD-VGG", "pull it")]


def test_a_model_that_is_damaged_is_told_once(bench: Bench, systems: list[Results]):
    judged = _judge(AtHand((_Tiny(("vggish",), name="VGGish", fails=BadModel),)), bench, systems)
    assert {left.metrics for left in judged.left_out} == {("VGGish",)}
    assert len(judged.left_out) == len(set(judged.left_out))


def test_a_film_that_cannot_be_taken_is_told_and_the_others_go_on(bench: Bench, systems: list[Results]):
    judged = _judge(AtHand((_Tiny(("pann_2048", "pann_logits"), fails=BadSound, only="dog"),)), bench, systems)
    assert named(judged.of("good")[0])["KL-PANNS"].films.keys() == {"door"}
    assert any("dog cannot be taken" in left.why for left in judged.left_out)


def test_features_that_are_kept_give_the_same(bench: Bench, systems: list[Results], tmp_path: Path):
    hands, kept = AtHand((_Tiny(("pann_2048", "pann_logits")),)), Kept(tmp_path)
    assert _judge(hands, bench, systems, kept) == _judge(hands, bench, systems, kept)


def test_every_item_that_is_done_is_told(bench: Bench, systems: list[Results]):
    told: list[str] = []
    hands = AtHand((_Tiny(("pann_2048", "pann_logits")),))
    NetworksAtHand(hands, jobs=1, on_progress=lambda each: told.append(f"{each.done}/{each.of}"))(bench, systems, _FEW)
    assert told == ["1/2", "2/2"] * 6  # the reference and two systems, whole and of the beginning


def test_caches_of_the_other_tool_are_written_and_measured_from(bench: Bench, systems: list[Results], tmp_path: Path):
    pytest.importorskip("torch")
    extracting = NetworksAtHand(AtHand((_Tiny(("pann_2048", "pann_logits")),)), caches=tmp_path, jobs=1)
    reading = NetworksAtHand(AtHand(), caches=tmp_path, jobs=1)

    extracted, read = (judge(bench, systems, _FEW) for judge in (extracting, reading))

    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.pth")) == [
        f"{each}/pann_features.pth" for each in ("good", "late", "reference")
    ]
    for system in ("good", "late"):
        assert read.of(system) == ((), extracted.of(system)[1])


def test_every_model_is_needed_for_some_measure_and_every_measure_needs_one():
    needed = {metric for model in NEEDED for metric in metrics_of(model)}
    assert all(metrics_of(model) for model in NEEDED)
    assert needed == {*(recipe.name for recipe in RECIPES), "DeSync"}


def test_on_request_all_are_left_out(bench: Bench, systems: list[Results]):
    (left,) = no_networks(bench, systems, _FEW).left_out
    assert len(left.metrics) == len(RECIPES) + 1
