"""A tiny MMAudio, written as files in the published layout, and a film for it to look at."""

import json
from pathlib import Path

import numpy as np
import torch

from soundstage.footage import Footage, Reel
from soundstage.networks.bigvgan.generator import Generator
from soundstage.networks.bigvgan.layout import Layout, read_layout
from soundstage.networks.clip.config import ClipConfig, Tower
from soundstage.networks.clip.network import Clip
from soundstage.networks.clip.words import END, START
from soundstage.networks.rack import Rack, Setting
from soundstage.networks.synchformer.config import SyncConfig
from soundstage.networks.synchformer.network import SyncNet
from soundstage.synth.mmaudio.autoencoder import Autoencoder
from soundstage.synth.mmaudio.engine import Engine, EngineOptions
from soundstage.synth.mmaudio.model import CLIP_FILE, CONFIG_FILE, Files, Model
from soundstage.synth.mmaudio.network import Velocity
from soundstage.synth.mmaudio.variants import Sampling, Variant
from tests.footage import write_film
from tests.networks.filling import fill

SAMPLING = Sampling("tiny", sample_rate=2000, hop=32, bands=8, channels=4, width=8)
VARIANT = Variant(
    "tiny", SAMPLING, heads=2, depth=3, fused=2, head_channels=8, clip_channels=8, sync_channels=16, text_channels=8
)
CLIP = ClipConfig(
    embedding=8, picture=384, patch=32, sight=Tower(16, 1, 2), words=Tower(8, 1, 2), vocabulary=514, context=77
)
SYNC = SyncConfig(
    width=16, heads=2, sight_layers=1, sound_layers=1, joint_layers=1, joint_heads=2, picture=224, patch=32
)
VOCODER = {
    "num_mels": SAMPLING.bands,
    "upsample_rates": [4, 2, 2, 2],
    "upsample_kernel_sizes": [8, 4, 4, 4],
    "upsample_initial_channel": 32,
    "resblock": "1",
    "resblock_kernel_sizes": [3],
    "resblock_dilation_sizes": [[1, 3]],
    "activation": "snakebeta",
    "snake_logscale": True,
}
_GAIN = 0.6
OPTIONS = EngineOptions(steps=4, batch=4)


def write_model(folder: Path) -> Model:
    """Write all files of a tiny MMAudio into a folder; the same weights every time."""
    files = Files(
        network=folder / "mmaudio_tiny.pth",
        autoencoder=folder / "v1-tiny.pth",
        vocoder=folder / "bigvgan" / "bigvgan_generator.pt",
        synchformer=folder / "synchformer_state_dict.pth",
        clip=folder / "clip",
    )
    files.vocoder.parent.mkdir(parents=True)
    files.clip.mkdir()
    config = files.vocoder.with_name(CONFIG_FILE)
    config.write_text(json.dumps(VOCODER))
    torch.save(fill(Velocity(VARIANT)).state_dict(), files.network)
    torch.save(fill(Autoencoder(SAMPLING)).state_dict(), files.autoencoder)
    torch.save({"generator": _soft(read_layout(config)).state_dict()}, files.vocoder)
    torch.save(fill(SyncNet(SYNC)).state_dict(), files.synchformer)
    torch.save(fill(Clip(CLIP)).state_dict(), files.clip / CLIP_FILE)
    write_words(files.clip)
    return Model(VARIANT, files, CLIP, SYNC)


def new_rack() -> Rack:
    """A rack on the processor."""
    return Rack(Setting(torch.device("cpu"), torch.float32))


def new_engine(model: Model, options: EngineOptions = OPTIONS) -> Engine:
    """An engine with a rack of its own."""
    return Engine(model, new_rack(), options)


def write_footage(path: Path, seconds: float = 12.0, seed: int = 0) -> Footage:
    """A film of moving colours at 12.5 pictures a second."""
    generator = np.random.default_rng(seed)
    count = round(seconds * 12.5)
    pictures = generator.integers(0, 256, (count, 4, 6, 3), np.uint8).repeat(12, axis=1).repeat(12, axis=2)
    return Footage([Reel(write_film(path, iter(pictures), fps=12.5), 0.0, seconds)])


def _soft(layout: Layout) -> Generator:
    """A vocoder whose sound is not clipped, and that does not blow up what is lost in rounding."""
    vocoder = Generator(layout)
    fill(vocoder)
    for name, value in vocoder.named_parameters():
        if name.endswith(".weight"):
            value.mul_(_GAIN)
    return vocoder


def write_words(folder: Path) -> None:
    """A tokenizer that knows no words, only the 256 bytes, within words and at their ends."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    shown = [chr(byte) for byte in printable] + [chr(256 + number) for number in range(256 - len(printable))]
    tokens = [*shown, *(letter + "</w>" for letter in shown), START, END]
    (folder / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
