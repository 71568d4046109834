import numpy as np
import pytest

torch = pytest.importorskip("torch")

from soundstage.networks.kaldi import Fbank, bands, fbank  # noqa: E402
from tests.networks.filling import noise  # noqa: E402


@pytest.mark.filterwarnings("ignore:At least one mel filter has all zero values")
def test_it_is_what_another_implementation_computes():
    audio = pytest.importorskip("transformers.audio_utils")
    sound = noise(16_000) * torch.linspace(0, 1, 16_000)
    filters = audio.mel_filter_bank(
        num_frequency_bins=257,
        num_mel_filters=128,
        min_frequency=20,
        max_frequency=8000,
        sampling_rate=16_000,
        norm=None,
        mel_scale="kaldi",
        triangularize_in_mel_space=True,
    )
    wanted = audio.spectrogram(
        sound.double().numpy(),
        audio.window_function(400, "hann", periodic=False),
        frame_length=400,
        hop_length=160,
        fft_length=512,
        power=2.0,
        center=False,
        preemphasis=0.97,
        mel_filters=filters,
        log_mel="log",
        mel_floor=1.192092955078125e-07,
        remove_dc_offset=True,
    ).T
    found = fbank(sound, Fbank()).numpy()
    assert found.shape == wanted.shape == (98, 128)
    assert np.abs(found - wanted).max() < 2e-3  # of logarithms, single against double precision


def test_a_seeded_sound_gives_the_recorded_energies():
    found = fbank(noise(4000), Fbank())
    assert found.shape == (23, 128)
    assert found[5, [0, 40, 127]].tolist() == pytest.approx([-4.36707, 0.71079, 6.08223], abs=1e-3)


def test_a_tone_lies_in_the_band_around_it():
    time = torch.arange(16_000) / 16_000
    middle = fbank(torch.sin(2 * torch.pi * 1000 * time), Fbank())[50]
    lines = torch.arange(257) * 16_000 / 512
    strongest = bands(Fbank())[:, middle.argmax()]
    assert abs(float(lines[strongest.argmax()]) - 1000) < 40


def test_silence_is_the_floor():
    assert torch.all(fbank(torch.zeros(800), Fbank()) == torch.tensor(1.1920929e-07).log())


@pytest.mark.parametrize(("samples", "windows"), [(399, 0), (400, 1), (559, 1), (560, 2)])
def test_only_whole_windows_count(samples, windows):
    assert fbank(noise(2, samples), Fbank()).shape == (2, windows, 128)
