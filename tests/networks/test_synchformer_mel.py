import math

import pytest

torch = pytest.importorskip("torch")

from soundstage.networks.synchformer.mel import log_mel, mel_filters  # noqa: E402
from tests.networks.filling import noise  # noqa: E402

MEAN, DEVIATION = -4.2677393, 4.5689974


def tone(hertz):
    return torch.sin(2 * math.pi * hertz * torch.arange(10_240) / 16_000)


def peak(bank, band):
    return int(bank[band].argmax()) * 8000 / 512


def test_filters_are_transformers_own():
    tools = pytest.importorskip("transformers.audio_utils")
    theirs = tools.mel_filter_bank(513, 128, 0.0, 8000.0, 16_000, norm=None, mel_scale="htk")
    assert mel_filters(128).T.numpy() == pytest.approx(theirs, abs=1e-6)


def test_filters_rise_along_the_mel_scale():
    bank = mel_filters(128)
    assert bank.shape == (128, 513)
    assert peak(bank, 127) == pytest.approx(700 * ((1 + 8000 / 700) ** (128 / 129) - 1), abs=16)


@pytest.mark.parametrize("hertz", [440.0, 1000.0, 5000.0])
def test_a_tone_lies_in_its_band(hertz):
    loudest = int(log_mel(tone(hertz))[:, 30].argmax())
    mel = 2595 * math.log10(1 + hertz / 700)
    assert loudest == pytest.approx(mel / (2595 * math.log10(1 + 8000 / 700)) * 129 - 1, abs=1)


def test_a_segment_has_65_columns_and_one_of_zeros():
    spectrogram = log_mel(noise(2, 3, 10_240))
    assert spectrogram.shape == (2, 3, 128, 66)
    assert spectrogram[..., 65].flatten().tolist() == pytest.approx([-MEAN / (2 * DEVIATION)] * 768)


def test_silence_is_the_floor():
    expected = (math.log(1e-6) - MEAN) / (2 * DEVIATION)
    assert log_mel(torch.zeros(10_240))[:, :65].flatten().tolist() == pytest.approx([expected] * 128 * 65)


def test_longer_sound_is_cut():
    assert log_mel(noise(1, 20_000)).shape == (1, 128, 66)


def test_noise_becomes_the_recorded_spectrogram():
    assert log_mel(noise(10_240))[[5, 60, 120], 20].tolist() == pytest.approx([0.69476, 0.87159, 1.13975], abs=1e-4)


def test_half_precision_is_worked_in_whole():
    assert log_mel(noise(10_240).half()).dtype == torch.float32
