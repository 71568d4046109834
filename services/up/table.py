"""The process table of `soundstage up`, as data."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.backbone.ledger.migrate import upgrade
from services.backbone.objects.store import ObjectStore
from services.backbone.settings import Settings
from services.up.process import Program
from services.up.server import HOST, Server, free_port, is_free
from services.up.supervisor import Entry, Task, answers

API_PORT = 8000
_PREFIX = str(Settings.model_config["env_prefix"])
# A little more than they take for themselves: requests that are served are finished, steps are handed back.
_API_GRACE, _WORKER_GRACE = 25.0, 75.0


def service_table(servers: Sequence[Server], port: int, tasks: Sequence[Task] = ()) -> Sequence[Entry]:
    """The whole service on one machine, in the order of start.

    Args:
        servers: those that are not there yet.
        port: of the API, on loopback.
        tasks: what is to be done besides, once the ledger and the bucket are there.
    """
    address = ("--host", HOST, "--port", str(port))
    return (
        *servers,
        Task("migrations", lambda environment: upgrade(environment["DATABASE_URL"])),
        Task("bucket", make_bucket),
        *tasks,
        module("services.api", *address, healthy=answers(f"http://{HOST}:{port}/healthz"), grace=_API_GRACE),
        module("services.backbone.keeper"),
        module("services.worker_llm", grace=_WORKER_GRACE),
        module("services.worker_gpu", grace=_WORKER_GRACE),
    )


def make_bucket(environment: Mapping[str, str]) -> None:
    """Make the bucket of the service that these variables describe. Raises Unavailable when the store is away."""
    ObjectStore.of(settings_of(environment)).ensure_bucket()


def settings_of(environment: Mapping[str, str]) -> Settings:
    """The settings of a service with these variables, without setting them in this process."""
    fields = {name: field.alias or f"{_PREFIX}{name.upper()}" for name, field in Settings.model_fields.items()}
    given: dict[str, Any] = {
        name: environment[variable] for name, variable in fields.items() if variable in environment
    }
    return Settings(**given)


def module(
    name: str, *arguments: str, healthy: Callable[[], bool] | None = None, grace: float = 15.0, patience: float = 120.0
) -> Program:
    """A program that is a module of ours; called after its last part."""
    command = (sys.executable, "-m", name, *arguments)
    return Program(name.rpartition(".")[2], command, healthy=healthy, grace=grace, patience=patience)


def api_port(wanted: int = API_PORT) -> int:
    """The wanted port, or a free one where it is taken."""
    return wanted if is_free(wanted) else free_port()
