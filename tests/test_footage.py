"""Pictures by film time: exact at any frame rate, wherever one begins."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from soundstage.errors import StorageError
from soundstage.footage import Footage, Reel


def _film(path: Path, times: list[float], *, shade: int = 0, keys: int = 250) -> Path:
    """A film whose picture number n is grey of 40 + 8 n + shade, shown from times[n]."""
    with av.open(str(path), "w") as file:
        track = file.add_stream("libx264", rate=25)
        track.width, track.height, track.pix_fmt = 32, 16, "yuv420p"
        track.codec_context.time_base = Fraction(1, 90_000)
        track.codec_context.gop_size = keys
        track.options = {"crf": "4", "bf": "0"}
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(np.full((16, 32, 3), 40 + 8 * number + shade, np.uint8), "rgb24")
            frame.pts, frame.time_base = round(time * 90_000), Fraction(1, 90_000)
            file.mux(track.encode(frame))
        file.mux(track.encode())
    return path


def _shades(footage: Footage, times: list[float]) -> list[int]:
    return [round((picture.mean() - 40) / 8) for picture in footage.pictures(np.array(times))]


@pytest.mark.parametrize(
    "rate",
    [pytest.param(rate, id=str(float(rate))) for rate in map(Fraction, ("24000/1001", "25", "30000/1001", "50", "12"))],
)
def test_each_time_shows_the_picture_on_screen_then(tmp_path: Path, rate: Fraction) -> None:
    starts = [float(number / rate) for number in range(20)]
    film = Footage([Reel(_film(tmp_path / "a.mp4", starts), 0.0, float(20 / rate))])
    asked = np.linspace(0, starts[-1], 57)

    expected = [int(np.searchsorted(starts, time + 0.0005, side="right") - 1) for time in asked]

    assert _shades(film, asked.tolist()) == expected


def test_an_uneven_film_is_told_by_its_own_times(tmp_path: Path) -> None:
    film = Footage([Reel(_film(tmp_path / "a.mp4", [0.0, 0.5, 0.52, 2.0]), 0.0, 3.0)])

    assert _shades(film, [0.0, 0.49, 0.51, 1.9, 2.0, 2.9]) == [0, 0, 1, 2, 3, 3]


@pytest.mark.parametrize("keys", [1, 5, 250])
def test_it_can_begin_anywhere(tmp_path: Path, keys: int) -> None:
    film = Footage([Reel(_film(tmp_path / "a.mp4", [n / 25 for n in range(25)], keys=keys), 0.0, 1.0)])

    assert [_shades(film, [n / 25])[0] for n in range(25)] == list(range(25))


def test_times_run_on_from_reel_to_reel(tmp_path: Path) -> None:
    first = _film(tmp_path / "a.mp4", [n / 25 for n in range(10)])
    second = _film(tmp_path / "b.mp4", [n / 25 for n in range(10)], shade=80)
    film = Footage([Reel(first, 0.0, 0.4), Reel(second, 0.4, 0.8)])

    assert _shades(film, [0.36, 0.4, 0.44]) == [9, 10, 11]


def test_outside_the_film_its_edges_are_shown(tmp_path: Path) -> None:
    film = Footage([Reel(_film(tmp_path / "a.mp4", [0.0, 0.04, 0.08]), 0.0, 0.12)])

    assert _shades(film, [-1.0, 5.0]) == [0, 2]


def test_a_folder_may_be_called_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Mission: Impossible").mkdir()
    reel = Reel(_film(tmp_path / "Mission: Impossible" / "a.mp4", [0.0, 0.5]), 0.0, 1.0)
    assert _shades(Footage([replace(reel, path=Path("Mission: Impossible", "a.mp4"))]), [0.5]) == [1]


def test_a_lost_shot_shows_the_picture_before_it(tmp_path: Path) -> None:
    first = _film(tmp_path / "a.mp4", [0.0, 0.04])
    last = _film(tmp_path / "b.mp4", [0.0], shade=80)
    film = Footage([Reel(first, 0.0, 0.08), Reel(last, 1.0, 1.04)])

    assert _shades(film, [0.5, 1.0]) == [1, 10]


def test_a_reel_may_begin_within_its_file(tmp_path: Path) -> None:
    film = Footage([Reel(_film(tmp_path / "a.mp4", [n / 25 for n in range(25)]), 0.0, 0.5, lead=0.4)])

    assert _shades(film, [0.0, 0.2]) == [10, 15]


def test_the_same_pictures_have_the_same_identity_and_others_another(tmp_path: Path) -> None:
    path = _film(tmp_path / "a.mp4", [n / 25 for n in range(10)])
    other = _film(tmp_path / "b.mp4", [n / 25 for n in range(10)], shade=8)
    here, there = Footage([Reel(path, 0.0, 0.4)]), Footage([Reel(path, 7.0, 7.4)])

    assert here.identity(0.0, 0.4) == there.identity(7.0, 7.4)
    assert here.identity(0.0, 0.4) != here.identity(0.0, 0.2)
    assert here.identity(0.0, 0.4) != Footage([Reel(other, 0.0, 0.4)]).identity(0.0, 0.4)


@pytest.mark.parametrize("content", [None, b"", b"no film at all"], ids=["away", "empty", "another"])
def test_a_reel_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(StorageError, match=r"a\.mp4"):
        list(Footage([Reel(path, 0.0, 1.0)]).pictures(np.array([0.0])))
