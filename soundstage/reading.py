"""What was read off a film: the one document that stands for the film in every later stage.

All times are seconds from the first picture's presentation time. Files are named relative to the
folder the reading lies in, so that a folder can be moved.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from soundstage.cuesheet import Line, Seconds, Share, write_aside

READING_FILE = "reading.json"
MOTION_FILE = "motion.npz"
SOUND_FILE = "original.flac"


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VideoFacts(_Document):
    """The picture stream that is read: size as shown (after rotation), mean frames per second."""

    codec: str
    width: Annotated[int, Field(gt=0)]
    height: Annotated[int, Field(gt=0)]
    rotation: int = 0
    fps: Annotated[float, Field(gt=0)]
    frames: Annotated[int, Field(ge=0)]
    variable_rate: bool = False


class SoundFacts(_Document):
    """The sound stream that is read, and how many the film has."""

    codec: str
    sample_rate: Annotated[int, Field(gt=0)]
    channels: Annotated[int, Field(gt=0)]
    language: str | None = None
    streams: Annotated[int, Field(ge=1)] = 1


class FilmFacts(_Document):
    """Facts of a film. `offset` is the container time of the first picture, in seconds."""

    digest: str
    name: str
    container: str
    duration: Annotated[float, Field(gt=0)]
    offset: float = 0.0
    video: VideoFacts
    sound: SoundFacts | None = None
    truncated: bool = False


class Keyframe(_Document):
    """One picture that stands for part of a shot: JPEG beside the reading, and the share it stands for."""

    time: Seconds
    file: str
    weight: Share


class Onset(_Document):
    """An instant at which something on the picture starts, hits or stops. `pan` is where (-1 to 1)."""

    time: Seconds
    strength: Share
    pan: float = 0.0


class Shot(_Document):
    """The film between two cuts, with the numbers later stages judge it by.

    `colour` is the mean colour histogram (unit sum); `brightness`, `saturation` and `texture`
    (mean gradient) are means in 0..1; `transition` is how the shot begins: start, cut, fade or
    dissolve; `motion` and `sound_level` describe how it moves and how loud its own sound is
    (LUFS-like dB, None when there is none); `clip` is the file of its proxy clip, where the film was read for clips.
    """

    index: int
    start: Seconds
    end: Seconds
    transition: str = "cut"
    keyframes: tuple[Keyframe, ...] = ()
    colour: tuple[float, ...] = ()
    brightness: Share = 0.0
    saturation: Share = 0.0
    texture: Share = 0.0
    motion: Share = 0.0
    sound_level: float | None = None
    onsets: tuple[Onset, ...] = ()
    clip: str | None = None


class Reading(_Document):
    """All that was read off a film."""

    facts: FilmFacts
    shots: Annotated[tuple[Shot, ...], Field(min_length=1)]
    dialogue: tuple[Line, ...] = ()
    notes: tuple[str, ...] = ()

    def save(self, folder: Path) -> None:
        """Write the reading into its folder, last of all its files: where it lies, all is there."""
        write_aside(folder / READING_FILE, self.model_dump_json(indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read back what `save` wrote. Raises OSError or pydantic's ValidationError."""
        return cls.model_validate_json((folder / READING_FILE).read_text(encoding="utf-8"))


@dataclass(frozen=True)
class MotionCurve:
    """Motion over time, one row a frame read: times (seconds), energy (0..1), pan of the motion (-1..1)."""

    times: NDArray[np.float64]
    energy: NDArray[np.float32]
    pan: NDArray[np.float32]

    def save(self, folder: Path) -> None:
        """Write the curve beside the reading."""
        np.savez(folder / MOTION_FILE, times=self.times, energy=self.energy, pan=self.pan)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read back what `save` wrote."""
        with np.load(folder / MOTION_FILE) as saved:
            return cls(times=saved["times"], energy=saved["energy"], pan=saved["pan"])

    def between(self, start: float, end: float) -> "MotionCurve":
        """The part of the curve with start <= time < end."""
        part = slice(*np.searchsorted(self.times, [start, end]))
        return MotionCurve(times=self.times[part], energy=self.energy[part], pan=self.pan[part])
