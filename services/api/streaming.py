"""Streams a film to the store as it comes in: a few parts in memory, however long it is, and nothing left of half."""

import asyncio
import hashlib
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol

from services.api.forms import FilmHead
from services.backbone.errors import BadRequest, TooLarge
from services.backbone.objects.store import ObjectStore
from services.backbone.objects.writer import Stored
from services.backbone.settings import MIB
from soundstage.film.containers import sniff

# As much as the engine wants to see to tell a film from other files.
_HEAD = 4096
# What is handed to a thread at once: large enough for the thread to be worth it.
_BLOCK = MIB
_LONGEST_NAME = 255
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\]+")
_MEDIA_TYPE = re.compile(r"[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+-]+")
_UNKNOWN_TYPE = "application/octet-stream"


class Sink(Protocol):
    """Where the bytes of a film go; used in threads, one call at a time."""

    def write(self, chunk: bytes | bytearray) -> None:
        """Take some more. Raises TooLarge beyond the limit."""

    def finish(self) -> Stored:
        """The whole."""

    def abort(self) -> None:
        """Leave nothing behind, unless it is finished."""


class OnlyDigest:
    """Keeps nothing of a film: for one that came before, and is only compared."""

    def __init__(self, limit: int) -> None:
        """Args: limit: most bytes that are accepted."""
        self._limit = limit
        self._sha256 = hashlib.sha256()
        self._count = 0

    def write(self, chunk: bytes | bytearray) -> None:
        """Take some more. Raises TooLarge beyond the limit."""
        self._count += len(chunk)
        if self._count > self._limit:
            raise TooLarge(f"More than {self._limit} bytes are not accepted; send less.")
        self._sha256.update(chunk)

    def finish(self) -> Stored:
        """The digest of the whole; there is no object."""
        return Stored("", self._count, self._sha256.hexdigest())

    def abort(self) -> None:
        """There is nothing to leave."""


class FilmStream:
    """A film on its way to a sink: a block is written while the next is read."""

    def __init__(self, sink: Sink) -> None:
        """Args: sink: where its bytes go."""
        self._sink = sink
        self._block = bytearray()
        self._writing: asyncio.Task[None] | None = None
        self._is_looked_at = False
        self.filename = "film"
        self.content_type = _UNKNOWN_TYPE

    async def begin(self, head: FilmHead) -> None:
        """Take the film's name and kind as far as they are fit to be shown."""
        self.filename = _NOT_IN_NAMES.sub(" ", head.filename).strip()[-_LONGEST_NAME:] or self.filename
        self.content_type = head.content_type if _MEDIA_TYPE.fullmatch(head.content_type[:120]) else _UNKNOWN_TYPE

    async def write(self, piece: bytes) -> None:
        """Take a piece.

        Raises:
            BadFilm: it begins like something that is no film.
            TooLarge: the sink takes no more.
            Unavailable: the store is away.
        """
        self._block += piece
        if not self._is_looked_at and len(self._block) >= _HEAD:
            self._look()
        if len(self._block) >= _BLOCK:
            await self._hand_on()

    async def finish(self) -> Stored:
        """The whole film. Raises as `write`; BadRequest when there was none."""
        if not self._is_looked_at:
            if not self._block:
                raise BadRequest("The form has no film; send it as the field file.")
            self._look()
        await self._hand_on()
        await self._settle()
        return await asyncio.to_thread(self._sink.finish)

    async def abandon(self) -> None:
        """Leave nothing behind, unless it is finished."""
        with suppress(Exception):
            await self._settle()
        await asyncio.to_thread(self._sink.abort)

    def _look(self) -> None:
        sniff(io.BytesIO(self._block[:_HEAD]), Path(self.filename))
        self._is_looked_at = True

    async def _hand_on(self) -> None:
        await self._settle()
        block, self._block = self._block, bytearray()
        self._writing = asyncio.create_task(asyncio.to_thread(self._sink.write, block))

    async def _settle(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            await writing


@asynccontextmanager
async def film_stream(store: ObjectStore, key: str | None, limit: int) -> AsyncIterator[FilmStream]:
    """A stream to an object of that key, or to nothing but a digest; what is not finished with the block is undone.

    Args:
        store: where the object is to lie.
        key: of the object; None keeps nothing.
        limit: most bytes that are accepted.
    """
    sink: Sink = OnlyDigest(limit) if key is None else store.writer(key, _UNKNOWN_TYPE, limit=limit)
    stream = FilmStream(sink)
    try:
        yield stream
    finally:
        # Also when the server stops, and the request is canceled.
        await asyncio.shield(stream.abandon())
