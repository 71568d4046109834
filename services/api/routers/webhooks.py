"""Addresses that are called when something happens to a job, and what became of the calls."""

import contextlib
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.api.auth import Reader, Writer
from services.api.bodies import check_kind
from services.api.problems import problems
from services.api.schemas.pages import JOB_ID, USUAL_LIMIT, Cursor, Limit, cut
from services.api.schemas.webhooks import (
    DeliveryPage,
    DeliveryView,
    EndpointChange,
    EndpointPage,
    EndpointRequest,
    EndpointView,
    EndpointWithSecret,
)
from services.api.sessions import Held, Session
from services.backbone.clock import utc_now
from services.backbone.errors import Refused, Unreachable
from services.backbone.ledger.repositories.webhooks import Deliveries, Endpoints
from services.backbone.ledger.tables import DeliveryState
from services.backbone.net.clients import async_client
from services.backbone.net.guard import Guard
from services.backbone.settings import Settings
from services.backbone.webhooks import endpoints
from services.backbone.webhooks.deliveries import attempt

router = APIRouter(prefix="/v1", tags=["webhooks"])

_PATH = "/webhook-endpoints/{endpoint_id}"
_URL = "/url"
_JSON = (Depends(check_kind),)


@router.post("/webhook-endpoints", status_code=201, responses=problems(400, 409, 415, 422), dependencies=_JSON)
async def create_webhook_endpoint(
    body: EndpointRequest, caller: Writer, session: Session, held: Held
) -> EndpointWithSecret:
    """Register an address. Its secret is shown in this answer only.

    Messages follow Standard Webhooks: verify `webhook-signature`, answer 2xx within 15 seconds, expect to be told
    things more than once (same `webhook-id`) and in any order. What fails is tried again for three days.
    """
    await _check(body.url, held.settings)
    endpoint, secret = await session.run_sync(
        lambda sync: endpoints.register(sync, caller.account_id, body.url, body.events)
    )
    return EndpointWithSecret.with_secret(endpoint, secret)


@router.get("/webhook-endpoints", responses=problems(422))
async def list_webhook_endpoints(
    caller: Reader,
    session: Session,
    job_id: Annotated[str | None, Query(pattern=JOB_ID, description="List the endpoints of this job alone")] = None,
    cursor: Cursor = None,
    limit: Limit = USUAL_LIMIT,
) -> EndpointPage:
    """The account's endpoints, newest first."""
    rows = await session.run_sync(lambda sync: Endpoints(sync, caller.account_id).page(cursor, limit + 1, job_id))
    shown, following = cut(rows, limit, lambda row: row.id)
    return EndpointPage(data=[EndpointView.of(row) for row in shown], next_cursor=following)


@router.get(_PATH, responses=problems(404))
async def get_webhook_endpoint(endpoint_id: str, caller: Reader, session: Session) -> EndpointView:
    """One endpoint."""
    return EndpointView.of(await session.run_sync(lambda sync: Endpoints(sync, caller.account_id).get(endpoint_id)))


@router.patch(_PATH, responses=problems(400, 404, 415, 422), dependencies=_JSON)
async def change_webhook_endpoint(
    endpoint_id: str, body: EndpointChange, caller: Writer, session: Session, held: Held
) -> EndpointView:
    """Change its URL or what it is told of."""
    await session.run_sync(lambda sync: Endpoints(sync, caller.account_id).get(endpoint_id))
    if body.url is not None:
        await _check(body.url, held.settings)
    endpoint = await session.run_sync(lambda sync: Endpoints(sync, caller.account_id).get(endpoint_id, lock=True))
    endpoint.url = body.url if body.url is not None else endpoint.url
    endpoint.events = list(body.events) if body.events is not None else endpoint.events
    return EndpointView.of(endpoint)


