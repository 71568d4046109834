"""Log-mel spectrograms as torchlibrosa takes them, whose windows and bands are weights in the checkpoint.

PANNs and both CLAPs hear through it; parameters are named as there.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

_LEAST_POWER = 1e-10


class Spectrogram(nn.Module):
    """Sound to power by frequency: a Fourier transform of windows centred on every `hop` samples."""

    def __init__(self, window: int, hop: int) -> None:
        super().__init__()
        self.stft = _Transform(window, hop)

    def forward(self, samples: Tensor) -> Tensor:
        """(n, samples) to (n, 1, windows, window / 2 + 1); more samples than half a window are needed."""
        padded = functional.pad(samples[:, None], (self.stft.edge, self.stft.edge), mode="reflect")
        power: Tensor = self.stft.conv_real(padded).square() + self.stft.conv_imag(padded).square()
        return power[:, None].transpose(2, 3)


class LogMel(nn.Module):
    """Power by frequency to decibels by mel band."""

    def __init__(self, window: int, bands: int) -> None:
        super().__init__()
        self.melW = nn.Parameter(torch.zeros(window // 2 + 1, bands))

    def forward(self, power: Tensor) -> Tensor:
        """(..., frequencies) to (..., bands), not below -100 dB."""
        return 10 * (power @ self.melW).clamp(min=_LEAST_POWER).log10()


class _Transform(nn.Module):
    """The real and the imaginary part of windowed Fourier transforms, each a convolution."""

    def __init__(self, window: int, hop: int) -> None:
        super().__init__()
        self.edge = window // 2
        self.conv_real = nn.Conv1d(1, window // 2 + 1, window, stride=hop, bias=False)
        self.conv_imag = nn.Conv1d(1, window // 2 + 1, window, stride=hop, bias=False)
