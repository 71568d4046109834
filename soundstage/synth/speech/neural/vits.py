"""VITS (arXiv 2106.06103), and its MMS voices in a thousand languages (arXiv 2305.13516)."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from soundstage.errors import BadSound, MissingPart
from soundstage.networks.folders import Network, Tokenizer, network_from, tokenizer_from
from soundstage.networks.rack import Setting
from soundstage.synth.speech.languages import language_of
from soundstage.synth.speech.neural.numbers import in_words
from soundstage.synth.speech.neural.seeding import Seeded
from soundstage.synth.speech.neural.voices import Person


class Vits:
    """A loaded VITS model; it keeps nothing between two lines, so that threads may share it."""

    def __init__(self, network: Network, tokenizer: Tokenizer, language: str) -> None:
        """Args: network, tokenizer: of one folder. language: tag of what it speaks; empty when unknown."""
        self._network = network
        self._tokenizer = tokenizer
        self._language = language_of(language)

    @classmethod
    def load(cls, folder: Path, setting: Setting, language: str) -> "Vits":
        """From a folder of transformers; in float32, as its flows run out of range in half precision.

        Raises:
            MissingPart: files, or a package that turns its text into letters, are not there.
            BadModel: the files are damaged or another model's.
        """
        tokenizer = tokenizer_from(folder, "VitsTokenizer")
        _check_helpers(tokenizer, folder)
        return cls(network_from(folder, "VitsModel", Setting(setting.device, torch.float32)), tokenizer, language)

    @property
    def rate(self) -> int:
        """Of what it says, in Hz."""
        return int(self._network.config.sampling_rate)

    def say(self, text: str, speed: float, seed: int, person: Person) -> NDArray[np.float32]:
        """Speak; see `Talker`."""
        words = in_words(text) if self._language == "en" else text
        if not any(letter.isalnum() for letter in self._tokenizer.prepare_for_tokenization(words)[0]):
            raise BadSound(f"This voice finds nothing to say in {text!r}; give words in its language.")
        ids = self._tokenizer(words, return_tensors="pt")["input_ids"].to(self._network.device)
        pace = float(self._network.config.speaking_rate) * speed
        with torch.inference_mode(), Seeded(seed):
            spoken: Any = self._network(ids, speaker_id=person.number, speaking_rate=pace).waveform
        found: NDArray[np.float32] = spoken[0].float().cpu().numpy()
        return found


def _check_helpers(tokenizer: Tokenizer, folder: Path) -> None:
    if tokenizer.phonemize and find_spec("phonemizer") is None:
        raise MissingPart(
            f"The voice in {folder} needs the package phonemizer (GPL-3.0) and the program espeak-ng; "
            "install them: pip install phonemizer"
        )
    if tokenizer.is_uroman and find_spec("uroman") is None:
        raise MissingPart(f"The voice in {folder} needs the package uroman; install it: pip install uroman")
