"""MMAudio in its published sizes with random weights, made where it works: no file of them is needed to be timed."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from soundstage.footage import Footage, Reel
from soundstage.networks.bigvgan.generator import Generator
from soundstage.networks.bigvgan.layout import AT_16K, AT_44K, Layout
from soundstage.networks.clip.network import Clip
from soundstage.networks.clip.words import ClipWords
from soundstage.networks.rack import Setting
from soundstage.networks.synchformer.sight import SyncPictures
from soundstage.synth.mmaudio import variants
from soundstage.synth.mmaudio.autoencoder import Autoencoder
from soundstage.synth.mmaudio.model import Files, Model, Reader
from soundstage.synth.mmaudio.network import Velocity
from soundstage.synth.mmaudio.variants import VARIANTS
from tests.footage import write_film
from tests.synth.mmaudio import tiny

_SPREAD = 0.02
_RATE = 25
T = TypeVar("T", bound=nn.Module)


@dataclass(frozen=True)
class RandomModel(Model):
    """A model whose networks are filled with noise instead of being read."""

    @property
    def layout(self) -> Layout:
        """The published one of its sampling."""
        return AT_16K if self.variant.sampling == variants.AT_16K else AT_44K

    def load_network(self, setting: Setting) -> Velocity:
        made = _filled(Velocity(self.variant), setting)
        if self.compiled:
            made.compile(dynamic=False)
        return made

    def load_autoencoder(self, setting: Setting) -> Autoencoder:
        return _filled(Autoencoder(self.variant.sampling, encoder=False), setting)

    def load_vocoder(self, setting: Setting) -> Generator:
        return _filled(Generator(self.layout), setting)

    def load_synchformer(self, setting: Setting) -> SyncPictures:
        return _filled(SyncPictures(self.sync), setting)

    def load_reader(self, setting: Setting) -> Reader:
        with tempfile.TemporaryDirectory() as folder:
            tiny.write_words(Path(folder))
            words = ClipWords.read(Path(folder), self.clip.context)
        return Reader(_filled(Clip(self.clip), setting), words)


def published(name: str, compiled: bool = False) -> Model:
    """A variant in its published size."""
    names = ("network", "autoencoder", "vocoder", "synchformer", "clip")
    return RandomModel(VARIANTS[name], Files(*(Path("random") / part for part in names)), compiled=compiled)


def small(folder: Path) -> Model:
    """One that runs anywhere."""
    return tiny.write_model(folder)


def film(folder: Path, seconds: float) -> Footage:
    """Something to look at, of a proxy clip's size and rate."""
    generator = np.random.default_rng(1)
    coarse = (generator.integers(0, 256, (9, 16, 3), np.uint8) for _ in range(round(_RATE * seconds)))
    pictures = (picture.repeat(28, axis=0).repeat(28, axis=1) for picture in coarse)
    return Footage([Reel(write_film(folder / "film.mp4", pictures, fps=_RATE), 0.0, seconds)])


def _filled(network: T, setting: Setting) -> T:
    network = network.to(setting.device, setting.dtype).eval().requires_grad_(False)
    generator = torch.Generator(setting.device).manual_seed(1)
    for parameter in network.parameters():
        parameter.normal_(0, _SPREAD, generator=generator)
    return network
