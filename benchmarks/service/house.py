"""Servers and processes for the benchmarks of the service: real ones, on this machine, thrown away afterwards."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from services.backbone.ledger.migrate import upgrade
from services.backbone.settings import settings
from services.up.postgres import Postgres
from services.up.server import stop_all
from services.up.store import Store
from services.up.valkey import Valkey


@contextmanager
def servers() -> Iterator[Mapping[str, str]]:
    """PostgreSQL (durable, as in earnest), Valkey and a store from the wheels; the environment that names them."""
    folder = Path(tempfile.mkdtemp(prefix="soundstage-bench-"))
    folder.chmod(0o711)  # as root, PostgreSQL runs as another user, who must enter
    running = (Postgres(folder), Valkey(folder), Store(folder))
    try:
        environment = {"SOUNDSTAGE_SECRET": secrets.token_urlsafe(48), "SOUNDSTAGE_LOG_LEVEL": "WARNING"}
        for server in running:
            server.start()
            environment |= server.environment()
        os.environ |= environment
        settings.cache_clear()
        upgrade(environment["DATABASE_URL"])
        yield environment
    finally:
        stop_all(running)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def process(module: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python module that runs beside us."""
    running = subprocess.Popen([sys.executable, "-m", module, *options])
    try:
        yield running
    finally:
        running.terminate()
        running.wait(30)


@contextmanager
def web_server(module: str, options: Sequence[str] = (), *, ready: str) -> Iterator[tuple[int, int]]:
    """A module that serves HTTP at `--port`: the port and the process id, once `ready` is answered there."""
    port = free_port()
    with process(module, "--port", str(port), *options) as running:
        _wait(f"http://127.0.0.1:{port}{ready}", running)
        yield port, running.pid


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, running: subprocess.Popen[bytes], patience: float = 60.0) -> None:
    end = time.monotonic() + patience
    while time.monotonic() < end and running.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{url} does not answer")
