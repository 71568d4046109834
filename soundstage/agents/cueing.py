"""From a plan to cues: when each sound starts and ends, what it must hit, how loud and where."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from soundstage.agents import wishes
from soundstage.agents.instants import instants_of, likely_moment, onsets_of, passes_of, steps_of
from soundstage.agents.roles import Choice, Plan, Rhythm, SceneView
from soundstage.cuesheet import Anchor, Cue, Layer, PanPoint, Perspective
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Behaviour, Label
from soundstage.reading import MotionCurve

_BEHIND = -3.0  # dB: a bed lies under what is seen
_UNSURE = 10.0  # dB less for a sound of no confidence
_UNSURE_BED = 6.0  # and for a bed: it must not jump from scene to scene
_UNIMPORTANT = 6.0  # dB less for a sound of no salience
_BED_FADE, _SOUND_FADE, _HIT_FADE = 0.5, 0.15, 0.005
_TOLD = 0.8  # confidence from which a sound's instants are looked for among weaker onsets
_LIKELY = 0.6  # and from which it is heard though none is found
_TAIL = 1.5  # seconds a hit may ring on at most
_PAN_STEP = 0.5  # seconds between points of a moving source
_ROOM = 0.5
_LONG_ENOUGH = 6.0
_RECURS = 16.0  # seconds between single sounds that are heard but not seen
_STILL = 0.25  # pan spread below which a source stands still
_LEAST_MOTION = 1e-6
_LONGEST_REASON = 2000
_INTENSITIES = ("intensity", "speed", "load", "density")


@dataclass(frozen=True)
class _Time:
    start: float
    end: float
    anchors: tuple[Anchor, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Part:
    """What a cue plays in the mix: its layer, its recurring source, fades (s), whether it lies behind or moves."""

    layer: Layer
    source: str
    fade: float
    behind: bool = False
    moving: bool = False


def cues_of(view: SceneView, plan: Plan, rhythms: Mapping[str, Rhythm]) -> tuple[Cue, ...]:
    """The plan's cues: beds over the whole scene, sounds in front where something happens."""
    beds = [_bed(view, choice) for choice in plan.background if choice.label]
    front = [
        _sound(view, choice, choice.idea.wish.rhythm or rhythms.get(choice.idea.words, "none"))
        for choice in plan.main
        if choice.label
    ]
    return _with_unique_ids(cue for cue in (*beds, *front) if cue is not None)


def _bed(view: SceneView, choice: Choice) -> Cue | None:
    label = _label(choice)
    source = slug(choice.idea.source or f"bed-{label.name}")
    layer = label.layer if label.layer is Layer.MUSIC else Layer.AMBIENCE
    part = _Part(layer, source, fade=_BED_FADE, behind=True)
    return _cue(view, choice, label, _Time(view.scene.start, view.scene.end), part)


def _sound(view: SceneView, choice: Choice, rhythm: Rhythm) -> Cue | None:
    label = _label(choice)
    wished = _wished(view, choice, label)
    time = _around(view, label, wished.anchors) if wished.anchors else _unwished(view, choice, label, rhythm)
    if time is None:
        return None
    time = replace(time, remarks=wished.remarks)
    source = slug(choice.idea.source or label.name)
    layer = Layer.EFFECTS if label.layer is Layer.AMBIENCE else label.layer
    fade = _HIT_FADE if time.anchors else _SOUND_FADE
    moving = choice.idea.visible and (rhythm == "pass" or label.behaviour is Behaviour.STEADY)
    return _cue(view, choice, label, time, _Part(layer, source, fade=fade, moving=moving))


