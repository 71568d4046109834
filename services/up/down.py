"""`soundstage down`: the end of a `soundstage up`, wherever that was started."""

import os
import signal
import time
from pathlib import Path
from typing import Annotated

import typer

from services.up.home import Home
from services.up.records import start_mark
from soundstage.cli.console import stdout
from soundstage.errors import BadOption, ToolFailed

_POLL = 0.2
# Longer than any part of it takes to end: a worker hands its step back within 75 s, PostgreSQL closes after it.
_PATIENCE = 180.0


def down(
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help="As of soundstage up.")] = None,
) -> None:
    """Stop the service that runs on this machine, and keep its data; Ctrl-C stops it at once."""
    home = Home.at(data)
    stopped = stop(home)
    stdout.print("Everything is stopped; the data are kept." if stopped else f"Nothing is up on {home.root}.")


def stop(home: Home) -> bool:
    """Stop the service of a folder as Ctrl-C would, and wait until it has ended; False when none is up there.

    Interrupted, it stops the service at once.

    Raises:
        BadOption: it is another user's.
        ToolFailed: it does not end.
    """
    if (holder := home.holder) is None:
        return False
    mark = start_mark(holder)
    try:
        _ask(home, holder)
        _await_end(home, holder, mark)
    except KeyboardInterrupt:
        _ask(home, holder)
        _await_end(home, holder, mark)
    return True


def _ask(home: Home, process: int) -> None:
    try:
        os.kill(process, signal.SIGTERM)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise BadOption(
            f"The service on {home.root} (process {process}) is another user's; stop it as that."
        ) from error


def _await_end(home: Home, process: int, mark: str | None) -> None:
    until = time.monotonic() + _PATIENCE
    while mark is not None and start_mark(process) == mark:
        if time.monotonic() > until:
            raise ToolFailed(f"Process {process} does not end; see {home.log}, and end it with kill -9 {process}.")
        time.sleep(_POLL)


def register(app: typer.Typer) -> None:
    """Add the command; an entry point of the group soundstage.commands."""
    app.command("down")(down)
