"""The knowledge base: every sound that can be asked for, found by name, by meaning or by kind.

Retrieval never leaves the labels, and `none` finds nothing. How near a label is to a description is judged by two
witnesses: sentence vectors (the label's names, and its names with what usually makes it) and the words themselves
(names, sources, actions). Exact names always win.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from soundstage.knowledge.catalogue import read_catalogue
from soundstage.knowledge.label import NONE, Label
from soundstage.knowledge.terms import TermIndex, weighted
from soundstage.knowledge.words import Vectors, kept_vectors, vector

Scores = NDArray[np.float64]

_SILENCE = frozenset({"", NONE, "nothing", "silence", "no sound"})
_NEARLY = 0.99  # the most that anything but an exact name reaches

# How much each witness counts; tuned on the `dev` cases of tests/knowledge/retrieval_cases.yaml, never on the others.
_NAMES, _PICTURE, _WORDS = 0.45, 0.25, 0.30
# How much a shared word counts by where the label has it.
_IN_NAME, _IN_SOURCES, _IN_ACTIONS = 1.0, 0.8, 0.6
_NAMES_IN_PICTURE = 6


@dataclass(frozen=True)
class Match:
    """A label found, and how near it is to what was asked for (0 to 1; 1 is its own name)."""

    label: Label
    similarity: float


class KnowledgeBase:
    """All labels. Safe to ask from several threads; sentence vectors are loaded only when names do not decide."""

    def __init__(self, labels: Iterable[Label], scenarios: Mapping[str, str]) -> None:
        self.labels: Mapping[str, Label] = MappingProxyType({label.name: label for label in labels})
        self.scenarios: Mapping[str, str] = MappingProxyType(dict(scenarios))
        self._all = tuple(self.labels.values())
        self._by_name = {name: label for label in self._all for name in names_of(label)}

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
        exact = self.find(asked)
        scores = self._scores(asked)
        order = sorted(range(len(self._all)), key=lambda number: (self._all[number] is not exact, -scores[number]))
        found = (number for number in order if among is None or among(self._all[number]))
        return tuple(
            Match(self._all[number], 1.0 if self._all[number] is exact else float(scores[number]))
            for number, _ in zip(found, range(limit), strict=False)
        )

    def similarity(self, a: str, b: str) -> float:
        """How near two descriptions are in meaning, 0 to 1; symmetric."""
        first, second = sorted((plain(a), plain(b)))
        if first == second or (self.find(first) is not None and self.find(first) is self.find(second)):
            return 1.0
        if first in _SILENCE or second in _SILENCE:
            return 0.0
        return float(np.clip(vector(first) @ vector(second), 0.0, 1.0))

    def of_kind(self, kind: str) -> tuple[Label, ...]:
        """All labels of a kind of sound (explosion, engine, impact, ...), whatever makes it."""
        return tuple(label for label in self._all if label.kind == kind)

    def _scores(self, words: str) -> Scores:
        asked = vector(words)
        names = np.full(len(self._all), -1.0)
        np.maximum.at(names, self._owners, self._name_vectors @ asked)
        total = _NAMES * names + _PICTURE * (self._picture_vectors @ asked) + _WORDS * self._terms.overlap(words)
        return np.clip(total, 0.0, _NEARLY)

    @cached_property
    def _terms(self) -> TermIndex:
        return TermIndex([weighted(_worded(label)) for label in self._all])

    @cached_property
    def _owners(self) -> NDArray[np.intp]:
        return np.array([number for number, label in enumerate(self._all) for _ in names_of(label)], np.intp)

    @cached_property
    def _vectors(self) -> Vectors:
        names = [name for label in self._all for name in names_of(label)]
        return kept_vectors([*names, *map(_picture, self._all)])

    @property
    def _name_vectors(self) -> Vectors:
        return self._vectors[: len(self._owners)]

    @property
    def _picture_vectors(self) -> Vectors:
        return self._vectors[len(self._owners) :]


@cache
def knowledge() -> KnowledgeBase:
    """The knowledge base that ships with Soundstage, read once."""
    catalogue = read_catalogue()
    return KnowledgeBase(catalogue.labels, catalogue.scenarios)


def plain(words: str) -> str:
    """Words as names are compared: lower case, single spaces, no point at the end."""
    return " ".join(words.lower().split()).rstrip(" .!")


def names_of(label: Label) -> tuple[str, ...]:
    """All that a label is called, plainly: its name, its aliases, its VGGSound class; each once."""
    called = [label.name, *label.aliases, *([label.vggsound] if label.vggsound else [])]
    return tuple(dict.fromkeys(map(plain, called)))


def _picture(label: Label) -> str:
    """A sentence of the label's names and of what makes it sound: what it looks like on a picture."""
    names = ", ".join(names_of(label)[:_NAMES_IN_PICTURE])
    return f"{names}: {', '.join(label.sources)}, {', '.join(label.actions)}"


def _worded(label: Label) -> list[tuple[str, float]]:
    return [
        *((name, _IN_NAME) for name in names_of(label)),
        *((source, _IN_SOURCES) for source in label.sources),
        *((action, _IN_ACTIONS) for action in label.actions),
    ]
