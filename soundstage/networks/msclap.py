"""Microsoft's CLAP of 2023 (Elizalde et al.; `CLAP_weights_2023.pth`): HTS-AT hears, GPT-2 reads.

Parameters are named as published, but those of the hearing, which are transformers'.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import GPT2Config, GPT2Model

from soundstage.networks.checkpoints import load_into
from soundstage.networks.folders import Tokenizer, tokenizer_from
from soundstage.networks.htsat import Htsat, HtsatConfig, hearing_renamed, with_own_numbers
from soundstage.networks.older import read_older_weights
from soundstage.networks.rack import Setting

FILE = "CLAP_weights_2023.pth"
RATE = 44_100
SAMPLES = 7 * RATE
_END = " <|endoftext|>"
_HEARING = "audio_encoder.base.htsat."
_UNUSED = ("logit_scale",)
_MASKS = re.compile(r"\.h\.\d+\.attn\.(masked_)?bias$")  # buffers that older versions of GPT-2 kept


_TINY = HtsatConfig()


@dataclass(frozen=True)
class MsConfig:
    """Sizes; those not given are of the published model. GPT-2 knows places for `places` words."""

    hearing: HtsatConfig = _TINY
    words: int = 50_257
    width: int = 768
    layers: int = 12
    heads: int = 12
    joint: int = 1024
    places: int = 1024


MICROSOFT = MsConfig()


class MsNetwork(nn.Module):
    """Both halves."""

    def __init__(self, config: MsConfig = MICROSOFT) -> None:
        super().__init__()
        self.config = config
        self.audio_encoder = _Half(_Hearing(config.hearing), config.hearing.embedding, config.joint)
        self.caption_encoder = _Half(GPT2Model(_for_transformers(config)), config.width, config.joint)

    def sounds(self, samples: Tensor) -> Tensor:
        """(n, 308 700) at 44.1 kHz to (n, joint)."""
        half = self.audio_encoder
        result: Tensor = half.projection(half.base(samples))
        return result

    def texts(self, words: Tensor) -> Tensor:
        """GPT-2's tokens (1, words) to (1, joint).

        The state that counts is that of the last token, less one for every "!" before it: the publishers fill up
        with that token, number 0, and count those that are not it.
        """
        half = self.caption_encoder
        states = half.base(input_ids=words).last_hidden_state
        result: Tensor = half.projection(states[:, int((words != 0).sum()) - 1])
        return result


class _Half(nn.Module):
    def __init__(self, base: nn.Module, before: int, after: int) -> None:
        super().__init__()
        self.base = base
        self.projection = _Projection(before, after)


class _Hearing(nn.Module):
    def __init__(self, config: HtsatConfig) -> None:
        super().__init__()
        self.htsat = Htsat(config)

    def forward(self, samples: Tensor) -> Tensor:
        result: Tensor = self.htsat(samples)
        return result


class _Projection(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(before, after, bias=False)
        self.linear2 = nn.Linear(after, after, bias=False)
        self.layer_norm = nn.LayerNorm(after)

    def forward(self, features: Tensor) -> Tensor:
        straight = self.linear1(features)
        result: Tensor = self.layer_norm(straight + self.linear2(functional.gelu(straight)))
        return result


@dataclass(frozen=True)
class MsClap:
    """The network with its tokenizer."""

    network: MsNetwork
    tokenizer: Tokenizer = field(repr=False)
    setting: Setting

    @classmethod
    def load(cls, folder: Path, setting: Setting, config: MsConfig = MICROSOFT) -> Self:
        """From a folder with the checkpoint, and `vocab.json` and `merges.txt` of GPT-2.

        Raises:
            MissingPart: one of them is not there.
            BadModel: one is damaged, or another model's.
        """
        network = load_ms(folder / FILE, setting, config)
        tokenizer = tokenizer_from(folder, "GPT2Tokenizer")
        tokenizer.add_special_tokens({"pad_token": "!"})  # "!!" is two tokens then, as published scores have it
        return cls(network, tokenizer, setting)

    def sounds(self, samples: Tensor) -> Tensor:
        """Embeddings of sounds.

        Args:
            samples: (n, samples) at 44.1 kHz; `filled` says what is heard of them.

        Returns:
            (n, joint), on the CPU.
        """
        with torch.inference_mode():
            return self.network.sounds(filled(samples).to(self.setting.device, self.setting.dtype)).float().cpu()

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Embeddings of texts, (n, joint), on the CPU; each is read alone, as far as GPT-2 reads (1024 tokens)."""
        most = self.network.config.places
        with torch.inference_mode():
            found = [self.network.texts(self._words(text)[:, :most].to(self.setting.device)) for text in texts]
        return torch.cat(found).float().cpu()

    def _words(self, text: str) -> Tensor:
        words: Tensor = self.tokenizer(text + _END, return_tensors="pt")["input_ids"]
        return words


def load_ms(path: Path, setting: Setting, config: MsConfig = MICROSOFT) -> MsNetwork:
    """The network from its published checkpoint, in evaluation mode; raises as `load` does."""
    network = MsNetwork(config)
    named = with_own_numbers(network, _named(read_older_weights(path)))
    load_into(network, named, path, ignore=_UNUSED)
    return network.to(setting.device, setting.dtype).eval()


def filled(samples: Tensor, wanted: int = SAMPLES) -> Tensor:
    """Sounds (n, samples) in one length: what is shorter is repeated from its beginning until it is full.

    Of what is longer the beginning is taken; the publishers take any stretch, at random.
    """
    cut = samples[:, :wanted]
    return cut.repeat(1, -(-wanted // cut.shape[1]))[:, :wanted]


def _named(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The checkpoint's weights by the network's names."""
    kept = {name: value for name, value in weights.items() if not _MASKS.search(name)}
    return hearing_renamed(kept, _HEARING)


def _for_transformers(config: MsConfig) -> GPT2Config:
    return GPT2Config(
        vocab_size=config.words,
        n_positions=config.places,
        n_embd=config.width,
        n_layer=config.layers,
        n_head=config.heads,
    )
