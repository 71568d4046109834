"""Webhook endpoints and what became of the calls."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from soundstage.client.core import Core
from soundstage.client.models import Delivery, Endpoint
from soundstage.client.pages import walk
from soundstage.client.request import Request, delete, get, post

_ENDPOINTS = "/v1/webhook-endpoints"


async def create_endpoint(core: Core, url: str, events: Sequence[str] = ()) -> Endpoint:
    """Register an address; its `secret` is told in this answer only. Args: events: the usual ones when empty."""
    return await core.ask(post(_ENDPOINTS, {"url": url, "events": list(events)}), Endpoint)


def endpoints(core: Core, *, job_id: str | None = None, most: int | None = None) -> AsyncGenerator[Endpoint, None]:
    """The account's endpoints, or those of one job, newest first."""
    return walk(core, _ENDPOINTS, Endpoint, most, job_id=job_id)


async def endpoint(core: Core, id: str) -> Endpoint:
    """One endpoint."""
    return await core.ask(get(f"{_ENDPOINTS}/{id}"), Endpoint)


async def change_endpoint(
    core: Core, id: str, *, url: str | None = None, events: Sequence[str] | None = None
) -> Endpoint:
    """Change its address or what it is told of; what is left out stays."""
    changes: dict[str, Any] = {"url": url, "events": None if events is None else list(events)}
    given = {name: value for name, value in changes.items() if value is not None}
    return await core.ask(Request("PATCH", f"{_ENDPOINTS}/{id}", json=given, repeatable=True), Endpoint)


async def forget_endpoint(core: Core, id: str) -> None:
    """Delete it with its deliveries."""
    await core.send(delete(f"{_ENDPOINTS}/{id}"))


async def rotate_secret(core: Core, id: str) -> Endpoint:
    """Give it a new secret; for a day its calls bear the signatures of both."""
    return await core.ask(post(f"{_ENDPOINTS}/{id}/rotate"), Endpoint)


async def enable_endpoint(core: Core, id: str) -> Endpoint:
    """Call it again after it was disabled."""
    return await core.ask(post(f"{_ENDPOINTS}/{id}/enable", repeatable=True), Endpoint)


async def try_endpoint(core: Core, id: str) -> Delivery:
    """Send it a test message now, and tell what became of it."""
    return await core.ask(post(f"{_ENDPOINTS}/{id}/test"), Delivery)


def deliveries(
    core: Core, id: str, *, state: str | None = None, most: int | None = None
) -> AsyncGenerator[Delivery, None]:
    """All attempts made at an endpoint, newest first."""
    return walk(core, f"{_ENDPOINTS}/{id}/deliveries", Delivery, most, state=state)


async def redeliver(core: Core, delivery_id: str) -> Delivery:
    """Send the message of a delivery again."""
    return await core.ask(post(f"/v1/webhook-deliveries/{delivery_id}/redeliver"), Delivery)
