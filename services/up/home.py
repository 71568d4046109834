"""The data folder of a service on one machine.

lock            held by the `up` that runs on it
secrets.json    made once; with the passwords of the servers, all that must be kept secret
postgres/  valkey/  store/      data, and beside each a file with its port and password
scratch/        where workers keep files while they work
logs/  run/     the output of every process; which processes are ours
"""

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from services.up import records
from services.up.files import cannot_write, make_folder, write_private
from services.up.server import Server
from services.up.servers import needed_servers
from soundstage.errors import BadOption, StorageError

_SECRET = "SOUNDSTAGE_SECRET"
# Others may pass through the folder, for as root PostgreSQL is another user; everything in it is closed.
_PASSABLE = 0o711
# Where root's own folder is closed to the account that PostgreSQL must run as.
_OF_ROOT = Path("/var/lib/soundstage")


def default_folder() -> Path:
    """Where the data are kept when the user names no folder."""
    if os.geteuid() == 0:
        return _OF_ROOT
    return platformdirs.user_data_path("soundstage", appauthor=False)


@dataclass(frozen=True)
class Home:
    """Paths and bookkeeping of one data folder."""

    root: Path

    @classmethod
    def at(cls, folder: Path | None = None) -> "Home":
        """The home in this folder, or in the default one."""
        return cls((folder or default_folder()).expanduser().absolute())

    @contextmanager
    def held(self) -> Iterator[Sequence[str]]:
        """Keep every other `up` away; yields the names of processes that a killed one left, which are ended.

        Raises:
            BadOption: another `up` runs on it.
            StorageError: it cannot be written.
        """
        make_folder(self.root, _PASSABLE)
        try:
            lock = (self.root / "lock").open("a+")
        except OSError as error:
            raise cannot_write(self.root, error) from error
        with lock:
            self._take(lock.fileno())
            yield records.end_leftovers(make_folder(self.root / "run"))

    @property
    def log(self) -> Path:
        """What an `up` in the background says; its folder is made.

        Raises:
            StorageError: it cannot be made.
        """
        make_folder(self.root, _PASSABLE)
        return make_folder(self.root / "logs") / "up.log"

    @property
    def holder(self) -> int | None:
        """The process of the `up` that runs on it; None when none does.

        Raises:
            StorageError: that cannot be read.
        """
        try:
            with (self.root / "lock").open() as lock:
                with suppress(OSError):
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    return None
                return int(lock.read() or 0) or None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{self.root} cannot be read ({error.strerror}).") from error

    def taken(self, who: int | str) -> BadOption:
        """The sentence for a second `up` on it."""
        return BadOption(
            f"Soundstage is already up on {self.root} (process {who}); "
            "stop it with soundstage down or name another folder with --data."
        )

    def servers(self, environment: Mapping[str, str]) -> Sequence[Server]:
        """The servers to start for it: those whose variable the environment lacks."""
        return needed_servers(self.root, environment)

    def environment(self, given: Mapping[str, str], *, public_url: str) -> Mapping[str, str]:
        """The service's variables, less those of the servers; what is given already stays as it is.

        Raises:
            StorageError: the secrets cannot be kept.
        """
        own: Mapping[str, Callable[[], str]] = {
            _SECRET: lambda: self.secret(_SECRET),
            "SOUNDSTAGE_SCRATCH": lambda: str(make_folder(self.root / "scratch")),
            "SOUNDSTAGE_PUBLIC_URL": lambda: public_url,
            # Callbacks to this very machine are what one tries first.
            "SOUNDSTAGE_ALLOW_LOOPBACK": lambda: "true",
        }
        return {name: given.get(name) or make() for name, make in own.items()}

    def secret(self, name: str) -> str:
        """A secret of this home; made when it is first asked for."""
        known = self._secrets()
        if name not in known:
            known[name] = secrets.token_urlsafe(48)
            write_private(self._vault, json.dumps(known))
        return known[name]

    def _take(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            who = os.pread(lock, 20, 0).decode() or "unknown"
            raise self.taken(who) from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)

    def _secrets(self) -> dict[str, str]:
        try:
            known: dict[str, str] = json.loads(self._vault.read_text())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            # Never made anew: without the old one no API key is good any more.
            raise StorageError(f"{self._vault} cannot be read ({error}); restore it from a copy.") from error
        return known

    @property
    def _vault(self) -> Path:
        return self.root / "secrets.json"
