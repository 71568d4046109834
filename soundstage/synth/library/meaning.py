"""Finds recordings by the meaning of what is written about them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from soundstage.synth.library.recording import Recording

Vectors = NDArray[np.float32]
Scores = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]

# What stands in a folder's name or a description says less than the recording's own name.
_CONTEXT = 0.92
_SAME_CATEGORY = 0.9
# Below this a recording is another sound. Tried on the names of sonic-pi-samples and FluidR3 against the
# labels: "seattle rain" is to "rain" 0.74, "metronome click" to "metronome" 0.77; but "door" is to
# "door knock" 0.84 without being one, so a name that says less than the label must come nearer.
ENOUGH = 0.68
_ENOUGH_FOR_LESS = 0.85
_MARGIN = 0.08
_ENDINGS = ("ings", "ing", "ers", "es", "ed", "er", "s", "e")


@dataclass(frozen=True)
class Found:
    """A recording with how near its words are to what was asked for (0 to 1)."""

    recording: Recording
    similarity: float


class Catalogue:
    """Recordings with the sentence vectors of their words, held in memory."""

    def __init__(self, recordings: tuple[Recording, ...], embed: Embed, keep: Embed) -> None:
        """Args: embed: texts to unit vectors, shape (texts, d). keep: the same, for texts that are met again."""
        self.recordings = recordings
        self._embed = embed
        self._keep = keep
        self._stems = [_stems(each) for each in recordings]
        self._best: dict[tuple[str, ...], Scores] = {}
        if recordings:
            self._own = keep([each.words for each in recordings])
            self._whole = keep([f"{each.words} {each.context}".strip() for each in recordings])

    def search(self, names: Sequence[str], limit: int = 10) -> tuple[Found, ...]:
        """The recordings nearest to any of the names, the best first; ties in order of path."""
        if not self.recordings or not any(names):
            return ()
        return self._ranked(self._similarity(self._embed(names)))[:limit]

    def matching(self, names: Sequence[str], rivals: tuple[str, ...], ucs: str | None = None) -> tuple[Found, ...]:
        """The recordings that are one sound rather than another, the best first.

        Args:
            names: of the sound.
            rivals: names of all sounds there are; a recording that one of them suits clearly better is
                left out ("wind chime" is near to "howling wind", but is a wind chime).
            ucs: the sound's UCS category; recordings filed under it count as near.
        """
        if not self.recordings:
            return ()
        similarity = self._similarity(self._keep(names))
        if rivals not in self._best:
            self._best = {rivals: (self._own @ self._keep(rivals).T).max(axis=1)}
        least = np.array([ENOUGH if _says_all(stems, names) else _ENOUGH_FOR_LESS for stems in self._stems])
        fits = (similarity >= least) & (self._best[rivals] - similarity <= _MARGIN)
        similarity = np.where(fits, similarity, 0.0)
        if ucs:
            same = np.array([each.ucs == ucs for each in self.recordings])
            similarity = np.where(same, np.maximum(similarity, _SAME_CATEGORY), similarity)
        return self._ranked(similarity)

    def _similarity(self, asked: Vectors) -> Scores:
        """Of each recording to the nearest of the vectors asked for."""
        best: Scores = np.maximum(self._own @ asked.T, _CONTEXT * (self._whole @ asked.T)).max(axis=1)
        return best

    def _ranked(self, similarity: Scores) -> tuple[Found, ...]:
        order = [n for n in np.argsort(-similarity, kind="stable") if similarity[n] > 0]
        return tuple(Found(self.recordings[n], float(np.clip(similarity[n], 0, 1))) for n in order)


def _says_all(stems: frozenset[str], names: Sequence[str]) -> bool:
    """Whether a recording's words hold all that one of the names says: "dog bark" does for "barking dog"."""
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
