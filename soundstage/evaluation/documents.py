"""What the documents of a benchmark share: how they are read, written, and faulted in one sentence."""

from pathlib import Path, PurePosixPath
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from soundstage.cuesheet import write_aside
from soundstage.errors import BadBench, StorageError

_Kind = TypeVar("_Kind", bound=BaseModel)


def _portable(path: str) -> str:
    if PurePosixPath(path).is_absolute() or "\\" in path or "\0" in path:
        raise ValueError("a path must be relative to the document's folder, with forward slashes")
    return path


RelativePath = Annotated[str, Field(min_length=1, max_length=4096), AfterValidator(_portable)]


def read_document(path: Path, kind: type[_Kind]) -> _Kind:
    """A document from its JSON file.

    Raises:
        StorageError: the file is missing or cannot be read.
        BadBench: it is no such document; the message names the first fault and the place of it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}); check that it is there.") from error
    except UnicodeDecodeError as error:
        raise BadBench(f"{path} is not UTF-8 text; save it as JSON in UTF-8.") from error
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise BadBench(f"{path} is not a valid {kind.__name__.lower()}: {_first_fault(error)}; correct it.") from error


def write_document(path: Path, document: BaseModel) -> None:
    """Write a document as JSON; no reader ever sees half of it. Raises StorageError when it cannot be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_aside(path, document.model_dump_json(indent=2) + "\n")


def _first_fault(error: ValidationError) -> str:
    fault: Any = error.errors()[0]
    place = ".".join(str(part) for part in fault["loc"]) or "its root"
    return f"at {place}, {fault['msg'].removeprefix('Value error, ')}"
