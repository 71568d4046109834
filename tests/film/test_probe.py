"""What is refused, and how clearly."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from soundstage.errors import BadFilm, SoundstageError, StorageError
from soundstage.film.read import read_film
from tests import footage


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _text(path: Path) -> None:
    path.write_text("Once upon a time there was no film.\n" * 50)


def _noise(path: Path) -> None:
    path.write_bytes(bytes(range(7, 256)) * 40)


def _picture(path: Path) -> None:
    Image.new("RGB", (64, 64)).save(path.with_suffix(".png"))
    path.with_suffix(".png").rename(path)


def _photograph(path: Path) -> None:
    Image.new("RGB", (64, 64)).save(path.with_suffix(".jpg"))
    path.with_suffix(".jpg").rename(path)


def _sound(path: Path) -> None:
    footage.ffmpeg(*footage.tone(seconds=1), "-f", "wav", path)


def _sound_in_mp4(path: Path) -> None:
    footage.ffmpeg(*footage.tone(seconds=1), "-c:a", "aac", "-f", "mp4", path)


def _playlist(path: Path) -> None:
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n/etc/passwd\n#EXT-X-ENDLIST\n")


def _concat_list(path: Path) -> None:
    path.write_text("ffconcat version 1.0\nfile /etc/passwd\n")


def _no_index(path: Path) -> None:
    whole = footage.in_container(path.with_name("whole.mp4"), seconds=2)
    path.write_bytes(whole.read_bytes()[:3000])


def _corrupt(path: Path) -> None:
    path.write_bytes(b"\0\0\0\x18ftypisom" + bytes(range(256)) * 20)


def _no_pictures(path: Path) -> None:
    """A film whose index is whole and whose pictures are all gone."""
    whole = footage.in_container(path.with_name("whole.mp4"), options=("-movflags", "+faststart"))
    data = whole.read_bytes()
    start = data.index(b"mdat") + 4
    path.write_bytes(data[:start] + bytes(len(data) - start))


def _vast(path: Path) -> None:
    """An AVI whose header and pictures claim 20,000 by 20,000 pixels."""
    small = footage.in_container(path.with_suffix(".avi"), "mjpeg", seconds=0.2)
    data = bytearray(small.read_bytes())
    header = data.index(b"strf") + 8
    data[header + 4 : header + 12] = struct.pack("<ii", 20_000, 20_000)
    frame = b"\xff\xc0\x00\x11\x08"
    path.write_bytes(
        bytes(data).replace(frame + struct.pack(">HH", 90, 160), frame + struct.pack(">HH", 20_000, 20_000))
    )


def _other_codec(path: Path) -> None:
    footage.ffmpeg("-f", "lavfi", "-i", "testsrc=d=0.2:s=64x64", "-c:v", "ffv1", "-f", "matroska", path)


REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "empty": (_empty, "is empty"),
    "text": (_text, "is text"),
    "noise": (_noise, "not a film"),
    "picture": (_picture, "a picture"),
    "photograph": (_photograph, "a picture"),
    "sound": (_sound, "without pictures"),
    "sound-in-mp4": (_sound_in_mp4, "no moving picture"),
    "playlist": (_playlist, "a playlist"),
    "concat-list": (_concat_list, "a playlist"),
    "no-index": (_no_index, "damaged or incomplete"),
    "corrupt": (_corrupt, "damaged or incomplete"),
    "no-pictures": (_no_pictures, "no picture that can be decoded"),
    "vast": (_vast, "beyond what can be read"),
    "other-codec": (_other_codec, "ffv1"),
}


@pytest.mark.parametrize(("make", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_film_is_refused_in_one_sentence(tmp_path: Path, make: Callable[[Path], None], says: str) -> None:
    film = tmp_path / "film.mp4"
    make(film)
    with pytest.raises(BadFilm) as refused:
        read_film(film, tmp_path / "reading", transcribe=False)
    message = str(refused.value)
    assert says in message
    assert str(film) in message
    assert "\n" not in message
    assert not (tmp_path / "reading" / "reading.json").exists()


def test_a_missing_film_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="check the path"):
        read_film(tmp_path / "none.mp4", tmp_path / "reading")


def test_a_folder_is_no_film(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="folder"):
        read_film(tmp_path, tmp_path / "reading")


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    film = footage.in_container(tmp_path / "film.mp4", seconds=0.2)
    (tmp_path / "reading").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        read_film(film, tmp_path / "reading", transcribe=False)


def test_names_never_reach_ffmpeg(tmp_path: Path) -> None:
    film = footage.in_container(tmp_path / "plain.mp4", seconds=0.2).rename(tmp_path / "-i concat:a|b %d $(x).mp4")
    reading = read_film(film, tmp_path / "reading", transcribe=False)
    assert reading.facts.name == film.name


def test_all_refusals_carry_an_exit_code() -> None:
    assert issubclass(BadFilm, SoundstageError)
    assert BadFilm.exit_code == 3
