"""What a model gave, made into a rendering of its cue: the house rate, the cue's length to the frame, soft edges.

A rendering is kept in whole numbers, which clip beyond full scale: what is louder, also between a model's own samples,
is turned down as a whole. How loud it is in the mix is measured anyway.
"""

from collections.abc import Iterator

import numpy as np
import soxr
from numpy.typing import NDArray

from soundstage.cuesheet import Cue
from soundstage.errors import BadSound
from soundstage.sound import BLOCK_FRAMES, SAMPLE_RATE, Block, frames_of
from soundstage.synth.maker import Rendering

_BEGIN = SAMPLE_RATE // 1000  # 1 ms: nothing clicks, and an event at the very start keeps its attack
_END = SAMPLE_RATE // 200


def rendering(
    samples: NDArray[np.float32], rate: int, cue: Cue, licence: str, sources: tuple[str, ...] = ()
) -> Rendering:
    """The rendering of a cue from samples of any rate; what is too long is cut, what is too short ends in silence.

    Args:
        samples: shape (frames, channels), one or two channels, nominally -1..1.
        rate: of the samples, in Hz.
        cue: what they were made for.
        licence: SPDX name of the licence of the sound.
        sources: models used, each with its licence.

    Raises:
        BadSound: there are samples that are no numbers.
    """
    if not np.isfinite(samples).all():
        raise BadSound(f"The model gave no sound for {cue.label!r} but values that are no numbers; try another seed.")
    wanted, channels = frames_of(cue.duration), samples.shape[1]
    return Rendering(channels, _blocks(_fitted(samples, rate, wanted)), licence, sources)


def _fitted(samples: NDArray[np.float32], rate: int, wanted: int) -> Block:
    resampled = soxr.resample(samples, rate, SAMPLE_RATE).astype(np.float32, copy=False)
    given = resampled[:wanted]
    fitted = np.zeros((wanted, samples.shape[1]), np.float32)
    fitted[: len(given)] = given / np.float32(max(1.0, np.abs(given).max(initial=0.0)))
    _soften(fitted[: len(given)], was_cut=len(resampled) != wanted)
    return fitted


def _soften(sound: Block, *, was_cut: bool) -> None:
    """Ramps at the beginning, and at the end where the sound was cut or breaks off."""
    begin, end = (min(edge, len(sound) // 2) for edge in (_BEGIN, _END))
    sound[:begin] *= _ramp(begin)
    if was_cut:
        sound[len(sound) - end :] *= _ramp(end)[::-1]


def _ramp(frames: int) -> Block:
    return np.linspace(0, 1, frames, dtype=np.float32)[:, None]


def _blocks(sound: Block) -> Iterator[Block]:
    for start in range(0, len(sound), BLOCK_FRAMES):
        yield sound[start : start + BLOCK_FRAMES]
