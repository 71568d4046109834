"""Reads benches, whatever they are published as; one module for each format.

Every reader takes the list and the media that lie with it, keeps what it can use, and says what is missing.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from soundstage.errors import BadOption, StorageError
from soundstage.evaluation.bench.entries import BENCH_FILE, Bench
from soundstage.evaluation.bench.readers.columns import read_columns
from soundstage.evaluation.bench.readers.gathering import Read
from soundstage.evaluation.bench.readers.lists import json_of, rows_of
from soundstage.evaluation.bench.readers.longvale import is_longvale, read_longvale
from soundstage.evaluation.bench.readers.media import Media
from soundstage.evaluation.bench.readers.pairs import read_pairs
from soundstage.evaluation.bench.readers.unav100 import read_unav100
from soundstage.evaluation.bench.readers.vggsound import is_row, read_vggsound

Reader = Callable[[Path, Media], Read]


def _read_own(path: Path, media: Media) -> Read:
    """A folder with a `bench.json`, or that file; films that are not there are left for the check to tell."""
    return Read(Bench.load(path if path.is_dir() else path.parent).at(media.folder))


READERS: Final[Mapping[str, Reader]] = {
    "lvas-bench": _read_own,
    "pairs": read_pairs,
    "vggsound": read_vggsound,
    "unav-100": read_unav100,
    "longvale": read_longvale,
    "kling-audio-eval": read_columns,
}
"""All formats by name."""


def read_bench(path: Path, format: str | None = None, media: Path | None = None) -> Read:
    """Read a bench.

    Args:
        path: a folder with a `bench.json`, a folder of films, or a list in one of the published formats.
        format: a name of `READERS` (None: seen from what is there).
        media: the folder where films and sounds lie (None: the list's own).

    Returns:
        The bench, at the folder of its media, and what is missing of it.

    Raises:
        BadOption: there is no such format.
        StorageError: the path cannot be read.
        BadBench: it is not of that format, or of none that is known.
    """
    if not path.exists():
        raise StorageError(f"{path} does not exist; check the path.")
    name = format or guess(path)
    if name not in READERS:
        raise BadOption(f"There is no bench format {name!r}; choose one of: {', '.join(READERS)}.")
    own = path if path.is_dir() else path.parent
    return READERS[name](path, Media(media or own))


def guess(path: Path) -> str:
    """The name of the format that a folder or a list looks like."""
    if path.is_dir():
        return "lvas-bench" if (path / BENCH_FILE).is_file() else "pairs"
    if path.name == BENCH_FILE:
        return "lvas-bench"
    if path.suffix.lower() == ".json":
        return _of_json(path)
    if path.suffix.lower() == ".csv":
        rows = rows_of(path)
        return "vggsound" if rows and is_row(rows[0]) else "kling-audio-eval"
    return "kling-audio-eval"


def _of_json(path: Path) -> str:
    whole = json_of(path)
    if isinstance(whole, dict) and "database" in whole:
        return "unav-100"
    return "longvale" if is_longvale(whole) else "kling-audio-eval"
