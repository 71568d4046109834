from pathlib import Path

import av
import pytest

from soundstage.errors import BadFilm, BadOption
from soundstage.evaluation.systems.lengths import borders, seconds_of, silent_film
from tests.footage import in_container, tone


def _packets(film: Path) -> list[tuple[bytes, float]]:
    with av.open(str(film)) as opened:
        shown = opened.demux(opened.streams.video[0])
        return [(bytes(packet), float(packet.pts * packet.time_base)) for packet in shown if packet.pts is not None]


@pytest.mark.parametrize(
    ("seconds", "window", "expected"),
    [
        (25.0, 10.0, (0.0, 10.0, 20.0, 25.0)),
        (20.0, 10.0, (0.0, 10.0, 20.0)),
        (20.05, 10.0, (0.0, 10.0, 20.05)),
        (4.0, 10.0, (0.0, 4.0)),
        (0.04, 10.0, (0.0, 0.04)),
    ],
)
def test_windows_cover_a_film_and_none_is_too_short(seconds: float, window: float, expected: tuple[float, ...]) -> None:
    assert borders(seconds, window) == pytest.approx(expected)


def test_windows_of_no_length_are_refused() -> None:
    with pytest.raises(BadOption, match="0 s"):
        borders(10.0, 0.0)


@pytest.mark.parametrize("name", ["x.mp4", "x.mov", "x.mkv", "x.webm", "x.avi", "x.ts"])
def test_a_film_loses_its_sound_and_keeps_its_pictures(tmp_path: Path, name: str) -> None:
    codec = "vp9" if name.endswith("webm") else "h264"
    film = in_container(tmp_path / name, codec, seconds=1.0, size=(64, 48), sound=tone(seconds=1.0))

    copy = silent_film(film, tmp_path, "copy")

    with av.open(str(copy)) as opened:
        assert [stream.type for stream in opened.streams] == ["video"]
    assert [data for data, _ in _packets(copy)] != []
    assert len(_packets(copy)) == len(_packets(film))
    assert seconds_of(copy) == pytest.approx(1.0, abs=0.05)
    assert silent_film(film, tmp_path, "copy") == copy


def test_a_film_without_sound_is_taken_as_it_is(tmp_path: Path) -> None:
    film = in_container(tmp_path / "x.mp4", seconds=1.0, size=(64, 48))

    assert silent_film(film, tmp_path, "copy") == film


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_text("no film")

    with pytest.raises(BadFilm):
        silent_film(tmp_path / "x.mp4", tmp_path, "copy")
