"""What is asked and what is answered, as data: neither knows whether it travels over blocking or asynchronous calls."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from soundstage.client.progress import Count

CHUNK = 1 << 18
SILENCE = 60.0

Value = str | int | float | bool
Query = Mapping[str, Value | list[str] | None]


@dataclass(frozen=True)
class FileSlice:
    """A stretch of a file that is sent as a body; `count` hears of what leaves."""

    path: Path
    start: int
    length: int
    count: Count


@dataclass(frozen=True)
class Request:
    """One HTTP request.

    Attributes:
        url: of our service a path ("/v1/jobs"), elsewhere a whole URL; only the former is sent the key.
        repeatable: asking twice does the same as asking once, so that it may be sent again when its fate is unknown.
        silence: seconds for which nothing may come before the connection counts as lost.
    """

    method: str
    url: str
    query: Query = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: object = None
    body: FileSlice | None = None
    repeatable: bool = False
    silence: float = SILENCE

    @property
    def is_ours(self) -> bool:
        """Whether it goes to the service itself, and not to its store."""
        return self.url.startswith("/")


class Reply(Protocol):
    """An answer whose head is here and whose body is still on its way."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """By names in lower case."""

    async def read(self) -> bytes:
        """The whole body."""

    def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes."""


@dataclass(frozen=True)
class Answer:
    """An answer that was read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def get(url: str, **query: Value | list[str] | None) -> Request:
    """A question; may be asked again."""
    return Request("GET", url, query, repeatable=True)


def put(url: str, json: object, **headers: str) -> Request:
    """Lays a document down; may be done again."""
    return Request("PUT", url, json=json, headers=headers, repeatable=True)


def post(
    url: str, json: object = None, *, repeatable: bool = False, headers: Mapping[str, str] | None = None
) -> Request:
    """Has something done."""
    return Request("POST", url, json=json, headers=headers or {}, repeatable=repeatable)


def delete(url: str) -> Request:
    """Forgets something; may be done again, and finds nothing then."""
    return Request("DELETE", url, repeatable=True)
