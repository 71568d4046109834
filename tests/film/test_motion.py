"""Onsets lie where things truly hit, stop or light up; cuts and steady movement are no onsets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from soundstage.film.motion import MotionMeter
from soundstage.reading import MotionCurve, Onset, Reading
from tests import footage

Read = Callable[[Path], Reading]


def _onsets(reading: Reading) -> list[Onset]:
    return [onset for shot in reading.shots for onset in shot.onsets]


def _nearest(onsets: list[Onset], time: float) -> Onset:
    return min(onsets, key=lambda onset: abs(onset.time - time))


def _ball(path: Path, **how: Any) -> tuple[float, ...]:
    return footage.bouncing_ball(path, x=0.2, **how)


def _hammer(path: Path, **how: Any) -> tuple[float, ...]:
    return footage.hammer(path, x=0.3, **how)


def _light(path: Path, **how: Any) -> tuple[float, ...]:
    return footage.flashing_light(path, x=0.8, **how)


EVENTS = {"ball": (_ball, -1), "hammer": (_hammer, -1), "light": (_light, 1)}


@pytest.mark.parametrize("fps", [24, 30])
@pytest.mark.parametrize(("make", "side"), EVENTS.values(), ids=EVENTS.keys())
def test_onsets_hit_true_events(
    tmp_path: Path, read: Read, make: Callable[..., tuple[float, ...]], side: int, fps: int
) -> None:
    truth = make(tmp_path / "film.mp4", fps=fps, grain=3.0)
    reading = read(tmp_path / "film.mp4")
    nearest = [_nearest(_onsets(reading), time) for time in truth]
    errors = np.abs([onset.time - time for onset, time in zip(nearest, truth, strict=True)])
    assert len(reading.shots) == 1
    assert np.median(errors) <= 0.040
    assert np.quantile(errors, 0.9) <= 0.100
    assert all(onset.pan * side > 0 for onset in nearest)


@pytest.mark.parametrize(("fps", "every"), [(25, 1.3), (30, 1.1), (50, 0.95)])
def test_a_blow_is_where_the_swing_ends_not_where_it_is_fastest(
    tmp_path: Path, read: Read, fps: int, every: float
) -> None:
    truth = footage.hammer(tmp_path / "film.mp4", fps=fps, every=every, x=0.6)
    onsets = _onsets(read(tmp_path / "film.mp4"))
    assert all(abs(_nearest(onsets, time).time - time) <= 0.040 for time in truth)


def test_a_bounce_is_placed_between_pictures(tmp_path: Path, read: Read) -> None:
    truth = footage.bouncing_ball(tmp_path / "film.mp4", fps=25)
    onsets = np.array([onset.time for onset in _onsets(read(tmp_path / "film.mp4"))])
    assert max(np.abs(onsets - time).min() for time in truth) < 0.010


def test_the_bounces_are_all_that_is_heard_of_a_ball(tmp_path: Path, read: Read) -> None:
    truth = footage.bouncing_ball(tmp_path / "film.mp4", fps=25)
    assert len(_onsets(read(tmp_path / "film.mp4"))) == len(truth)


def test_cuts_are_no_onsets(tmp_path: Path, read: Read) -> None:
    cuts = footage.joined(tmp_path / "film.mp4", [(0, 30), (6, 30), (0, 30)])
    onsets = _onsets(read(tmp_path / "film.mp4"))
    assert all(abs(onset.time - cut) > 0.05 for onset in onsets for cut in cuts)


def test_a_pan_is_not_motion_of_things(tmp_path: Path, read: Read) -> None:
    still = next(footage.piece(3, 1, size=(640, 360)))
    moving = footage.travelling(still, 50, lambda t: (0.3 * t, 0.2, 0.6), (160, 90))
    reading = read(footage.write_film(tmp_path / "pan.mp4", moving))
    footage.bouncing_ball(tmp_path / "ball.mp4", size=(160, 90))
    assert _onsets(reading) == []
    assert reading.shots[0].motion < 0.4


def test_a_change_of_light_over_all_is_not_motion(tmp_path: Path, read: Read) -> None:
    picture = next(footage.piece(5, 1, size=(160, 90)))
    steps = ((picture * (0.7 + 0.003 * n)).astype(np.uint8) for n in range(50))
    assert read(footage.write_film(tmp_path / "f.mp4", steps)).shots[0].motion < 0.1


def test_the_curve_pans_with_what_moves(tmp_path: Path, read: Read) -> None:
    footage.bouncing_ball(tmp_path / "film.mp4", x=0.15)
    read(tmp_path / "film.mp4")
    curve = MotionCurve.load(tmp_path / "reading")
    moving = curve.energy > 0.5 * curve.energy.max()
    assert np.median(curve.pan[moving]) == pytest.approx(-0.7, abs=0.15)


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_the_meter_does_not_mind_how_pictures_are_batched(size: int) -> None:
    luma = np.random.default_rng(1).normal(120, 30, (40, 36, 64)).astype(np.float32)
    whole, parts = MotionMeter(), MotionMeter()
    whole.add(luma)
    for start in range(0, len(luma), size):
        parts.add(luma[start : start + size])
    times = np.arange(40) / 25
    first, second = whole.movement(times), parts.movement(times)
    np.testing.assert_allclose(first.energy, second.energy, rtol=1e-4)
    np.testing.assert_allclose(first.push, second.push, rtol=1e-3, atol=1e-4)
    assert len(second.push) == len(second.light) == 40