def _cue(view: SceneView, choice: Choice, label: Label, time: _Time, part: _Part) -> Cue | None:
    if time.end - time.start < 0.05:
        return None
    fade = min(part.fade, (time.end - time.start) / 2)
    return Cue(
        id=f"{view.scene.id}-{slug(label.name)}"[:60],
        layer=part.layer,
        label=label.name,
        prompt=choice.idea.words,
        start=time.start,
        end=time.end,
        level=_level(label, choice, part.behind),
        pan=_place(view, choice, time, part),
        fade_in=fade,
        fade_out=max(fade, min(_SOUND_FADE, (time.end - time.start) / 2)),
        anchors=time.anchors,
        perspective=_perspective(choice),
        seed=seed_of(view.seed, part.source),
        variation=view.scene.shots[0],
        source=part.source,
        parameters=_parameters(view, label),
        confidence=round(choice.idea.confidence, 3),
        reason="; ".join([choice.idea.reason, choice.reason, *wishes.told(time.remarks)])[:_LONGEST_REASON],
    )


def _label(choice: Choice) -> Label:
    label = knowledge().find(choice.label or "")
    if label is None:
        raise ValueError(f"{choice.label!r} is not in the knowledge base")
    return label


def _level(label: Label, choice: Choice, behind: bool) -> float:
    """The level wished for; else the label's usual one, less the less sure and the less important it is (LUFS)."""
    idea = choice.idea
    if idea.wish.level is not None:
        return wishes.level_of(idea.wish.level, label)
    if behind:
        level = label.acoustics.level + _BEHIND - _UNSURE_BED * (1 - idea.confidence)
    else:
        level = label.acoustics.level - _UNSURE * (1 - idea.confidence) - _UNIMPORTANT * (1 - idea.salience)
    return round(float(np.clip(level, wishes.QUIETEST, wishes.LOUDEST)), 1)


def _perspective(choice: Choice) -> Perspective:
    if choice.idea.wish.perspective is not None:
        return wishes.perspective_of(choice.idea.wish.perspective, choice.idea.visible)
    if not choice.idea.visible:
        return Perspective.FAR
    return Perspective.NEAR if choice.idea.confidence >= 0.8 and choice.idea.salience >= 0.6 else Perspective.MEDIUM


def _parameters(view: SceneView, label: Label) -> dict[str, float]:
    """Where the recipe knows an intensity, it follows the motion: 0.75 to 1.25 of the label's own."""
    if label.recipe is None or label.behaviour is not Behaviour.STEADY or label.layer is Layer.AMBIENCE:
        return {}
    lift = 0.75 + min(1.0, view.scene.caption.motion) / 2
    own = label.recipe.parameters
    return {name: round(min(1.0, own[name] * lift), 3) for name in _INTENSITIES if 0 < own.get(name, 0.0) <= 1}


def _wished(view: SceneView, choice: Choice, label: Label) -> wishes.Moments:
    """The moments the Designer names, those of them that stand; a steady sound needs none."""
    if label.behaviour is Behaviour.STEADY:
        return wishes.Moments()
    return wishes.moments_of(view, choice.idea, onsets_of(view))


def _unwished(view: SceneView, choice: Choice, label: Label, rhythm: Rhythm) -> _Time | None:
    if not choice.idea.visible:
        return _unseen(view, label)
    return _when(view, label, rhythm, choice.idea.confidence)


def _when(view: SceneView, label: Label, rhythm: Rhythm, sure: float) -> _Time | None:
    whole = _Time(view.scene.start, view.scene.end)
    if label.behaviour is Behaviour.STEADY:
        return whole
    if rhythm == "steps" or label.kind == "footsteps":
        return replace(whole, anchors=steps_of(view))
    if label.sudden and rhythm == "none":
        rhythm = "hits"
    anchors = passes_of(view) if rhythm == "pass" else instants_of(view, label, rhythm, sure >= _TOLD)
    if label.behaviour is Behaviour.REPEATED and rhythm != "hits":
        return _Time(whole.start, whole.end, anchors) if anchors else whole
    if not anchors and sure < _LIKELY:
        return None
    return _around(view, label, anchors or (likely_moment(view),))


