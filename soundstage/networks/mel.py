"""Mel spectrograms as the vocoders were trained on."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

# Slaney's mel scale (Auditory Toolbox, 1998): even up to 1 kHz, logarithmic above, 27 bands per factor of 6.4.
_HERTZ_PER_MEL = 200 / 3
_BEND = 1000.0
_LOGARITHM_PER_MEL = math.log(6.4) / 27
_LEAST_POWER = 1e-9
_LEAST_LEVEL = 1e-5


@dataclass(frozen=True)
class MelSettings:
    """How a mel spectrogram is taken: windows of `window` samples every `hop`, `bands` up to `highest` hertz.

    `decimal`: levels are logarithms to the base ten, else natural ones.
    """

    sample_rate: int
    window: int
    hop: int
    bands: int
    highest: float
    decimal: bool = False


AT_16K = MelSettings(16_000, window=1024, hop=256, bands=80, highest=8_000.0, decimal=True)
AT_44K = MelSettings(44_100, window=2048, hop=512, bands=128, highest=22_050.0)


class Mel(nn.Module):
    """Sound to the logarithm of its magnitude in mel bands."""

    basis: Tensor
    hann: Tensor

    def __init__(self, settings: MelSettings) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("basis", mel_filters(settings), persistent=False)
        self.register_buffer("hann", torch.hann_window(settings.window), persistent=False)

    def forward(self, sound: Tensor) -> Tensor:
        """(batch, samples), clipped to -1..1, to (batch, bands, samples // hop)."""
        settings = self.settings
        edge = (settings.window - settings.hop) // 2
        padded = functional.pad(sound.to(self.hann.dtype).clamp(-1, 1), (edge, edge), mode="reflect")
        spectrum = torch.stft(
            padded, settings.window, settings.hop, window=self.hann, center=False, return_complex=True
        )
        magnitude = (torch.view_as_real(spectrum).square().sum(-1) + _LEAST_POWER).sqrt()
        level = (self.basis @ magnitude).clamp(min=_LEAST_LEVEL)
        return level.log10() if settings.decimal else level.log()


def mel_filters(settings: MelSettings) -> Tensor:
    """Triangles of equal area over the bins of a spectrum, (bands, window / 2 + 1), on Slaney's mel scale."""
    bins = torch.linspace(0, settings.sample_rate / 2, settings.window // 2 + 1, dtype=torch.float64)
    corners = _hertz(torch.linspace(0, _mel(settings.highest), settings.bands + 2, dtype=torch.float64))
    rising = (bins - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - bins) / (corners[2:] - corners[1:-1])[:, None]
    triangles = torch.minimum(rising, falling).clamp(min=0)
    return (triangles * (2 / (corners[2:] - corners[:-2]))[:, None]).float()


def _mel(hertz: float) -> float:
    if hertz < _BEND:
        return hertz / _HERTZ_PER_MEL
    return _BEND / _HERTZ_PER_MEL + math.log(hertz / _BEND) / _LOGARITHM_PER_MEL


def _hertz(mel: Tensor) -> Tensor:
    bend = _BEND / _HERTZ_PER_MEL
    above = _BEND * ((mel - bend).clamp(min=0) * _LOGARITHM_PER_MEL).exp()
    return torch.where(mel < bend, mel * _HERTZ_PER_MEL, above)
