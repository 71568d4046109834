"""LAION's CLAP (Wu et al., 2023) from its own checkpoint, `music_speech_audioset_epoch_15_esc_89.98.pt`.

`soundstage.networks.clap` is the same model in the layout of the hub; scores are published with this file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import RobertaConfig, RobertaModel

from soundstage.networks.checkpoints import load_into
from soundstage.networks.folders import Tokenizer, tokenizer_from
from soundstage.networks.htsat import Htsat, HtsatConfig, hearing_renamed, with_own_numbers
from soundstage.networks.older import read_older_weights
from soundstage.networks.rack import Setting

FILE = "music_speech_audioset_epoch_15_esc_89.98.pt"
RATE = 48_000
SAMPLES = 10 * RATE
WORDS = 77
_WRAPPED = "module."
_HEARING = "audio_branch."
# What comparing whole batches in training needs; numbers that follow from the sizes.
_UNUSED = (
    "audio_transform.",
    "text_transform.",
    "logit_scale_a",
    "logit_scale_t",
    "text_branch.embeddings.position_ids",
)


_BASE = HtsatConfig(hop=480, width=128, depths=(2, 2, 12, 2))


@dataclass(frozen=True)
class LaionConfig:
    """Sizes; those not given are of the published model ("HTSAT-base", "roberta-base")."""

    hearing: HtsatConfig = _BASE
    words: int = 50_265
    width: int = 768
    layers: int = 12
    heads: int = 12
    joint: int = 512


LAION = LaionConfig()


class LaionNetwork(nn.Module):
    """Both halves; parameters are named as published, but those of the hearing, which are transformers'."""

    def __init__(self, config: LaionConfig = LAION) -> None:
        super().__init__()
        self.audio_branch = Htsat(config.hearing)
        self.audio_projection = _projection(config.hearing.embedding, config.joint)
        self.text_branch = RobertaModel(_for_transformers(config))
        self.text_projection = _projection(config.width, config.joint)

    def sounds(self, samples: Tensor) -> Tensor:
        """(n, 480 000) at 48 kHz to (n, joint), each of length 1."""
        return functional.normalize(self.audio_projection(self.audio_branch(samples)), dim=-1)

    def texts(self, words: Tensor, shown: Tensor) -> Tensor:
        """RoBERTa's tokens (n, words) and which of them count, to (n, joint), each of length 1."""
        pooled = self.text_branch(input_ids=words, attention_mask=shown).pooler_output
        return functional.normalize(self.text_projection(pooled), dim=-1)


@dataclass(frozen=True)
class LaionClap:
    """The network with its tokenizer."""

    network: LaionNetwork
    tokenizer: Tokenizer = field(repr=False)
    setting: Setting

    @classmethod
    def load(cls, folder: Path, setting: Setting, config: LaionConfig = LAION) -> Self:
        """From a folder with the checkpoint, and `vocab.json` and `merges.txt` of roberta-base.

        Raises:
            MissingPart: one of them is not there.
            BadModel: one is damaged, or another model's.
        """
        network = load_laion(folder / FILE, setting, config)
        tokenizer = tokenizer_from(folder, "RobertaTokenizer")
        return cls(network, tokenizer, setting)

    def sounds(self, samples: Tensor) -> Tensor:
        """Embeddings of sounds.

        Args:
            samples: (n, samples) at 48 kHz; `filled` says what is heard of them.

        Returns:
            (n, joint), each of length 1, on the CPU.
        """
        with torch.inference_mode():
            return self.network.sounds(filled(samples).to(self.setting.device, self.setting.dtype)).float().cpu()

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Embeddings of texts, of which the first 77 tokens count, (n, joint), each of length 1, on the CPU."""
        words = self.tokenizer(
            list(texts), padding="max_length", truncation=True, max_length=WORDS, return_tensors="pt"
        )
        device = self.setting.device
        with torch.inference_mode():
            found = self.network.texts(words["input_ids"].to(device), words["attention_mask"].to(device))
        return found.float().cpu()


def load_laion(path: Path, setting: Setting, config: LaionConfig = LAION) -> LaionNetwork:
    """The network from its published checkpoint, in evaluation mode; raises as `load` does."""
    network = LaionNetwork(config)
    named = with_own_numbers(network, _named(read_older_weights(path)))
    load_into(network, named, path, ignore=_UNUSED)
    return network.to(setting.device, setting.dtype).eval()


def filled(samples: Tensor, wanted: int = SAMPLES) -> Tensor:
    """Sounds (n, samples) in one length: what is shorter is repeated as often as it fits, the rest is silent.

    Of what is longer the beginning is taken; the publishers take any stretch, at random.
    """
    cut = samples[:, :wanted]
    repeated = cut.repeat(1, wanted // cut.shape[1])
    return functional.pad(repeated, (0, wanted - repeated.shape[1]))


def _projection(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(before, after), nn.ReLU(), nn.Linear(after, after))


def _named(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The checkpoint's weights by the network's names; it was saved as several processes trained it."""
    plain = {name.removeprefix(_WRAPPED): value for name, value in weights.items()}
    return hearing_renamed(plain, _HEARING)


def _for_transformers(config: LaionConfig) -> RobertaConfig:
    return RobertaConfig(
        vocab_size=config.words,
        hidden_size=config.width,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        intermediate_size=4 * config.width,
        max_position_embeddings=514,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
    )
