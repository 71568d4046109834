"""The reference soundtracks of the films: what is seen, made by the procedural maker, placed exactly."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from soundstage.cuesheet import Anchor, Cue, Layer
from soundstage.evaluation.films.plans import FilmPlan, ScenePlan
from soundstage.knowledge.base import knowledge
from soundstage.loudness import loudness_of
from soundstage.sound import Block, amplitude, frames_of
from soundstage.synth.procedural import ProceduralMaker

_UNDER: Final = -3.0  # dB: a bed lies under what is seen
_FADE: Final = 0.1  # seconds over which beds of neighbouring scenes give way to each other, on either side
_HIGHEST: Final = 0.9


def cues_of(film: FilmPlan) -> tuple[Cue, ...]:
    """What sounds in a film, scene by scene: a bed, and the sound of what is done."""
    return tuple(cue for number, scene in enumerate(film.scenes) for cue in _cues(film, number, scene))


def reference(film: FilmPlan) -> Block:
    """The soundtrack of a film: 48 kHz stereo, (frames, 2), exactly as long as the film."""
    mixed = np.zeros((frames_of(film.seconds), 2), np.float32)
    maker = ProceduralMaker()
    for cue in cues_of(film):
        sound = _faded(np.concatenate(list(maker.make(cue, cue.seed).blocks)), cue)
        first = frames_of(cue.start)
        part = mixed[first : first + len(sound)]
        part += _gain(sound, cue.level) * sound[: len(part)]
    return mixed * min(1.0, _HIGHEST / max(float(np.abs(mixed).max()), 1e-9))


def _cues(film: FilmPlan, number: int, scene: ScenePlan) -> Iterator[Cue]:
    if scene.what.bed is not None:
        start, end = max(0.0, scene.start - _FADE), min(film.seconds, scene.end + _FADE)
        yield _cue(film, number, scene.what.bed, Layer.AMBIENCE, (start, end), (), scene.seed)
    if scene.what.label is not None:
        yield _cue(film, number, scene.what.label, Layer.EFFECTS, (scene.start, scene.end), scene.instants, scene.seed)


def _cue(
    film: FilmPlan,
    number: int,
    label: str,
    layer: Layer,
    span: tuple[float, float],
    instants: Sequence[float],
    seed: tuple[int, ...],
) -> Cue:
    start, end = span
    fade = 2 * _FADE if layer is Layer.AMBIENCE else 0.0
    return Cue(
        id=f"s{number + 1:03}-{layer.value}",
        layer=layer,
        label=label,
        start=start,
        end=end,
        level=knowledge().labels[label].acoustics.level + (_UNDER if layer is Layer.AMBIENCE else 0.0),
        fade_in=fade if start > 0 else 0.0,
        fade_out=fade if end < film.seconds else 0.0,
        anchors=tuple(Anchor(time=at) for at in instants),
        seed=int(np.random.default_rng(seed).integers(2**31)),
    )


def _gain(sound: Block, level: float) -> float:
    loudness = loudness_of(sound)
    return amplitude(level - loudness) if np.isfinite(loudness) else 1.0


def _faded(sound: Block, cue: Cue) -> Block:
    """The sound with its fades, of equal power."""
    frames = len(sound)
    rise, fall = frames_of(cue.fade_in), frames_of(cue.fade_out)
    curve = np.ones(frames, np.float32)
    curve[:rise] *= np.sin(np.linspace(0, np.pi / 2, rise, dtype=np.float32))
    curve[frames - fall :] *= np.cos(np.linspace(0, np.pi / 2, fall, dtype=np.float32))
    faded: Block = sound * curve[:, None]
    return faded
