"""How near each label is to a description, by five witnesses that err in different ways.

Names: the nearest of a label's names. Picture: a sentence of its names and of what makes it sound. Source: the nearest
single thing that makes it sound. Akin: how well each word of the description is met by some word of the label, by
meaning. Shared: the same, letter by letter but for endings. The weights were chosen on the `dev` cases of
tests/knowledge/retrieval_cases.yaml.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from soundstage.knowledge.label import Label
from soundstage.knowledge.terms import TermIndex, telling_words, weighted_words
from soundstage.knowledge.words import Vectors, kept_vectors, recalled_vectors

Scores = NDArray[np.float64]

_NAMES, _PICTURE, _SOURCE, _AKIN, _SHARED = 0.20, 0.20, 0.17, 0.33, 0.10
# How much a word counts by where the label has it.
_IN_NAME, _IN_SOURCES, _IN_ACTIONS = 1.0, 0.8, 0.6
# Vectors of unrelated words are still about this near; only what is nearer counts.
_UNRELATED = 0.3
_NAMES_IN_PICTURE = 6


class Ranking:
    """Scores all labels at once. Building it loads the sentence vectors; asking it is safe from several threads."""

    def __init__(self, labels: Sequence[Label]) -> None:
        names = [names_of(label) for label in labels]
        words = [weighted_words(_worded(label)) for label in labels]
        self._terms = TermIndex(words)
        sources = [label.sources or (label.name,) for label in labels]
        rows = _Rows([*_flat(names), *_flat(sources), *_flat(words)])
        self._rows = rows
        self._names = _Groups(rows, names)
        self._sources = _Groups(rows, sources)
        self._pictures = kept_vectors([_picture(label) for label in labels])
        self._vocabulary = _Groups(rows, [tuple(entry) for entry in words])
        self._weights = np.array([weight for entry in words for weight in entry.values()])

    def scores(self, description: str) -> Scores:
        """For each label 0 (nothing in common) to 1."""
        words = telling_words(description)
        asked, *each = self._rows.of([description, *words])
        total = (
            _NAMES * self._names.best(asked)
            + _PICTURE * _nearness(self._pictures, asked)
            + _SOURCE * self._sources.best(asked)
            + _AKIN * self._akin(words, each)
            + _SHARED * self._terms.overlap(description)
        )
        return np.clip(total, 0.0, 1.0)

    def _akin(self, words: Sequence[str], meanings: Sequence[Vectors]) -> Scores:
        rarities = [self._terms.rarity(word) for word in words]
        met = np.zeros(len(self._pictures))
        for meaning, rarity in zip(meanings, rarities, strict=True):
            met += rarity * self._vocabulary.best(meaning, above=_UNRELATED, weights=self._weights)
        return met / max(sum(rarities), 1e-9)


class _Rows:
    """The vectors of texts, each text once."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.number = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        self.vectors: Vectors = kept_vectors(list(self.number))

    def of(self, texts: Sequence[str]) -> list[Vectors]:
        """The vector of each text; those not among the rows are encoded together."""
        others = [text for text in texts if text not in self.number]
        new = dict(zip(others, recalled_vectors(others), strict=True))
        return [self.vectors[self.number[text]] if text in self.number else new[text] for text in texts]


class _Groups:
    """Texts in groups, one group a label; none may be empty."""

    def __init__(self, rows: _Rows, groups: Sequence[Sequence[str]]) -> None:
        chosen = dict.fromkeys(rows.number[text] for group in groups for text in group)
        place = {row: number for number, row in enumerate(chosen)}
        self._vectors = rows.vectors[list(chosen)]
        self._members = np.array([place[rows.number[text]] for group in groups for text in group], np.intp)
        self._starts = np.cumsum([0, *map(len, groups)])[:-1]

    def best(self, asked: Vectors, above: float = 0.0, weights: Scores | None = None) -> Scores:
        """For each group how near its nearest text is, counted from `above` to 1, times the texts' weights."""
        near = np.clip((_nearness(self._vectors, asked) - above) / (1 - above), 0.0, 1.0)[self._members]
        scores: Scores = np.maximum.reduceat(near if weights is None else near * weights, self._starts)
        return scores


def _nearness(rows: Vectors, asked: Vectors) -> Vectors:
    # Not `rows @ asked`: BLAS starts threads for it, which on busy cores wait for each other ten times as long.
    near: Vectors = np.einsum("ij,j->i", rows, asked)
    return near


def plain(words: str) -> str:
    """Words as names are compared: lower case, single spaces, no full stop."""
    return " ".join(words.lower().split()).rstrip(" .!")


def names_of(label: Label) -> tuple[str, ...]:
    """All that a label is called, plainly: its name, its aliases, its VGGSound class; each once."""
    called = [label.name, *label.aliases, *([label.vggsound] if label.vggsound else [])]
    return tuple(dict.fromkeys(map(plain, called)))


def _picture(label: Label) -> str:
    names = ", ".join(names_of(label)[:_NAMES_IN_PICTURE])
    return f"{names}: {', '.join(label.sources)}, {', '.join(label.actions)}"


def _worded(label: Label) -> list[tuple[str, float]]:
    return [
        *((name, _IN_NAME) for name in names_of(label)),
        *((source, _IN_SOURCES) for source in label.sources),
        *((action, _IN_ACTIONS) for action in label.actions),
    ]


def _flat(groups: Iterable[Iterable[str]]) -> list[str]:
    return [text for group in groups for text in group]
