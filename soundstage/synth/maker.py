"""The one interface of all sound makers, and what a take of theirs is."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from soundstage.cuesheet import Cue, Method
from soundstage.sound import Block


@dataclass(frozen=True)
class MakerFacts:
    """What a maker declares of itself.

    `longest` is the longest sound it makes in one go, in seconds (None: any length). `cost` is
    seconds of one core per second of sound. `licence` is an SPDX name of what it produces. A maker that
    `gathers` works many cues together faster than one after the other, and is asked for many at once.
    """

    name: str
    method: Method
    channels: int
    longest: float | None
    cost: float
    licence: str
    sample_rate: int = 48_000
    gathers: bool = False


@dataclass(frozen=True)
class Fit:
    """How well a maker can make a cue: 0 (not at all) to 1, and why in a few words.

    `basis` names what a take would hang on besides the cue and its seed: the weights of a model, the
    pictures it is shown. With another basis, a cue is rendered again.
    """

    score: float
    reason: str
    basis: str = ""


@dataclass(frozen=True)
class Rendering:
    """A sound in the making: blocks of shape (frames, channels) at 48 kHz, and where they come from.

    `blocks` together last the cue's duration, to the frame. `sources` names recordings or voices
    used, each with its licence ("knock.wav (CC0-1.0, freesound.org/…)"). A maker that works for long
    before its first sample gives empty blocks meanwhile: between any two blocks it may be closed, as
    generators are, when nobody wants the sound any more.
    """

    channels: int
    blocks: Iterator[Block]
    licence: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Take:
    """One finished rendering of a cue: a 24-bit FLAC at 48 kHz, its measured loudness and scores.

    `loudness` (LUFS, as `LoudnessMeter.integrated` measures it) lets the mix reach the cue's
    level by gain alone. `scores` holds each check's 0..1 with its reason; `score` sums them up. `choice` says why
    this maker made it.
    """

    cue: str
    identity: str
    path: Path
    frames: int
    channels: int
    loudness: float
    peak: float
    maker: str
    licence: str
    seed: int
    score: float = 1.0
    scores: dict[str, tuple[float, str]] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    choice: str = ""


class SoundMaker(Protocol):
    """Makes the sound of cues. Deterministic: the same cue and seed give the same samples."""

    @property
    def facts(self) -> MakerFacts:
        """What the maker is and needs."""
        ...

    def can_make(self, cue: Cue) -> Fit:
        """How well this maker can serve the cue; quick, never renders."""
        ...

    def make(self, cue: Cue, seed: int) -> Rendering:
        """Start rendering one performance of the cue.

        Args:
            cue: what to make; `cue.seed` fixes the timbre of its source.
            seed: fixes all that differs from performance to performance.

        Raises:
            MissingPart: something needed is not installed.
            BadSound: a recording cannot be read.
            BadModel: a model cannot be used.
        """
        ...
