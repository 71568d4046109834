"""What a model gave, made into a rendering of its cue: the house rate, the cue's length to the frame, soft edges."""

from collections.abc import Iterator

import numpy as np
import soxr
from numpy.typing import NDArray

from soundstage.cuesheet import Cue
from soundstage.errors import BadSound
from soundstage.sound import BLOCK_FRAMES, SAMPLE_RATE, Block, frames_of
from soundstage.synth.maker import Rendering

_EDGE = SAMPLE_RATE // 200  # 5 ms: long enough to hide a cut, too short to blunt an attack


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
    fitted[: len(given)] = given
    _soften(fitted[: len(given)], was_cut=len(resampled) != wanted)
    return fitted


def _soften(sound: Block, *, was_cut: bool) -> None:
    """Ramps at the beginning, and at the end where the sound was cut or breaks off."""
    edge = min(_EDGE, len(sound) // 2)
    ramp = np.linspace(0, 1, edge, dtype=np.float32)[:, None]
    sound[:edge] *= ramp
    if was_cut:
        sound[len(sound) - edge :] *= ramp[::-1]


def _blocks(sound: Block) -> Iterator[Block]:
    for start in range(0, len(sound), BLOCK_FRAMES):
        yield sound[start : start + BLOCK_FRAMES]
