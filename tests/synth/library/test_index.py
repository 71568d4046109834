import os
from pathlib import Path

import pytest

from soundstage.errors import StorageError
from soundstage.synth.library.index import Library
from tests.synth.library.conftest import Record
from tests.synth.library.sounds import noise


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.open(tmp_path / "index" / "library.sqlite")


def titles(library: Library) -> list[str]:
    return [recording.title for recording in library.list()]


def test_a_library_that_is_not_there_yet_is_empty(library: Library):
    assert (library.list(), library.folders(), library.search("rain")) == ((), (), ())
    assert not library.database.exists()


def test_adding_a_folder_indexes_all_below_it(library: Library, record: Record, folder: Path):
    record("rain.wav", noise(0.1))
    record("deep/door slam.wav", noise(0.1))
    summary = library.add(folder)
    assert (summary.recordings, summary.fresh, summary.unchanged, summary.gone) == (2, 2, 0, 0)
    assert titles(library) == ["door slam.wav", "rain.wav"]


def test_the_index_lasts(library: Library, record: Record, folder: Path):
    record("rain.wav", noise(0.1))
    library.add(folder)
    again = Library.open(library.database)
    assert again.list() == library.list()
    assert again.folders() == (folder,)


def test_adding_again_reads_only_what_changed(library: Library, record: Record, folder: Path):
    record("rain.wav", noise(0.1))
    record("wind.wav", noise(0.1))
    library.add(folder)
    record("wind.wav", noise(0.2))
    read: list[str] = []
    summary = library.add(folder, lambda path: read.append(path.name))
    assert read == ["wind.wav"]
    assert (summary.fresh, summary.unchanged) == (1, 1)
    assert [recording.duration for recording in library.list()] == [pytest.approx(0.1), pytest.approx(0.2)]


@pytest.mark.parametrize("text", ["rain.txt", "LICENSE"])
def test_a_text_about_a_file_counts_as_its_change(library: Library, record: Record, folder: Path, text: str):
    record("rain.wav", noise(0.1))
    library.add(folder)
    (folder / text).write_text("CC0")
    assert library.add(folder).fresh == 1
    assert library.list()[0].licence == "CC0-1.0"


def test_files_that_are_gone_are_forgotten(library: Library, record: Record, folder: Path):
    record("rain.wav", noise(0.1))
    record("wind.wav", noise(0.1)).path.unlink()
    gone = record("door.wav", noise(0.1))
    library.add(folder)
    gone.path.unlink()
    assert library.add(folder).gone == 1
    assert titles(library) == ["rain.wav"]


def test_broken_files_are_listed_and_the_rest_is_indexed(library: Library, record: Record, folder: Path):
    record("rain.wav", noise(0.1))
    (folder / "broken.wav").write_text("no sound")
    summary = library.add(folder)
    assert titles(library) == ["rain.wav"]
    assert [(path.name, "cannot be read as sound" in why) for path, why in summary.broken] == [("broken.wav", True)]
    assert library.broken() == summary.broken


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_files_are_listed(library: Library, record: Record, folder: Path):
    record("rain.wav", noise(0.1)).path.chmod(0)
    assert len(library.add(folder).broken) == 1


def test_removing_a_folder_forgets_its_recordings(library: Library, record: Record, folder: Path):
    record("rain.wav", noise(0.1))
    library.add(folder)
    assert library.remove(folder) == 1
    assert (library.list(), library.folders()) == ((), ())
    assert (folder / "rain.wav").exists()


def test_removing_the_outer_folder_keeps_what_the_inner_one_holds(library: Library, record: Record, folder: Path):
    record("rain.wav", noise(0.1))
    record("inner/wind.wav", noise(0.1))
    library.add(folder)
    library.add(folder / "inner")
    assert library.remove(folder) == 1
    assert titles(library) == ["wind.wav"]


def test_removing_what_was_never_added_is_refused(library: Library, folder: Path):
    with pytest.raises(StorageError, match="not in the library"):
        library.remove(folder)


def test_adding_what_is_no_folder_is_refused(library: Library, tmp_path: Path):
    with pytest.raises(StorageError, match="not a folder"):
        library.add(tmp_path / "none")


def test_a_damaged_index_is_named(library: Library):
    library.database.parent.mkdir()
    library.database.write_text("this is no database, and never was one; it is only text")
    with pytest.raises(StorageError, match="delete it and add the folders again"):
        library.list()


def test_search_goes_by_meaning(library: Library, record: Record, folder: Path):
    for name in ("dog barking", "heavy rain", "door slam", "violin"):
        record(f"{name}.wav", noise(0.1))
    library.add(folder)
    best, *_ = library.search("a puppy that barks", limit=2)
    assert best.recording.title == "dog barking.wav"
    assert len(library.search("rain", limit=2)) == 2
    assert [found.similarity for found in library.search("door slam", limit=1)] == [pytest.approx(1.0, abs=1e-3)]


def test_searching_for_nothing_finds_nothing(library: Library, record: Record, folder: Path):
    record("rain.wav", noise(0.1))
    library.add(folder)
    assert library.search("") == ()


def test_folders_for_one_run_stay_out_of_the_users_own_library(
    record: Record, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    record("rain.wav", noise(0.1))
    assert titles(Library.of_folders([folder])) == ["rain.wav"]
    assert Library.open(None).list() == ()
