"""Words as they stand: which of a description's words each of many entries knows, rare words counting more."""

import math
import re
from collections import defaultdict
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
# A word that no entry knows weighs half of what the rarest known one does: it cannot be matched, but it was said.
_UNKNOWN = 0.5


def telling_words(text: str) -> tuple[str, ...]:
    """The words of a text that say something, in lower case, each once, in order."""
    found = re.findall(r"[^\W\d_]+", text.lower())
    return tuple(dict.fromkeys(word for word in found if word not in _IDLE))


def stem(word: str) -> str:
    """What is left of an English word without its ending ("waves" and "waving" are both "wav")."""
    for ending in _ENDINGS:
        bare = word.removesuffix(ending) + ("y" if ending == "ies" else "")
        if word.endswith(ending) and len(bare) >= _SHORTEST_STEM:
            word = bare
            break
    if len(word) > _SHORTEST_STEM and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]  # running -> runn -> run
    return word[:-1] if len(word) > _SHORTEST_STEM and word.endswith("e") else word


def weighted_words(texts: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The telling words of texts, each with the highest weight of a text it stands in."""
    best: dict[str, float] = {}
    for text, weight in texts:
        for word in telling_words(text):
            best[word] = max(best.get(word, 0.0), weight)
    return best


class TermIndex:
    """Which entries share which stems; built once, asked often."""

    def __init__(self, entries: Sequence[Mapping[str, float]]) -> None:
        self._size = len(entries)
        self._postings: dict[str, dict[int, float]] = defaultdict(dict)
        for number, entry in enumerate(entries):
            for word, weight in entry.items():
                known = self._postings[stem(word)]
                known[number] = max(known.get(number, 0.0), weight)

    def rarity(self, word: str) -> float:
        """How much a word tells: the log of all entries over those that know it."""
        known = len(self._postings.get(stem(word), ()))
        return math.log(1 + self._size / (1 + known)) * (1.0 if known else _UNKNOWN)

    def overlap(self, text: str) -> NDArray[np.float64]:
        """For each entry the share (0..1) of the text's meaning that it names."""
        wanted = telling_words(text)
        total = sum(map(self.rarity, wanted))
        shares = np.zeros(self._size)
        for word in wanted:
            for number, weight in self._postings.get(stem(word), {}).items():
                shares[number] += weight * self.rarity(word) / total
        return np.minimum(shares, 1.0)
