from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundstage import sound
from soundstage.errors import BadSound, StorageError


@given(st.lists(st.integers(0, 50), max_size=10), st.integers(1, 40))
def test_rechunk_changes_no_sample(sizes: list[int], frames: int):
    blocks = [np.random.default_rng(i).random((n, 2), dtype=np.float32) for i, n in enumerate(sizes)]
    again = list(sound.rechunk(blocks, frames))
    empty = [np.zeros((0, 2), np.float32)]
    np.testing.assert_array_equal(np.concatenate(again + empty), np.concatenate(blocks + empty))
    assert all(len(block) == frames for block in again[:-1])


def test_written_blocks_read_back(tmp_path: Path):
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (100_000, 2)).astype(np.float32)
    assert sound.write_blocks(tmp_path / "a.flac", iter([noise[:70_000], noise[70_000:]]), 2) == len(noise)
    back = np.concatenate(list(sound.read_blocks(tmp_path / "a.flac", 4096)))
    np.testing.assert_allclose(back, noise, atol=2**-23)


def test_a_failed_write_leaves_nothing(tmp_path: Path):
    def failing():
        yield np.zeros((10, 1), np.float32)
        raise BadSound("broken")

    with pytest.raises(BadSound):
        sound.write_blocks(tmp_path / "a.flac", failing(), 1)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_a_storage_error(tmp_path: Path):
    with pytest.raises(StorageError):
        sound.write_blocks(tmp_path / "no" / "a.flac", iter([]), 1)


def test_what_is_no_sound_is_refused(tmp_path: Path):
    (tmp_path / "a.wav").write_text("hello")
    with pytest.raises(BadSound, match="cannot be read as sound"):
        sound.facts(tmp_path / "a.wav")


@given(st.floats(-100, 20))
def test_decibels_undo_amplitude(level: float):
    assert sound.decibels(sound.amplitude(level)) == pytest.approx(level)


def test_silence_is_minus_infinity():
    assert sound.decibels(0.0) == float("-inf")
