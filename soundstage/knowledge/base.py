"""The knowledge base: every sound that can be asked for, found by name, by meaning or by kind.

Retrieval never leaves the labels, and `none` finds nothing. Exact names always win.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from soundstage.knowledge.catalogue import read_catalogue
from soundstage.knowledge.label import NONE, Label
from soundstage.knowledge.ranking import Ranking, names_of, plain
from soundstage.knowledge.words import vector

_SILENCE = frozenset({"", NONE, "nothing", "silence", "no sound"})
_DIGITS = 4  # beyond these, vectors depend on what they were encoded together with
_NEARLY = 0.99  # the most that anything but an exact name reaches


@dataclass(frozen=True)
class Match:
    """A label found, and how near it is to what was asked for (0 to 1; 1 is its own name).

    A good match is usually above 0.5; below 0.4 the label is a guess.
    """

    label: Label
    similarity: float


class KnowledgeBase:
    """All labels. Safe to ask from several threads; sentence vectors are loaded only when names do not decide."""

    def __init__(self, labels: Iterable[Label], scenarios: Mapping[str, str]) -> None:
        self.labels: Mapping[str, Label] = MappingProxyType({label.name: label for label in labels})
        self.scenarios: Mapping[str, str] = MappingProxyType(dict(scenarios))
        self._all = tuple(self.labels.values())
        self._by_name = {name: label for label in self._all for name in names_of(label)}
        self._by_kind = _grouped((label.kind, label) for label in self._all)
        self._by_ucs = _grouped((label.ucs, label) for label in self._all if label.ucs)
        self._ranked: Ranking | None = None
        self._ranking_lock = threading.Lock()

    def find(self, name: str) -> Label | None:
        """The label of that name, alias or VGGSound class, whatever the case; None when there is none."""
        return self._by_name.get(plain(name))

    def search(self, words: str, limit: int = 5, *, among: Callable[[Label], bool] | None = None) -> tuple[Match, ...]:
        """The labels nearest to a description, best first; nothing for "none" or silence.

        Args:
            words: what should be heard, in a few words or a sentence.
            limit: at most so many matches.
            among: keeps only labels for which it is true (no voices, only what can be made, ...).
        """
        asked = plain(words)
        if asked in _SILENCE or limit <= 0:
            return ()
        exact = self._by_name.get(asked)
        if exact is not None and limit == 1 and (among is None or among(exact)):
            return (Match(exact, 1.0),)
        nearness = self._ranking().scores(asked)
        matches = [
            Match(label, 1.0 if label is exact else min(round(float(near), _DIGITS), _NEARLY))
            for label, near in zip(self._all, nearness, strict=True)
            if among is None or among(label)
        ]
        return tuple(sorted(matches, key=lambda match: -match.similarity)[:limit])

    def similarity(self, a: str, b: str) -> float:
        """How near two descriptions are in meaning, 0 to 1; symmetric."""
        first, second = sorted((plain(a), plain(b)))
        known = self._by_name.get(first)
        if first == second or (known is not None and known is self._by_name.get(second)):
            return 1.0
        if first in _SILENCE or second in _SILENCE:
            return 0.0
        return min(max(float(vector(first) @ vector(second)), 0.0), 1.0)

    def of_kind(self, kind: str) -> tuple[Label, ...]:
        """All labels of a kind of sound (explosion, engine, impact, ...), whatever makes it."""
        return self._by_kind.get(kind, ())

    def of_ucs(self, category: str) -> tuple[Label, ...]:
        """All labels filed under a category of the Universal Category System, by its CatID (DOORWood)."""
        return self._by_ucs.get(category, ())

    def _ranking(self) -> Ranking:
        with self._ranking_lock:
            if self._ranked is None:
                self._ranked = Ranking(self._all)
            return self._ranked


@cache
def knowledge() -> KnowledgeBase:
    """The knowledge base that ships with Soundstage, read once."""
    catalogue = read_catalogue()
    return KnowledgeBase(catalogue.labels, catalogue.scenarios)


def _grouped(pairs: Iterable[tuple[str, Label]]) -> dict[str, tuple[Label, ...]]:
    groups: dict[str, list[Label]] = defaultdict(list)
    for key, label in pairs:
        groups[key].append(label)
    return {key: tuple(labels) for key, labels in groups.items()}
