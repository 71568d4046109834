"""Sound as every part of the engine passes it: 48 kHz float blocks, streamed, never whole films.

A block is a float32 array of shape (frames, channels), nominally within -1..1.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from soundstage.errors import BadSound, StorageError

SAMPLE_RATE = 48_000
BLOCK_FRAMES = 1 << 16

Block = NDArray[np.float32]


@dataclass(frozen=True)
class SoundFacts:
    """Length and shape of a sound file."""

    frames: int
    channels: int
    sample_rate: int

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.frames / self.sample_rate


def decibels(amplitude: float) -> float:
    """Amplitude ratio to dB; silence gives -inf."""
    return float(20 * np.log10(amplitude)) if amplitude > 0 else float("-inf")


def amplitude(decibel: float) -> float:
    """DB to amplitude ratio."""
    return float(10 ** (decibel / 20))


def frames_of(seconds: float) -> int:
    """Seconds to whole frames at the house rate, rounded to the nearest."""
    return round(seconds * SAMPLE_RATE)


def facts(path: Path) -> SoundFacts:
    """Length and shape of a sound file. Raises BadSound when it cannot be read."""
    try:
        info = soundfile.info(str(path))
    except (soundfile.SoundFileError, OSError) as error:
        raise BadSound(f"{path} cannot be read as sound ({error}); give a WAV, FLAC, OGG, MP3 or AIFF file.") from error
    return SoundFacts(frames=info.frames, channels=info.channels, sample_rate=info.samplerate)


def read_blocks(path: Path, frames: int = BLOCK_FRAMES, start: int = 0) -> Iterator[Block]:
    """Stream a sound file from frame `start` in blocks of at most `frames` frames."""
    try:
        with soundfile.SoundFile(str(path)) as file:
            file.seek(start)
            while len(block := file.read(frames, dtype="float32", always_2d=True)):
                yield block
    except (soundfile.SoundFileError, OSError) as error:
        raise BadSound(f"{path} cannot be read as sound ({error}); it may be damaged.") from error


def flac(path: Path, channels: int) -> soundfile.SoundFile:
    """A 24-bit FLAC file at the house rate, open for writing.

    Its least compression: a tenth larger than with the usual one, in two thirds of the time.

    Raises:
        OSError, soundfile.SoundFileError: it cannot be written.
    """
    return soundfile.SoundFile(
        str(path), "w", SAMPLE_RATE, channels, format="FLAC", subtype="PCM_24", compression_level=0.0
    )


def write_blocks(path: Path, blocks: Iterable[Block], channels: int) -> int:
    """Write blocks as 24-bit FLAC at the house rate, aside and then renamed. Returns the frames written.

    Raises:
        StorageError: the disk is full or the path cannot be written.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with flac(aside, channels) as file:
            for block in blocks:
                file.write(block)
            frames = int(file.frames)
        aside.replace(path)
    except (soundfile.SoundFileError, OSError) as error:
        raise StorageError(f"{path} cannot be written ({error}); free space or choose another place.") from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
    return frames


def rechunk(blocks: Iterable[Block], frames: int) -> Iterator[Block]:
    """The same samples in blocks of exactly `frames` frames; only the last may be shorter."""
    held: list[Block] = []
    count = 0
    for block in blocks:
        held.append(block)
        count += len(block)
        while count >= frames:
            whole = np.concatenate(held) if len(held) > 1 else held[0]
            yield whole[:frames]
            held, count = [whole[frames:]], count - frames
    if count:
        yield np.concatenate(held) if len(held) > 1 else held[0]
