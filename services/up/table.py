"""The process table of `soundstage up`, as data."""

import sys
from collections.abc import Callable, Sequence

from services.up.process import Program
from services.up.server import HOST, Server, free_port, is_free
from services.up.supervisor import Entry, Task, answers

API_PORT = 8000
# Workers hand their steps back within their soft shutdown time; a little more, so that they are not cut off.
_WORKER_GRACE = 75.0


def service_table(servers: Sequence[Server], migrate: Callable[[str], None], port: int) -> Sequence[Entry]:
    """The whole service on one machine, in the order of start.

    Args:
        servers: those that are not there yet.
        migrate: brings the database that a URL names to its present shape.
        port: of the API, on loopback.
    """
    return (
        *servers,
        Task("migrations", lambda environment: migrate(environment["DATABASE_URL"])),
        module("services.api", "--host", HOST, "--port", str(port), healthy=answers(f"http://{HOST}:{port}/healthz")),
        module("services.backbone.keeper"),
        module("services.worker_llm", grace=_WORKER_GRACE),
        module("services.worker_gpu", grace=_WORKER_GRACE),
    )


def module(
    name: str, *arguments: str, healthy: Callable[[], bool] | None = None, grace: float = 15.0, patience: float = 120.0
) -> Program:
    """A program that is a module of ours; called after its last part."""
    command = (sys.executable, "-m", name, *arguments)
    return Program(name.rpartition(".")[2], command, healthy=healthy, grace=grace, patience=patience)


def api_port(wanted: int = API_PORT) -> int:
    """The wanted port, or a free one where it is taken."""
    return wanted if is_free(wanted) else free_port()
