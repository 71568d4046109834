"""Films by hand: readings with keyframes on disk, cue sheets and sounds of any length."""

from pathlib import Path

import numpy as np
from PIL import Image

from soundstage.cuesheet import Anchor, Caption, Cue, CueSheet, Finding, Layer, Overview, Scene, TakeNote
from soundstage.reading import (
    FilmFacts,
    Keyframe,
    MotionCurve,
    Onset,
    Reading,
    Shot,
    SoundFacts,
    VideoFacts,
)
from soundstage.sound import SAMPLE_RATE, write_blocks

_LABELS = (
    (Layer.AMBIENCE, "street traffic"),
    (Layer.EFFECTS, "bicycle bell"),
    (Layer.EFFECTS, "footsteps on pavement"),
    (Layer.SPEECH, "speech"),
    (Layer.MUSIC, "slow strings"),
)


def reading(folder: Path, cuts: list[float], name: str = "a film.mp4") -> Reading:
    """A film with shots between these times, a coloured keyframe in each, a motion curve and onsets."""
    folder.mkdir(parents=True, exist_ok=True)
    shots = tuple(_shot(folder, number, cuts[number], cuts[number + 1]) for number in range(len(cuts) - 1))
    times = np.arange(0, cuts[-1], 0.2)
    energy = (0.5 + 0.5 * np.sin(times)).astype(np.float32)
    MotionCurve(times=times, energy=energy, pan=np.zeros_like(energy)).save(folder)
    facts = FilmFacts(
        digest="0" * 64,
        name=name,
        container="mp4",
        duration=cuts[-1],
        video=VideoFacts(codec="h264", width=640, height=360, fps=25, frames=round(25 * cuts[-1])),
        sound=SoundFacts(codec="aac", sample_rate=48_000, channels=2),
    )
    return Reading(facts=facts, shots=shots)


def _shot(folder: Path, number: int, start: float, end: float) -> Shot:
    file = f"k{number}.jpg"
    colour = tuple(int(c) for c in np.random.default_rng(number).integers(40, 230, 3))
    Image.new("RGB", (64, 36), colour).save(folder / file)
    middle = (start + end) / 2
    return Shot(
        index=number,
        start=start,
        end=end,
        keyframes=(Keyframe(time=middle, file=file, weight=1.0),),
        onsets=(Onset(time=middle, strength=0.5),),
    )


def sheet(film: Reading, *, words: str = "A quiet street in the rain.", cues: int = 5) -> CueSheet:
    """A scene for every two shots, each with cues of all layers."""
    pairs = [film.shots[n : n + 2] for n in range(0, len(film.shots), 2)]
    scenes = tuple(
        Scene(
            id=f"s{number:03}",
            start=pair[0].start,
            end=pair[-1].end,
            shots=(pair[0].index, pair[-1].index),
            caption=Caption(background=words, summary=words, entities=(Finding(name=words[:100], confidence=0.6),)),
            cues=tuple(_cue(number, n, pair[0].start, pair[-1].end, words) for n in range(cues)),
        )
        for number, pair in enumerate(pairs)
    )
    return CueSheet(
        film=film.facts.digest, duration=film.facts.duration, overview=Overview(summary=words), scenes=scenes
    )


def _cue(scene: int, number: int, start: float, end: float, words: str) -> Cue:
    layer, label = _LABELS[number % len(_LABELS)]
    length = end - start
    if layer is not Layer.AMBIENCE:
        start, end = start + 0.2 * length, start + 0.6 * length
    return Cue(
        id=f"c{scene}-{number}",
        layer=layer,
        label=label,
        start=start,
        end=end,
        level=-30 + number,
        fade_in=0.1 * (end - start),
        anchors=(Anchor(time=start + 0.3 * (end - start)),) if layer is Layer.EFFECTS else (),
        text=words if layer is Layer.SPEECH else None,
        reason=words,
        take=TakeNote(maker="procedural", licence="CC0-1.0", score=0.83, reason=words, sources=(words,)),
    )


def sound(path: Path, seconds: float, channels: int = 2) -> Path:
    """A tone that comes and goes every other second, half as loud in the second half."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave = 0.5 * np.sin(2 * np.pi * 1000 * time) * (time % 2 < 1) * np.where(time < seconds / 2, 1, 0.5)
    write_blocks(path, [np.repeat(wave[:, None], channels, axis=1).astype(np.float32)], channels)
    return path
