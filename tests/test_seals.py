import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from soundstage.errors import StorageError
from soundstage.seals import is_whole, seal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "take.flac"
    made.write_bytes(bytes(range(256)))
    return made


def test_an_untouched_file_is_whole(path: Path):
    assert is_whole(path, seal(path))


def test_a_copy_is_whole(path: Path):
    sealed = seal(path)
    other = path.with_name("copy")
    shutil.copyfile(path, other)
    os.utime(other, (1, 1))
    assert is_whole(other, sealed)


_DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:99]),
    "changed": lambda path: path.write_bytes(bytes(256)),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", _DAMAGE.values(), ids=_DAMAGE)
def test_a_damaged_file_is_not_whole(path: Path, damage: Callable[[Path], object]):
    os.utime(path, (1, 1))
    sealed = seal(path)
    damage(path)
    assert not is_whole(path, sealed)


@pytest.mark.parametrize("sealed", [None, [], {}, 7])
def test_without_a_seal_nothing_is_whole(path: Path, sealed: object):
    assert not is_whole(path, sealed)


def test_what_is_missing_cannot_be_sealed(tmp_path: Path):
    with pytest.raises(StorageError, match="cannot be read"):
        seal(tmp_path / "none")
