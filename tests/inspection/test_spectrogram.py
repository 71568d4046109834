import numpy as np
import pytest

from soundstage.inspection.spectrogram import HIGHEST, LOWEST, Spectrogram

RATE = 48_000


def seen(sound, columns, rows, block=10_000):
    picture = Spectrogram(columns, rows, len(sound), RATE)
    for start in range(0, len(sound), block):
        picture.add(sound[start : start + block, None].astype(np.float32))
    return picture.shades()


@pytest.mark.parametrize("hertz", [100, 1000, 10_000])
def test_a_tone_lies_in_the_row_of_its_pitch(hertz):
    shades = seen(0.5 * np.sin(2 * np.pi * hertz * np.arange(2 * RATE) / RATE), 50, 90)
    row = int(shades.mean(axis=1).argmax())
    edges = np.geomspace(LOWEST, HIGHEST, 91)
    assert edges[max(0, row - 2)] <= hertz <= edges[row + 2]


def test_a_hit_lies_in_the_column_of_its_time():
    sound = np.zeros(4 * RATE)
    sound[3 * RATE : 3 * RATE + 500] = np.random.default_rng(0).standard_normal(500)
    assert int(seen(sound, 80, 40).sum(axis=0).argmax()) == pytest.approx(60, abs=1)


def test_blocks_of_any_size_give_the_same_picture():
    sound = np.random.default_rng(1).standard_normal(RATE)
    assert np.array_equal(seen(sound, 40, 30, block=777), seen(sound, 40, 30, block=RATE))


def test_the_picture_does_not_grow_with_the_sound():
    assert seen(np.random.default_rng(2).standard_normal(20 * RATE), 30, 20).shape == (20, 30)


def test_silence_is_dark_and_shades_stay_in_range():
    assert not seen(np.zeros(RATE), 10, 10).any()
    loud = seen(np.random.default_rng(3).standard_normal(RATE), 10, 10)
    assert loud.min() >= 0
    assert loud.max() <= 1
