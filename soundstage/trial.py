"""Trying a sound maker: it makes a second or two twice, and what that took and gave is measured."""

import math
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from soundstage.cuesheet import Cue, Layer
from soundstage.errors import BadModel
from soundstage.sound import SAMPLE_RATE, Block, decibels
from soundstage.synth.maker import SoundMaker

_SILENCE = -70.0  # dBFS, RMS: below it nothing was made
_LINE_SECONDS = 8.0  # more than the slowest voice needs for these
_LABEL, _PROMPT = "rain", "steady rain on a roof"
_LINES = {
    "en": "The quick brown fox jumps over the lazy dog.",
    "de": "Der schnelle braune Fuchs springt.",
    "fr": "Le petit chat dort sur la table.",
    "es": "El gato duerme sobre la mesa.",
    "pt": "O gato dorme sobre a mesa.",
    "ru": "Кошка спит на столе.",
    "hi": "बिल्ली मेज पर सो रही है।",
    "ar": "القطة تنام على الطاولة.",
}


@dataclass(frozen=True)
class Trial:
    """What a maker did.

    `first` and `again` are wall seconds to make the sound, the first time with the model's loading; `duration` is of
    the sound. `peak` and `level` (RMS) are in dBFS, `memory` is the most bytes taken, on the card where there is one,
    else by the process.
    """

    maker: str
    duration: float
    first: float
    again: float
    peak: float
    level: float
    memory: int
    device: str

    @property
    def load(self) -> float:
        """Seconds that loading took, about: what the first time took longer."""
        return max(0.0, self.first - self.again)

    @property
    def real_time_factor(self) -> float:
        """Seconds of work per second of sound, once loaded."""
        return self.again / self.duration


def try_out(maker: SoundMaker, seconds: float = 2.0, language: str | None = None) -> Trial:
    """Let a maker make a short sound twice.

    Args:
        maker: any.
        seconds: how long the sound is to be; a line may take longer, as long as it needs.
        language: of the line to speak, for makers of speech; None for those of other sounds.

    Raises:
        BadModel: it made silence, or something that is no sound.
        MissingPart: what it needs is not there.
    """
    cue = _cue(seconds if language is None else max(seconds, _LINE_SECONDS), language)
    first, _ = _timed(maker, cue, 1)
    again, sound = _timed(maker, cue, 2)
    if not np.isfinite(sound).all():
        raise BadModel(f"{maker.facts.name} made samples that are no numbers; try SOUNDSTAGE_PRECISION=float32.")
    level = decibels(math.sqrt(float(np.mean(np.square(sound, dtype=np.float64))))) if sound.size else -math.inf
    if level < _SILENCE:
        raise BadModel(f"{maker.facts.name} made silence; verify its files with: soundstage models verify.")
    memory, device = _memory()
    peak = decibels(float(np.abs(sound).max()))
    duration = seconds if language is None else _heard(sound)
    return Trial(maker.facts.name, duration, first, again, peak, level, memory, device)


def _cue(seconds: float, language: str | None) -> Cue:
    common = {"id": "trial", "start": 0.0, "end": seconds, "level": -20.0}
    if language is None:
        return Cue.model_validate({**common, "layer": Layer.EFFECTS, "label": _LABEL, "prompt": _PROMPT})
    text = _LINES.get(language, _LINES["en"])
    return Cue.model_validate({**common, "layer": Layer.SPEECH, "label": "speech", "text": text})


def _timed(maker: SoundMaker, cue: Cue, seed: int) -> tuple[float, Block]:
    started = time.perf_counter()
    blocks: Iterator[Block] = maker.make(cue, seed).blocks
    sound = np.concatenate(list(blocks) or [np.zeros((0, 1), np.float32)])
    return time.perf_counter() - started, sound


def _heard(sound: Block) -> float:
    """Seconds until nothing is heard any more: a line leaves the rest of its time silent."""
    return float(np.flatnonzero(np.abs(sound).max(axis=1))[-1] + 1) / SAMPLE_RATE


def _memory() -> tuple[int, str]:
    torch = sys.modules.get("torch")  # never loaded for this alone: makers of the house do without
    if torch is not None and torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated()), str(torch.cuda.get_device_name())
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit, "cpu"
