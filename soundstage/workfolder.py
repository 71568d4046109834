"""The work folder of one film: where finished work lies, so that no input is worked twice.

    reading/        what was read off the film
    memory/         results of the agents, one JSON file each, named by the hash of their inputs; beside those
                    that only one run goes by lies a mark
    takes/          rendered cues, named by the hash of what shaped them
    stems/          one layer each
    cuesheet.json   the sheet, for the user to edit;  .baseline.json is the studio's own copy
    master.flac  captions.vtt  timeline.otio  talk.txt  report.json

Every file appears whole (written aside, then renamed), so a run that was killed leaves only
finished work and `.part` files, which the next run removes.
"""

import contextlib
import fcntl
import hashlib
import itertools
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from soundstage import cuesheet
from soundstage.cuesheet import CueSheet, write_aside
from soundstage.edits import NO_EDITS, Edits, all_of, edits_between
from soundstage.errors import BadCueSheet, BadOption, StorageError
from soundstage.reading import Reading
from soundstage.seals import is_whole, seal

_Model = TypeVar("_Model", bound=BaseModel)
_CHUNK = 1 << 20
_FOR_NOW = ".fornow"
# How files are named while they are written.
_ASIDE = re.compile(r"\.(?P<name>.+)\.(?P<process>\d+)(-\d+)?\.part", re.DOTALL)


