"""Proxy clips: every shot as a small silent film of its own, for what looks at moving pictures.

One guarded pass of ffmpeg decodes, chooses, scales and codes the pictures, with a key picture where a
shot begins; here its packets are only laid into one file a shot. A clip begins with the first
picture of its shot and lasts exactly as long as the shot.
"""

import contextlib
import os
import shutil
import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain, groupby
from pathlib import Path
from typing import IO, Any, cast

import av
import ffmpeg as compose
from av.packet import Packet

from soundstage import ffmpeg
from soundstage.errors import StorageError
from soundstage.film.frames import SHIFT, even_size, is_large, packets, time_of
from soundstage.film.probe import Probe
from soundstage.reading import Shot

FOLDER = "clips"
# Enough for models that look at 384 x 384 or 224 x 224 pixels of it.
LONGEST_SIDE = 448
FASTEST = 25
_QUALITY = 27
# Times of shots are rounded; no two pictures are as near to each other as this (seconds).
_NEAR = 0.0005
# A picture this early is still in time for its turn (seconds): many films are a little uneven.
_EARLY = 0.01
# Variables of the expression that chooses pictures: where the shot starts, and how many of it were shown.
_START, _SHOWN = 0, 1
_TICK = Fraction(1, 90_000)
# A command line holds only so much, and a long film has thousands of shots.
_LAID_IN_FILES = ("-filter_complex", "-force_key_frames")

_Coded = tuple[float, "Packet[Any]"]


def write_clips(
    film: Path,
    facts: Probe,
    shots: Sequence[Shot],
    offset: float,
    folder: Path,
    progress: Callable[[float], None] = lambda done: None,
) -> tuple[Shot, ...]:
    """Write a clip of every shot; returns the shots with their clips named.

    Clips are H.264 in MP4, at most 448 pixels on the longer side, upright, without sound. They show all
    pictures of the shot, or 25 a second where the film has more. Earlier clips are removed first.
    A shot of which nothing can be decoded any more gets none.

    Args:
        film: the film.
        facts: what `probe` says of it.
        shots: all its shots, in order.
        offset: container time of the first picture (seconds), as in the reading's facts.
        folder: the reading's; clips go into `clips` in it.
        progress: called with 0..1 as shots are done.

    Raises:
        StorageError: the film cannot be opened, the disk is full or the folder cannot be written.
        ffmpeg.Failure: nothing could be decoded.
    """
    starts = [shot.start + offset - facts.start for shot in shots]
    ends = [*starts[1:], shots[-1].end + offset - facts.start]
    clips = folder / FOLDER
    written: set[int] = set()
    try:
        remove_clips(folder)
        clips.mkdir(parents=True)
        with _coding(film, facts, starts) as pipe:
            for number, pictures in groupby(_in_order(pipe), lambda coded: _shot_at(coded[0], starts)):
                _write(pictures, ends[number], clips / _name(number))
                written.add(number)
                progress((number + 1) / len(shots))
    except ffmpeg.Failure:
        if not written:
            raise
    except OSError as error:
        raise StorageError(f"Clips cannot be written to {folder} ({error.strerror}); free some space.") from error
    return tuple(
        shot.model_copy(update={"clip": f"{FOLDER}/{_name(number)}" if number in written else None})
        for number, shot in enumerate(shots)
    )


def remove_clips(folder: Path) -> None:
    """Remove the clips of an earlier reading from its folder, where there are any."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder / FOLDER)


def _name(number: int) -> str:
    return f"{number:04}.mp4"


def _shot_at(time: float, starts: Sequence[float]) -> int:
    return max(0, bisect_right(starts, time + _NEAR) - 1)


def _in_order(pipe: IO[bytes]) -> Iterator[_Coded]:
    """Packets with their times; what a damaged film shows late is left out."""
    last = float("-inf")
    for packet in packets(pipe):
        time = time_of(packet)
        if time > last:
            last = time
            yield time, packet


def _write(pictures: Iterable[_Coded], end: float, path: Path) -> None:
    """One clip: the packets of a shot that ends at `end`, the first of them a key picture."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    rest = iter(pictures)
    start, first = next(rest)
    try:
        with aside.open("wb") as file, av.open(file, mode="w", format="mp4") as clip:
            track = clip.add_stream_from_template(first.stream)
            for time, packet in chain([(start, first)], rest):
                packet.stream = track
                packet.time_base = _TICK
                packet.pts = packet.dts = _ticks(time - start)
                # Only the last picture's is looked at: it stays until the next shot.
                packet.duration = max(1, _ticks(end - time))
                clip.mux_one(packet)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _ticks(seconds: float) -> int:
    return round(seconds / _TICK)


