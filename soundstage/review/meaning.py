"""Whether a take sounds like what was asked for: CLAP, which puts sounds and words into one space.

A likeness alone says little: of two labels that are both unlike a take, one is still far the better name for it. So the
label stands against others, which must not be near it in meaning, and its strongest rival decides.
"""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from soundstage import sound
from soundstage.cuesheet import Cue, Layer
from soundstage.knowledge.base import KnowledgeBase, knowledge
from soundstage.knowledge.label import Label
from soundstage.review.checks import Verdict
from soundstage.review.excerpts import excerpt, is_heard, spread
from soundstage.review.listeners import Lender

Vectors = NDArray[np.float32]

NAME = "meaning"
RIVALS = 24
_WINDOW = 10.0
_MOST_WINDOWS = 6
_SHORTEST = 0.1
_NEAR = 0.45  # in the knowledge base's own likeness; what is nearer may be another name for the same
_VOICE = "voice"
# What makers get wrong, and what it is no fault in: kinds of label, layers, voices.
_FAULTS: Mapping[str, frozenset[str]] = {
    "white noise": frozenset({"rain", "wind", "waves", "flowing water", "static", "hiss", "room tone", "applause"}),
    "digital distortion and glitches": frozenset({"electronic", "static", "zap", "stinger"}),
    "electronic beeping": frozenset({"electronic", "beep", "alarm", "ring", "melody", "siren", "zap"}),
    "music": frozenset({Layer.MUSIC, "melody", "bell", "jingle", "stinger"}),
    "a person talking": frozenset({_VOICE, "speech", "crowd", "chatter"}),
}
_SAYING = "This is a sound of {}."


class SoundsAndWords(Protocol):
    """A model that puts sounds and words into one space; `soundstage.networks.clap.Clap` is one."""

    @property
    def scale(self) -> float:
        """What likenesses are multiplied by to be logits."""
        ...

    def audio(self, sounds: Sequence[NDArray[np.float32]]) -> Vectors:
        """Vectors of length 1, (n, d), of sounds of up to 10 s at 48 kHz."""
        ...

    def text(self, texts: Sequence[str]) -> Vectors:
        """Vectors of length 1, (n, d), of texts."""
        ...


class Meaning:
    """The ear for what a take sounds like. It hears windows of 10 s all along it, six of a long one."""

    name = NAME

    def __init__(self, lend: Lender[SoundsAndWords], identity: str, base: KnowledgeBase | None = None) -> None:
        """Args: lend: the model. identity: of its weights. base: where rivals are taken from."""
        self._lend = lend
        self._identity = identity
        self._base = base or knowledge()
        self._vectors: dict[str, Vectors] = {}
        self._rivals: dict[str, tuple[str, ...]] = {}
        self._lock = threading.Lock()

    def basis(self, cue: Cue) -> str:
        """The weights; nothing for speech and for what is too short to be named."""
        return self._identity if _can_be_named(cue) else ""

    def judge(self, take: Path, cue: Cue, label: Label | None) -> Verdict | None:
        """How surely it is the label rather than its strongest rival: 0.5 where both fit alike."""
        if label is None or not _can_be_named(cue):
            return None
        heard = _windows(take)
        if not heard:
            return None
        rivals = self._rivals_of(label)
        with self._lend() as model:
            wanted = self._embedded(model, [text for text in (label.name, cue.prompt) if text])
            others = self._embedded(model, rivals)
            sounds = model.audio(heard)
            scale = model.scale
        return _verdict(label.name, float((sounds @ wanted.T).mean()), rivals, (sounds @ others.T).mean(axis=0), scale)

    def _rivals_of(self, label: Label) -> tuple[str, ...]:
        with self._lock:
            if label.name not in self._rivals:
                self._rivals[label.name] = (*rivals_of(label, self._base), *faults_of(label))
            return self._rivals[label.name]

    def _embedded(self, model: SoundsAndWords, texts: Sequence[str]) -> Vectors:
        with self._lock:
            if new := [text for text in texts if text not in self._vectors]:
                self._vectors.update(zip(new, model.text([_SAYING.format(text) for text in new]), strict=True))
            return np.stack([self._vectors[text] for text in texts])


def rivals_of(label: Label, base: KnowledgeBase) -> tuple[str, ...]:
    """Labels that a take could sound like instead, spread from the most alike to the least.

    Of its own kind and near it in meaning are none: they may name the same sound.
    """
    found = base.search(label.name, limit=len(base.labels), among=lambda other: _is_another(other, label))
    apart = [match.label.name for match in found if match.similarity < _NEAR]
    places = np.linspace(0, len(apart) - 1, min(RIVALS, len(apart)))
    return tuple(apart[round(float(place))] for place in places)


def faults_of(label: Label) -> tuple[str, ...]:
    """What a take of the label must not sound like either."""
    is_itself = {label.kind, label.layer, *((_VOICE,) if label.voice else ())}
    return tuple(fault for fault, excused in _FAULTS.items() if not is_itself & excused)


def _is_another(other: Label, label: Label) -> bool:
    return other.name != label.name and (not label.kind or other.kind != label.kind)


def _can_be_named(cue: Cue) -> bool:
    return cue.layer not in (Layer.SPEECH, Layer.ORIGINAL) and cue.duration >= _SHORTEST


def _windows(take: Path) -> list[NDArray[np.float32]]:
    duration = sound.facts(take).duration
    length = min(duration, _WINDOW)
    windows = [excerpt(take, start, length) for start in spread(duration, length, _MOST_WINDOWS)]
    return [window for window in windows if is_heard(window)]


def _verdict(name: str, likeness: float, rivals: Sequence[str], others: Vectors, scale: float) -> Verdict:
    strongest = int(others.argmax())
    score = float(1 / (1 + np.exp(np.clip(scale * (others[strongest] - likeness), -50, 50))))
    if score >= 0.5:
        return score, f"it sounds like {name!r}, less like {rivals[strongest]!r}"
    return score, f"it sounds more like {rivals[strongest]!r} than {name!r}"
