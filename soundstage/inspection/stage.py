"""What the tracks draw on and from: the canvas, the film's documents, and the scale of one system."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from soundstage import sound
from soundstage.cuesheet import CueSheet
from soundstage.inspection.spectrogram import Spectrogram
from soundstage.inspection.systems import System
from soundstage.inspection.waveform import Outline, Waveform
from soundstage.reading import MOTION_FILE, SOUND_FILE, MotionCurve, Reading

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Sizes:
    """Heights of the tracks and sizes of their letters, in points."""

    scene_lines: int
    strip: float
    motion: float
    lane: float
    most_lanes: int
    wave: float
    spectrum: float
    words: float
    small: float
    gap: float


POSTER = Sizes(
    scene_lines=2,
    strip=92,
    motion=34,
    lane=24,
    most_lanes=12,
    wave=58,
    spectrum=118,
    words=10,
    small=8,
    gap=10,
)
SCORE = Sizes(
    scene_lines=1,
    strip=42,
    motion=16,
    lane=15,
    most_lanes=4,
    wave=26,
    spectrum=46,
    words=7.5,
    small=6.5,
    gap=5,
)


@dataclass(frozen=True)
class Film:
    """The documents of a film and the numbers drawn from its sound."""

    reading: Reading
    folder: Path
    sheet: CueSheet | None
    motion: MotionCurve | None
    outline: Waveform | None
    spectrum: NDArray[np.float32] | None
    sound_name: str

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.reading.facts.duration


def gather(
    reading: Reading, folder: Path, sheet: CueSheet | None, master: Path | None, columns: int, rows: int
) -> Film:
    """Collect what is drawn; the sound is seen through `columns` columns, however long the film is."""
    motion = MotionCurve.load(folder) if (folder / MOTION_FILE).exists() else None
    original = folder / SOUND_FILE
    heard = master or (original if original.exists() else None)
    outline, spectrum = _seen(heard, columns, rows, reading.facts.duration) if heard else (None, None)
    return Film(
        reading=reading,
        folder=folder,
        sheet=sheet,
        motion=motion,
        outline=outline,
        spectrum=spectrum,
        sound_name="master" if master else "original",
    )


def _seen(path: Path, columns: int, rows: int, duration: float) -> tuple[Waveform, NDArray[np.float32]]:
    """Waveform and spectrogram of the film's length of a sound, in one pass."""
    rate = sound.facts(path).sample_rate
    frames = round(duration * rate)
    outline, spectrum = Outline(columns, frames), Spectrogram(columns, rows, frames, rate)
    for block in sound.read_blocks(path):
        outline.add(block)
        spectrum.add(block)
    return outline.waveform(), spectrum.shades()


@dataclass(frozen=True)
class Scale:
    """Where times lie on one system's line: from x = `left`, `width` points for the whole line."""

    system: System
    left: float
    width: float

    def x(self, time: float) -> float:
        """A film time's place, held within the system."""
        held = min(max(time, self.system.start), self.system.end)
        return self.left + (held - self.system.start) / self.system.seconds * self.width

    def span(self, start: float, end: float) -> tuple[float, float]:
        """Left edge and width of a stretch of time, as far as it is seen."""
        left = self.x(start)
        return left, self.x(end) - left

    def seconds(self, points: float) -> float:
        """How long so many points last."""
        return points / self.width * self.system.seconds

    def part(self, count: int, duration: float) -> slice:
        """Which of `count` columns over the whole film are seen in this system."""
        return slice(round(self.system.start / duration * count), round(self.system.end / duration * count))

    @property
    def right(self) -> float:
        """Where the film ends on this line."""
        return self.x(self.system.end)


def motion_columns(motion: MotionCurve, scale: Scale, columns: int) -> Iterator[tuple[float, float]]:
    """Place and highest energy of each of at most so many columns of a system."""
    part = motion.between(scale.system.start, scale.system.end)
    if not len(part.times):
        return
    edges = np.unique(np.linspace(0, len(part.times), min(columns, len(part.times)) + 1).astype(int))[:-1]
    for first, energy in zip(edges, np.maximum.reduceat(part.energy, edges), strict=True):
        yield scale.x(float(part.times[first])), float(energy)


@lru_cache(maxsize=64)
def thumbnail(path: Path, width: int, height: int) -> Picture | None:
    """A keyframe cropped to a shape in pixels; None when it cannot be read."""
    try:
        with Image.open(path) as image:
            image.draft("RGB", (2 * width, 2 * height))
            return np.asarray(_cover(image.convert("RGB"), width, height))
    except (OSError, ValueError):
        return None


def _cover(image: Image.Image, width: int, height: int) -> Image.Image:
    share = max(width / image.width, height / image.height)
    box_width, box_height = width / share, height / share
    left, top = (image.width - box_width) / 2, (image.height - box_height) / 2
    return image.resize((width, height), Image.Resampling.LANCZOS, (left, top, left + box_width, top + box_height))


def average_colour(path: Path) -> tuple[int, int, int] | None:
    """The mean colour of a keyframe; None when it cannot be read."""
    picture = thumbnail(path, 8, 8)
    if picture is None:
        return None
    red, green, blue = picture.reshape(-1, 3).mean(axis=0)
    return int(red), int(green), int(blue)
