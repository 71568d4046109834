"""Takes with known faults, and labels and cues to hear them by."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundstage.cuesheet import Anchor, Cue, Layer
from soundstage.knowledge.label import Acoustics, Behaviour, Label
from soundstage.sound import SAMPLE_RATE, Block, write_blocks

Signal = NDArray[np.float64]


def label(behaviour: Behaviour = Behaviour.STEADY, **acoustics: float) -> Label:
    """A label that behaves so; its band is wide open unless told otherwise."""
    wide = {"low": 20, "high": 24_000, "centroid": 6000, **acoustics}
    layer = Layer.AMBIENCE if behaviour is Behaviour.STEADY else Layer.EFFECTS
    return Label(name="a sound", layer=layer, behaviour=behaviour, scenarios=(), acoustics=Acoustics(**wide))


def cue(duration: float, *anchors: float, start: float = 0.0, level: float = -20.0) -> Cue:
    """A cue from `start` with anchors given in seconds from there."""
    return Cue(
        id="c1",
        layer=Layer.EFFECTS,
        label="a sound",
        start=start,
        end=start + duration,
        level=level,
        anchors=tuple(Anchor(time=start + a) for a in anchors),
    )


def noise(seconds: float, level: float = 0.1, seed: int = 0) -> Signal:
    """White noise with this root mean square."""
    return level * np.random.default_rng(seed).standard_normal(round(seconds * SAMPLE_RATE))


def tone(seconds: float, hertz: float = 200.0, level: float = 0.3) -> Signal:
    """A sine."""
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE)


def struck(hertz: float = 800.0, decay: float = 0.08, seconds: float = 0.4) -> Signal:
    """A struck object: a tone and a puff of noise that die away."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.3 * np.sin(2 * np.pi * hertz * time) + noise(seconds, 0.1)) * np.exp(-time / decay)


def hits(seconds: float, *times: float, hit: Signal | None = None) -> Signal:
    """Struck objects at these times, nothing between them."""
    sound = np.zeros(round(seconds * SAMPLE_RATE))
    for time in times:
        at = round(time * SAMPLE_RATE)
        piece = (struck() if hit is None else hit)[: len(sound) - at]
        sound[at : at + len(piece)] += piece
    return sound


def gunshot() -> Signal:
    """A bang from full level at its first sample, 20 ms long."""
    time = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    return np.random.default_rng(3).uniform(-0.9, 0.9, len(time)) * np.exp(-time / 0.02)


def write(path: Path, *channels: Signal) -> Path:
    """Write channels as a take."""
    write_blocks(path, [stereo(*channels)], len(channels))
    return path


def stereo(*channels: Signal) -> Block:
    """Channels as one block."""
    return np.stack(channels, axis=1).astype(np.float32)
