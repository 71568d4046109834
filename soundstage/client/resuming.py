"""Notes on uploads that are under way, so that one that broke off is gone on with by the next process."""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

from soundstage.errors import BadFilm


@dataclass(frozen=True)
class FileState:
    """What a file was when it was looked at: when any of it changes, it is another film."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Note:
    """The upload of one file to one service."""

    service: str
    file: FileState

    @property
    def _place(self) -> Path:
        name = hashlib.sha256(json.dumps([self.service, asdict(self.file)]).encode()).hexdigest()[:32]
        return platformdirs.user_state_path("soundstage", appauthor=False) / "uploads" / f"{name}.json"

    def read(self) -> str | None:
        """The id of the upload, if one is noted."""
        with suppress(OSError, ValueError, KeyError):
            return str(json.loads(self._place.read_text())["upload_id"])
        return None

    def write(self, upload_id: str) -> None:
        """Note it. A note that cannot be written only costs a new start, should this upload break off."""
        aside = self._place.with_name(f".{self._place.name}.{os.getpid()}")
        with suppress(OSError):
            self._place.parent.mkdir(parents=True, exist_ok=True)
            aside.write_text(json.dumps({"upload_id": upload_id, **asdict(self)}))
            aside.replace(self._place)

    def forget(self) -> None:
        """It is over."""
        with suppress(OSError):
            self._place.unlink(missing_ok=True)


def state_of(path: Path) -> FileState:
    """A film as it is now.

    Raises:
        OSError: it cannot be read.
        BadFilm: there is nothing in it.
    """
    status = path.stat()
    if not status.st_size:
        raise BadFilm(f"{path.name} is empty; give a whole copy of the film.")
    return FileState(str(path.resolve()), status.st_size, status.st_mtime_ns)
