"""Compares where a take begins to sound with where its anchors ask for it."""

from collections.abc import Sequence

import numpy as np

from soundstage.cuesheet import Anchor, Cue
from soundstage.knowledge.label import Behaviour, Label

REACH = 0.25
# An error of 80 ms halves a hit's worth; 20 ms, which nobody sees, leave 94 %.
_HALF = 0.08
_MOST_EXTRAS = 4.0
_PLAIN = 0.04


def heard_hits(cue: Cue, label: Label | None, onsets: Sequence[float]) -> tuple[float, str]:
    """Score of a take's onsets against its cue's anchors, with the worst of what is wrong.

    A hit that begins slowly (a label with an attack) is right when the anchor lies anywhere between
    its beginning and its peak, or half an attack before the beginning could be heard. Anchors count
    by their strength. Extra beginnings count against single sounds only.

    Args:
        cue: whose anchors, in film time, are asked for.
        label: says how long the attack may be and whether the sound is single; may be None.
        onsets: seconds from the take's start, in order.
    """
    attack = label.acoustics.attack if label else 0.0
    errors = [_error(anchor.time - cue.start, onsets, attack) for anchor in cue.anchors]
    weights = [0.1 + anchor.strength for anchor in cue.anchors]
    score = float(np.average([_worth(error) for error in errors], weights=weights))
    extras = _extras(cue, onsets, label) if label and label.behaviour is Behaviour.SINGLE else []
    score /= 1 + 0.25 * min(len(extras) / len(cue.anchors), _MOST_EXTRAS)
    return score, _reason(cue, errors, extras)


def _error(wanted: float, onsets: Sequence[float], attack: float) -> float | None:
    """Seconds from the anchor to the nearest onset's attack, signed (late is positive); None when none is near."""
    errors = [_outside(onset - wanted, -attack, attack / 2) for onset in onsets]
    nearest = min(errors, key=abs, default=REACH * 2)
    return nearest if abs(nearest) <= REACH else None


def _outside(value: float, low: float, high: float) -> float:
    return value - min(max(value, low), high)


def _worth(error: float | None) -> float:
    return 0.0 if error is None else 1 / (1 + (error / _HALF) ** 2)


def _extras(cue: Cue, onsets: Sequence[float], label: Label) -> list[float]:
    """Onsets outside the time that the sounds asked for may last."""
    wanted = [anchor.time - cue.start for anchor in cue.anchors]
    early = label.acoustics.attack + REACH
    late = early + label.acoustics.decay
    return [onset for onset in onsets if all(not -early <= onset - time <= late for time in wanted)]


def _reason(cue: Cue, errors: Sequence[float | None], extras: Sequence[float]) -> str:
    missed = [anchor for anchor, error in zip(cue.anchors, errors, strict=True) if error is None]
    if missed:
        return f"asked for a hit at {missed[0].time:.2f} s, heard none near it" + _of_all(missed, cue.anchors)
    found = [(anchor, error) for anchor, error in zip(cue.anchors, errors, strict=True) if error is not None]
    anchor, worst = max(found, key=lambda pair: abs(pair[1]))
    if abs(worst) > _PLAIN:
        return f"asked for a hit at {anchor.time:.2f} s, heard it at {anchor.time + worst:.2f} s"
    if extras:
        return f"heard {len(extras)} more than asked for, first at {cue.start + extras[0]:.2f} s"
    middle = float(np.median([abs(error) for _, error in found]))
    return f"all {len(found)} hits where asked for, half of them within {1000 * middle:.0f} ms"


def _of_all(missed: Sequence[Anchor], anchors: Sequence[Anchor]) -> str:
    return f" ({len(missed)} of {len(anchors)} are missing)" if len(anchors) > 1 else ""
