"""Output files that appear all together, finished, or not at all."""

import contextlib
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import soundfile

from soundstage.errors import StorageError
from soundstage.sound import Block, flac


class Publication:
    """Hands out names aside, and renames all of them into place at once at the end.

    Left by an exception, or without `publish`, it leaves nothing behind and no earlier output touched.
    """

    def __init__(self) -> None:
        self._asides: dict[Path, Path] = {}

    def aside(self, path: Path) -> Path:
        """A name beside `path` to write to. Raises StorageError when the folder cannot be made."""
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        return self._asides.setdefault(path, path.with_name(f".{path.name}.{os.getpid()}.part"))

    def publish(self) -> None:
        """Rename everything into place. Raises StorageError."""
        for path, aside in self._asides.items():
            with writing(path):
                aside.replace(path)
        self._asides.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for aside in self._asides.values():
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)


class FlacWriter:
    """Writes stereo blocks as 24-bit FLAC at 48 kHz, in a thread of its own that runs one block behind.

    A block must not be changed once it was given. Raises StorageError when the disk is full.
    """

    def __init__(self, path: Path, final: Path) -> None:
        """Args: path: where to write. final: how the file is called in messages."""
        self._final = final
        with writing(final):
            self._file = flac(path, 2)
        self._thread = ThreadPoolExecutor(1)
        self._behind: Future[None] | None = None

    def write(self, block: Block) -> None:
        """Append a block (frames, 2) within -1..1."""
        self._catch_up()
        self._behind = self._thread.submit(self._write, block)

    def close(self) -> None:
        """Write what is pending and close."""
        try:
            self._catch_up()
        finally:
            self._thread.shutdown()
            with writing(self._final):
                self._file.close()

    def _write(self, block: Block) -> None:
        with writing(self._final):
            self._file.write(block)

    def _catch_up(self) -> None:
        behind, self._behind = self._behind, None
        if behind is not None:
            behind.result()


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what goes wrong while writing `path` into StorageError."""
    try:
        yield
    # A short write on a full disk fails an assertion of soundfile's own.
    except (soundfile.SoundFileError, OSError, AssertionError) as error:
        why = getattr(error, "strerror", None) or str(error) or "the disk is full"
        raise StorageError(f"{path} cannot be written ({why}); free space or choose another place.") from error
