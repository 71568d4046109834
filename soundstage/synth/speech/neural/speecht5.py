"""SpeechT5 (arXiv 2110.07205): English, with the voice of whomever an embedding was taken of."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundstage.errors import BadModel, BadSound
from soundstage.networks.folders import Network, network_from
from soundstage.networks.rack import Setting
from soundstage.synth.speech.neural.characters import numbers_of, read_letters
from soundstage.synth.speech.neural.numbers import in_words
from soundstage.synth.speech.neural.seeding import Seeded
from soundstage.synth.speech.neural.voices import Person

# Seconds between two parts of a text that is too long to be spoken in one go.
_PAUSE = 0.15
# Of the letters that the model takes in one go, room for the spaces and the end.
_ROOM = 0.9
_BREAKS = re.compile(r"(?<=[.!?;:,])\s+")


class SpeechT5:
    """A loaded SpeechT5 with its vocoder; it keeps nothing between two lines, so that threads may share it."""

    def __init__(self, network: Network, vocoder: Network, letters: Mapping[str, int]) -> None:
        """Args: network, vocoder: loaded. letters: that the network knows, by `read_letters`."""
        self._network = network
        self._vocoder = vocoder
        self._letters = letters

    @classmethod
    def load(cls, folder: Path, vocoder: Path, setting: Setting) -> "SpeechT5":
        """From the folders of both, in float32: they are small, and half precision is heard.

        Raises:
            MissingPart: files are not there.
            BadModel: they are damaged or another model's.
        """
        letters = read_letters(folder / "spm_char.model")
        whole = Setting(setting.device, torch.float32)
        return cls(
            network_from(folder, "SpeechT5ForTextToSpeech", whole),
            network_from(vocoder, "SpeechT5HifiGan", whole),
            letters,
        )

    @property
    def rate(self) -> int:
        """Of what it says, in Hz."""
        return int(self._vocoder.config.sampling_rate)

    def say(self, text: str, speed: float, seed: int, person: Person) -> NDArray[np.float32]:
        """Speak at the model's own pace, whatever the speed; see `Talker`."""
        who = self._embedding(person)
        longest = int(self._network.config.max_text_positions * _ROOM)
        spelled = (numbers_of(part, self._letters) for part in _parts(in_words(text), longest))
        lines = [line for line in spelled if len(line) > 1]
        if not lines:
            raise BadSound(f"This voice finds nothing to say in {text!r}; give English words.")
        with torch.inference_mode(), Seeded(seed):
            spoken = [self._spoken(line, who) for line in lines]
        pause = np.zeros(round(_PAUSE * self.rate), np.float32)
        return np.concatenate([piece for part in spoken for piece in (pause, part)][1:])

    def _spoken(self, line: list[int], who: Tensor) -> NDArray[np.float32]:
        ids = torch.tensor([line], device=self._network.device)
        spoken = self._network.generate_speech(ids, who, vocoder=self._vocoder)
        found: NDArray[np.float32] = spoken.float().cpu().numpy()
        return found

    def _embedding(self, person: Person) -> Tensor:
        size = int(self._network.config.speaker_embedding_dim)
        if person.file is None:
            return torch.zeros(1, size, device=self._network.device)
        vector = _read_vector(person)
        if vector.size != size:
            raise BadModel(f"{person.file} holds {vector.size} numbers where a speaker has {size}; give an x-vector.")
        return torch.from_numpy(vector.reshape(1, size)).to(self._network.device)


def _read_vector(person: Person) -> NDArray[np.float32]:
    try:
        if person.member is None:
            vector = np.load(str(person.file), allow_pickle=False)
        else:
            with zipfile.ZipFile(str(person.file)) as archive:
                vector = np.load(io.BytesIO(archive.read(person.member)), allow_pickle=False)
        return np.asarray(vector, np.float32)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise BadModel(f"{person.file} is damaged or no speaker's embedding; give an x-vector as .npy.") from error


def _parts(text: str, longest: int) -> Iterator[str]:
    """A text in parts of at most so many letters, broken at punctuation where that can be, else between words."""
    part = ""
    for piece in (word for clause in _BREAKS.split(text) for word in _clause(clause, longest)):
        if part and len(part) + 1 + len(piece) > longest:
            yield part
            part = ""
        part = f"{part} {piece}" if part else piece
    if part:
        yield part


def _clause(clause: str, longest: int) -> list[str]:
    if len(clause) <= longest:
        return [clause]
    return [word[at : at + longest] for word in clause.split() for at in range(0, len(word), longest)]
