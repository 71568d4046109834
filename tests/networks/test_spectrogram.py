import math

import pytest

torch = pytest.importorskip("torch")

from soundstage.networks.spectrogram import LogMel, Spectrogram  # noqa: E402


@pytest.fixture(scope="module")
def spectrogram():
    """With a Fourier transform, as the published checkpoints hold it."""
    made = Spectrogram(64, 16).requires_grad_(False)
    angles = -2 * math.pi / 64 * torch.outer(torch.arange(33.0), torch.arange(64.0))
    made.stft.conv_real.weight.copy_((angles.cos() * torch.hann_window(64))[:, None])
    made.stft.conv_imag.weight.copy_((angles.sin() * torch.hann_window(64))[:, None])
    return made


def test_it_is_the_power_of_a_centred_transform(spectrogram):
    sound = torch.sin(torch.arange(200) * 0.7) + 0.1
    wanted = torch.stft(sound, 64, 16, window=torch.hann_window(64), return_complex=True).abs().square().T
    assert torch.allclose(spectrogram(sound[None])[0, 0], wanted, atol=1e-3)


def test_levels_are_decibels_with_a_floor():
    levels = LogMel(4, 2).requires_grad_(False)
    levels.melW.copy_(torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]))
    assert levels(torch.tensor([100.0, 5.0, 5.0])).tolist() == pytest.approx([20, -100])
