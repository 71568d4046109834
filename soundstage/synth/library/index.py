"""The user's library: an index of folders of recordings that lasts from run to run (SQLite).

Adding a folder again reads only what changed. Broken files are listed, never fatal. Recordings are
found by meaning: each is kept with the sentence vectors of its words.
"""

import contextlib
import json
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import platformdirs

from soundstage.cuesheet import digest
from soundstage.errors import BadSound, StorageError
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.words import Vectors, kept_vectors, vectors
from soundstage.synth.library.meaning import Catalogue, Found
from soundstage.synth.library.recording import Recording
from soundstage.synth.library.scan import ScannedFile, recordings_in, walk

_TABLES = """
CREATE TABLE IF NOT EXISTS folders (path TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, folder TEXT NOT NULL, stamp TEXT NOT NULL, problem TEXT NOT NULL, recordings TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS vectors (words TEXT PRIMARY KEY, vector BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS files_by_folder ON files (folder);
"""
_VERSION = 1
_BATCH = 200
_PATIENCE = 30.0
_SYSTEM_FOLDERS = (Path("/usr/share/sonic-pi/samples"), Path("/usr/share/sounds/sf2"))


@dataclass(frozen=True)
class Summary:
    """What adding a folder did. `broken` names files that were skipped, each with the reason."""

    folder: Path
    recordings: int
    fresh: int
    unchanged: int
    gone: int
    broken: tuple[tuple[Path, str], ...] = ()


class Library:
    """Folders of recordings, searched by meaning. May be asked from several threads."""

    def __init__(self, database: Path) -> None:
        """Args: database: where the index lies, or will lie once a folder is added."""
        self.database = database
        self._lock = threading.Lock()
        self._catalogue: Catalogue | None = None

    @classmethod
    def open(cls, path: Path | None) -> Self:
        """The library at a path, or the user's own. One that is not there yet is empty."""
        return cls(path or platformdirs.user_data_path("soundstage") / "library.sqlite")

    @classmethod
    def of_folders(cls, folders: Sequence[Path]) -> Self:
        """A library of just these folders, for one run; its index is kept in the cache for the next run.

        Raises:
            StorageError: a folder cannot be read.
        """
        resolved = [folder.expanduser().resolve() for folder in folders]
        name = f"library-{digest([str(folder) for folder in resolved])}.sqlite"
        library = cls(platformdirs.user_cache_path("soundstage") / name)
        if not _is_writable(library.database.parent):
            library = cls(Path(tempfile.mkdtemp(prefix="soundstage-")) / name)
        for folder in resolved:
            library.add(folder)
        return library

    def add(self, folder: Path, progress: Callable[[Path], None] = lambda path: None) -> Summary:
        """Index a folder and all below it; files that did not change are not read again.

        Raises:
            StorageError: the folder cannot be read, or the index cannot be written.
        """
        folder = folder.expanduser().resolve()
        files = list(walk(folder))
        with self._open() as database:
            database.execute("INSERT OR IGNORE INTO folders VALUES (?)", (str(folder),))
            known = dict(database.execute("SELECT path, stamp FROM files"))
            changed = [found for found in files if known.get(str(found.path)) != found.stamp]
            for number, found in enumerate(changed, start=1):
                progress(found.path)
                database.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", _row(found.path, folder, found))
                if number % _BATCH == 0:
                    database.commit()
            gone = _forget(database, folder, {str(found.path) for found in files})
        self._catalogue = None
        return self._summary(folder, len(changed), len(files) - len(changed), gone)

    def remove(self, folder: Path) -> int:
        """Forget a folder; its files stay where they are. Returns how many recordings were forgotten.

        Raises:
            StorageError: the folder was never added.
        """
        folder = folder.expanduser().resolve()
        if folder not in self.folders():
            raise StorageError(f"{folder} is not in the library; see what is: soundstage library list")
        before = len(self.list())
        with self._open() as database:
            database.execute("DELETE FROM folders WHERE path = ?", (str(folder),))
            for (other,) in database.execute("SELECT path FROM folders").fetchall():
                # What also lies in a folder that stays, stays.
                inside = (other, str(folder), f"{other}/", len(other) + 1)
                database.execute("UPDATE files SET folder = ?1 WHERE folder = ?2 AND substr(path, 1, ?4) = ?3", inside)
            database.execute("DELETE FROM files WHERE folder = ?", (str(folder),))
        self._catalogue = None
        return before - len(self.list())

    def folders(self) -> tuple[Path, ...]:
        """The folders that were added, sorted."""
        return tuple(Path(path) for (path,) in self._rows("SELECT path FROM folders ORDER BY path"))

    def list(self) -> tuple[Recording, ...]:
        """All recordings, sorted by path."""
        return self._known().recordings

    def broken(self) -> tuple[tuple[Path, str], ...]:
        """Files that were skipped, each with the reason."""
        rows = self._rows("SELECT path, problem FROM files WHERE problem != '' ORDER BY path")
        return tuple((Path(path), problem) for path, problem in rows)

    def search(self, words: str, limit: int = 10) -> tuple[Found, ...]:
        """The recordings nearest in meaning to some words, the best first."""
        return self._known().search((words,), limit=limit)

    def catalogue(self) -> Catalogue:
        """All recordings with their vectors; the same object as long as nothing is added or removed."""
        return self._known()

    def _known(self) -> Catalogue:
        with self._lock:
            if self._catalogue is None:
                rows = self._rows("SELECT path, recordings FROM files WHERE recordings != '[]' ORDER BY path")
                recordings = tuple(each for path, text in rows for each in _recordings(path, text))
                self._catalogue = Catalogue(recordings, self._vectors, _label_vectors)
            return self._catalogue

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        """Sentence vectors of the library's texts, kept in the index from run to run."""
        wanted = sorted(set(texts))
        known: dict[str, bytes] = {}
        with self._open() as database:
            for batch in (wanted[start : start + _BATCH] for start in range(0, len(wanted), _BATCH)):
                marks = ", ".join("?" * len(batch))
                kept = dict(database.execute(f"SELECT words, vector FROM vectors WHERE words IN ({marks})", batch))
                fresh = [text for text in batch if text not in kept]
                rows = [(text, row.tobytes()) for text, row in zip(fresh, vectors(fresh), strict=True)]
                database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
                known |= kept | dict(rows)
        return np.stack([np.frombuffer(known[text], np.float32) for text in texts])

    def _summary(self, folder: Path, fresh: int, unchanged: int, gone: int) -> Summary:
        return Summary(
            folder=folder,
            recordings=sum(each.path.is_relative_to(folder) for each in self.list()),
            fresh=fresh,
            unchanged=unchanged,
            gone=gone,
            broken=tuple(each for each in self.broken() if each[0].is_relative_to(folder)),
        )

    def _rows(self, query: str) -> Sequence[tuple[str, ...]]:
        if not self.database.is_file():
            return []
        with self._open() as database:
            return database.execute(query).fetchall()

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.database.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(self.database, timeout=_PATIENCE)) as database:
                _lay_tables(database)
                with database:
                    yield database
        except (sqlite3.Error, OSError) as error:
            raise StorageError(
                f"The library's index {self.database} cannot be used ({error}); "
                "free space, or delete it and add the folders again."
            ) from error


