"""httpx clients, blocking and not, whose every connection passes a Guard.

The guard sits in httpcore's network backend, below the connection pool and the TLS handshake: the pool keys its
connections by the name in the URL, the certificate is checked against that name (RFC 9110, section 4.3.4), and only
the address is ours. A connection that is kept alive leads to an address that was judged. Nothing is taken from the
environment but SSL_CERT_FILE and SSL_CERT_DIR; no redirect is followed; cookies are neither kept nor sent.
"""

import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, cast

import httpcore
import httpx

from services.backbone.errors import Unreachable
from services.backbone.net.guard import Guard
from services.backbone.net.watch import Watch

USER_AGENT = "Soundstage (+webhooks and film sources)"

_HEADERS = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
# How often a blocked read looks up to see whether it should go on.
_LOOK_UP = 0.5


def blocking_client(guard: Guard, watch: Watch, *, connect: float = 5.0, read: float = 20.0) -> httpx.Client:
    """A client for one errand of a worker, under one watch; times in seconds.

    Its requests raise Refused, Unreachable and Stopped, and of httpx's errors only those of a redirect to nowhere.
    """
    return httpx.Client(
        transport=_Transport(guard, watch),
        timeout=httpx.Timeout(read, connect=connect),
        headers=_HEADERS,
        cookies=_no_cookies(),
        follow_redirects=False,
        trust_env=False,
    )


def async_client(guard: Guard, *, connect: float = 5.0, read: float = 15.0, most: int = 100) -> httpx.AsyncClient:
    """A client for many requests at once, at most `most`; their total time is for the caller to limit.

    Its requests raise Refused and Unreachable, and of httpx's errors only those of a redirect to nowhere.
    """
    return httpx.AsyncClient(
        transport=_AsyncTransport(guard, most),
        timeout=httpx.Timeout(read, connect=connect),
        headers=_HEADERS,
        cookies=_no_cookies(),
        follow_redirects=False,
        trust_env=False,
    )


class _Stream(httpcore.NetworkStream):
    """A stream that looks up from its reading now and then."""

    def __init__(self, stream: httpcore.NetworkStream, watch: Watch) -> None:
        self._stream = stream
        self._watch = watch

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        begun = time.monotonic()
        while True:
            patience = min(_LOOK_UP, self._watch.left())
            started = time.monotonic()
            try:
                data = self._stream.read(max_bytes, timeout=patience)
            except httpcore.ReadTimeout:
                now = time.monotonic()
                self._watch.heard(0, now - started)
                if timeout is not None and now - begun >= timeout:
                    raise
            else:
                self._watch.heard(len(data), time.monotonic() - started)
                return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._watch)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, guard: Guard, watch: Watch) -> None:
        self._guard = guard
        self._watch = watch
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception | None = None
        for address in self._guard.find(host):
            self._watch.left()
            try:
                stream = self._plain.connect_tcp(str(address), port, timeout, local_address, socket_options)
                return _Stream(stream, self._watch)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise httpcore.ConnectError from failure


class _AsyncBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._plain = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception | None = None
        for address in await self._guard.find_async(host):
            try:
                return await self._plain.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise httpcore.ConnectError from failure


class _Body(httpx.SyncByteStream):
    def __init__(self, host: str, stream: httpx.SyncByteStream) -> None:
        self._host = host
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _told(self._host):
            yield from self._stream

    def close(self) -> None:
        self._stream.close()


class _AsyncBody(httpx.AsyncByteStream):
    def __init__(self, host: str, stream: httpx.AsyncByteStream) -> None:
        self._host = host
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _told(self._host):
            async for part in self._stream:
                yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Transport(httpx.BaseTransport):
    def __init__(self, guard: Guard, watch: Watch) -> None:
        self._guard = guard
        self._pool = httpcore.ConnectionPool(
            ssl_context=guard.tls or httpx.create_ssl_context(), network_backend=_Backend(guard, watch)
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._guard.check(str(request.url))
        with _told(request.url.host):
            response = self._pool.handle_request(_as_httpcore(request))
        body = _Body(request.url.host, cast(httpx.SyncByteStream, response.stream))
        return httpx.Response(response.status, headers=response.headers, stream=body, extensions=response.extensions)

    def close(self) -> None:
        self._pool.close()


class _AsyncTransport(httpx.AsyncBaseTransport):
    def __init__(self, guard: Guard, most: int) -> None:
        self._guard = guard
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=guard.tls or httpx.create_ssl_context(),
            max_connections=most,
            max_keepalive_connections=most // 5,
            keepalive_expiry=5.0,
            network_backend=_AsyncBackend(guard),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._guard.check(str(request.url))
        with _told(request.url.host):
            response = await self._pool.handle_async_request(_as_httpcore(request))
        body = _AsyncBody(request.url.host, cast(httpx.AsyncByteStream, response.stream))
        return httpx.Response(response.status, headers=response.headers, stream=body, extensions=response.extensions)

    async def aclose(self) -> None:
        await self._pool.aclose()


def _as_httpcore(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=cast(Any, request.stream),
        extensions={"timeout": request.extensions.get("timeout", {})},  # no other: one of them changes the name in TLS
    )


def _no_cookies() -> CookieJar:
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


@contextlib.contextmanager
def _told(host: str) -> Iterator[None]:
    """Say what went wrong with a foreign server in our own words: the libraries' name addresses."""
    try:
        yield
    except httpcore.UnsupportedProtocol as error:  # pragma: no cover, the guard refuses it before
        raise Unreachable(f"{host} cannot be called in this way; give a URL that begins with https://.") from error
    except httpcore.ConnectTimeout as error:
        raise Unreachable(f"{host} did not take the connection in time; try again later.") from error
    except httpcore.ConnectError as error:
        raise Unreachable(_no_connection(host, error)) from error
    except httpcore.TimeoutException as error:
        raise Unreachable(f"{host} did not answer in time; try again later.") from error
    except (httpcore.NetworkError, OSError) as error:
        raise Unreachable(f"{host} broke the connection; try again later.") from error
    except httpcore.ProtocolError as error:
        raise Unreachable(f"{host} did not answer as HTTP asks for, or stopped half-way; try again later.") from error


def _no_connection(host: str, error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"{host} has a TLS certificate that is not good for it; renew or correct it, then try again."
        cause = cause.__cause__ or cause.__context__
    return f"{host} does not take the connection; check that it runs there, then try again."
