"""Words as they stand: which terms a description shares with each of many entries, rare terms counting more."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

# Words that place or join, and say nothing about a sound.
_IDLE_WORDS = """
a an the of in on at to and or with from for by into onto over as is are was were be being been his her their its he she
it they that this these those up down out off some someone somebody something through under behind after before while
during near around one two three several very against between beside across along towards
"""
_IDLE = frozenset(_IDLE_WORDS.split())
_ENDINGS = ("ings", "ing", "ies", "ers", "er", "ed", "es", "ly", "s")
_SHORTEST_STEM = 3
# A term that no entry knows weighs half of what the rarest known one does: it cannot be matched, but it was said.
_UNKNOWN = 0.5


def terms(text: str) -> tuple[str, ...]:
    """The stems of a text's meaningful words, in order ("waves crashing" -> wav, crash)."""
    return tuple(_stem(word) for word in re.findall(r"[^\W\d_]+", text.lower()) if word not in _IDLE)


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word[: -len(ending)] + ("y" if ending == "ies" else "")
            break
    if len(word) > _SHORTEST_STEM and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]  # running -> runn -> run
    return word[:-1] if len(word) > _SHORTEST_STEM and word.endswith("e") else word


def weighted(texts: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The terms of texts, each with the highest weight of a text it stands in."""
    best: dict[str, float] = {}
    for text, weight in texts:
        for term in terms(text):
            best[term] = max(best.get(term, 0.0), weight)
    return best


class TermIndex:
    """Which entries share which terms; built once, asked often."""

    def __init__(self, entries: Sequence[Mapping[str, float]]) -> None:
        self._size = len(entries)
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, entry in enumerate(entries):
            for term, weight in entry.items():
                self._postings[term].append((number, weight))

    def rarity(self, term: str) -> float:
        """How much a term tells: the log of entries over entries that know it."""
        known = len(self._postings.get(term, ()))
        return math.log(1 + self._size / (1 + known)) * (1.0 if known else _UNKNOWN)

    def overlap(self, text: str) -> NDArray[np.float64]:
        """For each entry the share (0..1) of the text's meaning that it names."""
        wanted = Counter(terms(text)).keys()
        shares = np.zeros(self._size)
        total = sum(self.rarity(term) for term in wanted)
        for term in wanted:
            for number, weight in self._postings.get(term, ()):
                shares[number] += weight * self.rarity(term) / total
        return shares
