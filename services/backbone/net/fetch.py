"""Bringing a film from a URL that a user named: one file on disk, whole, or an error that says why not.

A broken connection is taken up again where it broke, when the server can prove that the film is still the same
(RFC 9110, sections 13.1.5 and 14: If-Range with a strong ETag or a date, and a 206 that begins where we stopped).
"""

import hashlib
import re
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.parse import unquote

import httpx

from services.backbone.errors import BadRequest, TooLarge, Unreachable
from services.backbone.net.clients import blocking_client
from services.backbone.net.guard import Guard
from services.backbone.net.retryafter import seconds_asked
from services.backbone.net.watch import Watch
from soundstage.errors import StorageError

Progress = Callable[[int, int | None], None]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
# Answers below 500 that another try may change: RFC 9110, RFC 8470 (425), RFC 6585 (429).
_PASSING = frozenset({408, 425, 429})
_CONTENT_RANGE = re.compile(r"bytes (?P<first>[0-9]{1,19})-[0-9]{1,19}/(?P<total>[0-9]{1,19}|\*)")
# A broken connection that brought this much does not count as a failure.
_WORTH = 1 << 20
_LONGEST_NAME = 120
_TELL_EVERY = 0.5


@dataclass(frozen=True)
class Fetched:
    """A film that arrived whole: a name to show for it (never a path), its size and its SHA-256 in hex."""

    name: str | None
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Patience:
    """How long a fetch may take, in seconds; `slowest` is in bytes a second, averaged over `window`."""

    connect: float = 5.0
    read: float = 20.0
    total: float = 3 * 3600.0
    slowest: float = 16 * 1024.0
    window: float = 30.0
    tries: int = 5
    pause: float = 1.0


def fetch_film(
    url: str,
    path: Path,
    limit_bytes: int,
    *,
    guard: Guard,
    progress: Progress = lambda done, total: None,
    stopped: Callable[[], bool] = lambda: False,
    patience: Patience = Patience(),
) -> Fetched:
    """Bring a film to a file; when it does not come whole, no file is left.

    Args:
        url: as the user gave it.
        path: where to write; an older file there is replaced.
        limit_bytes: most that is accepted.
        guard: judges every connection, those of redirects too.
        progress: called twice a second with the bytes that are there and, where known, their total.
        stopped: asked twice a second whether to end with Stopped.
        patience: the time limits.

    Raises:
        Refused: an address that is not connected to; it stays so.
        Unreachable: the server or the way to it failed; worth another try, not before `wait` seconds.
        BadRequest: the server has no such film for us.
        TooLarge: it is larger than the limit.
        Stopped: `stopped` said so.
        StorageError: the file cannot be written.
    """
    checked = guard.check(url)
    watch = Watch(total=patience.total, slowest=patience.slowest, window=patience.window, stopped=stopped)
    try:
        with (
            blocking_client(guard, watch, connect=patience.connect, read=patience.read) as client,
            closing(_Copy(path, limit_bytes)) as copy,
        ):
            return _Fetch(client, watch, copy, progress).run(checked, patience)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


class _Copy:
    """What has been written of the film so far."""

    def __init__(self, path: Path, limit: int) -> None:
        self._limit = limit
        self.size = 0
        self._digest = hashlib.sha256()
        with _writing():
            self._file = path.open("wb")

    def close(self) -> None:
        with _writing():
            self._file.close()

    def restart(self) -> None:
        self.size = 0
        self._digest = hashlib.sha256()
        with _writing():
            self._file.seek(0)
            self._file.truncate()

    def add(self, data: bytes) -> None:
        self.check(self.size + len(data))
        with _writing():
            self._file.write(data)
        self._digest.update(data)
        self.size += len(data)

    def check(self, size: int) -> None:
        if size > self._limit:
            raise TooLarge(f"The film is larger than {self._limit:,} bytes; give a smaller one.")

    def sha256(self) -> str:
        return self._digest.hexdigest()


