"""The film with its new sound: pictures, subtitles, chapters and tags copied, the master encoded beside them.

The master is fed through a pipe while it is made, so encoding costs no time of its own. All sound
tracks of the film are replaced by ours. Times are kept as ffmpeg keeps them when it copies: counted
from the container's start, so that a film whose pictures begin late still does; our sound begins
with the first picture. What an edit list hides in MP4 and MOV stays hidden there; Matroska, AVI and
MPEG-TS have no edit lists, so a film cut that way shows its hidden first pictures in them.
"""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import IO

import av
import ffmpeg
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition

from soundstage.errors import BadFilm
from soundstage.ffmpeg import CODECS, MAX_PIXELS, guarded_input, open_film, running
from soundstage.mix.containers import Container
from soundstage.reading import FilmFacts
from soundstage.sound import SAMPLE_RATE, Block, frames_of

# Containers without times, or with times for some packets only, are read with made ones.
_WITHOUT_TIMES = ("avi", "mpeg")
# Where clocks may jump, ffmpeg counts from the earliest stream that is used, not from the container's start.
_COUNTED_BY_STREAMS = ("mpegts", "mpeg")
_FILM = "the film's input number"
_SILENCE = np.zeros((SAMPLE_RATE, 2), np.float32)


@dataclass(frozen=True)
class FilmStreams:
    """What is copied: stream numbers, and the container time that ffmpeg counts from, in seconds."""

    pictures: int
    subtitles: tuple[tuple[int, str], ...]
    start: float


def film_streams(film: IO[bytes], facts: FilmFacts) -> FilmStreams:
    """Look up the streams of an open film, which is left at its start. Raises BadFilm when it cannot be opened."""
    guards = {
        "format_whitelist": facts.container,
        "protocol_whitelist": "",
        "codec_whitelist": CODECS,
        "max_pixels": str(MAX_PIXELS),
    }
    try:
        with av.open(film, mode="r", format=facts.container, options=guards, metadata_errors="replace") as opened:
            return _described(opened, facts.container)
    except (FFmpegError, ValueError, IndexError) as error:
        raise BadFilm(f"{facts.name} is damaged and cannot be copied; give a whole copy of it.") from error
    finally:
        film.seek(0)


def _described(opened: InputContainer, container: str) -> FilmStreams:
    """A stream's attributes may only be read while its container is open."""
    pictures = [s for s in opened.streams.video if not s.disposition & Disposition.attached_pic]
    chosen = next((s for s in pictures if s.disposition & Disposition.default), pictures[0])
    subtitles = [s for s in opened.streams.subtitles if s.codec_context is not None]
    start = (opened.start_time or 0) / av.time_base
    if container in _COUNTED_BY_STREAMS:
        start = min(
            (float(s.start_time * s.time_base) for s in (chosen, *subtitles) if s.start_time and s.time_base),
            default=start,
        )
    return FilmStreams(
        pictures=chosen.index,
        subtitles=tuple((s.index, s.codec_context.codec.canonical_name) for s in subtitles),
        start=start,
    )


class FilmWriter:
    """Takes the master's blocks and writes the film."""

    def __init__(self, pipe: IO[bytes], frames: int) -> None:
        """Args: pipe: ffmpeg's standard input. frames: how many are wanted; more are left out."""
        self._pipe = pipe
        self._left = frames

    def write(self, block: Block) -> None:
        """Append a block (frames, 2)."""
        wanted = block[: self._left]
        self._left -= len(wanted)
        try:
            self._pipe.write(np.ascontiguousarray(wanted, np.float32).data)
        except BrokenPipeError:
            # ffmpeg has ended early; why is said when its exit is looked at.
            self._left = 0


@contextlib.contextmanager
def film_writer(film: Path, facts: FilmFacts, container: Container, out: Path) -> Iterator[FilmWriter]:
    """Write the film to `out` from the blocks given to the writer.

    Raises:
        StorageError: the film cannot be read, or the disk is full.
        BadFilm: the film cannot be opened.
        ToolFailed: ffmpeg could not copy it.
    """
    with open_film(film) as file:
        streams = film_streams(file, facts)
        late = max(0.0, facts.offset - streams.start)
        arguments = mux_arguments(facts, streams, container, out, fd=file.fileno())
        with running(arguments, stdin=PIPE, pass_fds=(file.fileno(),), stdout=DEVNULL) as process:
            assert process.stdin is not None
            frames = frames_of(late) + frames_of(facts.duration)
            writer = FilmWriter(process.stdin, frames // container.packet * container.packet)
            # Not an input offset: ffmpeg forgets it where sound is encoded.
            _write_silence(writer, frames_of(late))
            yield writer
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()


def mux_arguments(facts: FilmFacts, streams: FilmStreams, container: Container, out: Path, *, fd: int) -> list[str]:
    """What to tell ffmpeg. `fd` is the open film; the master comes as float32 stereo on standard input."""
    options = guarded_input(facts.container, fd)
    if facts.container in _WITHOUT_TIMES:
        options["fflags"] = "+genpts"
    film = ffmpeg.input("fd:", **options)
    sound = ffmpeg.input(
        "pipe:0",
        f="f32le",
        ar=SAMPLE_RATE,
        ch_layout="stereo",
        protocol_whitelist="pipe",
        thread_queue_size=64,
    )
    kept = [(number, container.subtitles[codec]) for number, codec in streams.subtitles if codec in container.subtitles]
    coding = {f"c:s:{place}": encoder for place, (_, encoder) in enumerate(kept)}
    output = ffmpeg.output(
        film[str(streams.pictures)],
        sound["a"],
        *(film[str(number)] for number, _ in kept),
        f"file:{out}",
        f=container.muxer,
        map_metadata=_FILM,
        map_chapters=_FILM,
        **{"c:v": "copy", "disposition:a:0": "default"},
        **coding,
        **container.sound,
        **container.options,
    )
    arguments = [str(argument) for argument in ffmpeg.get_args(output, overwrite_output=True)]
    # ffmpeg-python orders inputs as it likes: only now is the film's number known.
    inputs = [after for before, after in itertools.pairwise(arguments) if before == "-i"]
    return [str(inputs.index("fd:")) if argument == _FILM else argument for argument in arguments]


def _write_silence(writer: FilmWriter, frames: int) -> None:
    while frames > 0:
        writer.write(_SILENCE[:frames])
        frames -= SAMPLE_RATE
