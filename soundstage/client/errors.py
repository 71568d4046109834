"""What can go wrong between a client and the service; the service's own words come as problem documents (RFC 9457)."""

import json
from collections.abc import Mapping

from soundstage.client.models import Fault, Problem
from soundstage.errors import BadCueSheet, BadFilm, BadOption, BadSound, MissingPart, SoundstageError, StorageError

_EXIT_CODE = 9


class ApiError(SoundstageError):
    """The service did not do what was asked.

    Attributes:
        kind: the last part of the problem's type, as in "not-found".
        status: the HTTP status.
        detail: what is wrong and what to do, in the service's words.
        request_id: names the request in the service's log.
        faults: what is wrong, one by one, where the service tells.
        wait: seconds after which to ask again, where the service tells.
    """

    exit_code = _EXIT_CODE

    def __init__(
        self,
        detail: str,
        *,
        kind: str = "service",
        status: int = 500,
        request_id: str | None = None,
        faults: tuple[Fault, ...] = (),
        wait: float | None = None,
    ) -> None:
        """Args: as the attributes."""
        super().__init__(detail)
        self.detail = detail
        self.kind = kind
        self.status = status
        self.request_id = request_id
        self.faults = faults
        self.wait = wait
        self.exit_code = _EXIT_CODES.get(kind, self.exit_code)


class Unauthorized(ApiError):
    """No API key, or one that is not good."""


class Forbidden(ApiError):
    """The API key lacks the scope."""


class NotFound(ApiError):
    """There is no such thing in this account."""


class Conflict(ApiError):
    """What is asked for contradicts the present state."""


class Gone(ApiError):
    """It was there and is not any more."""


class PreconditionFailed(ApiError):
    """The document changed since it was read; read it again."""


class Invalid(ApiError):
    """The request, or the film it is about, is not acceptable; `faults` says where."""

    exit_code = 2


class TooMany(ApiError):
    """A rate limit or a quota is used up."""


class Unavailable(ApiError):
    """The service, or a part of it, is away; try again later."""


class ServerFault(ApiError):
    """Something went wrong inside the service."""


class NotReached(SoundstageError):
    """Nothing answers at the service's address."""

    kind = "not-reached"
    exit_code = _EXIT_CODE
    status = 503


class Damaged(StorageError):
    """What was downloaded is not what the service has."""

    kind = "damaged"


class JobFailed(ApiError):
    """A job that was waited for did not succeed."""


_CLASSES: Mapping[int, type[ApiError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: Invalid,
    409: Conflict,
    410: Gone,
    412: PreconditionFailed,
    413: Invalid,
    415: Invalid,
    422: Invalid,
    428: Invalid,
    429: TooMany,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}
_ENGINE: tuple[type[SoundstageError], ...] = (BadOption, BadFilm, BadCueSheet, BadSound, MissingPart)
_EXIT_CODES: Mapping[str, int] = {error.kind: error.exit_code for error in _ENGINE}
_WORDS: Mapping[int, str] = {
    401: "The API key is not good; use another.",
    403: "The API key may not do this; use another.",
    404: "There is no such thing; check the address.",
    413: "That is more than the server takes; send less.",
    429: "That is too much at once; try again later.",
    502: "The service is away; try again later.",
    503: "The service is away; try again later.",
    504: "The service is away; try again later.",
}
_LONGEST_WAIT = 24 * 3600.0


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error that an answer tells; one without a problem document is told by its status."""
    problem = _problem(body)
    made = _CLASSES.get(status, ServerFault if status >= 500 else Invalid)
    return made(
        problem.detail or _WORDS.get(status, f"The service answered with status {status}; is the address right?"),
        kind=problem.type.rpartition("/")[2] or "service",
        status=status,
        request_id=problem.instance or headers.get("x-request-id"),
        faults=problem.errors or (),
        wait=wait_of(headers),
    )


def wait_of(headers: Mapping[str, str]) -> float | None:
    """The seconds that a Retry-After header asks for; its form as a date is not used by us."""
    given = headers.get("retry-after", "")
    return min(float(given), _LONGEST_WAIT) if given.isascii() and given.isdigit() else None


def _problem(body: bytes) -> Problem:
    try:
        found = json.loads(body)
        return Problem.model_validate(found) if isinstance(found, dict) else Problem()
    except ValueError:
        return Problem()
