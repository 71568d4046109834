"""Synchformer whole, and how to load it or the part that sees."""

from pathlib import Path

import torch
from torch import Tensor, nn

from soundstage.networks.checkpoints import load_into, read_weights
from soundstage.networks.rack import Setting
from soundstage.networks.synchformer import segments
from soundstage.networks.synchformer.comparing import Comparison
from soundstage.networks.synchformer.config import OFFSETS, SYNCHFORMER, SyncConfig
from soundstage.networks.synchformer.hearing import SyncSound
from soundstage.networks.synchformer.mel import log_mel
from soundstage.networks.synchformer.sight import SyncPictures
from soundstage.networks.unmade import unmade

_SIGHT = "vfeat_extractor."
_UNUSED = "patch_embed."  # patches of single pictures, which Motionformer carries along but never looks at


class SyncNet(nn.Module):
    """How far picture and sound are apart in time; parameters are named as in `synchformer_state_dict.pth`."""

    def __init__(self, config: SyncConfig = SYNCHFORMER) -> None:
        super().__init__()
        self.config = config
        self.vfeat_extractor = SyncPictures(config)
        self.afeat_extractor = SyncSound(config)
        self.vproj = nn.Linear(config.width, config.width)
        self.aproj = nn.Linear(config.width, config.width)
        self.transformer = Comparison(config)

    def picture_features(self, pictures: Tensor) -> Tensor:
        """Features of films of one length.

        Args:
            pictures: (b, n, 3, 224, 224) in -1..1, 25 a second; see `pictures.for_sync`.

        Returns:
            (b, segments, 8, width).
        """
        cut = torch.stack([segments.of_pictures(film) for film in pictures])
        features: Tensor = self.vfeat_extractor(cut)
        return features

    def sound_features(self, samples: Tensor) -> Tensor:
        """Features of sounds of one length.

        Args:
            samples: (b, n) at 16 kHz.

        Returns:
            (b, segments, 6, width).
        """
        config = self.config
        spectrograms = log_mel(segments.of_samples(samples), config.mel_bins, config.mel_frames)
        features: Tensor = self.afeat_extractor(spectrograms)
        return features

    def offsets(self, pictures: Tensor, sound: Tensor) -> Tensor:
        """How likely picture and sound are apart by each of `OFFSETS`.

        Args:
            pictures: features of 14 segments, (b, 14, 8, width).
            sound: features of the same segments, (b, 14, 6, width).

        Returns:
            Logits, (b, 21).

        Raises:
            ValueError: there are more or fewer than 14 segments.
        """
        wanted = self.config.segments
        if (pictures.shape[1], sound.shape[1]) != (wanted, wanted):
            raise ValueError(
                f"{pictures.shape[1]} and {sound.shape[1]} segments were given instead of {wanted} of each"
            )
        logits: Tensor = self.transformer(self.vproj(pictures).flatten(1, 2), self.aproj(sound).flatten(1, 2))
        return logits

    def desync(self, pictures: Tensor, sound: Tensor) -> Tensor:
        """DeSync as av-benchmark takes it: how far apart at the beginning and at the end, on average.

        Args:
            pictures: features of 14 segments or more, (b, s, 8, width).
            sound: features of as many, (b, s, 6, width).

        Returns:
            Seconds, 0..2, (b).
        """
        wanted = self.config.segments
        grid = torch.tensor(OFFSETS, device=pictures.device).abs()
        first = self.offsets(pictures[:, :wanted], sound[:, :wanted])
        last = self.offsets(pictures[:, -wanted:], sound[:, -wanted:])
        return torch.stack([grid[logits.argmax(dim=-1)] for logits in (first, last)]).mean(dim=0)


def load_sync_pictures(path: Path, setting: Setting, config: SyncConfig = SYNCHFORMER) -> SyncPictures:
    """The part that sees, from the published checkpoint of the whole.

    Args:
        path: `synchformer_state_dict.pth`.
        setting: where to and in which precision.
        config: the sizes of the model in the file.

    Raises:
        MissingPart: there is no such file.
        BadModel: it is damaged or of another model.
    """
    network = unmade(lambda: SyncPictures(config))
    weights = read_weights(path)
    seeing = {name.removeprefix(_SIGHT): value for name, value in weights.items() if name.startswith(_SIGHT)}
    load_into(network, seeing, path, ignore=(_UNUSED,))
    return network.to(setting.device, setting.dtype).eval()


def load_sync_net(path: Path, setting: Setting, config: SyncConfig = SYNCHFORMER) -> SyncNet:
    """The whole, from the published checkpoint; arguments and errors as for `load_sync_pictures`."""
    network = unmade(lambda: SyncNet(config))
    load_into(network, read_weights(path), path, ignore=(_SIGHT + _UNUSED,))
    return network.to(setting.device, setting.dtype).eval()