@dataclass(frozen=True)
class WorkFolder:
    """Paths and bookkeeping of one work folder."""

    root: Path

    @property
    def reading(self) -> Path:
        """Folder of the read stage."""
        return self.root / "reading"

    @property
    def takes(self) -> Path:
        """Folder of rendered cues."""
        return self.root / "takes"

    @property
    def stems(self) -> Path:
        """Folder of the stems."""
        return self.root / "stems"

    @property
    def sheet(self) -> Path:
        """The editable cue sheet."""
        return self.root / "cuesheet.json"

    @property
    def baseline(self) -> Path:
        """The studio's own copy of the sheet, from which a user's edits are told."""
        return self.root / ".baseline.json"

    @property
    def memory(self) -> Path:
        """Folder of what the agents made, by the hash of its inputs."""
        return self.root / "memory"

    @property
    def talk(self) -> Path:
        """What the agents said."""
        return self.root / "talk.txt"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for one process; leftovers of a killed run are removed first.

        Raises:
            BadOption: another run works in it.
            StorageError: it cannot be created or written.
        """
        try:
            for folder in (self.root, self.takes, self.memory):
                folder.mkdir(parents=True, exist_ok=True)
            lock = (self.root / ".lock").open("w")
        except OSError as error:
            raise StorageError(
                f"The work folder {self.root} cannot be used ({error.strerror}); choose another with --work."
            ) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise BadOption(
                    f"Another run is working in {self.root}; wait for it to end or choose another folder with --work."
                ) from error
            self._sweep()
            yield

    def _sweep(self) -> None:
        """Only in folders of ours: a user may name one as the work folder that holds much else."""
        for folder in (
            self.root,
            self.takes,
            self.stems,
            self.memory,
            self.reading,
            self.reading / "keyframes",
            self.reading / "clips",
        ):
            for leftover in folder.glob(".*.part"):
                if _ASIDE.fullmatch(leftover.name):
                    leftover.unlink(missing_ok=True)

    def recall(self, key: str, model: type[_Model]) -> _Model | None:
        """A remembered result, or None when there is none (or a damaged one)."""
        try:
            return model.model_validate_json((self.memory / f"{key}.json").read_bytes())
        except (OSError, ValidationError):
            return None

    def remember(self, key: str, result: BaseModel) -> None:
        """Keep a result under the hash of its inputs."""
        write_aside(self.memory / f"{key}.json", result.model_dump_json())

    def remember_for_now(self, key: str, result: BaseModel) -> None:
        """Keep a result until `forget_for_now`."""
        (self.memory / f"{key}{_FOR_NOW}").touch()
        self.remember(key, result)

    def forget_for_now(self) -> None:
        """Give up what was kept for an earlier run alone."""
        for mark in self.memory.glob(f"*{_FOR_NOW}"):
            mark.with_suffix(".json").unlink(missing_ok=True)
            mark.unlink()

    def saved_reading(self) -> Reading | None:
        """The reading, when it is there and every file of it is as it was sealed."""
        sealed = self.note("reading").get("files")
        if not isinstance(sealed, dict) or not all(is_whole(self.reading / name, s) for name, s in sealed.items()):
            return None
        try:
            return Reading.load(self.reading)
        except (OSError, ValidationError):
            return None

    def knows_speech(self) -> bool:
        """Whether speech was listened for when the film was read."""
        return bool(self.note("reading").get("speech"))

    def break_seal(self) -> None:
        """Give up the reading before another begins: interrupted, neither film's would be whole."""
        self.write_note("reading", {})

    def seal_reading(self, speech: bool) -> None:
        """Take note of all files of the reading; `speech` says whether it was listened for."""
        files = sorted(path for path in self.reading.rglob("*") if path.is_file() and not _ASIDE.fullmatch(path.name))
        sealed = {str(path.relative_to(self.reading)): seal(path) for path in files}
        self.write_note("reading", {"files": sealed, "speech": speech})

    def saved_sheet(self) -> CueSheet | None:
        """The sheet on disk, edited or not. Raises BadCueSheet when an edit broke it."""
        return cuesheet.load(self.sheet) if self.sheet.exists() else None

    def write_sheet(self, sheet: CueSheet, designed: CueSheet) -> None:
        """Write the sheet for the user, and what the studio itself designed as the baseline.

        The baseline comes last: killed between the two, the next run takes new cues for the user's
        and mends that; the other way round it would take the old ones for the user's and keep them.
        """
        cuesheet.save(sheet, self.sheet)
        cuesheet.save(designed, self.baseline)

    def annotate_sheet(self, sheet: CueSheet) -> None:
        """Write the sheet again with notes of takes; what a user edited meanwhile stays for the next run."""
        with contextlib.suppress(BadCueSheet):
            saved = self.saved_sheet()
            if saved is None or not edits_between(sheet, saved):
                cuesheet.save(sheet, self.sheet)

    def write_talk(self, turns: Sequence[str]) -> None:
        """Keep the agents' conversation, one turn a line, for reading."""
        write_aside(self.talk, "\n".join(turns) + "\n")

    def edits(self) -> Edits:
        """What the user did to the sheet since the studio designed it; all of it when the baseline is lost."""
        edited = self.saved_sheet()
        if edited is None:
            return NO_EDITS
        try:
            return edits_between(cuesheet.load(self.baseline), edited)
        except (BadCueSheet, StorageError):
            return all_of(edited)

    def set_aside_sheet(self) -> Path | None:
        """Move the sheet (of another film, say) out of the way without losing it."""
        if not self.sheet.exists():
            return None
        names = (self.root / f"cuesheet.{number}.json" for number in itertools.count(1))
        free = next(name for name in names if not name.exists())
        self.baseline.unlink(missing_ok=True)
        return self.sheet.rename(free)

    def note(self, name: str) -> dict[str, object]:
        """A small JSON note of an earlier run, empty when there is none."""
        try:
            value = json.loads((self.root / f".{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def write_note(self, name: str, value: dict[str, object]) -> None:
        """Keep a small JSON note for the next run."""
        write_aside(self.root / f".{name}.json", json.dumps(value, sort_keys=True))


def sweep_beside(path: Path) -> None:
    """Remove what killed runs left beside an output: written aside under its name by processes that are gone."""
    with contextlib.suppress(OSError):
        for leftover in path.parent.iterdir():
            aside = _ASIDE.fullmatch(leftover.name)
            if aside and aside["name"] == path.name and not _is_running(int(aside["process"])):
                leftover.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return process != os.getpid()


def film_digest(film: Path, folder: WorkFolder) -> str:
    """SHA-256 of the film's bytes (hex), remembered by its size and time so that it is read once.

    Raises:
        StorageError: the film cannot be read.
    """
    try:
        status = film.stat()
        stamp = {"path": str(film.resolve()), "size": status.st_size, "mtime": status.st_mtime_ns}
        known = folder.note("film")
        if {**known, "digest": None} == {**stamp, "digest": None}:
            return str(known["digest"])
        sha = hashlib.sha256()
        with film.open("rb") as file:
            while chunk := file.read(_CHUNK):
                sha.update(chunk)
    except OSError as error:
        raise StorageError(f"{film} cannot be read ({error.strerror}); check the path and its permissions.") from error
    folder.write_note("film", {**stamp, "digest": sha.hexdigest()})
    return sha.hexdigest()
