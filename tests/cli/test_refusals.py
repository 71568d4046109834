"""What a hostile user gets: one line, a documented exit code, and a work folder that still works."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Run
from tests.footage import ffmpeg, tone


def _playlist(path: Path) -> None:
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n")


def _sound_only(path: Path) -> None:
    ffmpeg(*tone(seconds=1), "-vn", path)


_NOT_FILMS: dict[str, Callable[[Path], object]] = {
    "empty.mp4": lambda path: path.write_bytes(b""),
    "text.mp4": lambda path: path.write_text("This is no film.\n" * 50),
    "picture.mp4": lambda path: Image.new("RGB", (64, 64)).save(path, "JPEG"),
    "sound.mp4": _sound_only,
    "playlist.mp4": _playlist,
    "noise.mkv": lambda path: path.write_bytes(b"\x1a\x45\xdf\xa3" + os.urandom(4096)),
}


@pytest.mark.parametrize("name", _NOT_FILMS)
def test_what_is_no_film_is_refused(run: Run, tmp_path: Path, name: str):
    film = tmp_path / name
    _NOT_FILMS[name](film)
    said = run("dub", film, "-o", tmp_path / "out.mp4")
    assert said.code == 3
    assert_one_line(said.err)
    assert not (tmp_path / "out.mp4").exists()


def test_a_missing_film_is_a_storage_error(run: Run, tmp_path: Path):
    said = run("dub", tmp_path / "none.mp4", "-o", tmp_path / "out.mp4")
    assert said.code == 7
    assert_one_line(said.err)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["-o", "out.xyz"], id="unknown container"),
        pytest.param(["-o", "out.mp4", "--target", "3"], id="target out of range"),
        pytest.param(["-o", "out.mp4", "--original", "shout"], id="unknown mode"),
        pytest.param(["-o", "out.mp4", "--hint", " "], id="empty hint"),
        pytest.param(["-o", "nowhere/out.mp4"], id="folder does not exist"),
        pytest.param(["-o", "out.mp4", "--loud"], id="unknown option"),
        pytest.param(["-o", "out.mp4", "--format", "bogus"], id="unknown format"),
        pytest.param([], id="no output"),
    ],
)
def test_a_wrong_option_is_refused(run: Run, film: Path, tmp_path: Path, arguments: list[str]):
    placed = [str(tmp_path / word) if word.startswith(("out.", "nowhere")) else word for word in arguments]
    said = run("dub", film, *placed)
    assert said.code == 2
    assert_one_line(said.err)
    assert list(tmp_path.iterdir()) == []


def test_the_film_is_never_overwritten(run: Run, film: Path):
    before = film.read_bytes()
    said = run("dub", film, "-o", film)
    assert said.code == 2
    assert film.read_bytes() == before


@pytest.mark.parametrize(
    "room", [pytest.param(100, id="reading"), pytest.param(400, id="making sounds"), pytest.param(900, id="mixing")]
)
def test_where_there_is_no_room_it_is_told_and_gone_on_later(run: Run, film: Path, tmp_path: Path, room: int):
    said = _within(room * 1024, "dub", film, "-o", tmp_path / "out.mp4")
    assert said.returncode == 7
    assert_one_line(said.stderr)
    assert "free space" in said.stderr
    assert not (tmp_path / "out.mp4").exists()
    assert not list(tmp_path.rglob("*.part"))
    assert run("dub", film, "-o", tmp_path / "out.mp4").code == 0


def _within(size: int, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """A run of the program that can write no file larger than so many bytes."""
    return subprocess.run(
        [sys.executable, "-m", "soundstage", *words],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.parametrize("text", ["", "no times here", "1\n00:00:09,000 --> 00:00:01,000\nBackwards\n"])
def test_lines_that_cannot_be_spoken_are_refused(run: Run, film: Path, tmp_path: Path, text: str):
    (tmp_path / "lines.srt").write_text(text)
    said = run("dub", film, "-o", tmp_path / "out.mp4", "--speech", tmp_path / "lines.srt")
    assert said.code == 5
    assert_one_line(said.err)
    assert list(tmp_path.iterdir()) == [tmp_path / "lines.srt"]  # refused before the film was read


def test_an_unknown_scene_is_refused(run: Run, film: Path, tmp_path: Path):
    said = run("dub", film, "-o", tmp_path / "out.mp4", "--only-scenes", "s999")
    assert said.code == 2
    assert "s999" in said.err


def assert_one_line(text: str) -> None:
    """The complaint is the last line, and there is no traceback above it."""
    lines = text.strip().splitlines()
    assert lines[-1].startswith("soundstage: ")
    assert lines[-1].endswith(".")
    assert "Traceback" not in text
    assert sum(line.startswith("soundstage: ") for line in lines) == 1
