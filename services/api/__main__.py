"""Serves the HTTP interface: `python -m services.api [--host HOST] [--port PORT] [--workers N]`."""

import argparse
import sys

import uvicorn
from fastapi import FastAPI

from services.api.app import create_app
from services.backbone import logs, tracing
from services.backbone.settings import settings
from soundstage.agents.llm.settings import agent_settings
from soundstage.errors import SoundstageError

_NAME = "api"
_GRACE = 20
_KEEP_ALIVE = 75
# A process that loads its modules on a busy machine is not dead.
_STARTING = 60


def main() -> None:
    """Serve until a signal; requests that are served then are finished."""
    asked = _arguments().parse_args()
    try:
        settings()
        agent_settings()
    except SoundstageError as error:
        sys.exit(_told(error))
    uvicorn.run(
        "services.api.__main__:served",
        factory=True,
        host=asked.host,
        port=asked.port,
        workers=asked.workers,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
        timeout_worker_healthcheck=_STARTING,
        log_config=None,
    )


def _told(error: SoundstageError) -> int:
    print(error, file=sys.stderr)
    return error.exit_code


def served() -> FastAPI:
    """The app, in a process of its own that logs and traces as the API."""
    logs.configure(_NAME)
    tracing.configure(_NAME)
    return create_app()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.api", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen at (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="processes (default: %(default)s)")
    return parser


if __name__ == "__main__":
    main()
