"""When a sound is made: the instants of a scene at which what moves strikes, goes off, walks or passes."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import scipy
from scipy.ndimage import gaussian_filter1d

from soundstage.agents.roles import Rhythm, SceneView
from soundstage.agents.wishes import PAN_WIDTH
from soundstage.cuesheet import Anchor
from soundstage.knowledge.label import Behaviour, Label
from soundstage.reading import MotionCurve, Onset

_STEP_GAP = (0.22, 0.9)  # seconds between footfalls, from a sprint to a stroll
_HIT_GAP = 0.12
# What does not strike at every hit sounds now and then: a horn less often than a bark. Seconds.
_GAPS = {
    ("hits", Behaviour.SINGLE): _HIT_GAP,
    ("hits", Behaviour.REPEATED): _HIT_GAP,
    ("none", Behaviour.SINGLE): 4.0,
    ("none", Behaviour.REPEATED): 0.6,
}
_HIT_STRENGTH = 0.5  # of an onset that is heard though nobody said that anything sounds
# Where a sound is told of, its instants are the onsets of at least this strength that come near the scene's strongest.
_LEAST_STRENGTH, _STANDS_OUT, _STRONGEST = 0.3, 0.6, 0.9
# A blow or a bounce takes energy from what moves; what moves faster afterwards was set off, not struck.
_GAIN, _STIR = 1.08, 0.02
# A blow falls at full speed; what has slowed to less than this is a tool at the top of its swing.
_SLOWED = 0.87
_PASS_BLUR, _PASS_GAP = 0.3, 4.0


def onsets_of(view: SceneView, strongest: float = 0.0) -> tuple[Onset, ...]:
    """The motion onsets within the scene of at least this strength, in order."""
    scene = view.scene
    found = (onset for shot in view.shots for onset in shot.onsets if scene.start <= onset.time < scene.end)
    return tuple(sorted((o for o in found if o.strength >= strongest), key=lambda onset: onset.time))


def hits_of(view: SceneView) -> tuple[Onset, ...]:
    """The strong onsets at which something stops, bounces or flashes; not those at which it sets off or swings back."""
    curve, strong = view.motion, onsets_of(view, strongest=_HIT_STRENGTH)
    struck = [o for o in strong if not _sets_off(curve, o.time) and not _has_slowed(curve, o.time)]
    return tuple(_spaced(struck, _HIT_GAP))


def instants_of(view: SceneView, label: Label, rhythm: Rhythm, told: bool) -> tuple[Anchor, ...]:
    """When a sound is made: at the scene's clearest onsets; what is struck, not where a tool swings back.

    Args:
        view: the scene.
        label: the sound.
        rhythm: hits, or none: then it comes now and then.
        told: whether it is known to be there; else only what plainly hits is heard.
    """
    gap = _GAPS[rhythm, label.behaviour]
    if label.struck and not told:
        return tuple(map(_anchor, _spaced(hits_of(view), gap)))
    onsets = onsets_of(view, strongest=_LEAST_STRENGTH if told else _HIT_STRENGTH)
    clear = _STANDS_OUT * np.quantile([onset.strength for onset in onsets] or [0.0], _STRONGEST)
    made = [onset for onset in onsets if onset.strength >= clear]
    if label.struck:
        made = [onset for onset in made if not _has_slowed(view.motion, onset.time)]
    return tuple(map(_anchor, _spaced(made, gap)))


def passes_of(view: SceneView) -> tuple[Anchor, ...]:
    """When what drives by is nearest: where it moves most, at most once in a few seconds."""
    curve = view.motion.between(view.scene.start, view.scene.end)
    if len(curve.times) < 3:
        return ()
    step = max(float(np.median(np.diff(curve.times))), 1e-3)
    smooth = gaussian_filter1d(curve.energy.astype(np.float64), _PASS_BLUR / step)
    height, distance = max(float(smooth.mean()), 0.05), max(1, round(_PASS_GAP / step))
    peaks, _ = scipy.signal.find_peaks(smooth, height=height, distance=distance)
    chosen = peaks if len(peaks) else [int(np.argmax(smooth))]
    return tuple(
        Anchor(time=float(curve.times[at]), strength=0.8, pan=round(float(curve.pan[at]) * PAN_WIDTH, 2))
        for at in chosen
    )


def steps_of(view: SceneView) -> tuple[Anchor, ...]:
    """Footfalls where the onsets walk; none where they do not."""
    onsets = onsets_of(view)
    rhythm = [one for one, other in pairwise(onsets) if _STEP_GAP[0] <= other.time - one.time <= _STEP_GAP[1]]
    if len(rhythm) < max(3.0, 0.6 * (view.scene.end - view.scene.start)):
        return ()
    return tuple(map(_anchor, _spaced(onsets, _STEP_GAP[0])))


def likely_moment(view: SceneView) -> Anchor:
    """When nothing hits: the strongest onset, else where it moves most, else a third into the scene."""
    onsets = onsets_of(view)
    if onsets:
        return _anchor(max(onsets, key=lambda onset: onset.strength))
    scene, curve = view.scene, view.motion.between(view.scene.start, view.scene.end)
    if len(curve.times) and float(curve.energy.max()) > 2 * float(curve.energy.mean()):
        return Anchor(time=float(curve.times[int(np.argmax(curve.energy))]), strength=0.7)
    return Anchor(time=scene.start + (scene.end - scene.start) / 3, strength=0.7)


def _spaced(onsets: Sequence[Onset], gap: float) -> list[Onset]:
    """Onsets at least `gap` seconds apart; of close ones the stronger stays."""
    kept: list[Onset] = []
    for onset in onsets:
        if kept and onset.time - kept[-1].time < gap:
            kept[-1] = max(kept[-1], onset, key=lambda each: each.strength)
        else:
            kept.append(onset)
    return kept


def _anchor(onset: Onset) -> Anchor:
    return Anchor(time=onset.time, strength=onset.strength, pan=float(np.clip(onset.pan * PAN_WIDTH, -1, 1)))


def _sets_off(curve: MotionCurve, time: float) -> bool:
    before, after = _energy(curve, time - 0.14, time - 0.02), _energy(curve, time + 0.02, time + 0.14)
    return after > _GAIN * before + _STIR


def _has_slowed(curve: MotionCurve, time: float) -> bool:
    before, last = _energy(curve, time - 0.16, time - 0.06), _energy(curve, time - 0.06, time)
    return last + _STIR < _SLOWED * (before + _STIR)


def _energy(curve: MotionCurve, start: float, end: float) -> float:
    """Mean energy of a stretch; not a number, which compares with nothing, where it holds no picture."""
    energy = curve.between(start, end).energy
    return float(energy.mean()) if len(energy) else math.nan
