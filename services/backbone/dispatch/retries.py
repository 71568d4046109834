"""Which failures are worth another attempt, and when."""

import random
import re
import traceback

from services.backbone.ledger.tables.base import Document
from services.backbone.settings import settings
from soundstage.errors import SoundstageError

# Seconds until the next attempt, by the kind of error and by how often the step failed before. What is not listed
# is the fault of what was asked for, and would fail again.
_DELAYS: dict[str, tuple[float, ...]] = {
    "damaged-object": (1, 5),
    "internal": (1, 10, 60),
    "service": (1, 10, 60),
    "lost": (0, 5, 30),
    "model-away": (5, 30, 120),
    "storage": (5, 30, 120),
    "tool-failed": (1, 10),
    "too-many": (30, 120, 600),
    "unavailable": (1, 3, 10, 20, 30),
    "unreachable": (2, 15, 60),
}
_JITTER = 0.2
_UNEXPECTED = "Something went wrong that should not have; try again, and report it if it happens again."


def retry_delay(error: BaseException, failures: int) -> float | None:
    """Seconds to wait before the next attempt after `failures` earlier ones; None when there must be none."""
    return delay_for(kind_of(error), failures)


def delay_for(kind: str, failures: int) -> float | None:
    """As `retry_delay`, by the kind of error."""
    delays = _DELAYS.get(kind)
    if delays is None:
        return None
    delay = delays[min(failures, len(delays) - 1)]
    return delay * random.uniform(1 - _JITTER, 1 + _JITTER)


def kind_of(error: BaseException) -> str:
    """The stable kind of any error."""
    return error.kind if isinstance(error, SoundstageError) else "internal"


def problem_of(error: BaseException) -> Document:
    """An error as the ledger keeps it and the user is told; the inside of a fault of ours stays in the log."""
    if isinstance(error, SoundstageError):
        return {"kind": error.kind, "detail": _without_places(str(error)), "status": error.status}
    places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-1:]]
    where = " in ".join([type(error).__name__, *places])
    return {"kind": "internal", "detail": _UNEXPECTED, "status": 500, "where": where}


def _without_places(sentence: str) -> str:
    """The sentence with files called by their names: where a worker keeps them is nobody's affair."""
    scratch = re.escape(str(settings().scratch))
    return re.sub(rf"{scratch}/[^/\s]+/(?:[^/\s]+/)*", "", sentence)
