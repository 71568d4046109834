"""How errors are told: problem documents (RFC 9457), with a stable type, whatever went wrong."""

import socket
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

import structlog
from asyncpg.exceptions import (
    InterfaceError,
    OperatorInterventionError,
    PostgresConnectionError,
    TooManyConnectionsError,
)
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolEmpty
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from services.api.schemas.problems import Fault, Problem
from services.backbone.errors import ServiceError, Unauthorized
from services.backbone.ledger.sessions import is_away
from services.backbone.settings import settings
from soundstage.errors import SoundstageError

MEDIA_TYPE = "application/problem+json"
NO_JSON = "The body is no JSON; send a JSON object."
DATABASE_AWAY = "The database is away; try again in a few seconds."

_TITLES = {
    "bad-request": "The request makes no sense",
    "invalid": "The request is not valid",
    "unauthorized": "An API key is needed",
    "forbidden": "The API key lacks the scope",
    "not-found": "There is no such thing",
    "method-not-allowed": "The method is not allowed here",
    "conflict": "The present state forbids it",
    "gone": "It is not there any more",
    "precondition-failed": "It changed since it was read",
    "precondition-required": "The request must say which version it changes",
    "too-large": "Too many bytes",
    "unsupported-media-type": "The body is of a kind that is not read here",
    "no-such-range": "There are no such bytes",
    "unprocessable": "The content is not acceptable",
    "too-many": "A limit is used up",
    "address-refused": "The address is not connected to",
    "unreachable": "A foreign server did not answer",
    "unavailable": "A part of the service is away",
    "bad-film": "The film cannot be given sound",
    "bad-cue-sheet": "The cue sheet is not valid",
    "bad-sound": "The sound or subtitle file cannot be used",
    "bad-option": "An option makes no sense",
    "internal": "Something went wrong inside",
}
_KINDS = {
    400: "bad-request",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    412: "precondition-failed",
    413: "too-large",
    415: "unsupported-media-type",
    416: "no-such-range",
    422: "unprocessable",
    429: "too-many",
    503: "unavailable",
}
_HTTP_DETAILS = {
    400: NO_JSON,  # the framework raises it of nothing else
    404: "There is nothing at this address; see /docs for what there is.",
    405: "This address does not know the method; the Allow header lists those it knows.",
    500: "Something went wrong inside; tell us the instance if it happens again.",
}
_DATABASE_AWAY = (
    PostgresConnectionError,
    OperatorInterventionError,
    TooManyConnectionsError,
    InterfaceError,
    PoolEmpty,
    ConnectionError,
    TimeoutError,
    socket.gaierror,
)
# Postgres says so of a NUL that nobody noticed before.
_NUL_STATES = ("22021", "22P05")
_RETRY_SOON = 5.0
_MOST_FAULTS = 20

log = structlog.get_logger()


def respond(
    status: int,
    kind: str,
    detail: str,
    *,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
    wait: float | None = None,
) -> Response:
    """A problem document. Args: wait: seconds until a retry makes sense."""
    problem = Problem(
        type=type_of(kind),
        title=title_of(kind, status),
        status=status,
        detail=detail,
        instance=_request_id(),
        errors=list(faults) or None,
    )
    told = dict(headers or {})
    if wait is not None:
        told["Retry-After"] = str(max(1, round(wait + 0.5)))
    return JSONResponse(problem.model_dump(exclude_none=True), status, told, MEDIA_TYPE)


def type_of(kind: str) -> str:
    """The URI that names a kind of problem, and leads to its explanation."""
    return f"{settings().public_url.rstrip('/')}/problems/{kind}"


def title_of(kind: str, status: int) -> str:
    """A kind of problem in words."""
    return _TITLES.get(kind) or HTTPStatus(status).phrase


def kinds() -> Mapping[str, str]:
    """All kinds, with their titles."""
    return _TITLES


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route: what it may answer beside success; what any call with a key may meet is added."""
    return open_problems(401, 403, 429, 503, *statuses)


def open_problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """As `problems`, for a route that needs no key."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*statuses, 500})
    }


