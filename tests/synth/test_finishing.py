"""What a model gave becomes a rendering of exactly its cue."""

import numpy as np
import pytest

from soundstage.errors import BadSound
from soundstage.sound import SAMPLE_RATE
from soundstage.synth.finishing import rendering
from tests.documents import cue


def _tone(seconds: float, rate: int, channels: int = 1) -> np.ndarray:
    wave = 0.5 * np.cos(2 * np.pi * 1000 * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def _sound(samples: np.ndarray, rate: int, seconds: float) -> np.ndarray:
    return np.concatenate(list(rendering(samples, rate, cue(end=seconds), "MIT").blocks))


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_it_lasts_the_cue_to_the_frame(rate: int, channels: int) -> None:
    made = rendering(_tone(3.0, rate, channels), rate, cue(end=2.3457), "MIT", ("a model (MIT)",))

    assert np.concatenate(list(made.blocks)).shape == (round(2.3457 * SAMPLE_RATE), channels)
    assert (made.channels, made.licence, made.sources) == (channels, "MIT", ("a model (MIT)",))


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_the_pitch_stays(rate: int) -> None:
    spectrum = np.abs(np.fft.rfft(_sound(_tone(1.0, rate), rate, 1.0)[:, 0]))

    assert np.argmax(spectrum) == 1000


def test_a_cut_end_is_soft() -> None:
    made = _sound(_tone(3.0, 48_000), 48_000, 2.0)[:, 0]

    assert (made[0], made[-1]) == (0.0, 0.0)
    assert np.abs(np.diff(made)).max() < 0.07


def test_what_is_too_short_ends_in_silence_without_a_click() -> None:
    made = _sound(_tone(1.0, 48_000), 48_000, 2.0)[:, 0]

    assert not made[SAMPLE_RATE:].any()
    assert np.abs(np.diff(made)).max() < 0.07


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_what_would_clip_is_turned_down_as_a_whole(rate: int) -> None:
    square = np.sign(_tone(1.0, rate)) * np.float32(1.5 if rate == SAMPLE_RATE else 1.0)

    made = _sound(square, rate, 1.0)

    assert np.abs(made).max() == pytest.approx(1.0, abs=1e-6)


def test_an_event_at_the_very_start_keeps_its_attack() -> None:
    decay = 0.5 * np.exp(-np.arange(48_000) / 480)[:, None].astype(np.float32)

    made = _sound(decay, 48_000, 1.0)

    assert np.square(made).sum() > 0.75 * np.square(decay).sum()
    assert np.abs(np.diff(made[:, 0])).max() < 0.02


def test_what_does_not_clip_keeps_its_level() -> None:
    assert np.abs(_sound(_tone(1.0, 48_000), 48_000, 1.0)).max() == pytest.approx(0.5)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    samples = _tone(1.0, 48_000)
    samples[100] = value

    with pytest.raises(BadSound, match="no numbers"):
        rendering(samples, 48_000, cue(), "MIT")
