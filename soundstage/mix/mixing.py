"""All layers summed into the mix before mastering, in one pass: stems are written and loudness measured on the way."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from soundstage.cuesheet import Layer
from soundstage.mix.bus import Bus
from soundstage.mix.files import FlacWriter
from soundstage.mix.premaster import Premaster
from soundstage.sound import Block

_WORKERS = 2


@dataclass(frozen=True)
class StemPath:
    """Where a stem is written, and what it is called once it is finished."""

    aside: Path
    final: Path


def mix(
    buses: Sequence[Bus],
    premaster: Premaster,
    length: int,
    block_frames: int,
    stems: Mapping[Layer, StemPath],
    progress: Callable[[float], None],
) -> None:
    """Sum `length` frames of all buses into the premaster; write the stems asked for.

    Takes are read in further threads, a block ahead; stems are encoded in theirs, a block behind.

    Raises:
        BadSound: a take cannot be read.
        StorageError: the disk is full.
    """
    with contextlib.ExitStack() as stack:
        writers = {layer: FlacWriter(path.aside, path.final) for layer, path in stems.items()}
        for writer in writers.values():
            stack.callback(writer.close)
        layers = [bus.layer for bus in buses]
        streams = [stack.enter_context(contextlib.closing(bus.blocks(length, block_frames))) for bus in buses]
        pool = stack.enter_context(ThreadPoolExecutor(_WORKERS))
        for blocks in _in_step(streams, pool):
            for layer, block in zip(layers, blocks, strict=True):
                if layer in writers:
                    writers[layer].write(block)
            premaster.add(_sum(blocks))
            progress(premaster.frames / length)
    if not buses:
        _fill_with_silence(premaster, length, block_frames)


def _in_step(streams: Sequence[Iterator[Block]], pool: ThreadPoolExecutor) -> Iterator[list[Block]]:
    """The next block of every stream, made in the pool while the last ones are worked on."""
    coming = [pool.submit(next, stream, None) for stream in streams]
    while streams:
        blocks = [future.result() for future in coming]
        if any(block is None for block in blocks):
            return
        coming = [pool.submit(next, stream, None) for stream in streams]
        yield [block for block in blocks if block is not None]


def _sum(blocks: Sequence[Block]) -> Block:
    total = blocks[0].copy()
    for block in blocks[1:]:
        total += block
    return total


def _fill_with_silence(premaster: Premaster, length: int, block_frames: int) -> None:
    silence = np.zeros((block_frames, 2), np.float32)
    for start in range(0, length, block_frames):
        premaster.add(silence[: length - start])
