"""What was done on this machine about a model: the licence accepted, and the files that came, with their digests."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from soundstage.errors import StorageError


@dataclass(frozen=True)
class Acceptance:
    """A licence that the user accepted: its name and when."""

    licence: str
    at: datetime


@dataclass(frozen=True)
class Kept:
    """A file as it came: size in bytes, its digests as seen then, and the tag of its version at the service."""

    size: int
    sha256: str
    md5: str
    version: str = ""


@dataclass(frozen=True)
class Record:
    """All that is noted of one model.

    `listed` names all files that belong to it, as known when it was last pulled, with their sizes; `files` those that
    came. `folder` is where its files lie when that is not the shelf.
    """

    accepted: Acceptance | None = None
    listed: dict[str, int | None] = field(default_factory=dict)
    files: dict[str, Kept] = field(default_factory=dict)
    folder: str | None = None

    def with_file(self, path: str, kept: Kept) -> "Record":
        """The same with one more file."""
        return replace(self, files={**self.files, path: kept})


_RECORD = TypeAdapter(Record)


def read_record(path: Path) -> Record:
    """The record in a file; an empty one where there is none.

    Raises:
        StorageError: it cannot be read, or is damaged.
    """
    try:
        return _RECORD.validate_json(path.read_bytes())
    except FileNotFoundError:
        return Record()
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}); check its permissions.") from error
    except ValidationError as error:
        raise StorageError(f"{path} is damaged; delete it, then run: soundstage models pull.") from error


def write_record(path: Path, record: Record) -> None:
    """Write a record in one go. Raises StorageError when that cannot be."""
    aside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(_RECORD.dump_json(record, indent=2))
        aside.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({error.strerror}); check the folder and the space.") from error
