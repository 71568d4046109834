"""Which processes are ours: each is noted when it is started, so that the next `up` finds what a killed one left.

A note holds the process id and the mark of its start. An id alone proves nothing: it may belong to another by now.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from services.up.files import write_private

GROUP_GRACE = 2.0
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_POLL = 0.05
# Fields of /proc/PID/stat after the name: the start is the 22nd of all.
_START_FIELD = 19
_ENDED = "ended"
_KILL_PATIENCE = 5.0


@dataclass(frozen=True)
class Record:
    """A process that we started; it leads a process group of its own."""

    name: str
    pid: int
    mark: str
    farewell: int

    @property
    def is_alive(self) -> bool:
        """Whether that very process still runs."""
        return start_mark(self.pid) == self.mark

    @property
    def is_replaced(self) -> bool:
        """Whether its id belongs to a foreign process."""
        return start_mark(self.pid) not in (None, self.mark)


def start_mark(pid: int) -> str | None:
    """What tells a process from an earlier or later one with the same id; None when there is none."""
    try:
        if not _BOOT.exists():
            return str(psutil.Process(pid).create_time())
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (psutil.NoSuchProcess, OSError):
        return None
    return None if fields[0] in "ZX" else f"{_BOOT.read_text().strip()}:{fields[_START_FIELD]}"


def note(folder: Path, name: str, pid: int, farewell: signal.Signals = signal.SIGTERM) -> Record:
    """Note a process that was just started, and the signal that asks it to end."""
    record = Record(name, pid, start_mark(pid) or _ENDED, int(farewell))
    write_private(folder / f"{name}.json", json.dumps(asdict(record)))
    return record


def forget(folder: Path, name: str) -> None:
    """The process has ended."""
    (folder / f"{name}.json").unlink(missing_ok=True)


def end_leftovers(folder: Path, grace: float = 10.0) -> Sequence[str]:
    """End what an earlier run left behind, and only that; returns the names of what still ran.

    Args:
        folder: with the notes.
        grace: how long all of them together may take before they are ended by force.
    """
    found = [record for record in _records(folder) if _members(record)]
    for record in reversed(found):
        if record.is_alive:
            _send(record.pid, record.farewell)
    until = time.monotonic() + grace
    while any(record.is_alive for record in found) and time.monotonic() < until:
        time.sleep(_POLL)
    for record in reversed(found):
        end_group(record)
    for path in folder.glob("*.json"):
        path.unlink(missing_ok=True)
    return [record.name for record in found]


def end_group(record: Record, grace: float = GROUP_GRACE) -> None:
    """Ask everything in its group to end, then kill what does not."""
    if grace:
        _send_to_group(record, signal.SIGTERM, grace)
    _send_to_group(record, signal.SIGKILL, _KILL_PATIENCE)


def _send_to_group(record: Record, number: int, patience: float) -> None:
    """Send it to every member, and to what those started in sessions of their own; wait until all are gone."""
    family = [(pid, start_mark(pid)) for member in _members(record) for pid in (member, *_descendants(member))]
    for pid, _ in family:
        _send(pid, number)
    until = time.monotonic() + patience
    while any(start_mark(pid) == mark for pid, mark in family if mark) and time.monotonic() < until:
        time.sleep(_POLL)


def _descendants(pid: int) -> list[int]:
    with contextlib.suppress(psutil.Error):
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return []


def _records(folder: Path) -> Iterator[Record]:
    for path in sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns):
        with contextlib.suppress(ValueError, TypeError, OSError):
            yield Record(**json.loads(path.read_text()))


def _members(record: Record) -> list[int]:
    """Processes of its group. An id stays taken while its group has members, so a foreign leader means none is ours."""
    if record.is_replaced or record.mark == _ENDED:
        return []
    return [pid for pid in psutil.pids() if _group_of(pid) == (record.pid, record.pid) and start_mark(pid)]


def _group_of(pid: int) -> tuple[int, int] | None:
    try:
        return os.getpgid(pid), os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
