"""Cuts, dissolves and fades are found; flashes, pans and zooms are not taken for them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from soundstage.reading import Reading
from tests import footage
from tests.footage import Picture

Read = Callable[[Path], Reading]
SIZE = (160, 90)


def _shot(number: int, frames: int) -> list[Picture]:
    return list(footage.piece(number, frames, size=SIZE))


def _boundaries(reading: Reading) -> list[tuple[float, str]]:
    return [(shot.start, shot.transition) for shot in reading.shots[1:]]


def test_real_cuts_are_found_to_the_picture(read: Read) -> None:
    found = _boundaries(read(footage.demo_clips()["bikes"]))
    assert found == [(time, "cut") for time in footage.BIKES_CUTS]


@pytest.mark.parametrize("fps", [12, 24, 60])
def test_cuts_are_found_at_any_rate(tmp_path: Path, read: Read, fps: int) -> None:
    cuts = footage.joined(tmp_path / "f.mp4", [(5, fps), (1, fps), (6, fps)], fps=fps, size=SIZE)
    assert [time for time, _ in _boundaries(read(tmp_path / "f.mp4"))] == pytest.approx(cuts, abs=1e-3)


@pytest.mark.parametrize(("before", "after", "length"), [(5, 3, 15), (1, 5, 20), (6, 2, 20), (4, 1, 20), (2, 4, 20)])
def test_a_dissolve_is_found_within_its_time(tmp_path: Path, read: Read, before: int, after: int, length: int) -> None:
    first, second, begin = _shot(before, 50), _shot(after, 50), 50 - length
    film = [*first[:begin], *footage.dissolve(first[begin:], second[:length]), *second[length:]]
    found = _boundaries(read(footage.write_film(tmp_path / "f.mp4", film)))
    assert [kind for _, kind in found] == ["dissolve"]
    assert begin / 25 <= found[0][0] <= 50 / 25


@pytest.mark.parametrize("colour", [0, 255], ids=["black", "white"])
def test_a_fade_through_a_colour_is_one_boundary(tmp_path: Path, read: Read, colour: int) -> None:
    before, after = _shot(5, 45), _shot(3, 45)
    blank = [np.full_like(before[0], colour)] * 5
    film = [*before[:30], *footage.fade(before[30:], out=True, colour=colour), *blank]
    film += [*footage.fade(after[:15], out=False, colour=colour), *after[15:]]
    found = _boundaries(read(footage.write_film(tmp_path / "f.mp4", film)))
    assert [kind for _, kind in found] == ["fade"]
    assert 30 / 25 <= found[0][0] <= 65 / 25


def _one_flash() -> Iterator[Picture]:
    for number, picture in enumerate(_shot(5, 50)):
        yield footage.flash(picture) if number in (20, 21) else picture


def _lightning() -> Iterator[Picture]:
    light = {20: 1.0, 21: 0.4, 22: 0.9, 23: 0.6, 24: 0.4, 25: 0.2}
    for number, picture in enumerate(_shot(3, 50)):
        yield footage.flash(picture, light.get(number, 0)) if number in light else picture


def _strobe() -> Iterator[Picture]:
    for number, picture in enumerate(_shot(2, 60)):
        yield footage.flash(picture, 0.8) if 15 <= number < 45 and number % 4 == 0 else picture


def _white_frame() -> Iterator[Picture]:
    for number, picture in enumerate(_shot(6, 50)):
        yield np.full_like(picture, 255) if number == 25 else picture


def _light_goes_on() -> Iterator[Picture]:
    for number, picture in enumerate(_shot(5, 50)):
        yield picture if number >= 25 else (picture * 0.45).astype(np.uint8)


def _dimming() -> Iterator[Picture]:
    for number, picture in enumerate(_shot(5, 60)):
        yield (picture * (1 - number / 100)).astype(np.uint8)


def _still() -> Picture:
    return np.concatenate([np.concatenate([_shot(n, 1)[0] for n in row], axis=1) for row in ((0, 5), (3, 6))], axis=0)


def _pan() -> Iterator[Picture]:
    return footage.travelling(_still(), 60, lambda t: (0.5 * t, 0.2, 0.45), SIZE)


def _fast_pan() -> Iterator[Picture]:
    return footage.travelling(_shot(5, 1)[0], 16, lambda t: (0.5 * t, 0.2, 0.5), SIZE)


def _zoom() -> Iterator[Picture]:
    return footage.travelling(_still(), 50, lambda t: (0.4 * t, 0.4 * t, 1 - 0.8 * t), SIZE)


ONE_SHOT = {
    "flash": _one_flash,
    "lightning": _lightning,
    "strobe": _strobe,
    "white-frame": _white_frame,
    "light-goes-on": _light_goes_on,
    "dimming": _dimming,
    "pan": _pan,
    "fast-pan": _fast_pan,
    "zoom": _zoom,
}


@pytest.mark.parametrize("make", ONE_SHOT.values(), ids=ONE_SHOT.keys())
def test_what_stays_one_shot_is_not_cut(tmp_path: Path, read: Read, make: Callable[[], Iterator[Picture]]) -> None:
    assert _boundaries(read(footage.write_film(tmp_path / "f.mp4", make()))) == []


def test_a_film_that_fades_in_and_out_is_one_shot(tmp_path: Path, read: Read) -> None:
    shot = _shot(5, 60)
    blank = [np.zeros_like(shot[0])] * 4
    film = [*blank, *footage.fade(shot[:15], out=False), *shot[15:45], *footage.fade(shot[45:], out=True), *blank]
    assert _boundaries(read(footage.write_film(tmp_path / "f.mp4", film))) == []