def system_folders() -> tuple[Path, ...]:
    """Folders of recordings that Debian's packages sonic-pi-samples and fluid-soundfont-gs install, where present."""
    return tuple(folder for folder in _SYSTEM_FOLDERS if folder.is_dir())


def _label_vectors() -> Vectors:
    return kept_vectors(list(knowledge().labels))


def _lay_tables(database: sqlite3.Connection) -> None:
    """Tables of this version; those of another one are dropped: an index can always be made again."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version == _VERSION:
        return
    drops = (f"DROP TABLE IF EXISTS {table};" for table in ("files", "folders", "vectors"))
    database.executescript("".join(drops) + _TABLES)
    database.execute(f"PRAGMA user_version = {_VERSION}")
    database.commit()


def _row(path: Path, folder: Path, found: ScannedFile) -> tuple[str, str, str, str, str]:
    try:
        recordings, problem = recordings_in(found), ""
    except BadSound as error:
        recordings, problem = [], str(error)
    rows = [{key: value for key, value in asdict(each).items() if key != "path"} for each in recordings]
    return str(path), str(folder), found.stamp, problem, json.dumps(rows)


def _recordings(path: str, text: str) -> Iterable[Recording]:
    for row in json.loads(text):
        yield Recording(**{**row, "path": Path(path), "places": tuple(row["places"])})


def _forget(database: sqlite3.Connection, folder: Path, present: set[str]) -> int:
    """Drop the files of a folder that are not there any more."""
    rows = database.execute("SELECT path FROM files WHERE folder = ?", (str(folder),)).fetchall()
    gone = [(path,) for (path,) in rows if path not in present]
    database.executemany("DELETE FROM files WHERE path = ?", gone)
    return len(gone)


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
