"""What a reference sounds like at a glance: whether it can be read at all, how long it is, how loud at most."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ffmpeg as graph
import numpy as np

from soundstage import ffmpeg
from soundstage.errors import BadSound
from soundstage.film.probe import Probe
from soundstage.sound import SAMPLE_RATE, Block, facts, read_blocks

_BLOCK: Final = SAMPLE_RATE * 2 * 4  # bytes of a second of stereo floats


@dataclass(frozen=True)
class Heard:
    """Seconds of sound, and its highest magnitude (0 to 1, about)."""

    seconds: float
    peak: float


def picture_seconds(known: Probe) -> float | None:
    """How long the pictures of a film last, without decoding them; None where its file does not tell."""
    end = known.last_end if known.last_end is not None else known.declared
    return None if end is None or end <= known.start else end - known.start


def hear_file(path: Path) -> Heard:
    """A sound file. Raises BadSound when it cannot be read to its end."""
    known = facts(path)
    frames, peak = _measured(read_blocks(path))
    return Heard(frames / known.sample_rate, peak)


def hear_track(film: Path, known: Probe) -> Heard:
    """The film's own track.

    Raises:
        BadSound: the film has none.
        StorageError: the film cannot be read.
        ToolFailed: the track cannot be decoded.
    """
    frames, peak = _measured(track_blocks(film, known))
    return Heard(frames / SAMPLE_RATE, peak)


def track_blocks(film: Path, known: Probe) -> Iterator[Block]:
    """The film's own track as 48 kHz stereo blocks. Raises as `hear_track` does."""
    if known.sound is None:
        raise BadSound(f"{film} has no sound of its own; name a sound file as the reference.")
    with ffmpeg.open_film(film) as file:
        source = graph.input("fd:", **ffmpeg.guarded_input(known.container))
        sound = graph.output(source[str(known.sound.index)], "pipe:1", f="f32le", ar=SAMPLE_RATE, ac=2)
        with ffmpeg.running(sound.get_args(), stdin=file) as process:
            while process.stdout is not None and (held := process.stdout.read(_BLOCK)):
                yield np.frombuffer(held, "<f4").reshape(-1, 2)


def _measured(blocks: Iterator[Block]) -> tuple[int, float]:
    frames, peak = 0, 0.0
    for block in blocks:
        frames += len(block)
        peak = max(peak, float(np.abs(np.nan_to_num(block)).max(initial=0.0)))
    return frames, peak
