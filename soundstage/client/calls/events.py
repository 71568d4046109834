"""What happens to a job, as it happens; a connection that breaks is made again, and nothing is missed."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from urllib.parse import quote

from soundstage.client.core import Core
from soundstage.client.errors import TooMany, Unavailable
from soundstage.client.models import Event, Job
from soundstage.client.request import Request, get
from soundstage.client.sse import Message, Parser
from soundstage.client.transport import Lost


async def follow(core: Core, id: str, *, after: str | None = None) -> AsyncGenerator[Event, None]:
    """The events of a job, from its first (or from behind `after`, an event's id), until it is over.

    Raises:
        ApiError: there is no such job.
        NotReached: the service went away for long.
    """
    parser = Parser(after or "")
    job = f"/v1/jobs/{quote(id, safe='')}"
    request = replace(get(f"{job}/events"), headers={"Accept": "text/event-stream"})
    failures = 0
    while True:
        ended, silent = False, True
        try:
            async with aclosing(_connected(core, request, parser)) as events:
                async for event in events:
                    failures, ended, silent = 0, event.is_end, False
                    yield event
            # The service closes a stream behind the last event, but also when it is told to stop.
            if (ended or silent) and (await core.ask(get(job), Job)).is_over:
                return
            failures += 1
            await core.transport.pause(max(parser.retry or 0.0, core.patience.pause(failures)))
        except (Lost, Unavailable, TooMany) as error:
            failures += 1
            await core.transport.pause(core.pause_after(error, request, failures))


async def _connected(core: Core, request: Request, parser: Parser) -> AsyncGenerator[Event, None]:
    """The events of one connection."""
    known = {"Last-Event-ID": parser.last_id} if parser.last_id else {}
    # What was cut off belongs to the connection that broke.
    stream = Parser(parser.last_id)
    async with core.opened(replace(request, headers={**request.headers, **known})) as reply:
        async for chunk in reply.chunks():
            for message in stream.feed(chunk):
                parser.last_id, parser.retry = stream.last_id, stream.retry
                yield _event(message)


def _event(message: Message) -> Event:
    try:
        return Event.model_validate({**json.loads(message.data), "id": message.id, "type": message.type})
    except (ValueError, TypeError):
        return Event(id=message.id, type=message.type, data={"text": message.data})