@router.delete(_PATH, status_code=204, responses=problems(404))
async def delete_webhook_endpoint(endpoint_id: str, caller: Writer, session: Session) -> None:
    """Forget it with its deliveries; what is under way may still arrive."""
    await session.run_sync(lambda sync: Endpoints(sync, caller.account_id).remove(endpoint_id))


@router.post(f"{_PATH}/rotate", responses=problems(404))
async def rotate_webhook_secret(endpoint_id: str, caller: Writer, session: Session) -> EndpointWithSecret:
    """Give it a new secret. For 24 hours messages bear the signatures of both."""
    endpoint = await session.run_sync(lambda sync: Endpoints(sync, caller.account_id).get(endpoint_id, lock=True))
    return EndpointWithSecret.with_secret(endpoint, endpoints.rotate(endpoint, utc_now()))


@router.post(f"{_PATH}/enable", responses=problems(404))
async def enable_webhook_endpoint(endpoint_id: str, caller: Writer, session: Session) -> EndpointView:
    """Call it again. Messages that were dropped meanwhile are sent when a redelivery is asked for."""
    endpoint = await session.run_sync(lambda sync: Endpoints(sync, caller.account_id).get(endpoint_id, lock=True))
    endpoints.enable(endpoint)
    return EndpointView.of(endpoint)


@router.post(f"{_PATH}/test", responses=problems(404, 409))
async def try_webhook_endpoint(endpoint_id: str, caller: Writer, session: Session, held: Held) -> DeliveryView:
    """Send a `webhook.test` message now, and tell what became of it."""
    parcel = await session.run_sync(
        lambda sync: endpoints.begin_test(sync, Endpoints(sync, caller.account_id).get(endpoint_id))
    )
    await session.commit()  # here, and not at the end: no connection is held while a foreign server thinks
    async with async_client(_guard(held.settings), most=1) as client:
        outcome = await attempt(client, parcel)
    async with held.transaction() as after:
        delivery, message = await after.run_sync(
            lambda sync: endpoints.end_test(sync, caller.account_id, parcel, outcome)
        )
        return DeliveryView.of(delivery, message)


@router.get(f"{_PATH}/deliveries", responses=problems(404, 422))
async def list_webhook_deliveries(
    endpoint_id: str,
    caller: Reader,
    session: Session,
    state: Annotated[DeliveryState | None, Query(description="Only those in this state")] = None,
    cursor: Cursor = None,
    limit: Limit = USUAL_LIMIT,
) -> DeliveryPage:
    """All attempts made at it and waiting for it, newest first."""
    await session.run_sync(lambda sync: Endpoints(sync, caller.account_id).get(endpoint_id))
    rows = await session.run_sync(
        lambda sync: Deliveries(sync, caller.account_id).page(endpoint_id, cursor, limit + 1, state)
    )
    shown, following = cut(rows, limit, lambda row: row[0].id)
    return DeliveryPage(data=[DeliveryView.of(row[0], row[1]) for row in shown], next_cursor=following)


@router.post("/webhook-deliveries/{delivery_id}/redeliver", status_code=202, responses=problems(404, 409))
async def redeliver_webhook(delivery_id: str, caller: Writer, session: Session) -> DeliveryView:
    """Send the message of a delivery again, with the same `webhook-id`."""
    again, message = await session.run_sync(lambda sync: endpoints.redeliver(sync, caller.account_id, delivery_id))
    return DeliveryView.of(again, message)


async def _check(url: str, settings: Settings) -> None:
    """Look at a URL before it is kept; it is looked at again at every attempt, for names come to lead elsewhere."""
    guard = _guard(settings)
    host = guard.check(url, pointer=_URL).raw_host.decode("ascii")
    try:
        with contextlib.suppress(Unreachable):  # a name may come to be known later
            await guard.find_async(host)
    except Refused as refused:
        refused.pointer = _URL
        raise


def _guard(settings: Settings) -> Guard:
    return Guard(allow_loopback=settings.allow_loopback)
