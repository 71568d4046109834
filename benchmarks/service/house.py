"""The house of the benchmarks: the service's own servers and processes, on this machine, thrown away afterwards."""

import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import psutil

from services.backbone.dispatch.workers import ready_queues
from services.backbone.ledger.migrate import upgrade
from services.backbone.objects.store import ObjectStore
from services.backbone.settings import settings
from services.up.postgres import Postgres
from services.up.process import Child
from services.up.server import free_port
from services.up.servers import running
from services.up.store import Store
from services.up.supervisor import answers
from services.up.table import module
from services.up.valkey import Valkey

_ALIVE = timedelta(seconds=6)


@dataclass(frozen=True)
class Web:
    """A process that serves HTTP."""

    port: int
    pid: int


@dataclass(frozen=True)
class House:
    """Where processes are started; each ends with its block, or with this process. Their logs lie in `folder`."""

    folder: Path
    valkey: Valkey

    def start(self, name: str, *options: str, healthy: Callable[[], bool] | None = None, redis: str = "") -> Child:
        """A module of ours as a process, once it is `healthy`; `redis` is another broker than the house's."""
        environment = {**os.environ, **({"REDIS_URL": redis} if redis else {})}
        child = Child(replace(module(name, *options, healthy=healthy), environment=environment), self.folder)
        child.start()
        child.await_ready()
        return child

    @contextmanager
    def process(self, name: str, *options: str, redis: str = "") -> Iterator[Child]:
        """As `start`, for a block."""
        child = self.start(name, *options, redis=redis)
        try:
            yield child
        finally:
            child.stop()

    @contextmanager
    def web(self, name: str, *options: str, ready: str = "/healthz") -> Iterator[Web]:
        """A module that serves HTTP at `--port`, once `ready` is answered there."""
        port = free_port()
        child = self.start(name, "--port", str(port), *options, healthy=answers(f"http://127.0.0.1:{port}{ready}"))
        try:
            yield Web(port, child.pid or 0)
        finally:
            child.stop()

    @contextmanager
    def workers(self, *names: tuple[str, ...]) -> Iterator[list[Child]]:
        """Modules that work steps, each with its options, and a keeper; once all their models are loaded."""
        with ExitStack() as stack:
            stack.enter_context(self.process("services.backbone.keeper"))
            children = [stack.enter_context(self.process(*name)) for name in names]
            until(lambda: {"llm", "media", "gpu"} <= ready_queues(_ALIVE), "the workers are not ready")
            yield children


@contextmanager
def house(**extra: str) -> Iterator[House]:
    """PostgreSQL (durable, as in earnest), Valkey and a store from the wheels, laid out; this process sees them too."""
    folder = Path(tempfile.mkdtemp(prefix="soundstage-bench-"))
    folder.chmod(0o711)  # as root, PostgreSQL runs as another user, who must enter
    # Told to end, it clears up as it does at Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    valkey = Valkey(folder)
    own = {
        "SOUNDSTAGE_SECRET": secrets.token_urlsafe(48),
        "SOUNDSTAGE_SCRATCH": str(folder / "scratch"),
        "SOUNDSTAGE_LOG_LEVEL": "WARNING",
        **extra,
    }
    try:
        with running((Postgres(folder), valkey, Store(folder))) as servers, _environment({**own, **servers}):
            upgrade(servers["DATABASE_URL"])
            ObjectStore.of(settings()).ensure_bucket()
            yield House(folder, valkey)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set in this process too, which asks the ledger itself; whatever was set before comes back."""
    before = dict(os.environ)
    os.environ |= variables
    settings.cache_clear()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before
        settings.cache_clear()


def until(done: Callable[[], bool], otherwise: str, patience: float = 180.0, every: float = 0.1) -> None:
    """Wait for something. Raises TimeoutError with `otherwise` when it does not come."""
    end = time.monotonic() + patience
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(otherwise)
        time.sleep(every)


def busy() -> float:
    """Seconds that processors have spent on this process and on all that it started and that still run."""
    own = psutil.Process()
    times = [process.cpu_times() for process in (own, *own.children(recursive=True))]
    return sum(spent.user + spent.system for spent in times)
