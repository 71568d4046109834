"""The servers that the service stands on: those that the environment names, and our own for the rest."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from services.up.postgres import Postgres
from services.up.server import Server, stop_all
from services.up.store import Store
from services.up.valkey import Valkey


def needed_servers(folder: Path, environment: Mapping[str, str], *, durable: bool = True) -> Sequence[Server]:
    """The servers to start ourselves: all but those whose variable is set.

    Args:
        folder: where their data, secrets and logs are kept.
        environment: where DATABASE_URL, REDIS_URL and S3_ENDPOINT_URL are looked for.
        durable: False trusts the machine not to lose power; for tests.
    """
    own: Sequence[Server] = (Postgres(folder, durable=durable), Valkey(folder), Store(folder))
    return [server for server in own if not environment.get(server.variable)]


@contextmanager
def running(servers: Sequence[Server]) -> Iterator[Mapping[str, str]]:
    """The servers, for the length of the block; yields the variables by which they are found."""
    environment: dict[str, str] = {}
    started: list[Server] = []
    try:
        for server in servers:
            started.append(server)
            server.start()
            environment |= server.environment()
        yield environment
    finally:
        stop_all(started)
