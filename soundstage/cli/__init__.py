"""The command line.

Exit codes: 0 done, 1 a fault of ours, 2 a wrong option, 3 a bad film, 4 a bad cue sheet, 5 a bad
recording or subtitle file, 6 a missing part, 7 storage, 8 a tool failed, 9 a service is away or did
not do it, 10 a model service refuses, 11 its answers cannot be used, 12 the budget is spent, 13 a
sound model is damaged or does not fit, 14 a bad bench, 130 interrupted (the same command goes on
where it was).
"""

import os
import sys

from soundstage.cli.ending import INTERRUPTED_CODE, complain, hear_interrupts, last_words
from soundstage.errors import BadOption, SoundstageError, StorageError

_DEBUG = "SOUNDSTAGE_DEBUG"


def main() -> None:
    """Run the command line and end with a documented exit code; a user never meets a traceback."""
    _open_streams()
    hear_interrupts()
    try:
        code = _run()
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = last_words()
    except BrokenPipeError:
        # Who reads our output has read enough (`soundstage labels all | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        code = _complain_of(_storage_error(error))
    sys.exit(code)


def _open_streams() -> None:
    """A shell can start us with stdout or stderr closed (`>&-`); what is written there then goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - for the whole run


def _run() -> int:
    """Run what the command line says; the exit code."""
    try:
        _check_words(sys.argv[1:])
        from soundstage.cli.commands import run  # takes a second to load: by now, interrupts are heard

        return run(debug=_DEBUG in os.environ)
    except SoundstageError as error:
        return _complain_of(error)
    except (OSError, KeyboardInterrupt):
        raise
    except MemoryError:
        return _complain_of(StorageError("There is not enough memory; close other programs and run it again."))
    except Exception as error:
        if _DEBUG in os.environ:
            raise
        message = f"This is a fault of Soundstage's ({type(error).__name__}: {error}); {_DEBUG}=1 shows where."
        return complain("internal", message, 1)
    return 0


def _check_words(words: list[str]) -> None:
    """Refuse arguments that are no text: what we write (JSON, timelines, captions) could not name them."""
    for word in words:
        if any("\ud800" <= character <= "\udfff" for character in word):
            shown = word.encode("utf-8", "replace").decode()
            raise BadOption(f"{shown} is not UTF-8 text; rename the file, or write the words in UTF-8.")


def _complain_of(error: SoundstageError) -> int:
    return complain(error.kind, str(error), error.exit_code)


def _storage_error(error: OSError) -> StorageError:
    what = error.filename if isinstance(error.filename, str) else "A file"
    return StorageError(f"{what} cannot be used ({error.strerror or error}); check the path and the free space.")


__all__ = ["INTERRUPTED_CODE", "main"]
