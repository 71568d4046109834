"""Asks the service, patiently: what may be asked twice is asked again when the service is away or busy."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from soundstage.client.errors import ApiError, NotReached, ServerFault, TooMany, Unavailable, error_of
from soundstage.client.request import Answer, Reply, Request
from soundstage.client.transport import Lost, NotSent, Transport

Model = TypeVar("Model", bound=BaseModel)

_PARALLEL = 4


@dataclass(frozen=True)
class Patience:
    """How often and how soon something is asked again.

    Attributes:
        tries: how often in all.
        tries_at_first: how often while the service has never answered: its address may be wrong.
        first: seconds before the second time; twice as long before each time after it.
        longest: seconds, beyond which no pause grows.
        most_wait: the longest pause that the service may ask for; when it asks for more, the error is raised.
    """

    tries: int = 8
    tries_at_first: int = 4
    first: float = 0.5
    longest: float = 20.0
    most_wait: float = 120.0

    def pause(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row; random, lest many clients come back together."""
        growth = 2.0 ** (failures - 1)
        return random.uniform(0.5, 1.0) * min(self.longest, self.first * growth)


@dataclass(frozen=True)
class Core:
    """What every call of the client is made with."""

    transport: Transport
    base_url: str
    patience: Patience
    parallel: int = _PARALLEL
    answered: Event = field(default_factory=Event)

    async def ask(self, request: Request, model: type[Model]) -> Model:
        """The answer to a request, as a model. Raises as `send`."""
        return parsed(model, (await self.send(request)).body)

    async def send(self, request: Request) -> Answer:
        """Send a request and read the answer.

        Raises:
            ApiError: the service says no.
            NotReached: it does not answer.
        """
        failures = 0
        while True:
            try:
                async with self.opened(request) as reply:
                    return Answer(reply.status, reply.headers, await reply.read())
            except (Lost, Unavailable, TooMany) as error:
                failures += 1
                await self.transport.pause(self.pause_after(error, request, failures))

    @asynccontextmanager
    async def opened(self, request: Request) -> AsyncIterator[Reply]:
        """An answer that is read as it comes; asked for once. Raises ApiError when the status says no, and Lost."""
        async with self.transport.open(request) as reply:
            self.answered.set()
            if reply.status >= 300 and reply.status != 304:
                raise error_of(reply.status, reply.headers, await reply.read())
            yield reply

    def pause_after(self, error: Lost | ApiError, request: Request, failures: int) -> float:
        """Seconds to wait before a request is sent again; raises the error when it must not be, or not any more."""
        wait = error.wait if isinstance(error, ApiError) else None
        tries = self.patience.tries if self.answered.is_set() else self.patience.tries_at_first
        if not _may_repeat(error, request) or failures >= tries or (wait or 0) > self.patience.most_wait:
            raise told(error, self.base_url if request.is_ours else request.url) from error
        return max(wait or 0.0, self.patience.pause(failures))


def parsed(model: type[Model], body: bytes | str) -> Model:
    """A model from its JSON. Raises ServerFault when it is none: something else answers at that address."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise ServerFault(
            "The answer is not one of Soundstage's; check the service's address and its version."
        ) from error


def told(error: Lost | ApiError, address: str) -> ApiError | NotReached:
    """As the user hears of it."""
    if isinstance(error, ApiError):
        return error
    place = address.partition("?")[0]
    return NotReached(f"{place} does not answer ({error}); check the address, and that the service is up.")


def _may_repeat(error: Lost | ApiError, request: Request) -> bool:
    # A request that never left, or that was refused for lack of room, did nothing.
    return request.repeatable or isinstance(error, NotSent | TooMany)
