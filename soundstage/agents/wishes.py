"""A Designer's wishes for a sound, checked against what the picture shows.

What can be seen outweighs what is wished: a blow is moved to the onset it must mean, and left out where nothing moves;
what stands on the left is not heard from the right; what is not on the picture is not near.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from soundstage.agents.roles import SceneView, SoundIdea
from soundstage.cuesheet import Anchor, Perspective
from soundstage.knowledge.label import Label
from soundstage.reading import MotionCurve, Onset

LOUDEST, QUIETEST = -10.0, -55.0
PAN_WIDTH = 0.7  # the picture is narrower than the loudspeakers' base
_REACH = 12.0  # LU that a wish may be from the label's usual level
_MEANT = 0.3  # seconds between a wished moment and the onset it means
_STRENGTH = 0.8  # of a moment that no onset tells the strength of
_ASIDE = 0.6  # pan from which a wish contradicts the picture
_MOVES = 0.5  # share of the scene's mean motion from which something may happen unnoticed
_LEAST_MOTION = 1e-6


@dataclass(frozen=True)
class Moments:
    """The moments that stand, and a remark on each that was moved or left out."""

    anchors: tuple[Anchor, ...] = ()
    remarks: tuple[str, ...] = ()


def moments_of(view: SceneView, idea: SoundIdea, onsets: Sequence[Onset]) -> Moments:
    """The wished moments within the scene; of what is seen, each on the onset that it means.

    Args:
        view: the scene.
        idea: the sound that is wished for.
        onsets: the scene's, in order.
    """
    scene = view.scene
    inside = sorted({moment for moment in idea.wish.moments if scene.start <= moment < scene.end})
    remarks = [f"{moment:.2f} s is not in the scene" for moment in idea.wish.moments if moment not in inside]
    anchors: dict[float, Anchor] = {}
    for moment in inside:
        anchor = _seen(view.motion, moment, onsets) if idea.visible else Anchor(time=moment, strength=_STRENGTH)
        if anchor is None:
            remarks.append(f"nothing moves at {moment:.2f} s")
        else:
            anchors[anchor.time] = anchor
    return Moments(tuple(anchors[time] for time in sorted(anchors)), tuple(remarks))


def _seen(curve: MotionCurve, moment: float, onsets: Sequence[Onset]) -> Anchor | None:
    near = [onset for onset in onsets if abs(onset.time - moment) <= _MEANT]
    if near:
        meant = min(near, key=lambda onset: abs(onset.time - moment))
        return Anchor(time=meant.time, strength=max(meant.strength, 0.3), pan=meant.pan * PAN_WIDTH)
    around = curve.between(moment - _MEANT, moment + _MEANT).energy
    if len(around) and float(around.mean()) >= max(_LEAST_MOTION, _MOVES * float(curve.energy.mean())):
        return Anchor(time=moment, strength=_STRENGTH)
    return None


def level_of(wished: float, label: Label) -> float:
    """The wished level (LUFS), no further than `_REACH` from the label's usual one."""
    usual = label.acoustics.level
    return round(float(np.clip(np.clip(wished, usual - _REACH, usual + _REACH), QUIETEST, LOUDEST)), 1)


def pan_of(wished: float, place: float | None) -> float:
    """The wished pan; where the picture shows the source elsewhere, its `place` there."""
    wrong = place is not None and abs(wished - place) > _ASIDE
    return round(place if wrong and place is not None else wished, 2)


def perspective_of(wished: Perspective, visible: bool) -> Perspective:
    """The wished perspective; what is not on the picture is far away or off-screen."""
    if visible:
        return Perspective.MEDIUM if wished is Perspective.OFF_SCREEN else wished
    return wished if wished in (Perspective.FAR, Perspective.OFF_SCREEN) else Perspective.OFF_SCREEN


def told(remarks: Sequence[str]) -> Iterator[str]:
    """The remarks, as they stand in a cue's reason."""
    if remarks:
        yield f"left out: {', '.join(remarks)}"
