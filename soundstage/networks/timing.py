"""Synchformer as a judge: one window of a film and of sound in, how far the two are apart out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundstage.networks.desk import Desk
from soundstage.networks.pictures import for_sync
from soundstage.networks.rack import Setting
from soundstage.networks.synchformer.config import SYNCHFORMER, SyncConfig
from soundstage.networks.synchformer.network import SyncNet, load_sync_net

FILE = "synchformer_state_dict.pth"
_BATCH = 4

_Window = tuple[Tensor, Tensor]


class Timing:
    """Tells how far sound and picture are apart. Safe to ask from several threads, whose windows are batched."""

    def __init__(self, network: SyncNet, setting: Setting) -> None:
        """Args: network: with its weights, in evaluation mode, where and as `setting` says."""
        self._network = network
        self._setting = setting
        self._desk = Desk(self._compare, _BATCH, name="Synchformer")

    @classmethod
    def load(cls, folder: Path, setting: Setting, config: SyncConfig = SYNCHFORMER) -> Self:
        """From the folder that holds `synchformer_state_dict.pth`.

        Raises:
            MissingPart: the file is not there.
            BadModel: it is damaged, or another model's.
        """
        return cls(load_sync_net(folder / FILE, setting, config), setting)

    def classes(self, pictures: NDArray[np.uint8], sound: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits of the 21 classes of offset, from -2 to 2 s; positive where the sound comes too early.

        Args:
            pictures: (120, height, width, 3) at 25 a second.
            sound: (76 800,) at 16 kHz.
        """
        logits: NDArray[np.float32] = self._desk.ask([(for_sync(pictures), torch.as_tensor(sound))])[0].numpy()
        return logits

    def _compare(self, windows: Sequence[_Window]) -> list[Tensor]:
        device, dtype = self._setting.device, self._setting.dtype
        with torch.inference_mode():
            seen = self._network.picture_features(torch.stack([shown for shown, _ in windows]).to(device, dtype))
            heard = self._network.sound_features(torch.stack([sound for _, sound in windows]).to(device))
            return list(self._network.offsets(seen, heard).float().cpu())
