"""What is seen in the keyframes of a shot, and how sure that is.

The classifier names close-ups of things well and places poorly, so its thousand classes are first
summed by meaning (a taxi's mirror, a parking meter and a moped all speak for a street), weighed
against what the colours allow, and trusted less on pictures it was not made for: blank ones,
drawn ones, dark ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundstage.agents.house.colours import Colours, colours_of
from soundstage.agents.house.efficientnet import classify
from soundstage.agents.house.vocabulary import Concept, class_matrix, concepts, settings

_Shares = NDArray[np.floating[Any]]

_LEAST = 0.12  # confidence below which a thing is not mentioned
_MOST_THINGS = 5
# A summed probability of FLOOR is noise, FULL is certain: on films the network's peaks are low, for
# it was trained with label smoothing and on centred photographs.
_FLOOR, _FULL = 0.12, 0.7
_SETTING_FLOOR, _SETTING_FULL = 0.05, 0.45
_NAMED = 0.75  # how near to its kind's confidence a thing's own must come to be named instead
_MISREAD = 0.2  # what is left of a concept whose colours are missing


@dataclass(frozen=True)
class Sight:
    """What was seen: things and settings with their confidence (0 to 1), surest first.

    `trust` says how far the classifier is to be believed on these pictures; `outdoors`,
    `indoors`, `night` and `day` are confidences of their own; `blank` marks pictures with nothing on them.
    """

    things: tuple[tuple[Concept, float], ...] = ()
    settings: Mapping[str, float] = field(default_factory=dict)
    colours: Colours = field(default_factory=Colours)
    trust: float = 0.0
    outdoors: float = 0.0
    indoors: float = 0.0
    night: float = 0.0
    day: float = 0.0
    blank: bool = False


def look(pictures: Sequence[Path], weights: Sequence[float] = ()) -> Sight:
    """Look at the keyframes of a shot; `weights` are the shares they stand for."""
    if not pictures:
        return Sight(blank=True)
    shares = _shares(weights, len(pictures))
    colours = colours_of(pictures, shares)
    if colours.variety < 0.12 or colours.contrast < 0.015:
        return Sight(colours=colours, blank=True)
    return interpret(_by_meaning(classify(pictures)), shares, colours)


def interpret(seen: _Shares, weights: Sequence[float], colours: Colours) -> Sight:
    """Make sense of the summed probabilities, shape (pictures, concepts), and of the colours."""
    trust = _trust(colours)
    plausible = _with_kinds(seen * np.asarray([_plausible(concept, colours) for concept in concepts()]))
    mean = np.asarray(weights) @ plausible
    # What one picture alone shows counts less than what all agree on: mean and geometric mean, halves.
    agreed = np.exp(np.asarray(weights) @ np.log(plausible + 0.01)) - 0.01
    sure = np.clip(((mean + agreed) / 2 - _FLOOR) / (_FULL - _FLOOR), 0, 1) * trust
    things = _things(sure)
    places = _places(mean, colours, trust)
    outdoors = _either(colours.sky, _ramp(colours.vegetation, 0.1, 0.5), *_sided(places, inside=False))
    indoors = _either(*_sided(places, inside=True))
    night = _ramp(0.26 - colours.brightness, 0.0, 0.12) * 0.8
    return Sight(
        things=things,
        settings=places,
        colours=colours,
        trust=trust,
        outdoors=max(0.0, outdoors - indoors),
        indoors=max(0.0, indoors - outdoors),
        night=night,
        day=_ramp(colours.brightness, 0.3, 0.5) * max(0.0, outdoors - indoors),
    )


def _shares(weights: Sequence[float], count: int) -> list[float]:
    if len(weights) != count or sum(weights) <= 0:
        return [1 / count] * count
    return [weight / sum(weights) for weight in weights]


def _by_meaning(probabilities: _Shares) -> _Shares:
    """Summed over the classes of each concept, less what an even guess would give."""
    matrix = class_matrix()
    chance = matrix.sum(axis=1) / matrix.shape[1]
    summed: _Shares = np.clip((probabilities @ matrix.T - chance) / (1 - chance), 0, 1)
    return summed


def _with_kinds(plausible: _Shares) -> _Shares:
    """Give the concepts without classes of their own what all others of their kind have together."""
    whole = plausible.copy()
    for row in _kind_rows():
        same = [number for number, each in enumerate(concepts()) if each.kind == concepts()[row].kind and number != row]
        whole[:, row] = np.minimum(plausible[:, same].sum(axis=1), 1.0)
    return whole


def _kind_rows() -> list[int]:
    return [row for row, concept in enumerate(concepts()) if not concept.classes]


def _things(sure: _Shares) -> tuple[tuple[Concept, float], ...]:
    """The surest things; a kind as a whole only where none of the kind is about as sure."""
    kinds = _kind_rows()
    best = {concepts()[row].kind: 0.0 for row in kinds}
    for row, concept in enumerate(concepts()):
        if row not in kinds and concept.kind in best:
            best[concept.kind] = max(best[concept.kind], float(sure[row]))
    told = [row for row in range(len(sure)) if row not in kinds or best[concepts()[row].kind] < _NAMED * sure[row]]
    order = sorted((row for row in told if sure[row] >= _LEAST), key=lambda row: -float(sure[row]))
    return tuple((concepts()[row], float(sure[row])) for row in order[:_MOST_THINGS])


def _trust(colours: Colours) -> float:
    drawn = _ramp(colours.saturation, 0.42, 0.62)
    dark = _ramp(0.14 - colours.brightness, 0.0, 0.1)
    bare = _ramp(0.35 - colours.variety, 0.0, 0.2)
    flat = _ramp(0.1 - colours.contrast, 0.0, 0.05)
    return (1 - 0.6 * drawn) * (1 - 0.6 * dark) * (1 - 0.8 * bare) * (1 - 0.6 * flat)


def _plausible(concept: Concept, colours: Colours) -> float:
    present = {
        "water": colours.water > 0.15 or colours.blue > 0.3,
        "blue": colours.blue > 0.35 and colours.vegetation < 0.35,
        "fire": colours.fire > 0.02,
        "sky": colours.sky > 0.2,
    }
    return 1.0 if all(present[need] for need in concept.needs) else _MISREAD


def _places(mean: _Shares, colours: Colours, trust: float) -> dict[str, float]:
    votes: dict[str, float] = {}
    for concept, seen in zip(concepts(), mean, strict=True):
        for name, share in concept.setting.items():
            votes[name] = votes.get(name, 0.0) + share * float(seen)
    places = {name: _ramp(vote, _SETTING_FLOOR, _SETTING_FULL) * trust for name, vote in votes.items()}
    for name, hint in _coloured(colours).items():
        places[name] = _either(places.get(name, 0.0), hint)
    kept = {name: sure for name, sure in places.items() if sure >= _LEAST and name in settings()}
    return dict(sorted(kept.items(), key=lambda item: (-item[1], item[0])))


def _coloured(colours: Colours) -> dict[str, float]:
    green = _ramp(colours.vegetation, 0.2, 0.6) * 0.8
    wooded = _ramp(colours.canopy, 0.4, 0.8)
    return {
        "meadow": green * (1 - wooded),
        "forest": green * wooded,
        "snow": _ramp(colours.snow, 0.4, 0.9) * _ramp(colours.sky, 0.1, 0.4) * 0.6,
    }


def _sided(places: Mapping[str, float], inside: bool) -> list[float]:
    return [sure for name, sure in places.items() if settings()[name].inside is inside]


def _either(*chances: float) -> float:
    """At least one of several independent hints is right."""
    return 1.0 - float(np.prod([1 - min(max(chance, 0.0), 1.0) for chance in chances])) if chances else 0.0


def _ramp(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)
