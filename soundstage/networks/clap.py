"""CLAP: sounds and words in one space (Wu et al., 2022; the published weights, through transformers)."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundstage.errors import MissingPart
from soundstage.networks.desk import Desk
from soundstage.networks.rack import Setting

if TYPE_CHECKING:
    from transformers import ClapModel, ClapProcessor

Embedding = NDArray[np.float32]

RATE = 48_000
LONGEST = 10.0
_BATCH = 16


class Clap:
    """Embeds sounds and texts. Safe to ask from several threads, whose sounds are batched."""

    def __init__(self, model: "ClapModel", processor: "ClapProcessor", setting: Setting) -> None:
        """Args: model: a ClapModel with its weights. processor: its ClapProcessor. setting: where it works."""
        network: Any = model  # transformers leaves parts of its classes untyped
        self._model = network.eval().requires_grad_(False).to(setting.device, setting.dtype)
        self._processor: Any = processor
        self._setting = setting
        self._desk = Desk(self._hear, _BATCH, name="CLAP")
        self._reading = threading.Lock()  # tokenizers keep their padding as state

    @classmethod
    def load(cls, folder: Path, setting: Setting) -> Self:
        """CLAP from a folder in the layout of the hub (config.json, weights, tokenizer, preprocessor).

        Raises:
            MissingPart: the folder or transformers is not there.
            BadModel: what is there is damaged, or another model.
        """
        if not (folder / "config.json").is_file():
            raise MissingPart(f"{folder} holds no CLAP model; fetch it with: soundstage models pull.")
        try:
            from soundstage.networks.folders import network_from, tokenizer_from
        except ImportError as error:
            raise MissingPart("CLAP needs transformers; install it with: pip install 'soundstage[gpu]'.") from error
        return cls(network_from(folder, "ClapModel", setting), tokenizer_from(folder, "ClapProcessor"), setting)

    @property
    def scale(self) -> float:
        """What cosines of sounds with texts are multiplied by before they are compared as logits; learned."""
        return float(self._model.logit_scale_a.float().exp())

    def audio(self, sounds: Sequence[NDArray[np.float32]]) -> Embedding:
        """Embeddings of sounds.

        Args:
            sounds: each (samples,) at 48 kHz, of any length up to 10 s; shorter ones are repeated to that.

        Returns:
            (n, embedding), each of length 1.
        """
        return np.stack(self._desk.ask(sounds))

    def text(self, texts: Sequence[str]) -> Embedding:
        """Embeddings of texts, (n, embedding), each of length 1."""
        with self._reading:
            words = self._processor.tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
        with torch.inference_mode():
            found = self._model.get_text_features(
                input_ids=words["input_ids"].to(self._setting.device),
                attention_mask=words["attention_mask"].to(self._setting.device),
            )
        return _numbers(found.pooler_output)

    def _hear(self, sounds: Sequence[NDArray[np.float32]]) -> list[Embedding]:
        cut = [np.asarray(sound[: int(LONGEST * RATE)]) for sound in sounds]
        given = self._processor.feature_extractor(cut, sampling_rate=RATE, return_tensors="pt")
        # None is longer than 10 s; left to itself, the extractor calls one of them so at random.
        longer = torch.zeros(len(cut), 1, dtype=torch.bool, device=self._setting.device)
        with torch.inference_mode():
            found = self._model.get_audio_features(
                input_features=given["input_features"].to(self._setting.device, self._setting.dtype), is_longer=longer
            )
        return list(_numbers(found.pooler_output))


def _numbers(tensor: Tensor) -> Embedding:
    return tensor.float().cpu().numpy()
