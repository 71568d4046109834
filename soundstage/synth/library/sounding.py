"""Recordings as the house passes sound: 48 kHz, one or two channels."""

from collections.abc import Iterator

import numpy as np
import scipy
import soxr

from soundstage.cuesheet import Perspective
from soundstage.sound import SAMPLE_RATE, Block
from soundstage.synth.library.recording import Recording, read

_MARGIN = 64
# Where a far or hidden source loses its highs (Hz, 6 dB an octave).
_EDGES = {Perspective.FAR: 4500.0, Perspective.OFF_SCREEN: 2400.0}


def excerpt(recording: Recording, start: float, end: float, channels: int, speed: float = 1.0) -> Block:
    """A stretch of a recording at 48 kHz, shape (frames, channels).

    Args:
        recording: what to read.
        start: seconds into the recording.
        end: seconds into the recording.
        channels: 1 or 2.
        speed: played this many times as fast, and as much higher.
    """
    rate = recording.sample_rate
    first, last = max(0, round(start * rate)), max(1, round(end * rate))
    # What lies around is resampled too: a filter that starts inside a sound rings.
    margin = min(_MARGIN, first)
    block = read(recording, first - margin, last - first + margin + _MARGIN)
    sound = resampled(with_channels(block, channels), rate * speed)
    ratio = SAMPLE_RATE / (rate * speed)
    skipped = round(margin * ratio)
    return sound[skipped : skipped + round((last - first) * ratio)]


def resampled(block: Block, rate: float) -> Block:
    """The same sound at 48 kHz."""
    if rate == SAMPLE_RATE or not len(block):
        return block
    return np.asarray(soxr.resample(block, rate, SAMPLE_RATE, "HQ"), np.float32).reshape(-1, block.shape[1])


def with_channels(block: Block, channels: int) -> Block:
    """The sound in one or two channels: mono is doubled, stereo averaged; of more channels all count alike in both."""
    have = block.shape[1]
    if have == channels:
        return block
    if channels == 2 and have > 2:
        return np.stack([block[:, 0::2].mean(axis=1), block[:, 1::2].mean(axis=1)], axis=1)
    return np.repeat(block.mean(axis=1, keepdims=True), channels, axis=1).astype(np.float32)


def faded(sound: Block, fade_in: int, fade_out: int) -> Block:
    """A copy that rises over the first frames and falls over the last, by half a cosine."""
    out = sound.copy()
    fade_in, fade_out = min(fade_in, len(out)), min(fade_out, len(out))
    if fade_in:
        out[:fade_in] *= _rise(fade_in)
    if fade_out:
        out[len(out) - fade_out :] *= _rise(fade_out)[::-1]
    return out


def from_afar(blocks: Iterator[Block], perspective: Perspective, channels: int) -> Iterator[Block]:
    """A stream as it sounds from where its source stands: the air and what is in between take the highs."""
    edge = _EDGES.get(perspective)
    if edge is None:
        yield from blocks
        return
    sections = scipy.signal.butter(1, edge, fs=SAMPLE_RATE, output="sos")
    state = np.zeros((len(sections), 2, channels))
    for block in blocks:
        out, state = scipy.signal.sosfilt(sections, block, axis=0, zi=state)
        yield np.asarray(out, np.float32)


def _rise(frames: int) -> Block:
    turn = np.pi * (np.arange(frames) + 0.5) / frames
    return (0.5 - 0.5 * np.cos(turn))[:, None].astype(np.float32)
