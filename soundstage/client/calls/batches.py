"""Batches: many films under one reference."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from soundstage.client.core import Core
from soundstage.client.models import Batch
from soundstage.client.pages import walk
from soundstage.client.request import get, post

_BATCHES = "/v1/batches"


async def create_batch(core: Core, items: Sequence[Mapping[str, Any]], *, reference: str | None = None) -> Batch:
    """Begin many jobs at once; what is wrong with one is told by item. Args: items: as the arguments of `submit`."""
    body: dict[str, Any] = {"items": [dict(item) for item in items], "reference": reference}
    return await core.ask(post(_BATCHES, body), Batch)


async def batch(core: Core, id: str) -> Batch:
    """How a batch stands."""
    return await core.ask(get(f"{_BATCHES}/{id}"), Batch)


def batches(core: Core, *, reference: str | None = None, most: int | None = None) -> AsyncGenerator[Batch, None]:
    """The account's batches, newest first."""
    return walk(core, _BATCHES, Batch, most, reference=reference)


async def cancel_batch(core: Core, id: str) -> Batch:
    """Cancel all jobs of a batch that have not ended."""
    return await core.ask(post(f"{_BATCHES}/{id}/cancel", repeatable=True), Batch)
