"""One guarded pass of ffmpeg over a film: small pictures, stills and sound, each with its exact time.

The film is decoded once. Every picture arrives as 64 by 36 pixels of luma and of both colour
differences; about two a second also as a JPEG for viewing; the sound as 48 kHz stereo on a pipe of its
own, so that neither waits for the other. ffmpeg scales while it decodes, and NUT carries the
presentation times.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import av
import ffmpeg as compose
import numpy as np
from av.error import FFmpegError
from av.packet import Packet
from numpy.typing import NDArray

from soundstage import ffmpeg
from soundstage.film.probe import Probe
from soundstage.sound import SAMPLE_RATE, Block

ROWS, COLUMNS = 36, 64
STILL_WIDTH = 480
STILL_GAP = 0.4
BATCH = 64
_PICTURE = 3 * ROWS * COLUMNS
# Outputs start here so that no time before the first picture is negative, which NUT cannot hold.
SHIFT = 100
_PIPE_BUFFER = 1 << 20

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Pictures:
    """Consecutive pictures: times (n,) in seconds of ffmpeg time, luma (n, 36, 64), chroma (n, 2, 36, 64)."""

    times: NDArray[np.float64]
    luma: Bytes
    chroma: Bytes


@dataclass(frozen=True)
class Still:
    """One picture for viewing, as JPEG."""

    time: float
    jpeg: bytes


@dataclass(frozen=True)
class Decoding:
    """A running pass: the pictures' pipe, the sound's pipe (None without sound), ffmpeg's complaints, its end."""

    pictures: IO[bytes]
    sound: IO[bytes] | None
    log: IO[bytes]
    stop: Callable[[], None]


@contextlib.contextmanager
def decoding(film: Path, facts: Probe) -> Iterator[Decoding]:
    """Start the pass; on leaving it has ended or is killed.

    Raises:
        StorageError: the film cannot be opened.
        ffmpeg.Failure: nothing could be decoded.
    """
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(ffmpeg.open_film(film))
        log = stack.enter_context(tempfile.TemporaryFile())
        ours, theirs = os.pipe() if facts.sound else (None, None)
        sound = stack.enter_context(os.fdopen(ours, "rb", buffering=_PIPE_BUFFER)) if ours is not None else None
        passed = () if theirs is None else (theirs,)
        try:
            process = stack.enter_context(
                ffmpeg.running(arguments(facts, theirs), stdin=file, pass_fds=passed, log=log)
            )
        finally:
            if theirs is not None:
                os.close(theirs)
        assert process.stdout is not None
        yield Decoding(pictures=process.stdout, sound=sound, log=log, stop=process.kill)


def arguments(facts: Probe, sound_fd: int | None) -> list[str]:
    """Arguments of the one ffmpeg that decodes the film."""
    film = compose.input(
        "fd:",
        **ffmpeg.guarded_input(facts.container),
        # A picture 64 pixels wide does not show what the loop filter smooths; a fifth of the decoding is saved.
        skip_loop_filter="all" if is_large(facts) else "default",
        threads=min(4, os.cpu_count() or 1),
    )
    both = film[str(facts.picture)].split()
    # Every other line is enough to take means of, and halves the work of it.
    lines = both[0].filter("field") if is_large(facts) else both[0]
    small = lines.filter("scale", COLUMNS, ROWS, flags="area", out_range="tv").filter("format", "yuv444p")
    width, height = even_size(facts.width, facts.height, STILL_WIDTH)
    stills = (
        both[1]
        .filter("select", f"isnan(prev_selected_t)+gte(t-prev_selected_t,{STILL_GAP - 0.001})")
        .filter("scale", width, height, flags="area", out_range="pc")
        .filter("format", "yuvj420p")
    )
    outputs = [
        compose.output(
            small,
            stills,
            "pipe:1",
            f="nut",
            fps_mode="passthrough",
            enc_time_base="demux",
            output_ts_offset=SHIFT,
            **{"c:v:0": "rawvideo", "c:v:1": "mjpeg", "q:v:1": 3, "threads:v": 1},
        )
    ]
    if facts.sound is not None and sound_fd is not None:
        outputs.append(_sound_output(film[str(facts.sound.index)], facts.sound.facts.channels, sound_fd))
    return cast(
        list[str],
        compose.merge_outputs(*outputs).global_args("-max_error_rate", "1.0", "-loglevel", "warning").get_args(),
    )


def is_large(facts: Probe) -> bool:
    """Whether the film has so many pixels that what is made of them does not show each."""
    return facts.width >= 2 * STILL_WIDTH


def even_size(width: int, height: int, longest: int) -> tuple[int, int]:
    """Even size of smaller pictures: the film's shape, at most `longest` pixels on the longer side."""
    share = min(1.0, longest / max(width, height))
    return max(2, round(width * share / 2) * 2), max(2, round(height * share / 2) * 2)


def _sound_output(stream: object, channels: int, fd: int) -> object:
    # One channel goes to both sides at full level; more are mixed down without ever clipping.
    mix = "pan=stereo|c0=c0|c1=c0," if channels == 1 else ""
    chain = f"{mix}aresample={SAMPLE_RATE}:ochl=stereo:rematrix_maxval=1,asetnsamples=n=4096:p=0"
    return compose.output(
        stream, f"pipe:{fd}", f="nut", af=chain, output_ts_offset=SHIFT, **{"c:a": "pcm_f32le", "ac": 2}
    )


def pictures(pipe: IO[bytes]) -> Iterator[Pictures | Still]:
    """Pictures in batches and stills as they come, in order of time, as far as the film can be decoded."""
    times: list[float] = []
    held: list[bytes] = []
    last = float("-inf")
    for packet in packets(pipe):
        time = time_of(packet)
        if packet.stream_index == 1:
            yield Still(time=time, jpeg=bytes(packet))
        elif time > last and packet.size == _PICTURE:  # what a killed ffmpeg leaves is cut short
            last = time
            times.append(time)
            held.append(bytes(packet))
        if len(held) == BATCH:
            yield _batch(times, held)
            times, held = [], []
    if held:
        yield _batch(times, held)


def sounds(pipe: IO[bytes]) -> Iterator[tuple[float, Block]]:
    """Blocks of sound, each with its time in the same seconds as the pictures."""
    for packet in packets(pipe):
        block = np.frombuffer(bytes(packet), dtype="<f4").reshape(-1, 2)
        # A damaged film can decode to numbers that are none.
        yield time_of(packet), block if np.isfinite(block.sum()) else np.nan_to_num(block, posinf=0, neginf=0)


def packets(pipe: IO[bytes]) -> "Iterator[Packet[Any]]":
    """What comes out of an ffmpeg as NUT, until it ends or breaks off."""
    try:
        with av.open(pipe, mode="r", format="nut", buffer_size=_PIPE_BUFFER) as opened:
            for packet in opened.demux():
                if packet.size and packet.pts is not None:
                    yield packet
    except (FFmpegError, ValueError):
        return  # ffmpeg's end tells why; what came until here is good


def time_of(packet: "Packet[Any]") -> float:
    """Time of a packet in seconds of ffmpeg time."""
    return round(float((packet.pts or 0) * packet.time_base) - SHIFT, 9)


def _batch(times: list[float], held: list[bytes]) -> Pictures:
    planes = np.frombuffer(b"".join(held), dtype=np.uint8).reshape(len(held), 3, ROWS, COLUMNS)
    return Pictures(times=np.array(times), luma=planes[:, 0], chroma=planes[:, 1:])