@contextlib.contextmanager
def _coding(film: Path, facts: Probe, starts: Sequence[float]) -> Iterator[IO[bytes]]:
    """Start the pass and yield its pictures, coded; on leaving it has ended or is killed."""
    with ffmpeg.open_film(film) as file, tempfile.TemporaryDirectory() as scratch:
        arguments = _from_files(_arguments(facts, starts), Path(scratch))
        with ffmpeg.running(arguments, stdin=file) as process:
            assert process.stdout is not None
            yield process.stdout


def _arguments(facts: Probe, starts: Sequence[float]) -> list[str]:
    """What to tell ffmpeg; `starts` are those of the shots, in seconds of ffmpeg time."""
    film = compose.input(
        "fd:",
        **ffmpeg.guarded_input(facts.container),
        # As the pictures were read, so that the same ones are there.
        skip_loop_filter="all" if is_large(facts) else "default",
        threads=min(4, os.cpu_count() or 1),
    )
    width, height = even_size(facts.width, facts.height, LONGEST_SIDE)
    pictures = (
        film[str(facts.picture)]
        .filter("select", _wanted(starts))
        .filter("scale", width, height, flags="area", out_range="tv")
        .filter("setsar", 1)
        .filter("format", "yuv420p")
    )
    coded = compose.output(
        pictures,
        "pipe:1",
        f="nut",
        fps_mode="passthrough",
        enc_time_base="demux",
        output_ts_offset=SHIFT,
        force_key_frames=",".join(f"{max(0.0, start - _NEAR):.6f}" for start in starts),
        # Without B-pictures packets come in the order they are shown in.
        **{"c:v": "libx264", "preset": "veryfast", "bf": 0, "crf": _QUALITY, "threads:v": 1},
    )
    # The sound only passes through: from which streams it uses, ffmpeg takes where to count from.
    passed = [compose.output(film[str(facts.sound.index)], "-", f="null", c="copy")] if facts.sound else []
    return cast(list[str], compose.merge_outputs(coded, *passed).global_args("-max_error_rate", "1.0").get_args())


def _wanted(starts: Sequence[float]) -> str:
    """Expression that is true for the pictures to show: the first of each shot, and no more than 25 a second since."""
    is_first = f"isnan(prev_selected_t)+lt(prev_selected_t,ld({_START})-{_NEAR})"
    return ";".join(
        (
            f"st({_START},{_start_of_shot(starts)})",
            f"st({_SHOWN},if({is_first},0,ld({_SHOWN})))",
            f"if(gte((t-ld({_START})+{_EARLY})*{FASTEST},ld({_SHOWN})),st({_SHOWN},ld({_SHOWN})+1))",
        )
    )


def _start_of_shot(starts: Sequence[float]) -> str:
    """Expression of the start of the shot that is shown at `t`: a tree, for ffmpeg bounds how deep one may be."""
    if len(starts) == 1:
        return f"{starts[0]:.6f}"
    middle = len(starts) // 2
    earlier, later = _start_of_shot(starts[:middle]), _start_of_shot(starts[middle:])
    return f"if(lt(t,{starts[middle] - _NEAR:.6f}),{earlier},{later})"


def _from_files(arguments: Sequence[str], folder: Path) -> list[str]:
    """The same arguments, the long ones read from files in `folder`."""
    given = list(arguments)
    for option in _LAID_IN_FILES:
        place = given.index(option)
        path = folder / option.removeprefix("-")
        path.write_text(given[place + 1], encoding="utf-8")
        given[place : place + 2] = [f"-/{path.name}", str(path)]
    return given