class _Fetch:
    """One film on its way, over as many connections as it takes."""

    def __init__(self, client: httpx.Client, watch: Watch, copy: _Copy, progress: Progress) -> None:
        self._client = client
        self._watch = watch
        self._copy = copy
        self._progress = progress
        self._validator: str | None = None
        self._total: int | None = None
        self._told = time.monotonic()

    def run(self, url: httpx.URL, patience: Patience) -> Fetched:
        failures = 0
        while True:
            before = self._copy.size
            try:
                return self._try(url)
            except Unreachable:
                failures = 1 if self._copy.size >= before + _WORTH else failures + 1
                # While nothing is there that could be lost, waiting is for the caller to do.
                if not self._copy.size or failures >= patience.tries:
                    raise
            self._rest(patience.pause * failures)

    def _try(self, url: httpx.URL) -> Fetched:
        with self._answer(url) as response:
            self._begin(response)
            for data in response.iter_raw():
                self._copy.add(data)
                self._tell()
            return self._finished(response)

    @contextmanager
    def _answer(self, url: httpx.URL) -> Iterator[httpx.Response]:
        """The answer at the end of the redirects, each of which the transport's guard judges anew."""
        for _ in range(_MOST_REDIRECTS + 1):
            request = self._client.build_request("GET", url, headers=self._conditions())
            with closing(self._sent(request)) as response:
                if response.status_code not in _REDIRECTS:
                    yield response
                    return
                url = _next_url(response)
        raise BadRequest(f"The URL redirects more than {_MOST_REDIRECTS} times; give the film's own URL.")

    def _sent(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._client.send(request, stream=True)
        except httpx.RemoteProtocolError as error:  # httpx reads where a redirect leads, followed or not
            raise BadRequest("The URL redirects to nowhere; give the film's own URL.") from error

    def _conditions(self) -> Mapping[str, str]:
        if not self._copy.size or self._validator is None:
            return {}
        return {"Range": f"bytes={self._copy.size}-", "If-Range": self._validator}

    def _begin(self, response: httpx.Response) -> None:
        _check_status(response)
        _check_coding(response)
        if response.status_code == 206:
            self._check_range(response)
            return
        if self._copy.size:
            self._copy.restart()
        self._validator = _validator(response)
        self._total = _length(response)
        self._copy.check(self._total or 0)

    def _check_range(self, response: httpx.Response) -> None:
        """Some servers know ranges but not If-Range: what it was to prove is looked at once more."""
        match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        if (
            match is None
            or not self._copy.size
            or int(match["first"]) != self._copy.size
            or match["total"] not in ("*", str(self._total))
            or _validator(response) not in (None, self._validator)
        ):
            self._copy.restart()
            raise Unreachable("The server sent another part of the film than was asked for; try again.")

    def _finished(self, response: httpx.Response) -> Fetched:
        if not self._copy.size:
            raise BadRequest("The URL leads to an empty file; give the URL of a film.")
        if self._total is not None and self._copy.size != self._total:
            raise Unreachable("The server sent less of the film than it had announced; try again.")
        self._progress(self._copy.size, self._copy.size)
        return Fetched(_name(response), self._copy.size, self._copy.sha256())

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._told >= _TELL_EVERY:
            self._told = now
            self._watch.left()  # a fast server never lets a read wait
            self._progress(self._copy.size, self._total)

    def _rest(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := min(self._watch.left(), end - time.monotonic(), _TELL_EVERY)) > 0:
            time.sleep(left)


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"The film cannot be written to disk ({error.strerror}); free some space.") from error


def _next_url(response: httpx.Response) -> httpx.URL:
    try:
        return response.url.join(response.headers["location"])
    except (KeyError, ValueError, httpx.InvalidURL) as error:
        raise BadRequest("The URL redirects to nowhere; give the film's own URL.") from error


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status in (200, 206):
        return
    host = response.url.host
    if status in _PASSING or status >= 500:
        raise Unreachable(f"{host} answered {status}; try again later.", wait=seconds_asked(response.headers))
    if status in (401, 403):
        raise BadRequest(f"{host} answered {status}; give a URL that needs no password, such as a presigned one.")
    raise BadRequest(f"{host} answered {status} instead of sending a film; check the URL.")


def _check_coding(response: httpx.Response) -> None:
    """Compressed bodies are refused, not unpacked: a small one can hold any amount (RFC 9110, section 8.4)."""
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise BadRequest("The server compresses the film although asked not to; serve it as it is.")


def _length(response: httpx.Response) -> int | None:
    text = response.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _validator(response: httpx.Response) -> str | None:
    etag: str | None = response.headers.get("etag")
    if etag is not None:
        return None if etag.startswith("W/") else etag  # a weak one proves no equality of bytes
    date: str | None = response.headers.get("last-modified")
    return date


def _name(response: httpx.Response) -> str | None:
    """A name to show for the film: from Content-Disposition (RFC 6266), else from the URL."""
    message = Message()
    message["content-disposition"] = response.headers.get("content-disposition", "")
    return _sanitised(message.get_filename() or "") or _sanitised(unquote(response.url.path.rsplit("/", 1)[-1]))


def _sanitised(name: str) -> str | None:
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    kept = "".join(sign for sign in name if unicodedata.category(sign)[0] != "C").strip(" .")
    extension = Path(kept).suffix[:8]
    return kept.removesuffix(extension)[: _LONGEST_NAME - len(extension)] + extension or None
