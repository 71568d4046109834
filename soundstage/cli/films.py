"""Lists of films: a CSV or JSON-lines file, or a folder; each film with options of its own."""

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from soundstage.errors import BadOption, StorageError

REMOTE = ("http://", "https://", "s3://")

_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".m2ts"})
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


def _truth(text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise ValueError(f"{text!r} is neither true nor false")
    return text.lower() in _TRUE


# What a column of a CSV file may be called beside `film` and `name`, and how its text is read.
_COLUMNS: Mapping[str, Callable[[str], Any]] = {
    "hint": str,
    "seed": int,
    "target": float,
    "original": str,
    "candidates": int,
    "transcript": _truth,
    "only_scenes": lambda text: text.replace(",", " ").split(),
    "format": str,
}


@dataclass(frozen=True)
class Item:
    """A film of a batch.

    Attributes:
        film: the path of a file, or an address.
        label: the film as the list calls it; the same wherever the list lies.
        name: of the folder that its result goes to.
        options: its own, over those of the whole batch.
    """

    film: str
    label: str
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path | None:
        """The file, if it is one."""
        return None if self.film.startswith(REMOTE) else Path(self.film)

    def client_id(self, reference: str, options: Mapping[str, Any]) -> str:
        """The same for the same film under the same reference and options, in every run.

        Raises:
            StorageError: its file cannot be read.
        """
        told = [reference, self.label, self._state(), {**options, **self.options}]
        digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
        return f"{re.sub('[^A-Za-z0-9]+', '-', reference).strip('-')[:40] or 'batch'}:{digest[:40]}"

    def _state(self) -> list[int]:
        if self.path is None:
            return []
        try:
            status = self.path.stat()
        except OSError as error:
            raise StorageError(f"{self.film} cannot be read ({error.strerror}); check the path.") from error
        return [status.st_size, status.st_mtime_ns]


def films_of(place: Path) -> list[Item]:
    """The films of a list or a folder.

    Raises:
        StorageError: it cannot be read.
        BadOption: it is no such list, or names no film.
    """
    try:
        found = list(_read(place))
    except OSError as error:
        raise StorageError(f"{place} cannot be read ({error.strerror}); check the path.") from error
    except UnicodeDecodeError as error:
        raise BadOption(f"{place} is not UTF-8 text; write it in UTF-8.") from error
    if not found:
        raise BadOption(f"{place} names no film; put {', '.join(sorted(_SUFFIXES))} files there, or list them.")
    return _with_own_names(found)


def _read(place: Path) -> Iterator[Item]:
    if place.is_dir():
        return _folder(place)
    readers: Mapping[str, Callable[[Path], Iterator[Item]]] = {".csv": _csv, ".jsonl": _jsonl, ".ndjson": _jsonl}
    reader = readers.get(place.suffix.lower())
    if reader is None:
        raise BadOption(f"{place} is neither a folder nor a .csv or .jsonl file; give one of these.")
    return reader(place)


def _folder(folder: Path) -> Iterator[Item]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES and path.is_file() and not path.name.startswith("."):
            within = path.relative_to(folder)
            yield Item(str(path), within.as_posix(), within.with_suffix("").as_posix())


def _csv(path: Path) -> Iterator[Item]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        unknown = sorted(set(rows.fieldnames or ()) - {"film", "name", *_COLUMNS})
        if "film" not in (rows.fieldnames or ()) or unknown:
            said = f"has a column {unknown[0]}" if unknown else "has no column film"
            raise BadOption(f"{path} {said}; the first line names columns out of film, name, {', '.join(_COLUMNS)}.")
        for row in rows:
            given = {name: text.strip() for name, text in row.items() if isinstance(text, str) and text.strip()}
            yield _item(path, rows.line_num, {name: _value(path, rows.line_num, name, given[name]) for name in given})


def _value(path: Path, line: int, column: str, text: str) -> Any:  # noqa: ANN401 - whatever the column holds
    try:
        return _COLUMNS.get(column, str)(text)
    except ValueError as error:
        raise BadOption(f"{path}, line {line}, {column}: {error}; correct it.") from error


def _jsonl(path: Path) -> Iterator[Item]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                given = json.loads(line)
            except ValueError as error:
                raise BadOption(f"{path}, line {number}: this is no JSON ({error}); write an object a line.") from error
            if not isinstance(given, dict):
                raise BadOption(f'{path}, line {number}: this is no object; write {{"film": ...}}.')
            yield _item(path, number, {**given.pop("options", {}), **given})


def _item(place: Path, line: int, given: Mapping[str, Any]) -> Item:
    film = given.get("film")
    if not isinstance(film, str) or not film:
        raise BadOption(f"{place}, line {line}: no film is named; give its path or address as film.")
    options = {name: value for name, value in given.items() if name not in ("film", "name")}
    found = film if film.startswith(REMOTE) else str(place.parent / film)
    name = str(given.get("name") or PurePosixPath(urlsplit(film).path if film.startswith(REMOTE) else film).stem)
    return Item(found, film, _tame(name), options)


def _tame(name: str) -> str:
    parts = [re.sub(r"[^\w .()-]", "_", part).strip(" .") for part in name.split("/")]
    return "/".join(part for part in parts if part) or "film"


def _with_own_names(items: list[Item]) -> list[Item]:
    """Results of films of the same name go to folders of their own."""
    often = Counter(item.name for item in items)
    return [
        item
        if often[item.name] == 1
        else replace(item, name=f"{item.name}-{hashlib.sha256(repr(item).encode()).hexdigest()[:8]}")
        for item in items
    ]
