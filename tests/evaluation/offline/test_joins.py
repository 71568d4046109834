"""Seams are heard where they were cut, in films of any length, and nowhere else."""

from pathlib import Path

import numpy as np
import pytest

from soundstage.evaluation.offline.joins import seams_at
from soundstage.sound import SAMPLE_RATE
from tests.review.sounds import Signal, noise, write

SECONDS = 66.0
JOINS = (10.0, 20.0, 30.0, 40.0, 50.0, 61.0)


def _cut(sound: Signal, gain: float) -> Signal:
    """Louder in every other window."""
    edges = [0, *(round(join * SAMPLE_RATE) for join in JOINS), len(sound)]
    cut = sound.copy()
    for start, end in zip(edges[1::2], edges[2::2], strict=False):
        cut[start:end] *= gain
    return cut


@pytest.fixture(scope="module")
def bed() -> Signal:
    """A minute and a little of noise."""
    return noise(SECONDS)[: round(SECONDS * SAMPLE_RATE)]


def test_a_sound_without_seams_has_none(tmp_path: Path, bed) -> None:
    found = seams_at(write(tmp_path / "sound.flac", bed), JOINS)
    assert found is not None
    assert len(found.level.joins) == len(JOINS)
    assert found.heard == ()


def test_seams_that_were_cut_in_stand_out_by_their_level(tmp_path: Path, bed) -> None:
    found = seams_at(write(tmp_path / "sound.flac", _cut(bed, 2.0), bed), JOINS)
    assert found is not None
    assert "level" in found.heard
    assert found.level.excess > 2


def test_instants_at_the_ends_and_beyond_join_nothing(tmp_path: Path) -> None:
    file = write(tmp_path / "sound.flac", noise(3.0))
    assert seams_at(file, (0.0, 0.05, 2.99, 3.0, 99.0)) is None
    assert seams_at(file, ()) is None


def test_a_sound_that_is_nothing_but_joins_has_no_interior_to_compare_with(tmp_path: Path) -> None:
    assert seams_at(write(tmp_path / "sound.flac", noise(2.0)), tuple(np.arange(0.1, 2.0, 0.1))) is None
