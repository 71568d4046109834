"""VGGish (Hershey et al., 2017; torchvggish's `vggish-10086976.pth`): 128 numbers for every 0.96 s of sound.

As for the published distances the last layer's ReLU is left out, and nothing is whitened or quantised afterwards.
Parameters are named as in the checkpoint.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from soundstage.networks.checkpoints import load_into, read_weights
from soundstage.networks.rack import Setting
from soundstage.networks.unmade import unmade

FILE = "vggish-10086976.pth"
RATE = 16_000
_WINDOW, _HOP, _FFT = 400, 160, 512
_BANDS, _LOWEST, _HIGHEST = 64, 125.0, 7_500.0
_FLOOR = 0.01
_FRAMES = 96  # of an example: 0.96 s


@dataclass(frozen=True)
class VggishConfig:
    """Sizes; those not given are of the published model.

    `stages` are the channels of each convolution; every stage ends by halving time and bands.
    """

    stages: tuple[tuple[int, ...], ...] = ((64,), (128,), (256, 256), (512, 512))
    hidden: int = 4096
    embedding: int = 128

    @property
    def flat(self) -> int:
        """Numbers that are left of an example after the last stage."""
        return self.stages[-1][-1] * (_FRAMES >> len(self.stages)) * (_BANDS >> len(self.stages))


VGGISH = VggishConfig()


class Vggish(nn.Module):
    """Embeddings of examples, which `examples` cuts from sounds."""

    def __init__(self, config: VggishConfig = VGGISH) -> None:
        super().__init__()
        self.features = nn.Sequential(*_layers(config))
        self.embeddings = nn.Sequential(
            nn.Linear(config.flat, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, config.embedding),
        )

    def forward(self, shown: Tensor) -> Tensor:
        """(n, 96, 64) log-mel levels to (n, embedding)."""
        maps = self.features(shown[:, None])
        result: Tensor = self.embeddings(maps.permute(0, 2, 3, 1).flatten(1))
        return result


def examples(samples: Tensor) -> Tensor:
    """A sound as VGGish is shown it; what is left over at its end is not looked at.

    Args:
        samples: (samples,) at 16 kHz.

    Returns:
        (examples, 96, 64): natural logarithms of magnitudes in mel bands, each example 0.96 s after the one before.
    """
    if len(samples) < _WINDOW:
        return torch.zeros(0, _FRAMES, _BANDS)
    windows = samples.double().unfold(0, _WINDOW, _HOP) * torch.hann_window(_WINDOW, dtype=torch.float64)
    levels: Tensor = (torch.fft.rfft(windows, n=_FFT).abs() @ bands() + _FLOOR).log()
    whole = len(levels) // _FRAMES
    return levels[: whole * _FRAMES].view(whole, _FRAMES, _BANDS).float()


def bands() -> Tensor:
    """Weights of the triangular bands, straight on HTK's mel scale, (257, 64), float64; none at 0 Hz."""
    mels = _mel(torch.linspace(0, RATE / 2, _FFT // 2 + 1, dtype=torch.float64))[:, None]
    ends = _mel(torch.tensor([_LOWEST, _HIGHEST], dtype=torch.float64))
    edges = torch.linspace(float(ends[0]), float(ends[1]), _BANDS + 2, dtype=torch.float64)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    weights = torch.minimum((mels - left) / (centre - left), (right - mels) / (right - centre)).clamp(min=0)
    return functional.pad(weights[1:], (0, 0, 1, 0))


def load_vggish(path: Path, setting: Setting, config: VggishConfig = VGGISH) -> Vggish:
    """The network from its published checkpoint, in evaluation mode.

    Raises:
        MissingPart: there is no such file.
        BadModel: it is damaged or of another model.
    """
    network = unmade(lambda: Vggish(config))
    load_into(network, read_weights(path), path)
    return network.to(setting.device, setting.dtype).eval()


def _layers(config: VggishConfig) -> list[nn.Module]:
    layers: list[nn.Module] = []
    before = 1
    for stage in config.stages:
        for after in stage:
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU()]
            before = after
        layers.append(nn.MaxPool2d(2))
    return layers


def _mel(hertz: Tensor) -> Tensor:
    return 1127.0 * torch.log1p(hertz / 700.0)
