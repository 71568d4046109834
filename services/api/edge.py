"""What every request passes first and last: its id, its log, a limit on its body, headers for safety."""

import math
import re
import secrets
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import NoReturn

import structlog
from opentelemetry.trace import SpanKind
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api import problems
from services.backbone import metrics, tracing
from services.backbone.settings import MIB

Header = tuple[bytes, bytes]

RATE_HEADERS = "rate_headers"

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_JSON_LIMIT = 1 * MIB
# A cue sheet of a long film, and a batch of ten thousand films.
_DOCUMENT_LIMIT = 16 * MIB
_DOCUMENTS = ("/cuesheet", "/v1/batches", "/items")
_FORM = b"multipart/form-data"
_FORMS = "/v1/jobs"

# What OWASP asks of an API that answers with data. Each header costs a microsecond or two.
_SAFE: tuple[Header, ...] = ((b"x-content-type-options", b"nosniff"),)
_NOTHING_BUT_DATA = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_NOT_KEPT = (b"cache-control", b"no-store")
_CLOSE = (b"connection", b"close")
_ONLY_TLS = (b"strict-transport-security", b"max-age=31536000")
_PAGES = ("/docs",)
_UNTRACED = nullcontext()

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_HUNG_UP = 499  # as nginx tells of clients that did not wait for their answer

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
        body = None if scope["method"] == "GET" else _Body(scope, receive)
        answer = _Answer(scope, send, ((b"x-request-id", request_id.encode()), *safe), body)
        started = time.perf_counter()
        try:
            with _traced(scope):
                await self._app(scope, body or receive, answer)
        except ClientDisconnect:
            log.info("the client hung up", method=scope["method"], path=scope["path"])
        except Exception as error:
            if answer.status is not None:
                raise
            await problems.unexpected(error)(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - started
            _count(scope, answer.status, seconds)
            if scope["method"] != "GET" or answer.status is None or answer.status >= 400:  # polling drowns the rest
                _report(scope, answer.status, seconds)


class _Body:
    """A request's body on its way in: one that has more bytes than a document may have is not read on."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"")
        self._receive = receive
        self._left = self._limit = _limit(scope["path"], headers.get(b"content-type", b""))
        self._declared = int(length[:20]) if length.isdigit() else 0
        self.is_read = not self._declared and b"transfer-encoding" not in headers

    async def __call__(self) -> Message:
        if self._declared > self._limit:
            self._refuse()
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        self.is_read = not message.get("more_body", False)
        if self._left < 0:
            self._refuse()
        return message

    def _refuse(self) -> NoReturn:
        raise HTTPException(413, f"The body has more than {self._limit:.0f} bytes; send less, or use /v1/uploads.")


class _Answer:
    """Adds headers to an answer as it goes out."""

    def __init__(self, scope: Scope, send: Send, headers: Iterable[Header], body: _Body | None) -> None:
        self.status: int | None = None
        self._scope = scope
        self._send = send
        self._headers = headers
        self._body = body

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), *self._headers, *self._scope.get("state", {}).get(RATE_HEADERS, ())]
            if not any(name == _NOT_KEPT[0] for name, _ in headers):
                headers.append(_NOT_KEPT)
            if self._body is not None and not self._body.is_read:
                headers.append(_CLOSE)  # or the rest of a film would be read, only to be thrown away
            message = {**message, "headers": headers}
        await self._send(message)


def _request_id(headers: Iterable[Header]) -> str:
    given = next((value for name, value in headers if name == b"x-request-id"), None)
    return given.decode() if given is not None and _REQUEST_ID.fullmatch(given) else f"req_{secrets.token_hex(12)}"


def _traced(scope: Scope) -> AbstractContextManager[object]:
    """A span around what may cause work; who only asks is not traced, for that would cost more than the answer."""
    if scope["method"] == "GET":
        return _UNTRACED
    given = next((value for name, value in scope["headers"] if name == b"traceparent"), b"")
    traceparent = given.decode("latin-1") or None
    return tracing.span("request", traceparent, kind=SpanKind.SERVER, method=scope["method"], path=scope["path"])


def _limit(path: str, content_type: bytes) -> float:
    if path == _FORMS and content_type.lower().startswith(_FORM):
        return math.inf  # a film: its reader keeps count
    return _DOCUMENT_LIMIT if path.endswith(_DOCUMENTS) else _JSON_LIMIT


def _count(scope: Scope, status: int | None, seconds: float) -> None:
    # Only what we know ourselves becomes a label, or clients could make any number of them.
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    route = getattr(scope.get("route"), "path", None) or "none"
    metrics.count_request(method, route, status or _HUNG_UP, seconds)


def _report(scope: Scope, status: int | None, seconds: float) -> None:
    log.info("request", method=scope["method"], path=scope["path"], status=status, seconds=round(seconds, 4))
