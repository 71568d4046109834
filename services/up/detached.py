"""`soundstage up --detach`: the service in the background."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from services.up.files import cannot_write
from services.up.home import Home
from services.up.process import FailedStart, rotate

_LAST_LINES = 15


def start(home: Home, options: Sequence[str]) -> str:
    """Start `soundstage up` in a session of its own, wait until all is ready; returns its greeting.

    What it says meanwhile goes into `logs/up.log`.

    Args:
        home: where its data lie.
        options: of `up`, besides `--data`.

    Raises:
        BadOption: one runs there already.
        FailedStart: it ended before it was ready.
        StorageError: its log cannot be written.
    """
    if (holder := home.holder) is not None:
        raise home.taken(holder)
    log = home.log
    rotate(log)
    begins = log.stat().st_size if log.exists() else 0
    hears, tells = os.pipe()
    command = (sys.executable, "-m", "soundstage", "up", "--data", home.root, *options, "--tell", tells)
    with os.fdopen(hears) as greeting:
        try:
            up = _launch([str(word) for word in command], log, tells)
        finally:
            os.close(tells)
        try:
            said = greeting.read()
        except KeyboardInterrupt:
            up.terminate()
            up.wait()
            raise
    if not said:
        up.wait()
        raise _failed(log, begins)
    return said


def _launch(command: Sequence[str], log: Path, tells: int) -> subprocess.Popen[bytes]:
    try:
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as written:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                pass_fds=(tells,),
                start_new_session=True,
            )
    except OSError as error:
        raise cannot_write(log.parent, error) from error


def _failed(log: Path, begins: int) -> FailedStart:
    """What it said last is why."""
    lines = log.read_bytes()[begins:].decode(errors="replace").strip().splitlines()[-_LAST_LINES:]
    why = lines[-1].removeprefix("soundstage: ") if lines else "it said nothing"
    return FailedStart(f"It did not start: {why} (its log is {log}).", "\n".join(lines))


def teller(descriptor: int | None) -> Callable[[str], None]:
    """Tells whoever started this process, once, that all is ready; nobody where there is no descriptor."""

    def tell(greeting: str) -> None:
        if descriptor is not None:
            # Who started it may have gone: it is up all the same.
            with suppress(OSError), os.fdopen(descriptor, "w") as told:
                told.write(greeting)

    return tell
