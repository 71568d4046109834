import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundstage.loudness import TruePeakMeter
from soundstage.mix.limiter import LATENCY, Limiter
from soundstage.sound import Block
from tests.mix.conftest import noise


def limited(sound: Block, block: int, ceiling: float = -1.0) -> Block:
    limiter = Limiter(ceiling, between=True)
    done = [limiter.process(sound[start : start + block]) for start in range(0, len(sound), block)]
    return np.concatenate([*done, limiter.flush()])


def loud_and_soft(seed: int = 0) -> Block:
    sound = noise(1.0, 0.02, seed=seed)
    sound[20_000:22_000] *= 40
    sound[35_000] = 0.999
    return sound


def test_below_the_ceiling_nothing_is_changed() -> None:
    sound = noise(0.5, 0.05)
    np.testing.assert_array_equal(limited(sound, 5000), sound)


def test_sound_away_from_peaks_is_untouched() -> None:
    sound = loud_and_soft()
    after = limited(sound, 48_000)
    np.testing.assert_array_equal(after[:19_000], sound[:19_000])
    assert not np.array_equal(after[20_000:22_000], sound[20_000:22_000])


@pytest.mark.parametrize("ceiling", [-1.0, -6.0, -12.0])
def test_no_true_peak_passes_the_ceiling(ceiling: float) -> None:
    meter = TruePeakMeter(2)
    meter.add(limited(loud_and_soft(), 48_000, ceiling))
    assert meter.level <= ceiling + 0.05


@settings(max_examples=15, deadline=None)
@given(block=st.integers(150, 60_000), seed=st.integers(0, 9))
def test_block_size_changes_nothing(block: int, seed: int) -> None:
    sound = loud_and_soft(seed)
    np.testing.assert_allclose(limited(sound, block), limited(sound, len(sound)), atol=2e-6)


def test_single_frames_will_do() -> None:
    sound = loud_and_soft()[19_500:20_500]
    np.testing.assert_allclose(limited(sound, 1), limited(sound, 1000), atol=2e-6)


def test_what_comes_out_is_late_until_it_is_flushed() -> None:
    limiter = Limiter(-1.0, between=True)
    assert len(limiter.process(noise(0.1))) == 4800 - LATENCY
    assert len(limiter.flush()) == LATENCY


def test_both_channels_move_together() -> None:
    sound = np.full((9600, 2), 0.1, np.float32)
    sound[4800, 0] = 0.999
    after = limited(sound, 9600, -12.0)
    assert after[4790, 1] < 0.05
    np.testing.assert_allclose(after[4700:4790, 0], after[4700:4790, 1])
