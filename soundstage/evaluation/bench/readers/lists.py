"""Lists as they are published: rows of a table, objects of JSON; read whole, faulted in one sentence."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from soundstage.errors import BadBench, StorageError


def text_of(path: Path) -> str:
    """The text of a list. Raises StorageError when it cannot be read, BadBench when it is no text."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}); check that it is there.") from error
    except UnicodeDecodeError as error:
        raise BadBench(f"{path} is not UTF-8 text; save it in UTF-8, or name the right file.") from error


def rows_of(path: Path) -> list[list[str]]:
    """The rows of a table with commas, or with tabs; empty ones left out."""
    text = text_of(path)
    tabbed = path.suffix.lower() == ".tsv" or "\t" in text.partition("\n")[0]
    rows = csv.reader(text.splitlines(), delimiter="\t" if tabbed else ",", skipinitialspace=True)
    try:
        return [row for row in rows if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise BadBench(f"{path} is not a table ({error}); give a CSV file.") from error


def json_of(path: Path) -> object:
    """A JSON document. Raises BadBench when it is none."""
    try:
        found: object = json.loads(text_of(path))
    except json.JSONDecodeError as error:
        raise BadBench(f"{path} is not JSON ({error.msg}, line {error.lineno}); correct it.") from error
    return found


def records_of(path: Path) -> list[dict[str, Any]]:
    """Records by the names of their columns: of a table with a head, of JSON lines, or of a JSON list.

    Raises:
        StorageError: it cannot be read.
        BadBench: it is none of these.
    """
    if path.suffix.lower() in (".csv", ".tsv"):
        rows = rows_of(path)
        head = [name.strip() for name in rows[0]] if rows else []
        return [dict(zip(head, row, strict=False)) for row in rows[1:]]
    found = _json_lines(path) if path.suffix.lower() == ".jsonl" else json_of(path)
    if not isinstance(found, list) or not all(isinstance(record, Mapping) for record in found):
        raise BadBench(f"{path} is no list of records; give a CSV file, JSON lines, or a JSON list of objects.")
    return [dict(record) for record in found]


def _json_lines(path: Path) -> list[Any]:
    lines = enumerate(text_of(path).splitlines(), start=1)
    try:
        return [json.loads(line) for _, line in lines if line.strip()]
    except json.JSONDecodeError as error:
        raise BadBench(f"{path} is not JSON lines ({error.msg}); correct it.") from error
