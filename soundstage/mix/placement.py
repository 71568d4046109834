"""One cue's take on its bus: where it begins to the sample, how loud, faded and panned.

Levels: the take is brought to the cue's level by gain alone, but never raised by more than
`MAX_BOOST` dB nor beyond full scale, so that a take of near silence does not become a roar of noise.
"""

import math
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from soundstage.cuesheet import Cue, Layer, PanPoint
from soundstage.errors import BadSound
from soundstage.mix.envelope import Curve, edge_fade, fade_frames
from soundstage.sound import SAMPLE_RATE, Block, amplitude, frames_of

MAX_BOOST = 24.0
# Below this a take has no loudness to speak of; it is placed as it is.
_SILENT = -70.0
# Every edge fades, or it clicks; a hit at a cue's very start keeps its attack.
_EDGE = 0.005
_HIT_EDGE = 0.001

Gains = tuple[Curve, Curve]


class Take(Protocol):
    """What the mix needs of a take: its file and measures (LUFS, dBTP)."""

    @property
    def path(self) -> Path:
        """Sound file at 48 kHz."""
        ...

    @property
    def frames(self) -> int:
        """Length."""
        ...

    @property
    def channels(self) -> int:
        """1 or 2."""
        ...

    @property
    def loudness(self) -> float:
        """Integrated loudness."""
        ...

    @property
    def peak(self) -> float:
        """Highest level."""
        ...


def take_gain(cue: Cue, take: Take) -> float:
    """DB that bring the take to the cue's level, within the bounds of this module."""
    if not math.isfinite(take.loudness) or take.loudness <= _SILENT:
        return 0.0
    headroom = -take.peak if math.isfinite(take.peak) else 0.0
    return min(cue.level - take.loudness, MAX_BOOST, max(headroom, 0.0))


def pan_gains(pan: Curve, channels: int) -> Gains:
    """Gains of left and right for a pan of -1 to 1, by the sine law: power is the same everywhere.

    A mono take keeps its loudness wherever it stands (each side is -3 dB at the centre). A stereo
    take is balanced: untouched at the centre, one side alone and 3 dB up at either end.
    """
    angle = (np.asarray(pan, np.float64) + 1) * (np.pi / 4)
    scale = 1.0 if channels == 1 else math.sqrt(2)
    left, right = scale * np.cos(angle), scale * np.sin(angle)
    if not angle.ndim:
        return float(left), float(right)
    return left.astype(np.float32), right.astype(np.float32)


class PlacedCue:
    """A cue's take, played once from its first frame to its last.

    `begin` and `end` are frames of the film. A take shorter than its cue ends where it ends; a
    longer one is faded out at the cue's end.
    """

    def __init__(self, cue: Cue, take: Take) -> None:
        """Raises BadSound when the take's file cannot be read."""
        self.begin = frames_of(cue.start)
        self.end = self.begin + max(0, min(frames_of(cue.end) - self.begin, take.frames))
        self._path = take.path
        self._gain = amplitude(take_gain(cue, take))
        self._pan = cue.pan
        self._fades = fade_frames(
            self.end - self.begin,
            cue.fade_in,
            cue.fade_out,
            shortest_in=_HIT_EDGE if _starts_with_a_hit(cue) else _EDGE,
            shortest_out=_EDGE,
        )
        self._file: soundfile.SoundFile | None = None

    @property
    def seconds(self) -> tuple[float, float]:
        """When it sounds."""
        return self.begin / SAMPLE_RATE, self.end / SAMPLE_RATE

    def add_to(self, bus: Block, start: int) -> None:
        """Add what sounds of the cue to a block of the bus that begins at film frame `start`, in order."""
        first, last = max(start, self.begin), min(start + len(bus), self.end)
        if first >= last:
            return
        sound = self._read(last - first)
        gain = self._gain * edge_fade(first - self.begin, len(sound), self.end - self.begin, *self._fades)
        sides = pan_gains(self._pan_at(first, len(sound)), sound.shape[1])
        # A side at a time: numpy takes ten times as long over rows of two.
        for side, pan in enumerate(sides):
            bus[first - start : first - start + len(sound), side] += sound[:, side % sound.shape[1]] * (gain * pan)
        if last == self.end:
            self.close()

    def close(self) -> None:
        """Close the take's file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _read(self, frames: int) -> Block:
        try:
            if self._file is None:
                self._file = _open(self._path)
            block: Block = self._file.read(frames, dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, OSError) as error:
            raise BadSound(f"The take {self._path} cannot be read ({error}); delete it and render again.") from error
        return block

    def _pan_at(self, start: int, frames: int) -> Curve:
        if not isinstance(self._pan, tuple):
            return self._pan
        if not self._pan:
            return 0.0
        return _moving_pan(self._pan, start, frames)


def _moving_pan(points: tuple[PanPoint, ...], start: int, frames: int) -> NDArray[np.float32]:
    ordered = sorted(points, key=lambda point: point.time)
    times = np.arange(start, start + frames) / SAMPLE_RATE
    return np.interp(times, [p.time for p in ordered], [p.pan for p in ordered]).astype(np.float32)


def _starts_with_a_hit(cue: Cue) -> bool:
    return cue.layer is Layer.EFFECTS and any(anchor.time - cue.start < 2 * _EDGE for anchor in cue.anchors)


def _open(path: Path) -> soundfile.SoundFile:
    file = soundfile.SoundFile(str(path))
    if file.samplerate != SAMPLE_RATE:
        file.close()
        raise BadSound(f"The take {path} is at {file.samplerate} Hz, not {SAMPLE_RATE}; delete it and render again.")
    return file
