from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundstage.errors import StorageError
from soundstage.mix.files import FlacWriter, Publication
from tests.mix.conftest import noise


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    sound = noise(1)
    writer = FlacWriter(tmp_path / "a", tmp_path / "a.flac")
    for start in range(0, len(sound), 7000):
        writer.write(sound[start : start + 7000])
    writer.close()
    np.testing.assert_allclose(soundfile.read(tmp_path / "a")[0], sound, atol=2**-23)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is always full")
def test_a_full_disk_is_told_by_the_files_own_name() -> None:
    def write_much() -> None:
        writer = FlacWriter(Path("/dev/full"), Path("stems/music.flac"))
        try:
            for _ in range(20):
                writer.write(noise(1))
        finally:
            writer.close()

    with pytest.raises(StorageError, match=r"stems/music\.flac cannot be written"):
        write_much()


def test_files_appear_together_when_published(tmp_path: Path) -> None:
    names = [tmp_path / "one.txt", tmp_path / "deep" / "two.txt"]
    with Publication() as publication:
        for name in names:
            publication.aside(name).write_text("new")
        assert not any(name.exists() for name in names)
        publication.publish()
    assert [name.read_text() for name in names] == ["new", "new"]


def test_what_is_not_published_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("old")
    with Publication() as publication:
        publication.aside(tmp_path / "one.txt").write_text("half")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("one.txt", "old")]