def install(app: FastAPI) -> None:
    """Have the app tell all its errors as problems."""
    app.add_exception_handler(SoundstageError, _soundstage_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(ValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(DBAPIError, _database_error)
    for kind in _DATABASE_AWAY:
        app.add_exception_handler(kind, _database_away)


def unexpected(error: Exception) -> Response:
    """The answer when nothing else fits: it tells no internals, the log does."""
    log.error("request failed", exc_info=error)
    return respond(500, "internal", _HTTP_DETAILS[500])


def _soundstage_error(request: Request, error: Exception) -> Response:
    told = cast(SoundstageError, error)
    if told.status >= HTTPStatus.INTERNAL_SERVER_ERROR and told.status not in _KINDS:
        log.error("request failed", kind=told.kind, exc_info=told)
    pointer = told.pointer if isinstance(told, ServiceError) else None
    return respond(
        told.status,
        told.kind,
        str(told),
        faults=[Fault(detail=str(told), pointer=pointer)] if pointer is not None else (),
        headers=_challenge(request) if isinstance(told, Unauthorized) else None,
        wait=told.wait if isinstance(told, ServiceError) else None,
    )


def _challenge(request: Request) -> dict[str, str]:
    given = "authorization" in request.headers
    return {"WWW-Authenticate": 'Bearer realm="soundstage"' + (', error="invalid_token"' if given else "")}


def _validation_error(request: Request, error: Exception) -> Response:
    del request
    details = cast(RequestValidationError | ValidationError, error).errors()
    if any(detail["type"] == "json_invalid" for detail in details):
        return respond(400, "bad-request", NO_JSON)
    in_request = isinstance(error, RequestValidationError)
    faults = [_fault(detail, in_request) for detail in details[:_MOST_FAULTS]]
    first = faults[0]
    place = first.pointer or first.parameter or "the body"
    return respond(422, "invalid", f"{place}: {first.detail}.", faults=faults)


def _fault(detail: ErrorDetails | Mapping[str, Any], in_request: bool) -> Fault:
    place: Sequence[int | str] = detail["loc"]
    message = str(detail["msg"]).removeprefix("Value error, ").rstrip(".")
    if not in_request:
        return Fault(detail=message, pointer=pointer_to(place))
    where, rest = str(place[0]) if place else "body", place[1:]
    if where == "body":
        return Fault(detail=message, pointer=pointer_to(rest))
    return Fault(detail=message, parameter=".".join(str(part) for part in rest))


def pointer_to(place: Iterable[int | str]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in place)


def _http_error(request: Request, error: Exception) -> Response:
    told = cast(HTTPException, error)
    kind = _KINDS.get(told.status_code, "bad-request" if told.status_code < 500 else "internal")
    detail = _HTTP_DETAILS.get(told.status_code, told.detail)
    headers = {"Allow": _methods(request)} if told.status_code == HTTPStatus.METHOD_NOT_ALLOWED else told.headers
    return respond(told.status_code, kind, detail, headers=headers)


def _methods(request: Request) -> str:
    """All methods of the address: the router knows only those of the first route that it comes upon."""
    routes = [each for each in iter_route_contexts(request.app.routes) if each.path_format is not None]
    here = [route for route in routes if route.path_regex.match(request.url.path)]
    return ", ".join(sorted({method for route in here for method in route.methods or ()}))


def _database_error(request: Request, error: Exception) -> Response:
    told = cast(DBAPIError, error)
    if getattr(told.orig, "sqlstate", None) in _NUL_STATES:
        return respond(422, "invalid", "A text holds a character that cannot be kept, such as NUL; leave it out.")
    return _database_away(request, told) if is_away(told) else unexpected(told)


def _database_away(request: Request, error: Exception) -> Response:
    del request
    log.warning("the database is away", error=str(error))
    return respond(503, "unavailable", DATABASE_AWAY, wait=_RETRY_SOON)


def _request_id() -> str:
    return cast(str, structlog.contextvars.get_contextvars().get("request_id", ""))
