"""How a run ends that does not end well: one line on stderr, an exit code, and nothing left running.

Only the standard library is loaded here, so that this works from the first moment on.
"""

import json
import os
import signal
import sys
from types import FrameType
from typing import Never

INTERRUPTED_CODE = 130
_advice = "run the same command again to go on."
_AGAIN = 0.01
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def complain(kind: str, message: str, code: int) -> int:
    """Print one line about what went wrong on stderr (and as JSON where asked for); returns the exit code."""
    line = " ".join(message.split())
    if "--json" in sys.argv:
        document = {"error": {"kind": kind, "message": line, "exit_code": code}}
        _print(json.dumps(document, indent=2, ensure_ascii=False), 1)
    _print(f"soundstage: {line}", 2)
    return code


def hear_interrupts() -> None:
    """Let Ctrl-C, `kill` and a closed terminal end a run alike: cleaned up after the first, at once after the second.

    What is ignored from birth (`nohup`, jobs in the background of a script) stays ignored.
    """
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _first)
    sys.unraisablehook = _hear_again


def when_interrupted(advice: str) -> None:
    """Set what a user who interrupts the run from now on is told to do; a sentence's end."""
    global _advice
    _advice = advice


def last_words() -> int:
    """Say that the run was interrupted; what comes now is too late to be heard."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    # An interrupt within compiled text (a namedtuple being made) has the interpreter end by SIGINT, whatever our code
    # is; the next such text, however empty, makes it forget that.
    exec("")
    return complain("interrupted", f"Interrupted; {_advice}", INTERRUPTED_CODE)


def _first(number: int, frame: FrameType | None) -> Never:
    for each in _SIGNALS:
        if signal.getsignal(each) is _first:
            signal.signal(each, _second)
    raise KeyboardInterrupt


def _hear_again(ignored: "sys.UnraisableHookArgs") -> None:
    """An interrupt that came where exceptions are lost (a weakref's callback, a `__del__`) comes once more."""
    if ignored.exc_type is not KeyboardInterrupt or not hasattr(signal, "setitimer"):
        sys.__unraisablehook__(ignored)
        return
    signal.signal(signal.SIGALRM, _first)
    # Not at once: it would be lost in this very call.
    signal.setitimer(signal.ITIMER_REAL, _AGAIN)


def _second(number: int, frame: FrameType | None) -> Never:
    # A child of ours ends by itself once its pipes are closed, and half-written files are swept by the next run.
    os._exit(last_words())


def _print(line: str, descriptor: int) -> None:
    """Write past Python's buffers, which an interrupted print may hold; a reader that is gone misses nothing."""
    try:
        os.write(descriptor, f"{line}\n".encode(errors="replace"))
    except OSError:
        return
