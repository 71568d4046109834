import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from soundstage.cuesheet import Overview
from soundstage.errors import BadOption, StorageError
from soundstage.reading import FilmFacts, Reading, Shot, VideoFacts
from soundstage.workfolder import WorkFolder, film_digest, sweep_beside
from tests.documents import cue, sheet


def test_a_second_run_in_the_same_folder_is_refused(tmp_path: Path):
    folder = WorkFolder(tmp_path / "work")
    with folder.locked(), pytest.raises(BadOption, match="Another run"), folder.locked():
        pass


def _hold_and_die(root: Path) -> None:
    with WorkFolder(root).locked():
        (root / "takes" / ".a.flac.1.part").touch()
        multiprocessing.current_process().kill()


def test_the_folder_of_a_killed_run_is_usable_and_swept(tmp_path: Path):
    process = multiprocessing.get_context("spawn").Process(target=_hold_and_die, args=(tmp_path,))
    process.start()
    process.join()
    assert (tmp_path / "takes" / ".a.flac.1.part").exists()
    with WorkFolder(tmp_path).locked():
        assert list((tmp_path / "takes").iterdir()) == []


def test_memory_forgets_damaged_results(tmp_path: Path):
    folder = WorkFolder(tmp_path)
    with folder.locked():
        folder.remember("k", Overview(summary="all"))
        assert folder.recall("k", Overview) == Overview(summary="all")
        (tmp_path / "memory" / "k.json").write_text("{")
        assert folder.recall("k", Overview) is None


def test_edits_are_seen_against_the_baseline(tmp_path: Path):
    folder = WorkFolder(tmp_path)
    designed = sheet((cue(),))
    folder.write_sheet(designed, designed)
    assert not folder.edits()
    folder.write_sheet(designed.with_cues(lambda c: c.model_copy(update={"level": -9.0})), designed)
    assert list(folder.edits().changed) == ["rain-1"]


def test_a_sheet_set_aside_is_not_lost(tmp_path: Path):
    folder = WorkFolder(tmp_path)
    folder.write_sheet(sheet((cue(),)), sheet((cue(),)))
    kept = folder.set_aside_sheet()
    assert kept is not None
    assert kept.exists()
    assert folder.saved_sheet() is None


def test_the_digest_follows_the_bytes(tmp_path: Path):
    folder = WorkFolder(tmp_path)
    film = tmp_path / "film.mp4"
    film.write_bytes(b"one")
    first = film_digest(film, folder)
    assert first == film_digest(film, folder)
    film.write_bytes(b"other")
    assert film_digest(film, folder) != first


def test_a_missing_film_is_a_storage_error(tmp_path: Path):
    with pytest.raises(StorageError, match="cannot be read"):
        film_digest(tmp_path / "none.mp4", WorkFolder(tmp_path))


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text("{")], ids=["gone", "bad"])
def test_without_its_baseline_a_sheet_is_the_users_word(tmp_path: Path, damage: Callable[[Path], object]):
    folder = WorkFolder(tmp_path)
    folder.write_sheet(sheet((cue(level=-9.0),)), sheet((cue(),)))
    damage(tmp_path / ".baseline.json")
    assert [c.level for c in folder.edits().changed.values()] == [-9.0]


def test_notes_do_not_undo_what_was_edited_meanwhile(tmp_path: Path):
    folder = WorkFolder(tmp_path)
    written, edited = sheet((cue(),)), sheet((cue(level=-9.0),))
    folder.write_sheet(edited, written)
    folder.annotate_sheet(written)
    assert folder.saved_sheet() == edited


def test_a_sheet_saved_with_a_byte_order_mark_is_read(tmp_path: Path):
    folder = WorkFolder(tmp_path)
    folder.write_sheet(sheet((cue(),)), sheet((cue(),)))
    folder.sheet.write_bytes(b"\xef\xbb\xbf" + folder.sheet.read_bytes())
    assert not folder.edits()


def test_files_of_others_in_the_work_folder_are_left_alone(tmp_path: Path):
    others = [tmp_path / ".download.part", tmp_path / "films" / ".film.mp4.12.part"]
    others[1].parent.mkdir()
    for path in others:
        path.touch()
    with WorkFolder(tmp_path).locked():
        assert all(path.exists() for path in others)


def test_only_what_the_dead_left_beside_an_output_is_swept(tmp_path: Path):
    process = multiprocessing.get_context("spawn").Process(target=str)
    process.start()
    process.join()
    dead, alive = (tmp_path / f".out [1].mp4.{number}.part" for number in (process.pid, os.getppid()))
    other = tmp_path / f".other.mp4.{process.pid}.part"
    for path in (dead, alive, other):
        path.touch()
    sweep_beside(tmp_path / "out [1].mp4")
    assert [path.exists() for path in (dead, alive, other)] == [False, True, True]


def _read(folder: WorkFolder) -> None:
    facts = FilmFacts(digest="0", name="f", container="mov", duration=1, video=_VIDEO)
    folder.reading.mkdir()
    (folder.reading / "original.flac").write_bytes(b"sound")
    Reading(facts=facts, shots=(Shot(index=0, start=0, end=1),)).save(folder.reading)
    folder.seal_reading(speech=True)


_VIDEO = VideoFacts(codec="h264", width=64, height=64, fps=25, frames=25)


def test_a_reading_counts_as_long_as_all_its_files_are_whole(tmp_path: Path):
    folder = WorkFolder(tmp_path)
    _read(folder)
    assert folder.saved_reading() is not None
    assert folder.knows_speech()
    (folder.reading / "original.flac").unlink()
    assert folder.saved_reading() is None


def test_a_reading_that_was_begun_anew_counts_no_longer(tmp_path: Path):
    folder = WorkFolder(tmp_path)
    _read(folder)
    folder.break_seal()
    assert folder.saved_reading() is None


def test_no_sheet_set_aside_replaces_another(tmp_path: Path):
    folder = WorkFolder(tmp_path)
    (tmp_path / "cuesheet.2.json").write_text("an earlier one")
    for _ in range(2):
        folder.write_sheet(sheet((cue(),)), sheet((cue(),)))
        folder.set_aside_sheet()
    assert (tmp_path / "cuesheet.2.json").read_text() == "an earlier one"
    assert len(list(tmp_path.glob("cuesheet.*.json"))) == 3
