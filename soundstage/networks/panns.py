"""PANNs' Cnn14 at 16 kHz (Kong et al., 2020; `Cnn14_16k_mAP=0.438.pth`): what is heard, by AudioSet's 527 classes.

Parameters are named as in the published checkpoint.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, relu

from soundstage.networks.checkpoints import load_into
from soundstage.networks.older import read_older_weights
from soundstage.networks.rack import Setting
from soundstage.networks.spectrogram import LogMel, Spectrogram
from soundstage.networks.unmade import unmade

FILE = "Cnn14_16k_mAP=0.438.pth"
RATE = 16_000


@dataclass(frozen=True)
class PannsConfig:
    """Sizes; those not given are of the published model.

    Attributes:
        window: samples of an analysis window.
        hop: samples from one window to the next.
        bands: mel bands.
        widths: channels after each block; every block but the last halves time and bands.
        embedding: width of the features.
        classes: of AudioSet.
    """

    window: int = 512
    hop: int = 160
    bands: int = 64
    widths: tuple[int, ...] = (64, 128, 256, 512, 1024, 2048)
    embedding: int = 2048
    classes: int = 527

    @property
    def least(self) -> int:
        """Samples that it takes at least to fill one place after all halving."""
        return self.hop << (len(self.widths) - 1)


PANNS = PannsConfig()


class Panns(nn.Module):
    """Features and logits of whole sounds."""

    def __init__(self, config: PannsConfig = PANNS) -> None:
        super().__init__()
        self.config = config
        self.spectrogram_extractor = Spectrogram(config.window, config.hop)
        self.logmel_extractor = LogMel(config.window, config.bands)
        self.bn0 = nn.BatchNorm2d(config.bands)
        self._names = [f"conv_block{number}" for number in range(1, len(config.widths) + 1)]
        for name, (before, after) in zip(self._names, pairwise((1, *config.widths)), strict=True):
            self.add_module(name, _Block(before, after))
        self.fc1 = nn.Linear(config.widths[-1], config.embedding)
        self.fc_audioset = nn.Linear(config.embedding, config.classes)

    def forward(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """What is heard.

        Args:
            samples: (n, samples) at 16 kHz, at least `config.least` of them.

        Returns:
            Features, not negative, (n, embedding), and logits before the sigmoid, (n, classes).
        """
        levels = self.logmel_extractor(self.spectrogram_extractor(samples))
        maps: Tensor = self.bn0(levels.transpose(1, 3)).transpose(1, 3)
        for name in self._names:
            maps = self.get_submodule(name)(maps)
            if name != self._names[-1]:
                maps = avg_pool2d(maps, 2)
        by_time = maps.mean(dim=3)
        features = relu(self.fc1(by_time.amax(dim=2) + by_time.mean(dim=2)))
        return features, self.fc_audioset(features)


class _Block(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.bn2 = nn.BatchNorm2d(after)

    def forward(self, maps: Tensor) -> Tensor:
        return relu(self.bn2(self.conv2(relu(self.bn1(self.conv1(maps))))))


def load_panns(path: Path, setting: Setting, config: PannsConfig = PANNS) -> Panns:
    """The network from its published checkpoint, in evaluation mode.

    Raises:
        MissingPart: there is no such file.
        BadModel: it is damaged or of another model.
    """
    network = unmade(lambda: Panns(config))
    load_into(network, read_older_weights(path), path)
    return network.to(setting.device, setting.dtype).eval()
