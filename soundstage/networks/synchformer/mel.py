"""Spectrograms as the hearing part of Synchformer was trained on."""

import torch
from torch import Tensor
from torch.nn.functional import pad

from soundstage.networks.synchformer.config import SOUND_RATE

_FFT, _WINDOW, _HOP = 1024, 400, 160
_FLOOR = 1e-6
# Of the logarithms over AudioSet, as av-benchmark has them.
_MEAN, _DEVIATION = -4.2677393, 4.5689974


def log_mel(samples: Tensor, bins: int = 128, frames: int = 66) -> Tensor:
    """Mel spectrograms of segments, in logarithms, about -0.5..0.5.

    Each segment is mirrored at its ends. What lacks to `frames` columns is filled with zeros before the mean
    is taken out, as in training: 10,240 samples give 65 columns.

    Args:
        samples: (..., samples) at 16 kHz.
        bins: mel bands.
        frames: columns.

    Returns:
        (..., bins, frames), float32.
    """
    flat = samples.float().reshape(-1, samples.shape[-1])
    window = torch.hann_window(_WINDOW, device=flat.device)
    spectrum = torch.stft(flat, _FFT, _HOP, _WINDOW, window, center=True, pad_mode="reflect", return_complex=True)
    power = spectrum.real.square() + spectrum.imag.square()
    logarithms = torch.log(mel_filters(bins).to(flat.device) @ power + _FLOOR)
    fitted = pad(logarithms, (0, frames - logarithms.shape[-1]))  # cuts where it is negative
    return ((fitted - _MEAN) / (2 * _DEVIATION)).view(*samples.shape[:-1], bins, frames)


def mel_filters(bins: int) -> Tensor:
    """Triangles on HTK's mel scale from 0 to 8 kHz, each of height 1: (bins, frequencies), float32."""
    top = SOUND_RATE / 2
    frequencies = torch.linspace(0, top, _FFT // 2 + 1, dtype=torch.float64)
    mels = torch.linspace(0, _mel(top), bins + 2, dtype=torch.float64)
    corners = 700 * (10 ** (mels / 2595) - 1)
    low, peak, high = (corners[first : first + bins, None] for first in range(3))
    rising, falling = (frequencies - low) / (peak - low), (high - frequencies) / (high - peak)
    return torch.minimum(rising, falling).clamp(min=0).float()


def _mel(hertz: float) -> float:
    return 2595 * float(torch.log10(torch.tensor(1 + hertz / 700, dtype=torch.float64)))
