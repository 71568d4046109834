"""Neural voices: who speaks from which model, without loading any before it speaks."""

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from soundstage.errors import MissingPart
from soundstage.sound import SAMPLE_RATE, Block
from soundstage.weights.card import Does, ModelCard
from soundstage.weights.shelf import state_of

if TYPE_CHECKING:
    from soundstage.networks.rack import Rack, Setting

INSTALL = "pip install 'soundstage[gpu]'"
SPEAKERS = "speakers"

_MEMORY = 300 << 20
_ARCHIVE = "spkrec-xvect.zip"


@dataclass(frozen=True)
class Person:
    """One who speaks in a model: a number of its own table of speakers, or a file with an embedding.

    `member` is the file within an archive. All None: the only speaker there is.
    """

    number: int | None = None
    file: Path | None = None
    member: str | None = None


class Talker(Protocol):
    """A loaded model of speech."""

    @property
    def rate(self) -> int:
        """Of what it says, in Hz."""
        ...

    def say(self, text: str, speed: float, seed: int, person: Person) -> NDArray[np.float32]:
        """Speak; mono, shape (frames,). Raises BadSound when there is nothing it can say."""
        ...


@dataclass(frozen=True)
class _Model:
    name: str
    size: int
    load: "Callable[[Setting], Talker]"
    identity: str
    state: str


@dataclass(frozen=True)
class NeuralVoice:
    """A voice of a model on a rack; any number of threads may speak with it."""

    name: str
    language: str
    licence: str
    model: _Model
    person: Person
    rack: "Rack"

    @property
    def identity(self) -> str:
        """Its name and the weights of its model."""
        return f"{self.name} {self.model.identity}"

    def say(self, text: str, speed: float = 1.0, *, seed: int = 0) -> Block:
        """Speak; see `Voice`.

        Raises:
            MissingPart: the model, or something it needs, is not installed.
            BadModel: its files are damaged or another model's.
            BadSound: nothing in the text can be spoken.
        """
        with self.rack.borrow(self.model.name, self.model.size, self.model.load, self.model.state) as talker:
            spoken, rate = talker.say(text, speed, seed, self.person), talker.rate
        return np.asarray(soxr.resample(spoken, rate, SAMPLE_RATE), np.float32)[:, None]


def neural_voices(
    cards: Iterable[ModelCard],
    place: Callable[[str], Path],
    rack: "Rack",
    identity: Callable[[str], str] = lambda name: name,
) -> tuple[NeuralVoice, ...]:
    """The voices of the models that are there.

    A model of several speakers has a voice for each, NAME-0 and so on. SpeechT5 has one for each file of a speaker's
    embedding in its folder `speakers` (`ann.npy`: NAME-ann), and for each speaker of `spkrec-xvect.zip` there; without
    any it speaks with one voice that is nobody's.

    Args:
        cards: of models; those that do not speak, are not known here or not on the disk are passed over.
        place: the folder of a model by its card's name.
        rack: where they are loaded to.
        identity: names the very weights of a model by its card's name.
    """
    return tuple(
        voice
        for card in cards
        if card.does is Does.SPEECH and card.family in _FAMILIES and (place(card.name) / "config.json").is_file()
        for voice in _voices(card, place, rack, identity)
    )


def _voices(
    card: ModelCard, place: Callable[[str], Path], rack: "Rack", identity: Callable[[str], str]
) -> Iterator[NeuralVoice]:
    family, folder = _FAMILIES[card.family], place(card.name)
    vocoder = place(card.needs[0]) if card.needs else folder / "vocoder"
    language = card.languages[0] if card.languages else ""
    model = _Model(
        name=card.name,
        size=2 * (card.memory or _MEMORY),  # they work in float32
        load=family.loader(card.name, folder, vocoder, language),
        identity="+".join(map(identity, (*card.needs, card.name))),
        state=state_of(folder, vocoder),
    )
    for suffix, person in family.people(folder):
        name = f"{card.name}-{suffix}" if suffix else card.name
        yield NeuralVoice(name, language, card.licence.name, model, person, rack)


def _numbered(folder: Path) -> list[tuple[str, Person]]:
    """Speakers of a model's own table; what is wrong with its configuration is said when it speaks."""
    try:
        count = int(json.loads((folder / "config.json").read_bytes()).get("num_speakers", 1))
    except (OSError, ValueError, AttributeError, TypeError):
        count = 1
    return [(str(number), Person(number)) for number in range(count)] if count > 1 else [("", Person())]


def _embedded(folder: Path) -> list[tuple[str, Person]]:
    found = {file.stem: Person(file=file) for file in sorted((folder / SPEAKERS).glob("*.npy"))}
    for name, member in _archived(folder / SPEAKERS / _ARCHIVE):
        found.setdefault(name, Person(file=folder / SPEAKERS / _ARCHIVE, member=member))
    return list(found.items()) or [("", Person())]


def _archived(archive: Path) -> Iterator[tuple[str, str]]:
    """Speakers of CMU Arctic, each with the first utterance (`cmu_us_bdl_arctic-wav-arctic_a0001.npy`)."""
    try:
        with zipfile.ZipFile(archive) as holder:
            members = sorted(name for name in holder.namelist() if name.endswith(".npy"))
    except (OSError, zipfile.BadZipFile):
        return
    for member in members:
        yield Path(member).stem.removeprefix("cmu_us_").partition("_")[0], member


_Loader = Callable[["Setting"], Talker]


@dataclass(frozen=True)
class _Family:
    people: Callable[[Path], list[tuple[str, Person]]]
    loader: Callable[[str, Path, Path, str], _Loader]


def _vits(name: str, folder: Path, vocoder: Path, language: str) -> _Loader:
    def load(setting: "Setting") -> Talker:
        try:
            from soundstage.synth.speech.neural.vits import Vits
        except ImportError as error:
            raise MissingPart(f"The voice {name} needs PyTorch and transformers; install them: {INSTALL}") from error
        return Vits.load(folder, setting, language)

    return load


def _speecht5(name: str, folder: Path, vocoder: Path, language: str) -> _Loader:
    def load(setting: "Setting") -> Talker:
        try:
            from soundstage.synth.speech.neural.speecht5 import SpeechT5
        except ImportError as error:
            raise MissingPart(f"The voice {name} needs PyTorch and transformers; install them: {INSTALL}") from error
        return SpeechT5.load(folder, vocoder, setting)

    return load


_FAMILIES: Mapping[str, _Family] = {"vits": _Family(_numbered, _vits), "speecht5": _Family(_embedded, _speecht5)}
