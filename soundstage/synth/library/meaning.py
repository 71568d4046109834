"""Finds recordings by the meaning of what is written about them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from soundstage.synth.library.recording import Recording

Vectors = NDArray[np.float32]
Scores = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]

# What stands in a folder's name or a description says less than the recording's own name.
_CONTEXT = 0.92
_SAME_CATEGORY = np.float32(0.1)
# Below this a recording is another sound. Tried on the names of sonic-pi-samples and FluidR3 against the
# labels: "seattle rain" is to "rain" 0.74, "metronome click" to "metronome" 0.77; but "door" is to
# "door knock" 0.84 without being one, so a name that says less than the label must come nearer.
ENOUGH = 0.68
_ENOUGH_FOR_LESS = 0.88
_MARGIN = 0.08
_ENDINGS = ("ings", "ing", "ers", "es", "ed", "er", "s", "e")


@dataclass(frozen=True)
class Found:
    """A recording with how near its words are to what was asked for (0 to 1)."""

    recording: Recording
    similarity: float


class Catalogue:
    """Recordings with the sentence vectors of their words, held in memory."""

    def __init__(self, recordings: tuple[Recording, ...], embed: Embed, rivals: Callable[[], Vectors]) -> None:
        """Lay out the recordings.

        Args:
            recordings: those to be found.
            embed: texts to unit vectors, shape (texts, d); called for the recordings' words at once.
            rivals: vectors of the names of all sounds there are; called when `matching` first needs them.
        """
        self.recordings = recordings
        self._embed = embed
        self._rivals = rivals
        self._stems = [_stems(each) for each in recordings]
        if recordings:
            self._own = embed([each.words for each in recordings])
            self._whole = embed([f"{each.words} {each.context}".strip() for each in recordings])

    def search(self, names: Sequence[str], limit: int = 10) -> tuple[Found, ...]:
        """The recordings nearest to any of the names, the best first; ties in order of path."""
        if not self.recordings or not any(names):
            return ()
        return self._ranked(self._similarity(self._embed(names)))[:limit]

    def matching(self, names: Sequence[str], ucs: str | None = None) -> tuple[Found, ...]:
        """The recordings that are one sound rather than another, the best first.

        A recording that the name of another sound suits clearly better is left out ("wind chime" is near to
        "howling wind", but is a wind chime).

        Args:
            names: of the sound.
            ucs: the sound's UCS category; recordings filed under it count as nearer.
        """
        if not self.recordings:
            return ()
        similarity = self._similarity(self._embed(names))
        if ucs:
            same = np.array([each.ucs == ucs for each in self.recordings])
            similarity = similarity + np.where(same, _SAME_CATEGORY, np.float32(0))
        least = np.array([ENOUGH if _holds_one(stems, names) else _ENOUGH_FOR_LESS for stems in self._stems])
        fits = (similarity >= least) & (self._best_named - similarity <= _MARGIN)
        return self._ranked(np.where(fits, similarity, np.float32(0)))

    @cached_property
    def _best_named(self) -> Scores:
        """How well the name that suits each recording best suits it."""
        best: Scores = (self._own @ self._rivals().T).max(axis=1)
        return best

    def _similarity(self, asked: Vectors) -> Scores:
        """Of each recording to the nearest of the vectors asked for."""
        best: Scores = np.maximum(self._own @ asked.T, _CONTEXT * (self._whole @ asked.T)).max(axis=1)
        return best

    def _ranked(self, similarity: Scores) -> tuple[Found, ...]:
        order = [n for n in np.argsort(-similarity, kind="stable") if similarity[n] > 0]
        return tuple(Found(self.recordings[n], float(np.clip(similarity[n], 0, 1))) for n in order)


def says_all(recording: Recording, names: Sequence[str]) -> bool:
    """Whether a recording's words hold all that one of the names says: "dog bark" does for "barking dog"."""
    return _holds_one(_stems(recording), names)


def _holds_one(stems: frozenset[str], names: Sequence[str]) -> bool:
    return any({_stem(word) for word in name.split() if len(word) > 2} <= stems for name in names)


def _stems(recording: Recording) -> frozenset[str]:
    """Stems of the recording's words, and of neighbours written as one ("foot step")."""
    said = f"{recording.words} {recording.context}".split()
    return frozenset(_stem(word) for word in (*said, *map("".join, pairwise(said))))


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word
