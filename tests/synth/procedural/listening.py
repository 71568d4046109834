"""Renders a label through the maker and notes what can be heard of it."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from soundstage.cuesheet import Anchor, Cue, Layer
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Behaviour, Label
from soundstage.sound import SAMPLE_RATE, Block
from soundstage.synth.procedural import ProceduralMaker

LABELS = tuple(label.name for label in knowledge().labels.values() if label.recipe is not None)
_BANDS = np.geomspace(30, 20_000, 31)


@dataclass(frozen=True)
class Heard:
    """What one render of a label measures; `colour` is its level in dB by third octave, `swing` its unrest."""

    frames: int
    rms: float
    peak: float
    offset: float
    inside: float
    last: float
    gap: float
    onset: float
    finite: bool
    colour: tuple[float, ...]
    swing: float


def cue_of(label: str, seconds: float, anchors: tuple[tuple[float, float], ...] = (), **more: object) -> Cue:
    """A cue that starts at 5 s into the film; anchors are (seconds from its start, strength)."""
    hits = tuple(Anchor(time=5.0 + at, strength=strength) for at, strength in anchors)
    fields = {"layer": Layer.EFFECTS, "start": 5.0, "end": 5.0 + seconds, "level": -24.0, "anchors": hits, **more}
    return Cue.model_validate({"id": "a-cue", "label": label, **fields})


def sound_of(cue: Cue, seed: int = 3, block_frames: int = 1 << 16) -> Block:
    """All samples of a cue; the seed stands for its source and for this performance."""
    source = cue.model_copy(update={"seed": seed})
    return np.concatenate(list(ProceduralMaker(block_frames).make(source, seed).blocks))


def label_of(name: str) -> Label:
    """The label of that name."""
    label = knowledge().find(name)
    assert label is not None
    return label


def is_bed(label: Label) -> bool:
    """Whether it sounds all the time."""
    return label.behaviour is Behaviour.STEADY


def length_of(label: Label) -> float:
    """Seconds that are enough to hear what a label is."""
    return 1.5 if is_bed(label) else 1.2


@cache
def heard(name: str) -> Heard:
    """What a short render of a label measures; only the numbers are kept."""
    label = label_of(name)
    return _measured(sound_of(cue_of(name, length_of(label))), label)


def _measured(sound: Block, label: Label) -> Heard:
    power = (np.abs(np.fft.rfft(sound, axis=0)) ** 2).sum(axis=1)
    hertz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    inside = (hertz >= label.acoustics.low) & (hertz <= label.acoustics.high)
    levels = np.sqrt((sound[: len(sound) // 480 * 480] ** 2).reshape(-1, 960).mean(axis=1))
    bands = np.add.reduceat(power, np.searchsorted(hertz, _BANDS))[:-1]
    decibels = 10 * np.log10(levels**2 + 1e-9)
    return Heard(
        frames=len(sound),
        rms=float(np.sqrt(np.mean(sound**2))),
        peak=float(np.abs(sound).max()),
        offset=float(abs(sound.mean())),
        inside=float(power[inside].sum() / power.sum()),
        last=float(np.abs(sound[-1]).max()),
        gap=_longest_gap(levels),
        onset=first_energy(sound),
        finite=bool(np.isfinite(sound).all()),
        colour=tuple(10 * np.log10(bands / bands.sum() + 1e-6)),
        swing=float(decibels.std()),
    )


def first_energy(sound: Block) -> float:
    """Seconds to the first sample above -50 dB of the peak."""
    return float(np.argmax(np.abs(sound).max(axis=1) > 0.003 * np.abs(sound).max())) / SAMPLE_RATE


def _longest_gap(levels: Block) -> float:
    """Seconds of the longest stretch 40 dB below the median level."""
    quiet = levels < 0.01 * np.median(levels)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(int), [0]])))
    lengths = edges[1::2] - edges[::2]
    return float(lengths.max(initial=0) * 0.01)
