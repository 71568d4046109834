"""Which of a user's sentences holds where in a film.

Who describes a film in several sentences mostly tells it in order. Shots that look and move alike show one kind of
scene. There are taken to be as many kinds as sentences; in the order in which they first appear they are laid along
the sentences in theirs (dynamic time warping, Sakoe and Chiba 1978), where what is seen agrees best with what is said.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from soundstage.agents.house.language import tokens
from soundstage.agents.house.understanding import Understanding, understand
from soundstage.agents.roles import FilmView
from soundstage.cuesheet import Moment, Overview
from soundstage.knowledge.base import knowledge
from soundstage.reading import Shot

IN_ORDER = "Told in order"
_ENDS = re.compile(r"[.;!?\n]+|,?\s*\bthen\b,?", re.IGNORECASE)
# A sentence that begins so goes on with what the one before tells of.
_GOING_ON = frozenset({"it", "he", "she", "they", "this", "that", "its", "his", "her", "their", "both", "all"})
_ALIKE = 0.05  # distance of looks up to which nothing tells two shots apart
_NEIGHBOUR = 0.6  # what a difference counts between neighbours: a camera moves on more often than a scene comes back
_MORE_KINDS, _ONE_MORE = 4, 0.1  # kinds beyond the sentences that are tried, and what each must gain
_STRONG = 0.4
_RATE = 0.1  # strong onsets a second from which something goes on that hits
_PLAINLY = 0.5  # confidence from which what is seen outweighs the order of the sentences
_STEP = 0.2  # what each pair of a kind and a sentence costs: sentences are told once
_DARK, _BRIGHT = 0.2, 0.4
_MOST_SHOTS = 2000  # every two are compared; in films of more, all that is said holds everywhere
_SEEN = 0.25  # confidence from which the eye's word counts

_Matrix = NDArray[np.float64]
Seen = Mapping[int, Mapping[str, float]]
"""What was seen in some shots, by their index: names of things and settings with their confidence."""


@dataclass(frozen=True)
class _Kind:
    """Shots that look alike: their indices, length, brightness, strong onsets a second, what was seen in them."""

    shots: tuple[int, ...]
    seconds: float
    brightness: float
    busy: float
    seen: Mapping[str, float]


@dataclass(frozen=True)
class _Telling:
    """What is told of each shot, and how ill it agrees with what is seen (0 to 1 and a little)."""

    texts: tuple[str, ...]
    cost: float


def tell(view: FilmView, seen: Seen) -> Overview | None:
    """What of the hint holds when, as a timeline over the film; None where all of it holds everywhere."""
    said = statements(view.hint or "")
    if len(said) < 2 or not 2 <= len(view.shots) <= _MOST_SHOTS:
        return None
    told = min(_tellings(view.shots, said, seen), key=lambda telling: telling.cost)
    if len(set(told.texts)) < 2:
        return None
    moments = (
        Moment(start=shot.start, end=shot.end, text=text) for shot, text in zip(view.shots, told.texts, strict=True)
    )
    return Overview(summary=IN_ORDER, timeline=tuple(moments))


def told_at(overview: Overview | None, time: float) -> str:
    """What a timeline by `tell` says of a time (s); "" of another overview, or where there is none."""
    if overview is None or overview.summary != IN_ORDER:
        return ""
    place = bisect_right([moment.start for moment in overview.timeline], time + 1e-6) - 1
    return overview.timeline[max(0, place)].text


def statements(hint: str) -> tuple[str, ...]:
    """The sentences of a hint; one that goes on with another, or says nothing that can be heard, belongs to it."""
    said: list[str] = []
    for part in filter(None, (text.strip(" ,") for text in _ENDS.split(hint))):
        goes_on = tokens(part)[:1] and tokens(part)[0] in _GOING_ON
        if said and (goes_on or not _says(understand(part)) or not _says(understand(said[-1]))):
            said[-1] = f"{said[-1]}. {part}"
        else:
            said.append(part)
    return tuple(said)


def _says(told: Understanding) -> bool:
    return bool(told.things or told.deeds or told.settings or told.labels)


def _tellings(shots: Sequence[Shot], said: Sequence[str], seen: Seen) -> Iterator[_Telling]:
    """What can be told of the shots with as many kinds of them as sentences, or some more."""
    tree = linkage(squareform(_distances(shots, seen), checks=False), "average")
    read = [understand(text) for text in said]
    for more in range(_MORE_KINDS + 1):
        kinds = _kinds(tree, len(said) + more, shots, seen)
        chosen, cost = _laid_along(kinds, read)
        texts = {
            number: ". ".join(said[column] for column in columns)
            for kind, columns in zip(kinds, chosen, strict=True)
            for number in kind.shots
        }
        yield _Telling(tuple(texts[number] for number in range(len(shots))), cost + _ONE_MORE * more)


def _kinds(tree: _Matrix, most: int, shots: Sequence[Shot], seen: Seen) -> list[_Kind]:
    """At most so many kinds of shot, in the order in which they first appear."""
    # As many groups as asked for, unless what would part them is nothing that can be seen.
    height = max(_ALIKE, float(np.sort(tree[:, 2])[-most]) if most <= len(tree) else 0.0)
    groups = fcluster(tree, height, "distance")
    members = [tuple(int(n) for n in np.flatnonzero(groups == group)) for group in dict.fromkeys(groups)]
    return [_kind(shots, mine, seen) for mine in members]


def _kind(shots: Sequence[Shot], mine: tuple[int, ...], seen: Seen) -> _Kind:
    names = {name for shot in mine for name in seen.get(shot, {})}
    sure = {name: max(seen.get(shot, {}).get(name, 0.0) for shot in mine) for name in names}
    lengths = [shots[number].end - shots[number].start for number in mine]
    return _Kind(
        shots=mine,
        seconds=sum(lengths),
        brightness=float(np.average([shots[number].brightness for number in mine], weights=lengths)),
        busy=sum(_strong(shots[number]) for number in mine) / sum(lengths),
        seen=sure,
    )


def _strong(shot: Shot) -> int:
    return sum(onset.strength >= _STRONG for onset in shot.onsets)


def _distances(shots: Sequence[Shot], seen: Seen) -> _Matrix:
    """How unlike every two shots are in colours, motion, and what the eye made of them, (shots, shots)."""
    colours = np.asarray([shot.colour for shot in shots], np.float64)
    looks = np.stack([1 - np.minimum(colours, colour).sum(axis=1) for colour in colours])
    motion = np.asarray([shot.motion for shot in shots])
    unlike = looks + np.abs(motion[:, None] - motion) + _unlike(len(shots), seen)
    near = np.abs(np.subtract.outer(np.arange(len(shots)), np.arange(len(shots)))) == 1
    apart: _Matrix = np.where(near, _NEIGHBOUR, 1.0) * np.maximum(unlike, 0.0)
    np.fill_diagonal(apart, 0.0)
    return apart


def _unlike(count: int, seen: Seen) -> _Matrix:
    """How little of what was seen in every two shots is the same, 0 to 1; 0 where nothing is known of either."""
    names = sorted({name for found in seen.values() for name in found})
    sure = np.asarray([[seen.get(shot, {}).get(name, 0.0) for name in names] for shot in range(count)])
    sure = np.where(sure >= _SEEN, sure, 0.0).reshape(count, len(names))
    shared, whole = np.zeros((count, count)), sure.sum(axis=1)
    for one in sure.T:  # one name at a time: all together would take memory by the gigabyte in a long film
        shared += np.minimum.outer(one, one)
    least = np.minimum.outer(whole, whole)
    apart: _Matrix = np.where(least > 0, 1 - shared / np.maximum(least, 1e-9), 0.0)
    return apart


def _laid_along(kinds: Sequence[_Kind], read: Sequence[Understanding]) -> tuple[list[list[int]], float]:
    """The sentences of each kind: each of some kind, both in their order; and the mean cost of a second of film.

    A kind that plainly shows what another sentence tells of takes that one: what is seen outweighs the order.
    """
    costs = _STEP + 1 - np.asarray([[_agreement(kind, kinds, told) for told in read] for kind in kinds])
    chosen: list[list[int]] = [[] for _ in kinds]
    for row, column in _cheapest_path(costs):
        chosen[row].append(column)
    for row, columns in enumerate(chosen):
        shown = [_shown(kinds[row], told) for told in read]
        if max(shown) >= _PLAINLY and not any(shown[column] for column in columns):
            chosen[row] = [int(np.argmax(shown))]
    each = [float(costs[row, columns].mean()) for row, columns in enumerate(chosen)]
    return chosen, float(np.average(each, weights=[kind.seconds for kind in kinds]))


def _cheapest_path(costs: _Matrix) -> list[tuple[int, int]]:
    """The way from the first to the last cell, a step down, right or both at a time, over the least costs."""
    rows, columns = costs.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0.0
    for row in range(rows):
        for column in range(columns):
            before = min(total[row, column], total[row, column + 1], total[row + 1, column])
            total[row + 1, column + 1] = costs[row, column] + before
    path, at = [], (rows, columns)
    while at != (0, 0):
        path.append((at[0] - 1, at[1] - 1))
        at = min([(at[0] - 1, at[1] - 1), (at[0] - 1, at[1]), (at[0], at[1] - 1)], key=lambda cell: total[cell])
    return path[::-1]


def _agreement(kind: _Kind, kinds: Sequence[_Kind], told: Understanding) -> float:
    """How far what is seen of a kind of shot speaks for a sentence, 0 to 1; a half where nothing speaks."""
    # Where blows are told of, some are seen; where none are, something may still move suddenly.
    parts = [1.0 if _hits(told) is (kind.busy >= _RATE) else 0.0 if _hits(told) else 0.5]
    if told.night or told.day:
        dark = float(np.interp(kind.brightness, [_DARK, _BRIGHT], [1.0, 0.0]))
        parts.append(dark if told.night else 1 - dark)
    for name in _named(told):
        most = max(each.seen.get(name, 0.0) for each in kinds)
        if most >= _SEEN:
            parts.append(kind.seen.get(name, 0.0) / most)
    return sum(parts) / len(parts)


def _shown(kind: _Kind, told: Understanding) -> float:
    """How surely something that a sentence names is seen in a kind of shot."""
    return max((kind.seen.get(name, 0.0) for name in _named(told)), default=0.0)


def _named(told: Understanding) -> list[str]:
    return [*told.settings, *(thing.name for thing in told.things)]


def _hits(told: Understanding) -> bool:
    """Whether something sounds at instants that can be seen."""
    labels = [label for name in told.labels if (label := knowledge().find(name)) is not None]
    return any(deed.rhythm == "hits" for deed in told.deeds) or any(label.sudden for label in labels)
