"""One layer over the whole film, block by block."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from soundstage.cuesheet import Layer
from soundstage.errors import BadSound
from soundstage.mix.ducking import Gain
from soundstage.mix.envelope import Curve
from soundstage.mix.limiter import Limiter
from soundstage.mix.placement import PlacedCue
from soundstage.sound import SAMPLE_RATE, Block

# A stem is 24-bit: what would clip in it is limited on its bus, so that the stems still sum to the mix.
_STEM_CEILING = -0.01


@dataclass(frozen=True)
class Bus:
    """What sounds on a layer: cues under their ducking, and on the original layer the film's own sound."""

    layer: Layer
    cues: Sequence[PlacedCue]
    gain: Gain
    own: Path | None = None
    own_gain: Gain | None = None

    def blocks(self, length: int, frames: int) -> Generator[Block, None, None]:
        """The layer's `length` frames in blocks; all layers give blocks of the same sizes.

        Raises:
            BadSound: a take or the original sound cannot be read.
        """
        limiter = Limiter(_STEM_CEILING, between=False)
        sounding = _Sounding(self.cues)
        own = OwnSound(self.own) if self.own else None
        try:
            for start in range(0, length, frames):
                block = np.zeros((min(frames, length - start), 2), np.float32)
                sounding.add_to(block, start)
                _scale(block, self.gain(start, len(block)))
                if own is not None and self.own_gain is not None:
                    own.add_to(block, self.own_gain(start, len(block)))
                yield limiter.process(block)
            yield limiter.flush()
        finally:
            sounding.close()
            if own is not None:
                own.close()


def _scale(block: Block, gain: Curve) -> None:
    """Times a gain; it may go on after the block's end."""
    if isinstance(gain, float):
        block *= np.float32(gain)
        return
    for side in block.T:
        side *= gain[: len(side)]


class _Sounding:
    """The cues in the order they begin; only those that sound are open."""

    def __init__(self, cues: Sequence[PlacedCue]) -> None:
        self._to_come = sorted(cues, key=lambda cue: -cue.begin)
        self._now: list[PlacedCue] = []

    def add_to(self, block: Block, start: int) -> None:
        end = start + len(block)
        while self._to_come and self._to_come[-1].begin < end:
            self._now.append(self._to_come.pop())
        for cue in self._now:
            cue.add_to(block, start)
        self._now = [cue for cue in self._now if cue.end > end]

    def close(self) -> None:
        for cue in self._now:
            cue.close()


class OwnSound:
    """The film's own sound, read in order; silence where the file ends before the film."""

    def __init__(self, path: Path) -> None:
        """Raises BadSound when the file cannot be opened or is not 48 kHz."""
        self._path = path
        try:
            self._file = soundfile.SoundFile(str(path))
        except (soundfile.SoundFileError, OSError) as error:
            raise self._damaged(error) from error
        if self._file.samplerate != SAMPLE_RATE:
            raise self._damaged(f"{self._file.samplerate} Hz")

    def add_to(self, block: Block, gain: Curve) -> None:
        """Add the next frames to the block, times the gain."""
        try:
            sound: Block = self._file.read(len(block), dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, OSError) as error:
            raise self._damaged(error) from error
        _scale(sound, gain)
        block[: len(sound)] += sound

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _damaged(self, why: object) -> BadSound:
        return BadSound(f"The film's own sound {self._path} cannot be read ({why}); delete it and read the film again.")
