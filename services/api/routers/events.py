"""Following a job: what has happened to it, and what happens now."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

import anyio
import structlog
from fastapi import APIRouter, Header, Path, Query, Request
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.responses import JSONResponse, Response

from services.api import documentation
from services.api.auth import Reader
from services.api.following import Hub
from services.api.problems import problems
from services.api.schemas.events import EventList, EventView
from services.api.sessions import Held, Session
from services.backbone.ledger.repositories.events import Events
from services.backbone.ledger.repositories.jobs import Jobs
from services.backbone.ledger.tables import Event, Job

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
documentation.describe(EventList)

LIFETIME = 600.0

_MOST = 1000
_HIGHEST = 2**31 - 1
_HEARTBEAT = 15
_SEND_LIMIT = 30
_COME_AGAIN = 1000
_SEP = "\n"
_FAREWELL = 2.0
_STREAM, _JSON = "text/event-stream", "application/json"
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The events, as they happen; or those until now",
        "content": {
            _STREAM: {"schema": {"type": "string"}},
            _JSON: {"schema": documentation.reference(EventList)},
        },
    },
    204: {"description": "The job has ended and the follower knows all of it: there is nothing to come again for"},
}

log = structlog.get_logger()


@router.get("/{id}/events", response_model=None, responses={**_ANSWERS, **problems(404, 422)})
async def follow_job(
    request: Request,
    id: Annotated[str, Path(description="The job's id, `job_…`")],
    caller: Reader,
    session: Session,
    held: Held,
    after: Annotated[int, Query(ge=0, le=_HIGHEST, description="Number of the last event that is known")] = 0,
    last_event_id: Annotated[
        str, Header(pattern=r"^[0-9]{0,10}$", description="As `after`; browsers send it when they come again")
    ] = "",
) -> Response:
    """What happens to a job, as server-sent events: first what has happened, then the rest as it does.

    The stream ends after the last event of a job that has ended; or after ten minutes or when the service is stopped,
    and is then taken up again with `Last-Event-ID`. With `Accept: application/json` the events until now are a list.
    """
    known = int(last_event_id) if last_event_id else after
    job = await session.run_sync(lambda sync: Jobs(sync, caller.account_id).get(id))
    if _wants_list(request.headers.get("accept", "")):
        rows = await session.run_sync(
            lambda sync: Events(sync, caller.account_id).page(id, min(known, _HIGHEST), _MOST + 1)
        )
        told = EventList(data=[EventView.of(row) for row in rows[:_MOST]], has_more=len(rows) > _MOST)
        return JSONResponse(told.model_dump(mode="json"))
    if job.status.is_final and known >= job.event_seq > 0:
        return Response(status_code=204)
    return _stream(held.hub, job, min(known, job.event_seq))


def _wants_list(accept: str) -> bool:
    return _JSON in accept and _STREAM not in accept


def _stream(hub: Hub, job: Job, known: int) -> EventSourceResponse:
    stopping = anyio.Event()
    return EventSourceResponse(
        _told(hub, job, known, stopping),
        ping=_HEARTBEAT,
        ping_message_factory=lambda: ServerSentEvent(comment="still here", sep=_SEP),
        send_timeout=_SEND_LIMIT,
        shutdown_event=stopping,
        shutdown_grace_period=_FAREWELL,
        sep=_SEP,
    )


async def _told(hub: Hub, job: Job, known: int, stopping: anyio.Event) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(comment=f"events of {job.id}", retry=_COME_AGAIN, sep=_SEP)
    until = asyncio.Event()
    watch = asyncio.create_task(_set_at_end(until, stopping))
    try:
        async with aclosing(hub.follow(job, known, until)) as news:
            async for events in news:
                for event in events:
                    yield _as_sent(event)
    except Exception as error:  # the answer has begun: all that can be told is to come again
        log.warning("a follower is sent away", error=str(error))
    finally:
        watch.cancel()
    if until.is_set():
        yield ServerSentEvent(comment="come again", retry=_COME_AGAIN, sep=_SEP)


async def _set_at_end(until: asyncio.Event, stopping: anyio.Event) -> None:
    """Set `until` when the service stops or the stream has lived long enough."""
    with anyio.move_on_after(LIFETIME):
        await stopping.wait()
    until.set()


def _as_sent(event: Event) -> ServerSentEvent:
    return ServerSentEvent(EventView.of(event).model_dump_json(), event=event.type, id=str(event.seq), sep=_SEP)