def _unseen(view: SceneView, label: Label) -> _Time | None:
    """Off the picture nothing ties a sound to motion: it comes now and then in the film, at times the seed draws."""
    whole = _Time(view.scene.start, view.scene.end)
    if label.behaviour is not Behaviour.SINGLE:
        return whole
    draw = np.random.default_rng(seed_of(view.seed, label.name))
    count = max(1, round(view.facts.duration / _RECURS))
    times = (np.arange(count) + draw.uniform(0.2, 0.6, count)) * view.facts.duration / count
    here = [float(time) for time in times if whole.start <= time < whole.end - _ROOM]
    if not here and whole.end - whole.start >= _LONG_ENOUGH:
        here = [whole.start + (whole.end - whole.start) / 3]
    return _around(view, label, tuple(Anchor(time=round(time, 3), strength=0.7) for time in here)) if here else None


def _around(view: SceneView, label: Label, anchors: tuple[Anchor, ...]) -> _Time:
    """From just before the first hit until the last has rung out, within the scene."""
    start = anchors[0].time - max(label.acoustics.attack, 0.02)
    end = anchors[-1].time + max(0.4, min(_TAIL, 1.5 * label.acoustics.decay))
    return _Time(max(view.scene.start, start), min(view.scene.end, end), anchors)


def _place(view: SceneView, choice: Choice, time: _Time, part: _Part) -> float | tuple[PanPoint, ...]:
    curve, wished = view.motion.between(time.start, time.end), choice.idea.wish.pan
    if wished is None:
        return _pan(curve, time, part.moving)
    seen = choice.idea.visible and not part.behind and float(curve.energy.sum()) > _LEAST_MOTION
    return wishes.pan_of(wished, _middle(curve) if seen else None)


def _middle(curve: MotionCurve) -> float:
    return round(float(np.average(curve.pan, weights=curve.energy)) * wishes.PAN_WIDTH, 2)


def _pan(curve: MotionCurve, time: _Time, moving: bool) -> float | tuple[PanPoint, ...]:
    """Where the motion is: one place for what stands, points for what crosses the picture."""
    energy = float(curve.energy.sum()) if len(curve.times) else 0.0
    if not moving or energy <= _LEAST_MOTION:
        return 0.0
    points = _pan_points(curve, time)
    places = [point.pan for point in points]
    if len(points) < 2 or max(places) - min(places) < _STILL:
        return _middle(curve)
    return tuple(points)


def _pan_points(curve: MotionCurve, time: _Time) -> list[PanPoint]:
    """Energy-weighted mean pan of every half second, smoothed over three of them."""
    count = max(1, round((time.end - time.start) / _PAN_STEP))
    slot = np.clip(((curve.times - time.start) / (time.end - time.start) * count).astype(int), 0, count - 1)
    weight = np.bincount(slot, curve.energy, minlength=count) + 1e-9
    pan = np.bincount(slot, curve.energy * curve.pan, minlength=count) / weight
    smooth = np.convolve(np.pad(pan, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid") * wishes.PAN_WIDTH
    middles = time.start + (np.arange(count) + 0.5) * (time.end - time.start) / count
    return [
        PanPoint(time=round(float(at), 3), pan=round(float(np.clip(place, -1, 1)), 2))
        for at, place in zip(middles, smooth, strict=True)
    ]


def _with_unique_ids(cues: Iterable[Cue]) -> tuple[Cue, ...]:
    named: dict[str, Cue] = {}
    for cue in cues:
        name, number = cue.id, 2
        while name in named:
            name, number = f"{cue.id}-{number}", number + 1
        named[name] = cue if name == cue.id else cue.model_copy(update={"id": name})
    return tuple(named.values())


def slug(text: str) -> str:
    """A name as it may stand in an id."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "sound"


def seed_of(seed: int, source: str) -> int:
    """The seed of a recurring source: the same all through a film, another in another job."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{source}".encode()).digest()[:6], "big")
