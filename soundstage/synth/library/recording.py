"""One recording of the library: a sound file, or one sample inside a SoundFont."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from soundstage.errors import BadSound
from soundstage.sound import BLOCK_FRAMES, Block

UNKNOWN = "unknown"

_INT16 = 32768.0


@dataclass(frozen=True)
class Recording:
    """What is known of a recording without listening to it.

    `words` says what it is, in plain words; `context` what else is written about it (folder, description,
    tags). `licence` is an SPDX name where one was
    recognised, else what was found, else "unknown". `part` and `places` belong to samples inside a
    SoundFont: their name, and the byte where each channel's 16-bit samples begin.
    """

    path: Path
    words: str
    frames: int
    sample_rate: int
    channels: int
    context: str = ""
    licence: str = UNKNOWN
    source: str = ""
    ucs: str | None = None
    part: str = ""
    places: tuple[int, ...] = field(default=())

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.frames / self.sample_rate

    @property
    def title(self) -> str:
        """File name, and the sample's name inside a SoundFont."""
        return f"{self.path.name}:{self.part}" if self.part else self.path.name

    @property
    def key(self) -> str:
        """What tells this recording from all others."""
        return f"{self.path}:{self.part}"

    @property
    def credit(self) -> str:
        """For the list of sources: "knock.wav (CC0-1.0, freesound.org/…)"."""
        return f"{self.title} ({', '.join(part for part in (self.licence, self.source) if part)})"


def read(recording: Recording, start: int, frames: int) -> Block:
    """Frames `start` to `start + frames` at the recording's own rate; fewer at its end.

    Raises:
        BadSound: the file is gone or damaged.
    """
    frames = max(0, min(frames, recording.frames - start))
    try:
        if recording.places:
            return _from_soundfont(recording, start, frames)
        with soundfile.SoundFile(str(recording.path)) as file:
            file.seek(start)
            block: Block = file.read(frames, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise BadSound(
            f"The recording {recording.path} cannot be read ({error}); run: soundstage library add its folder again."
        ) from error
    return np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)


def stream(recording: Recording, limit: int) -> Iterator[Block]:
    """The first `limit` frames in blocks, at the recording's own rate."""
    end = min(limit, recording.frames)
    for start in range(0, end, BLOCK_FRAMES):
        yield read(recording, start, min(BLOCK_FRAMES, end - start))


def _from_soundfont(recording: Recording, start: int, frames: int) -> Block:
    channels = []
    with recording.path.open("rb") as file:
        for place in recording.places:
            file.seek(place + 2 * start)
            channels.append(np.frombuffer(file.read(2 * frames), "<i2"))
    shortest = min(len(channel) for channel in channels)
    return np.stack([channel[:shortest] for channel in channels], axis=1).astype(np.float32) / _INT16
