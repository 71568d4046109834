"""Makes the deliveries that are due: leased, sent, and noted, with the next attempt when one failed.

Each attempt is a row. A courier leases the rows that are due, so any number of couriers may run; one that is killed
leaves leases that end, and what it had in hand is sent again, maybe twice, under the same `webhook-id`. Messages to an
endpoint may arrive in any order.
"""

import asyncio
import random as randomness
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import structlog
from sqlalchemy.orm import Session

from services.backbone import metrics
from services.backbone.clock import utc_now
from services.backbone.errors import BadSetting, Unavailable
from services.backbone.ids import new_id
from services.backbone.ledger.repositories.webhooks import Line
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Delivery, DeliveryState, Endpoint, EndpointState, Message
from services.backbone.net.clients import async_client
from services.backbone.net.guard import Guard
from services.backbone.sealing import unseal
from services.backbone.settings import settings
from services.backbone.webhooks import schedule
from services.backbone.webhooks.messages import body_of
from services.backbone.webhooks.sending import TIME_LIMIT, Outcome, send
from services.backbone.webhooks.signing import sign

LEASE = timedelta(seconds=4 * TIME_LIMIT)

_GONE = "It answered 410 Gone: it wants no more; enable it when it does."
_GIVEN_UP = f"All attempts failed for {schedule.GIVEN_UP_AFTER.days} days; mend it, then enable it."
_DROPPED = "The endpoint was disabled; enable it and ask for a redelivery."
_LOOK_UP = 1.0

Clock = Callable[[Line], datetime]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Parcel:
    """A delivery that is leased to us, with all that is needed to make it; `lease` proves that we hold it."""

    delivery_id: str
    lease: datetime
    message_id: str
    url: str
    secrets: tuple[str, ...]
    body: bytes


class Courier:
    """Delivers what is due, many at once, with a guarded client; use it within `async with`."""

    def __init__(
        self,
        guard: Guard | None = None,
        *,
        most: int = 32,
        per_endpoint: int = 8,
        lease: timedelta = LEASE,
        clock: Clock = Line.now,
        random: Callable[[], float] = randomness.random,
    ) -> None:
        """What differs from the usual.

        Args:
            guard: judges every connection; by default after the settings.
            most: attempts at once.
            per_endpoint: attempts at once at one endpoint, over all couriers.
            lease: how long a killed courier's attempts stay untouched; longer than one can take.
            clock: tells the time for what is due.
            random: uniform in [0, 1), for the jitter.
        """
        self._guard = guard or Guard(allow_loopback=settings().allow_loopback)
        self._most = most
        self._per_endpoint = per_endpoint
        self._lease = lease
        self._clock = clock
        self._random = random
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Courier":
        self._client = async_client(self._guard, most=self._most)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let what is under way end: it is noted, and not sent twice."""
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._client.aclose()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; a database that is away is waited for."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                started = await self._start_due()
                # After a full round there may be more: go on as soon as a hand is free. Else look again in a moment.
                patience = None if started and len(self._running) >= self._most else _LOOK_UP
                await asyncio.wait({stopped, *self._running}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()

    async def deliver_due(self) -> int:
        """Make all attempts that are due now, and wait for them; returns how many were made."""
        count = 0
        while started := await self._start_due():
            count += started
            await asyncio.gather(*self._running)
        return count

    async def _start_due(self) -> int:
        room = self._most - len(self._running)
        if room <= 0:
            return 0
        try:
            parcels = await asyncio.to_thread(self._claim, room)
        except Unavailable as error:
            _log.warning("webhooks wait", why=str(error))
            return 0
        except Exception:  # whoever runs us goes on with all the rest, and so do we in a moment
            _log.exception("webhooks wait")
            return 0
        for parcel in parcels:
            task = asyncio.create_task(self._deliver(parcel))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return len(parcels)

    def _claim(self, limit: int) -> list[Parcel]:
        with transaction() as session:
            line = Line(session)
            now = self._clock(line)
            rows = line.claim(now, self._lease, limit, self._per_endpoint)
            return pack(line, [row.id for row in rows], now)

    async def _deliver(self, parcel: Parcel) -> None:
        try:
            outcome = await attempt(self._client, parcel)
            await asyncio.to_thread(self._note, parcel, outcome)
        except Unavailable as error:  # its lease ends, and it is sent again
            _log.warning("a delivery is not noted", delivery=parcel.delivery_id, why=str(error))
        except Exception:
            _log.exception("a delivery is not noted", delivery=parcel.delivery_id)

    def _note(self, parcel: Parcel, outcome: Outcome) -> None:
        with transaction() as session:
            note(session, parcel, outcome, self._clock(Line(session)), self._random)


def deliver_due(guard: Guard | None = None, *, clock: Clock = Line.now) -> int:
    """Make all attempts that are due now, and return how many were made; for who has no event loop."""

    async def once() -> int:
        async with Courier(guard, clock=clock) as courier:
            return await courier.deliver_due()

    return asyncio.run(once())


def forget_messages() -> int:
    """Forget messages past the retention that nobody waits for any more; returns how many. For the keeper."""
    with transaction() as session:
        return Line(session).forget(utc_now() - timedelta(seconds=settings().retention))


def pack(line: Line, ids: list[str], now: datetime) -> list[Parcel]:
    """What is to be sent for leased deliveries; those that cannot be sent are ended here."""
    parcels = [_packed(*row, now) for row in line.with_endpoint(ids)]
    return [parcel for parcel in parcels if parcel is not None]


def _packed(delivery: Delivery, message: Message, endpoint: Endpoint, now: datetime) -> Parcel | None:
    if endpoint.state is EndpointState.DISABLED:
        delivery.state, delivery.error = DeliveryState.DROPPED, _DROPPED
        return None
    try:
        secrets = secrets_of(endpoint, now)
    except BadSetting as error:
        delivery.state, delivery.error = DeliveryState.FAILED, str(error)
        return None
    assert delivery.lease_expires_at
    return Parcel(delivery.id, delivery.lease_expires_at, message.id, endpoint.url, secrets, body_of(message))


def secrets_of(endpoint: Endpoint, now: datetime) -> tuple[str, ...]:
    """The secrets that a message is signed with: the present one, and during a rotation the old one too."""
    sealed = [endpoint.secret]
    if endpoint.previous_secret and endpoint.previous_until and endpoint.previous_until > now:
        sealed.append(endpoint.previous_secret)
    return tuple(unseal(secret) for secret in sealed)


async def attempt(client: httpx.AsyncClient, parcel: Parcel) -> Outcome:
    """Sign and send; the signature bears this host's time, which receivers compare with theirs."""
    headers = sign(parcel.message_id, utc_now(), parcel.body, parcel.secrets)
    return await send(client, parcel.url, headers, parcel.body)


