"""Runs ffmpeg on films that may be hostile.

The film is handed over as an open file descriptor, never by name or URL, its container is named
(no probing by content), and only the `fd` protocol and known decoders are allowed: a playlist
dressed up as a film can neither be parsed nor reach another file. Every child runs in a session of
its own with bounded memory, and is killed as a group when its caller leaves.
"""

import contextlib
import os
import resource
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import imageio_ffmpeg

from soundstage.errors import MissingPart, StorageError, ToolFailed

CODECS = (
    "h264,hevc,vp8,vp9,libdav1d,av1,mpeg4,mpeg2video,mpeg1video,mjpeg,prores,rawvideo,png,"
    "aac,mp3,mp3float,mp2,mp2float,ac3,eac3,dca,truehd,mlp,opus,libopus,vorbis,libvorbis,flac,alac,"
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f64le,pcm_u8,pcm_mulaw,pcm_alaw,"
    "pcm_bluray,pcm_dvd,"
    "mov_text,srt,subrip,webvtt,ass"
)
MAX_PIXELS = 8192 * 8192
_MEMORY = 8 << 30
_LOG_TAIL = 2000
_FULL_DISK = "No space left on device"


def executable() -> str:
    """Path of the ffmpeg that comes with the imageio-ffmpeg wheel (IMAGEIO_FFMPEG_EXE overrides it)."""
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise MissingPart("No ffmpeg was found; install it with: pip install imageio-ffmpeg") from error


def guarded_input(container: str, fd: int = 0) -> dict[str, str | int]:
    """Keyword arguments for `ffmpeg.input("fd:", ...)` that read a film of a known container."""
    return {
        "f": container,
        "fd": fd,
        "protocol_whitelist": "fd",
        "format_whitelist": container,
        "codec_whitelist": CODECS,
        "max_pixels": MAX_PIXELS,
    }


class Failure(ToolFailed):
    """ffmpeg ended with an error; `log` holds the last lines it wrote."""

    def __init__(self, message: str, log: str) -> None:
        """Args: message: for the user. log: the end of what ffmpeg wrote."""
        super().__init__(message)
        self.log = log


@contextlib.contextmanager
def running(
    arguments: Sequence[str],
    *,
    stdin: IO[bytes] | int | None = None,
    pass_fds: Sequence[int] = (),
    stdout: int = subprocess.PIPE,
    environment: Mapping[str, str] | None = None,
    log: IO[bytes] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start ffmpeg and yield the process; on leaving, wait for it and check how it ended.

    When the block is left by an exception the whole process group is killed and the exception goes on.
    What ffmpeg complains of goes to `log` (see `complaints`), or to a file of its own.

    Raises:
        StorageError: the disk filled up.
        Failure: ffmpeg ended with an error.
    """
    with contextlib.ExitStack() as stack:
        if log is None:
            log = stack.enter_context(tempfile.TemporaryFile())
        process = subprocess.Popen(
            [executable(), "-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", *arguments],
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=stdout,
            stderr=log,
            pass_fds=pass_fds,
            start_new_session=True,
            env=dict(environment) if environment is not None else None,
        )
        _limit(process.pid)
        try:
            yield process
            if process.stdout is not None:
                process.stdout.close()
            if process.stdin is not None:
                process.stdin.close()
            code = process.wait()
        except BaseException:
            _kill(process)
            raise
        if code:
            _complain(log)


def run(arguments: Sequence[str], *, stdin: IO[bytes] | None = None, pass_fds: Sequence[int] = ()) -> None:
    """Run ffmpeg to its end. Raises as `running` does."""
    with running(arguments, stdin=stdin, pass_fds=pass_fds, stdout=subprocess.DEVNULL):
        pass


def complaints(log: IO[bytes]) -> str:
    """The last 2,000 characters of what ffmpeg complained of; a damaged film can fill a log with megabytes."""
    end = log.seek(0, os.SEEK_END)
    log.seek(max(0, end - 4 * _LOG_TAIL))
    return log.read().decode(errors="replace").strip()[-_LOG_TAIL:]


def _limit(pid: int) -> None:
    if hasattr(resource, "prlimit"):
        for what, limit in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CORE, 0)):
            with contextlib.suppress(OSError):
                resource.prlimit(pid, what, (limit, limit))


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdout, process.stdin):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _complain(log: IO[bytes]) -> None:
    text = complaints(log)
    if _FULL_DISK in text:
        raise StorageError("The disk is full; free some space and start again, finished work is kept.")
    last = text.splitlines()[-1] if text else "no reason given"
    raise Failure(f"ffmpeg could not finish ({last}); run again with a repaired copy of the film.", text)


def open_film(path: Path) -> IO[bytes]:
    """Open a film for handing to ffmpeg as a descriptor. Raises StorageError when it cannot be read.

    Only regular files are opened: a pipe or a device could block for ever.
    """
    try:
        if path.exists() and not path.is_file():
            kind = "a folder" if path.is_dir() else "not a regular file"
            raise StorageError(f"{path} is {kind}; give the path of one film file.")
        return path.open("rb")
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}); check the path and its permissions.") from error
