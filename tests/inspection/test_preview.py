from pathlib import Path

import av
import numpy as np
import pytest

from soundstage import sound
from soundstage.inspection.preview import small_copy


def _master(path: Path, seconds: float = 1.0) -> Path:
    noise = np.random.default_rng(0).normal(0, 0.1, (sound.frames_of(seconds), 2)).astype(np.float32)
    sound.write_blocks(path, [noise], 2)
    return path


def test_the_copy_is_small_and_plays(tmp_path: Path):
    master = _master(tmp_path / "master.flac", 4.0)
    copy = small_copy(master, tmp_path)
    assert copy is not None
    assert copy.stat().st_size < master.stat().st_size / 4
    with av.open(str(copy)) as opened:
        assert opened.streams.audio[0].codec_context.name == "aac"


@pytest.mark.parametrize("name", ["-work", "Mission: Impossible", "a'b %d"])
def test_a_folder_may_be_called_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.chdir(tmp_path)
    Path(name).mkdir()
    copy = small_copy(_master(Path(name, "master.flac")), Path(name))
    assert copy is not None
    assert list(Path(name).glob("*.part")) == []


def test_it_is_made_once_for_each_master(tmp_path: Path):
    master = _master(tmp_path / "master.flac")
    first = small_copy(master, tmp_path)
    assert small_copy(master, tmp_path) == first
    _master(master, 2.0)
    second = small_copy(master, tmp_path)
    assert second != first
    assert len(list(tmp_path.glob(".preview-*"))) == 1
