"""One MMAudio: the sizes of its networks, where their published files lie, and how a rack lends them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import torch

from soundstage.networks.bigvgan import generator as bigvgan
from soundstage.networks.bigvgan.generator import Generator
from soundstage.networks.bigvgan.layout import AT_16K, Layout, read_layout
from soundstage.networks.clip.config import DFN5B, ClipConfig
from soundstage.networks.clip.network import Clip, load_clip
from soundstage.networks.clip.words import ClipWords
from soundstage.networks.rack import Rack, Setting
from soundstage.networks.synchformer.config import SYNCHFORMER, SyncConfig
from soundstage.networks.synchformer.network import load_sync_pictures
from soundstage.networks.synchformer.sight import SyncPictures
from soundstage.synth.mmaudio import autoencoder, network
from soundstage.synth.mmaudio.autoencoder import Autoencoder
from soundstage.synth.mmaudio.network import Velocity
from soundstage.synth.mmaudio.variants import Variant
from soundstage.weights.shelf import state_of

CLIP_FILE = "open_clip_pytorch_model.bin"
CONFIG_FILE = "config.json"

T = TypeVar("T")


@dataclass(frozen=True)
class Files:
    """The published files of one MMAudio, and of the parts it needs.

    `clip` holds `open_clip_pytorch_model.bin` and its tokenizer. Beside `vocoder` lies the `config.json` it was
    published with; best_netG.pt has none.
    """

    network: Path
    autoencoder: Path
    vocoder: Path
    synchformer: Path
    clip: Path


@dataclass(frozen=True)
class Reader:
    """CLIP with what turns texts into its tokens."""

    clip: Clip
    words: ClipWords


@dataclass(frozen=True)
class Model:
    """What an engine works with. Every network is lent by itself, for as long as one batch takes."""

    variant: Variant
    files: Files
    clip: ClipConfig = DFN5B
    sync: SyncConfig = SYNCHFORMER
    compiled: bool = False

    @cached_property
    def layout(self) -> Layout:
        """The vocoder's. Raises BadModel when its configuration cannot be read."""
        config = self.files.vocoder.with_name(CONFIG_FILE)
        return read_layout(config) if config.is_file() else AT_16K

    def lend_network(self, rack: Rack) -> AbstractContextManager[Velocity]:
        """The network that turns noise into latents; `compiled` pays on a card that works for hours."""
        return _lent(rack, self.files.network, self.load_network)

    def lend_autoencoder(self, rack: Rack) -> AbstractContextManager[Autoencoder]:
        """The decoder of latents."""
        return _lent(rack, self.files.autoencoder, self.load_autoencoder, torch.float32)

    def lend_vocoder(self, rack: Rack) -> AbstractContextManager[Generator]:
        """What turns spectrograms into sound."""
        return _lent(rack, self.files.vocoder, self.load_vocoder, torch.float32)

    def lend_synchformer(self, rack: Rack) -> AbstractContextManager[SyncPictures]:
        """What sees movement."""
        return _lent(rack, self.files.synchformer, self.load_synchformer)

    def lend_reader(self, rack: Rack) -> AbstractContextManager[Reader]:
        """What sees pictures and reads words."""
        return _lent(rack, self.files.clip / CLIP_FILE, self.load_reader)

    def obstacle(self, rack: Rack) -> str | None:
        """Why one of the networks could not be loaded; None as long as none has failed."""
        files = self.files
        paths = (files.network, files.autoencoder, files.vocoder, files.synchformer, files.clip / CLIP_FILE)
        return next((why for path in paths if (why := rack.obstacle(str(path), state_of(path)))), None)

    def load_network(self, setting: Setting) -> Velocity:
        """As all of these, raises MissingPart where the file is not there, BadModel where it is another one."""
        loaded = network.load(self.files.network, self.variant, setting)
        if self.compiled:
            loaded.compile(dynamic=False)
        return loaded

    def load_autoencoder(self, setting: Setting) -> Autoencoder:
        """Without its encoder."""
        return autoencoder.load(self.files.autoencoder, self.variant.sampling, _exact(setting))

    def load_vocoder(self, setting: Setting) -> Generator:
        """In the layout it was published in."""
        return bigvgan.load(self.files.vocoder, self.layout, _exact(setting))

    def load_synchformer(self, setting: Setting) -> SyncPictures:
        """The part that sees."""
        return load_sync_pictures(self.files.synchformer, setting, self.sync)

    def load_reader(self, setting: Setting) -> Reader:
        """CLIP whole, and its tokenizer."""
        clip = load_clip(self.files.clip / CLIP_FILE, setting, self.clip)
        return Reader(clip, ClipWords.read(self.files.clip, self.clip.context))


def _exact(setting: Setting) -> Setting:
    """Single precision, whatever the rest works in: in bfloat16 a vocoder's samples are off by some percent."""
    return replace(setting, dtype=torch.float32)


def _lent(
    rack: Rack, path: Path, load: Callable[[Setting], T], dtype: torch.dtype | None = None
) -> AbstractContextManager[T]:
    return rack.borrow(str(path), _size(path, dtype or rack.setting.dtype), load, state_of(path))


def _size(path: Path, dtype: torch.dtype) -> int:
    """Bytes of the weights once loaded: checkpoints hold four a number."""
    return path.stat().st_size * dtype.itemsize // 4 if path.is_file() else 0
