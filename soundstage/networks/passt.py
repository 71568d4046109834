"""PaSST (Koutini et al., 2021; `passt-s-f128-p16-s10-ap.476-swa.pt`): ten seconds of sound, by AudioSet's classes.

A distilled vision transformer over overlapping patches of a spectrogram; nothing is left out of it (patchout is
for training). Parameters are named as in the published checkpoint.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from soundstage.networks.checkpoints import load_into
from soundstage.networks.kaldi import Fbank, bands
from soundstage.networks.mlp import Mlp
from soundstage.networks.older import read_older_weights
from soundstage.networks.rack import Setting
from soundstage.networks.unmade import unmade

FILE = "passt-s-f128-p16-s10-ap.476-swa.pt"
RATE = 32_000
SAMPLES = 10 * RATE
_WINDOW, _HOP, _FFT = 800, 320, 1024
_TOP = 15_000.0  # where the network was trained to hear to; in training the edge moved around it
_EMPHASIS = 0.97
_FLOOR = 1e-5
_MEAN, _SPREAD = -4.5, 5.0


@dataclass(frozen=True)
class PasstConfig:
    """Sizes; those not given are of the published model.

    Attributes:
        width: of all tokens.
        heads: of the attention.
        layers: transformer blocks.
        bins: mel bands.
        patch: side of a patch, in bands and in windows.
        stride: from one patch to the next.
        columns: places along time that the network knows.
        classes: of AudioSet.
    """

    width: int = 768
    heads: int = 12
    layers: int = 12
    bins: int = 128
    patch: int = 16
    stride: int = 10
    columns: int = 99
    classes: int = 527

    @property
    def rows(self) -> int:
        """Places along frequency."""
        return (self.bins - self.patch) // self.stride + 1


PASST = PasstConfig()


class Passt(nn.Module):
    """Features and logits of spectrograms."""

    def __init__(self, config: PasstConfig = PASST) -> None:
        super().__init__()
        width = config.width
        self.config = config
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.dist_token = nn.Parameter(torch.zeros(1, 1, width))
        self.new_pos_embed = nn.Parameter(torch.zeros(1, 2, width))
        self.freq_new_pos_embed = nn.Parameter(torch.zeros(1, width, config.rows, 1))
        self.time_new_pos_embed = nn.Parameter(torch.zeros(1, width, 1, config.columns))
        self.patch_embed = _Patches(config)
        self.blocks = nn.Sequential(*(_Block(width, config.heads) for _ in range(config.layers)))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, config.classes))
        self.head_dist = nn.Linear(width, config.classes)  # in the checkpoint; nobody asks it

    def forward(self, shown: Tensor) -> tuple[Tensor, Tensor]:
        """What is heard.

        Args:
            shown: (n, bins, windows), see `log_mel`; not more windows than the network knows places for.

        Returns:
            Features, the mean of the two tokens that stand for all, (n, width), and logits, (n, classes).
        """
        patches = self.patch_embed(shown[:, None])
        places = self.freq_new_pos_embed + self.time_new_pos_embed[..., : patches.shape[-1]]
        starts = torch.cat((self.cls_token, self.dist_token), dim=1) + self.new_pos_embed
        tokens = torch.cat((starts.expand(len(shown), -1, -1), (patches + places).flatten(2).transpose(1, 2)), dim=1)
        features: Tensor = self.norm(self.blocks(tokens))[:, :2].mean(dim=1)
        return features, self.head(features)


class _Patches(nn.Module):
    def __init__(self, config: PasstConfig) -> None:
        super().__init__()
        self.proj = nn.Conv2d(1, config.width, config.patch, stride=config.stride)

    def forward(self, shown: Tensor) -> Tensor:
        patches: Tensor = self.proj(shown)
        return patches


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = _Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = Mlp(width)

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attn(self.norm1(tokens))
        changed: Tensor = tokens + self.mlp(self.norm2(tokens))
        return changed


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        n, count, width = tokens.shape
        query, key, value = self.qkv(tokens).view(n, count, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value)
        result: Tensor = self.proj(seen.transpose(1, 2).reshape(n, count, width))
        return result


def log_mel(samples: Tensor, bins: int = PASST.bins) -> Tensor:
    """Sounds as PaSST is shown them.

    Args:
        samples: (n, samples) at 32 kHz.
        bins: mel bands.

    Returns:
        (n, bins, windows), float32, scaled to about -1..1; ten seconds are 1000 windows.
    """
    sharpened = samples[:, 1:] - _EMPHASIS * samples[:, :-1]
    hann = torch.hann_window(_WINDOW, periodic=False, device=samples.device)
    spectrum = torch.stft(sharpened, _FFT, _HOP, _WINDOW, hann, center=True, return_complex=True)
    power = torch.view_as_real(spectrum).square().sum(-1)
    return ((_bands(bins).to(power.device) @ power + _FLOOR).log() - _MEAN) / _SPREAD


@lru_cache
def _bands(bins: int) -> Tensor:
    return bands(Fbank(RATE, bins, low=0.0, high=_TOP, length=_FFT / RATE)).T


def load_passt(path: Path, setting: Setting, config: PasstConfig = PASST) -> Passt:
    """The network from its published checkpoint, in evaluation mode.

    Raises:
        MissingPart: there is no such file.
        BadModel: it is damaged or of another model.
    """
    network = unmade(lambda: Passt(config))
    load_into(network, read_older_weights(path), path)
    return network.to(setting.device, setting.dtype).eval()
