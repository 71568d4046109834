"""Batches: many films under one reference."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from soundstage.client.core import Core
from soundstage.client.models import Batch, BatchTaken
from soundstage.client.pages import walk
from soundstage.client.request import Request, get, post

_BATCHES = "/v1/batches"
# A thousand jobs are some seconds' work for the service.
_INTAKE = 180.0


async def create_batch(
    core: Core,
    items: Sequence[Mapping[str, Any]],
    *,
    reference: str | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> BatchTaken:
    """Begin up to a thousand jobs at once; a batch of that reference that is there already is added to.

    Args:
        core: of the client.
        items: each like the arguments of `submit`. What is wrong with one is told by item, and harms no other.
        reference: your name for the batch.
        defaults: what holds for all items that do not say otherwise.

    Raises:
        Conflict: the batch was canceled.
    """
    return await core.ask(
        _request(_BATCHES, items, defaults, {"reference": reference} if reference else {}), BatchTaken
    )


async def add_to_batch(
    core: Core, id: str, items: Sequence[Mapping[str, Any]], *, defaults: Mapping[str, Any] | None = None
) -> BatchTaken:
    """Add films to a batch; as `create_batch`."""
    return await core.ask(_request(f"{_BATCHES}/{id}/items", items, defaults, {}), BatchTaken)


async def batch(core: Core, id: str) -> Batch:
    """How a batch stands; `errors` holds the first hundred things that went wrong."""
    return await core.ask(get(f"{_BATCHES}/{id}"), Batch)


def batches(core: Core, *, reference: str | None = None, most: int | None = None) -> AsyncGenerator[Batch, None]:
    """The account's batches, newest first."""
    return walk(core, _BATCHES, Batch, most, reference=reference)


async def cancel_batch(core: Core, id: str) -> Batch:
    """Cancel all jobs of a batch that have not ended, and take in no more."""
    return await core.ask(post(f"{_BATCHES}/{id}/cancel", repeatable=True), Batch)


def _request(
    url: str, items: Sequence[Mapping[str, Any]], defaults: Mapping[str, Any] | None, more: Mapping[str, Any]
) -> Request:
    body = {"items": [dict(item) for item in items], "defaults": dict(defaults or {}), **more}
    headers = {"Idempotency-Key": uuid4().hex}
    return Request("POST", url, json=body, headers=headers, repeatable=True, silence=_INTAKE)
