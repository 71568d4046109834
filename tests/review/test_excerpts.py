from pathlib import Path

import numpy as np
import pytest

from soundstage.review.excerpts import excerpt, is_heard, spread
from tests.review.sounds import noise, tone, write


@pytest.mark.parametrize(
    ("duration", "starts"),
    [(4.0, (0.0,)), (10.0, (0.0,)), (15.0, (0.0, 5.0)), (30.0, (0.0, 10.0, 20.0)), (600.0, (0.0, 295.0, 590.0))],
)
def test_excerpts_reach_from_the_start_to_the_end(duration, starts):
    assert spread(duration, 10.0, 3) == pytest.approx(starts)


def test_an_excerpt_is_the_mean_of_the_channels(tmp_path: Path):
    take = write(tmp_path / "take.flac", tone(2, 1000, 0.4), tone(2, 1000, 0.2))
    found = excerpt(take, 0.5, 1.0)
    assert found == pytest.approx(tone(2, 1000, 0.3)[24_000:72_000], abs=1e-5)


def test_beyond_the_take_it_is_silent(tmp_path: Path):
    take = write(tmp_path / "take.flac", noise(1.0, 0.2))
    found = excerpt(take, -0.5, 2.0)
    assert len(found) == 96_000
    assert not found[:24_000].any()
    assert found[24_000:72_000] == pytest.approx(noise(1.0, 0.2), abs=1e-5)
    assert not found[72_000:].any()


def test_what_lies_wholly_beyond_is_silence(tmp_path: Path):
    take = write(tmp_path / "take.flac", noise(1.0))
    assert not excerpt(take, 3.0, 1.0).any()
    assert not excerpt(take, -2.0, 1.0).any()


def test_at_another_rate_it_is_the_same_sound(tmp_path: Path):
    take = write(tmp_path / "take.flac", tone(2, 440, 0.3))
    found = excerpt(take, 0.0, 2.0, 16_000)
    wanted = 0.3 * np.sin(2 * np.pi * 440 * np.arange(32_000) / 16_000)
    assert found[1000:-1000] == pytest.approx(wanted[1000:-1000], abs=2e-3)


@pytest.mark.parametrize(("level", "heard"), [(0.01, True), (0.0005, False), (0.0, False)])
def test_what_is_hardly_there_is_not_heard(level, heard):
    assert is_heard(noise(0.5, level).astype(np.float32)) is heard
