"""What the servers have in common: a folder with data, secrets and a port that outlast the process."""

import importlib.util
import json
import os
import secrets
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from services.up.files import make_folder, write_private
from services.up.process import Child, FailedStart, Program, keep_waiting

HOST = "127.0.0.1"
_MORE_PORTS = 2
# What a server may see of our environment: nothing that configures it behind our back.
_HARMLESS = ("PATH", "TZ", "TMPDIR", "LD_LIBRARY_PATH")


class PortTaken(FailedStart):
    """Somebody took the port between the look and the start."""


class Server(ABC):
    """A server of our own on the loopback interface.

    Required: `name`, `variable`, `prepare`, `program`, `url`. Optional: `environment`.
    """

    name: ClassVar[str]
    variable: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        """Args: folder: of all servers; this one's data go to a folder in it named after it."""
        self.folder = folder
        self.home = folder / self.name
        self._child: Child | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Lay out the data folder, where that is not done yet. Raises StorageError when it cannot be written."""

    @abstractmethod
    def program(self) -> Program:
        """The program to run, on the port that is noted."""

    @property
    @abstractmethod
    def url(self) -> str:
        """Its address, with its secret where the protocol takes it there."""

    def environment(self) -> Mapping[str, str]:
        """The variables by which the services find it."""
        return {self.variable: self.url}

    def start(self, waiting: Callable[[], None] = keep_waiting) -> str:
        """Start it and wait until it speaks; returns its address. A port that is taken is exchanged for another.

        Raises:
            FailedStart: it did not start; the error holds the end of its log.
            StorageError: its folder cannot be written.
        """
        self.launch(waiting)
        return self.url

    def launch(self, waiting: Callable[[], None] = keep_waiting) -> Child:
        """As `start`, and hands over the process."""
        make_folder(self.folder, 0o711)
        self.prepare()
        for _ in range(_MORE_PORTS):
            self._leave_taken_port()
            with suppress(PortTaken):
                return self._run(waiting)
        self._leave_taken_port()
        return self._run(waiting)

    def _run(self, waiting: Callable[[], None]) -> Child:
        child = self._child = Child(self.program(), self.folder)
        child.start()
        try:
            child.await_ready(waiting)
        except FailedStart as error:
            if is_free(self.port):
                raise
            raise PortTaken(str(error), error.log) from error
        except BaseException:
            child.stop()
            raise
        return child

    def _leave_taken_port(self) -> None:
        if not is_free(self.port):
            self._choose_port()

    def stop(self, grace: float | None = None) -> None:
        """End it; its data stay."""
        if self._child:
            self._child.stop(grace)

    @property
    def pid(self) -> int | None:
        """The process id of its present or last run."""
        return self._child.pid if self._child else None

    @property
    def port(self) -> int:
        """The port that it is to listen on."""
        return int(self._notes().get("port") or self._choose_port())

    @property
    def secret(self) -> str:
        """Its password, made once."""
        return self._notes().get("secret") or self._note(secret=secrets.token_urlsafe(24))["secret"]

    def _choose_port(self) -> int:
        return int(self._note(port=str(free_port()))["port"])

    def _notes(self) -> dict[str, str]:
        with suppress(FileNotFoundError, ValueError):
            notes: dict[str, str] = json.loads(self._notebook.read_text())
            return notes
        return {}

    def _note(self, **facts: str) -> dict[str, str]:
        notes = self._notes() | facts
        write_private(self._notebook, json.dumps(notes))
        return notes

    @property
    def _notebook(self) -> Path:
        return self.folder / f"{self.name}.json"


def bare_environment(**extra: str) -> dict[str, str]:
    """An environment in which no variable of the user's configures a server."""
    return {name: os.environ[name] for name in _HARMLESS if name in os.environ} | extra


def in_wheel(package: str, pattern: str) -> Path | None:
    """A file of an installed package, which is not imported: some do much when they are."""
    spec = importlib.util.find_spec(package)
    return next(iter(sorted(Path(spec.origin).parent.glob(pattern))), None) if spec and spec.origin else None


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen on it now."""
    with socket.socket() as listener:
        # As servers do: a port in TIME_WAIT is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
    return True


def stop_all(servers: Sequence[Server]) -> None:
    """Stop the servers, the last first."""
    for server in reversed(servers):
        server.stop()
