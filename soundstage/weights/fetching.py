"""Fetching one file over HTTPS: goes on where it was cut off, and checks what came while it comes."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

import httpx

from soundstage.errors import BadModel, ModelAway, ModelRefused, StorageError
from soundstage.weights.card import ModelFile
from soundstage.weights.digests import mismatch
from soundstage.weights.partfile import Part
from soundstage.weights.record import Kept

_ATTEMPTS = 6  # in a row without a single byte
_LONGEST_PAUSE = 60.0
_LONGEST_WAIT = 600.0  # that a service may ask for
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

T = TypeVar("T")
Moved = Callable[[int], None]


class _Again(Exception):
    """Worth another try; `after` is what the service asked to wait, in seconds."""

    def __init__(self, says: str, after: float | None = None) -> None:
        super().__init__(says)
        self.after = after


class Fetcher:
    """Fetches files, one at a time. Nothing but HTTPS is spoken, but for services on this machine."""

    def __init__(
        self, headers: Callable[[str], Mapping[str, str]], pause: Callable[[float], None] = time.sleep
    ) -> None:
        """Args: headers: what to send along to an address (a token). pause: waits for some seconds."""
        self._headers = headers
        self._pause = pause
        self._client = httpx.Client(
            follow_redirects=True,
            timeout=httpx.Timeout(30.0, read=60.0),
            event_hooks={"request": [_refuse_plain]},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, url: str, page: str) -> httpx.Response:
        """A small answer.

        Raises:
            ModelRefused: it is not there, or not for us.
            ModelAway: the service cannot be reached.
        """

        def ask() -> httpx.Response:
            answer = self._client.get(url, headers=self._headers(url))
            _judge(answer, page)
            return answer

        return self._persist(url, ask, lambda: 0)

    def fetch(self, file: ModelFile, target: Path, page: str, moved: Moved) -> Kept:
        """Bring a file to its place; until it is whole it lies beside it, for the next run to go on with.

        Args:
            file: what to fetch, and what is known of it.
            target: where it goes.
            page: where a person reads about the model, for what is said when it is refused.
            moved: told how many bytes there are now.

        Raises:
            ModelRefused: the service does not have it, or not for us.
            ModelAway: the service cannot be reached, or breaks off again and again.
            BadModel: what came is not what was published.
            StorageError: it cannot be written.
        """
        with _storing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            part = Part.found(target)
            resumed = part.size > 0
            self._complete(file, part, page, moved)
            problem = mismatch(file, part.seen())
            if problem and resumed:  # the beginning may have been of another version
                part.forget()
                self._complete(file, part, page, moved)
                problem = mismatch(file, part.seen())
            if problem:
                part.forget()
                raise BadModel(f"{file.url} is not what was published: {problem}; try again, or see {page}.")
            return part.settle(target)

    def _complete(self, file: ModelFile, part: Part, page: str, moved: Moved) -> None:
        moved(part.size)
        self._persist(file.url, lambda: self._stream(file, part, page, moved), lambda: part.size)

    def _persist(self, url: str, work: Callable[[], T], progress: Callable[[], int]) -> T:
        """Try until it works; gives up after some tries in a row that brought nothing."""
        failures = 0
        while True:
            before = progress()
            try:
                return work()
            except (_Again, httpx.TransportError) as problem:
                failures = 1 if progress() > before else failures + 1
                if failures >= _ATTEMPTS:
                    host = urlsplit(url).netloc
                    raise ModelAway(f"{host} does not answer ({_brief(problem)}); run it again later.") from problem
                self._pause(_wait(problem, failures))

    def _stream(self, file: ModelFile, part: Part, page: str, moved: Moved) -> None:
        with self._client.stream("GET", file.url, headers=self._wishes(file, part)) as answer:
            if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                return _judge_end(answer, part)
            _judge(answer, page)
            if not _goes_on(answer, part):
                part.begin(_version(answer))
            with part.path.open("ab") as kept:
                for chunk in answer.iter_bytes():  # as they come: what is gathered into larger ones is lost with them
                    part.write(kept, chunk)
                    moved(part.size)
        _judge_length(answer, part)
        return None

    def _wishes(self, file: ModelFile, part: Part) -> dict[str, str]:
        # Bytes as they are: a compressed transfer could not be gone on with.
        wishes = {**self._headers(file.url), "Accept-Encoding": "identity"}
        known = bool(file.sha256 or file.md5)
        if part.size and (part.version or known):
            wishes["Range"] = f"bytes={part.size}-"
            if part.version:
                wishes["If-Range"] = part.version
        return wishes


def _refuse_plain(request: httpx.Request) -> None:
    if request.url.scheme != "https" and request.url.host not in _LOOPBACK:
        raise ModelRefused(f"{request.url.host} was to be asked without encryption; only HTTPS is spoken.")


def _judge(answer: httpx.Response, page: str) -> None:
    status = answer.status_code
    if status in _PASSING:
        raise _Again(f"it answered {status}", _asked_wait(answer))
    if status in (401, 403):
        raise ModelRefused(
            f"{answer.url.host} asks who you are ({status}); accept the model's terms at {page}, "
            "then set HF_TOKEN to a token of yours."
        )
    if status in (404, 410):
        raise ModelRefused(
            f"{_bare(answer.url)} is not there; see {page}, or take the files from a folder with --from."
        )
    if not answer.is_success:
        raise ModelRefused(f"{_bare(answer.url)} cannot be had ({status}); see {page}.")


def _judge_end(answer: httpx.Response, part: Part) -> None:
    """There is nothing after what has come: it is whole, or of another version."""
    total = answer.headers.get("Content-Range", "").rpartition("/")[2]
    if total != str(part.size):
        part.forget()
        raise _Again("what came before does not fit any more")


def _judge_length(answer: httpx.Response, part: Part) -> None:
    total = answer.headers.get("Content-Range", "").rpartition("/")[2] or answer.headers.get("Content-Length", "")
    if total.isdigit() and part.size < int(total):
        raise _Again(f"it broke off after {part.size} of {total} bytes")


def _goes_on(answer: httpx.Response, part: Part) -> bool:
    begins = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return answer.status_code == httpx.codes.PARTIAL_CONTENT and begins == str(part.size)


def _version(answer: httpx.Response) -> str:
    """What `If-Range` takes: a strong tag, else the time of the last change."""
    tag = str(answer.headers.get("ETag", ""))
    return tag if tag and not tag.startswith("W/") else str(answer.headers.get("Last-Modified", ""))


def _asked_wait(answer: httpx.Response) -> float | None:
    asked = answer.headers.get("Retry-After", "")
    return min(float(asked), _LONGEST_WAIT) if asked.isdigit() else None


def _wait(problem: Exception, failures: int) -> float:
    asked = problem.after if isinstance(problem, _Again) else None
    return asked if asked is not None else min(2.0 ** (failures - 1), _LONGEST_PAUSE)


def _bare(url: httpx.URL) -> str:
    return str(url.copy_with(query=None))  # what follows may be a signature


def _brief(problem: Exception) -> str:
    return str(problem) or type(problem).__name__


@contextlib.contextmanager
def _storing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise StorageError(f"{target} cannot be written ({reason}); check the folder and the free space.") from error