def note(
    session: Session,
    parcel: Parcel,
    outcome: Outcome,
    now: datetime,
    random: Callable[[], float] = randomness.random,
) -> None:
    """Write what became of an attempt, and the next attempt if there is to be one.

    Nothing is written when the lease was lost: then another made the attempt again and writes its own.
    """
    held = Line(session).held(parcel.delivery_id, parcel.lease)
    if held is None:
        return
    delivery, endpoint = held
    verdict = write_outcome(delivery, outcome, now)
    metrics.count_delivery(verdict.value, outcome.seconds)
    endpoint.failing_since = schedule.failing_since(endpoint.failing_since, verdict, now)
    if verdict is schedule.Verdict.DELIVERED:
        return
    if why := _why_disabled(endpoint, verdict, now):
        disable(session, endpoint, why, now)
        return
    due = schedule.next_attempt(delivery.number, now, outcome.retry_after, random)
    if due and endpoint.state is EndpointState.ENABLED:
        session.add(_following(delivery, due))


def write_outcome(delivery: Delivery, outcome: Outcome, now: datetime) -> schedule.Verdict:
    """End an attempt; returns what its outcome means."""
    verdict = schedule.judge(outcome.status)
    delivered = verdict is schedule.Verdict.DELIVERED
    delivery.state = DeliveryState.DELIVERED if delivered else DeliveryState.FAILED
    delivery.lease_expires_at = None
    delivery.attempted_at = now
    delivery.status_code = outcome.status
    delivery.response = outcome.excerpt
    delivery.error = outcome.error
    delivery.seconds = outcome.seconds
    return verdict


def _why_disabled(endpoint: Endpoint, verdict: schedule.Verdict, now: datetime) -> str | None:
    if verdict is schedule.Verdict.GONE:
        return _GONE
    return _GIVEN_UP if schedule.is_given_up(endpoint.failing_since, now) else None


def disable(session: Session, endpoint: Endpoint, why: str, now: datetime) -> None:
    """Call an endpoint no more, and give up what waits for it."""
    endpoint.state, endpoint.disabled_why = EndpointState.DISABLED, why
    session.flush()
    Line(session).drop(endpoint.id, _DROPPED, now)


def _following(delivery: Delivery, due: datetime) -> Delivery:
    return Delivery(
        id=new_id("del"),
        message_id=delivery.message_id,
        endpoint_id=delivery.endpoint_id,
        number=delivery.number + 1,
        due_at=due,
    )
