"""What every request passes first and last: its id, its log, a limit on its body, headers for safety."""

import re
import secrets
import time
from collections.abc import Iterable

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api import problems
from services.backbone.settings import MIB

Header = tuple[bytes, bytes]

RATE_HEADERS = "rate_headers"

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_JSON_LIMIT = 1 * MIB
# A cue sheet of a long film, and a batch of ten thousand films.
_DOCUMENT_LIMIT = 16 * MIB
_DOCUMENTS = ("/cuesheet", "/v1/batches")
_FORM = b"multipart/form-data"
_FORMS = "/v1/jobs"
_TOO_LARGE = "The body has more than {} bytes; send less, or upload a file by /v1/uploads."

# What OWASP asks of an API that answers with data. Each header costs a microsecond or two.
_SAFE: tuple[Header, ...] = ((b"x-content-type-options", b"nosniff"),)
_NOTHING_BUT_DATA = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_NOT_KEPT = (b"cache-control", b"no-store")
_ONLY_TLS = (b"strict-transport-security", b"max-age=31536000")
_PAGES = ("/docs",)

log = structlog.get_logger()


class Edge:
    """The outermost layer of the app that is ours."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        """Args: app: what is inside. tls: whether clients reach us by https."""
        self._app = app
        self._on_pages = (*_SAFE, _ONLY_TLS) if tls else _SAFE
        self._on_data = (*self._on_pages, _NOTHING_BUT_DATA)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; errors that nobody foresaw are told as problems here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope["headers"])
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        safe = self._on_pages if scope["path"] in _PAGES else self._on_data
        answer = _Answer(scope, send, ((b"x-request-id", request_id.encode()), *safe))
        started = time.perf_counter()
        try:
            await self._app(scope, _limited(scope, receive), answer)
        except Exception as error:
            if answer.status is not None:
                raise
            await problems.unexpected(error)(scope, receive, answer)
        finally:
            if scope["method"] != "GET" or answer.status is None or answer.status >= 400:  # polling drowns the rest
                _report(scope, answer.status, time.perf_counter() - started)


class _Answer:
    """Adds headers to an answer as it goes out."""

    def __init__(self, scope: Scope, send: Send, headers: Iterable[Header]) -> None:
        self.status: int | None = None
        self._scope = scope
        self._send = send
        self._headers = headers

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), *self._headers, *self._scope.get("state", {}).get(RATE_HEADERS, ())]
            if not any(name == _NOT_KEPT[0] for name, _ in headers):
                headers.append(_NOT_KEPT)
            message = {**message, "headers": headers}
        await self._send(message)


def _request_id(headers: Iterable[Header]) -> str:
    given = next((value for name, value in headers if name == b"x-request-id"), None)
    return given.decode() if given is not None and _REQUEST_ID.fullmatch(given) else f"req_{secrets.token_hex(12)}"


def _limited(scope: Scope, receive: Receive) -> Receive:
    """`receive`, but a body of more bytes than a document may have is not read on."""
    if scope["method"] == "GET":
        return receive
    headers = dict(scope["headers"])
    if scope["path"] == _FORMS and headers.get(b"content-type", b"").lower().startswith(_FORM):
        return receive  # a film: its reader keeps count
    limit = _DOCUMENT_LIMIT if scope["path"].endswith(_DOCUMENTS) else _JSON_LIMIT
    length = headers.get(b"content-length", b"")
    read = 0

    async def counting() -> Message:
        nonlocal read
        if length.isdigit() and int(length[:20]) > limit:
            raise HTTPException(413, _TOO_LARGE.format(limit))
        message = await receive()
        read += len(message.get("body", b""))
        if read > limit:
            raise HTTPException(413, _TOO_LARGE.format(limit))
        return message

    return counting


def _report(scope: Scope, status: int | None, seconds: float) -> None:
    log.info("request", method=scope["method"], path=scope["path"], status=status, seconds=round(seconds, 4))
