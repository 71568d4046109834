import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from standardwebhooks import Webhook, WebhookVerificationError

from services.backbone.ids import new_id
from services.backbone.ledger.repositories.webhooks import Line
from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import (
    Account,
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointState,
    Job,
    JobStatus,
    Message,
)
from services.backbone.net.guard import Guard
from services.backbone.sealing import seal
from services.backbone.settings import Settings
from services.backbone.webhooks import schedule
from services.backbone.webhooks.deliveries import Courier, deliver_due
from services.backbone.webhooks.messages import announce, first_delivery
from services.backbone.webhooks.signing import make_secret
from tests.services import rows
from tests.services.backbone.net.servers import Call, Server, serving

HERE = Guard(allow_loopback=True)
OLD, NEW = make_secret(), make_secret()

pytestmark = pytest.mark.usefixtures("service_settings")


@dataclass
class Clock:
    """The ledger's time, as far ahead as a test wants."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self, line: Line) -> datetime:
        return line.now() + self.ahead


@dataclass
class Receiver:
    """A receiver that answers what it was told to, again and again."""

    server: Server
    status: str = "200 OK"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.server.url("127.0.0.1", "/hook", "http")

    @property
    def calls(self) -> list[Call]:
        return self.server.calls


@contextmanager
def receiving(**how: object) -> Iterator[Receiver]:
    def answer(call: Call) -> None:
        call.reply(b"noted\x00", receiver.status, **receiver.headers)

    with serving(answer, tls=False) as server:
        receiver = Receiver(server, **how)
        yield receiver


@pytest.fixture
def owner(service_settings: Settings) -> Account:
    with transaction() as session:
        session.execute(delete(Endpoint))  # with what other tests left in the line
        return rows.account(session)


def _called(owner: Account, url: str, type: str = "job.succeeded", **columns: object) -> str:
    """An endpoint at `url` that is told of a job; returns its id."""
    with transaction() as session:
        endpoint = rows.endpoint(session, owner, url, secret=NEW, **columns)
        announce(session, rows.job(session, owner, status=JobStatus.SUCCEEDED, client_id=new_id("film")), type, {})
        return endpoint.id


def _attempts(endpoint: str) -> list[Delivery]:
    with transaction() as session:
        found = select(Delivery).where(Delivery.endpoint_id == endpoint)
        return list(session.scalars(found.order_by(Delivery.created_at, Delivery.number)))


def _endpoint(id: str) -> Endpoint:
    with transaction() as session:
        return session.get_one(Endpoint, id)


def test_a_delivery_is_verified_by_the_standard_package(owner):
    with receiving() as receiver:
        endpoint = _called(owner, receiver.url)
        assert deliver_due(HERE) == 1
    [call] = receiver.calls
    told = Webhook(NEW).verify(call.body, call.headers)
    assert (told["type"], told["data"]["status"]) == ("job.succeeded", "succeeded")
    [attempt] = _attempts(endpoint)
    assert (attempt.state, attempt.status_code, attempt.response) == (DeliveryState.DELIVERED, 200, "noted")


def test_a_wrong_secret_does_not_verify(owner):
    with receiving() as receiver:
        _called(owner, receiver.url)
        deliver_due(HERE)
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(receiver.calls[0].body, receiver.calls[0].headers)


def test_during_a_rotation_both_secrets_verify_and_afterwards_the_new_one(owner):
    until = datetime.now(UTC) + timedelta(hours=24)
    clock = Clock()
    with receiving() as receiver:
        _called(owner, receiver.url, previous_secret=seal(OLD), previous_until=until)
        deliver_due(HERE, clock=clock)
        clock.ahead = timedelta(hours=25)
        with transaction() as session:
            announce(session, rows.job(session, owner), "job.running", {})
        deliver_due(HERE, clock=clock)
    during, after = receiver.calls
    assert Webhook(OLD).verify(during.body, during.headers) == Webhook(NEW).verify(during.body, during.headers)
    assert Webhook(NEW).verify(after.body, after.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(after.body, after.headers)


def test_failed_attempts_follow_the_schedule_with_one_row_each(owner):
    clock = Clock()
    with receiving(status="503 Service Unavailable") as receiver:
        endpoint = _called(owner, receiver.url)
        made = []
        for delay in schedule.DELAYS:
            clock.ahead += delay * 0.89  # a little before it is due, jitter and all
            if delay > timedelta(minutes=1):
                assert deliver_due(HERE, clock=clock) == 0
            clock.ahead += delay * 0.22
            made.append(deliver_due(HERE, clock=clock))
        assert deliver_due(HERE, clock=Clock(timedelta(days=30))) == 0
    attempts = _attempts(endpoint)
    assert made == [1] * schedule.ATTEMPTS
    assert [attempt.number for attempt in attempts] == list(range(1, schedule.ATTEMPTS + 1))
    assert {attempt.state for attempt in attempts} == {DeliveryState.FAILED}
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1
    assert len({call.body for call in receiver.calls}) == 1


def test_a_receiver_that_recovers_is_not_failing_any_more(owner):
    clock = Clock()
    with receiving(status="500 Internal Server Error") as receiver:
        endpoint = _called(owner, receiver.url)
        deliver_due(HERE, clock=clock)
        assert _endpoint(endpoint).failing_since is not None
        receiver.status, clock.ahead = "204 No Content", timedelta(seconds=6)
        deliver_due(HERE, clock=clock)
    assert _endpoint(endpoint).failing_since is None
    assert [a.state for a in _attempts(endpoint)] == [DeliveryState.FAILED, DeliveryState.DELIVERED]


def test_retry_after_is_honoured(owner):
    with receiving(status="429 Too Many Requests", headers={"retry_after": "3600"}) as receiver:
        endpoint = _called(owner, receiver.url)
        deliver_due(HERE)
    wait = _attempts(endpoint)[-1].due_at - datetime.now(UTC)
    assert timedelta(minutes=59) < wait < timedelta(minutes=67)


def test_a_redirect_is_a_failure_and_is_not_followed(owner):
    with receiving() as inside, receiving(status="302 Found", headers={"location": inside.url}) as receiver:
        endpoint = _called(owner, receiver.url)
        deliver_due(HERE)
        assert not inside.calls
    assert "redirect" in (_attempts(endpoint)[0].error or "")


def test_410_disables_the_endpoint_and_drops_what_waits(owner):
    with receiving(status="410 Gone") as receiver:
        endpoint = _called(owner, receiver.url)
        deliver_due(HERE)
        with transaction() as session:
            announce(session, rows.job(session, owner), "job.running", {})
        assert deliver_due(HERE) == 0
    gone = _endpoint(endpoint)
    assert gone.state is EndpointState.DISABLED
    assert "410" in (gone.disabled_why or "")
    assert [a.state for a in _attempts(endpoint)] == [DeliveryState.FAILED]


def test_410_drops_other_deliveries_that_wait(owner):
    with receiving(status="410 Gone") as receiver:
        endpoint = _called(owner, receiver.url)
        with transaction() as session:
            first = session.scalars(select(Delivery).where(Delivery.endpoint_id == endpoint)).one()
            message = session.get_one(Message, first.message_id)
            later = first_delivery(message, session.get_one(Endpoint, endpoint))
            later.due_at = datetime.now(UTC) + timedelta(hours=1)
            session.add(later)
        deliver_due(HERE)
    assert sorted(a.state for a in _attempts(endpoint)) == [DeliveryState.DROPPED, DeliveryState.FAILED]


def test_five_days_of_failures_disable_the_endpoint(owner):
    with receiving(status="500 Internal Server Error") as receiver:
        endpoint = _called(owner, receiver.url, failing_since=datetime.now(UTC) - timedelta(days=5, minutes=1))
        deliver_due(HERE)
    given_up = _endpoint(endpoint)
    assert given_up.state is EndpointState.DISABLED
    assert "5 days" in (given_up.disabled_why or "")
    assert len(_attempts(endpoint)) == 1


def test_a_disabled_endpoint_gets_nothing_that_was_pending(owner):
    with receiving() as receiver:
        endpoint = _called(owner, receiver.url)
        with transaction() as session:
            session.get_one(Endpoint, endpoint).state = EndpointState.DISABLED
        deliver_due(HERE)
    assert not receiver.calls
    assert _attempts(endpoint)[0].state is DeliveryState.DROPPED


def test_what_a_killed_courier_had_in_hand_is_sent_again_under_the_same_id(owner):
    lease = timedelta(seconds=60)
    with receiving() as receiver:
        endpoint = _called(owner, receiver.url)
        with transaction() as session:  # a courier leases, and is never heard of again
            line = Line(session)
            assert line.claim(line.now(), lease, limit=10, per_endpoint=10)
        assert deliver_due(HERE) == 0
        assert deliver_due(HERE, clock=Clock(lease + timedelta(seconds=1))) == 1
    [attempt] = _attempts(endpoint)
    assert receiver.calls[0].headers["webhook-id"] == attempt.message_id


def test_an_outcome_that_comes_after_the_lease_writes_nothing(owner):
    entered, go_on = threading.Event(), threading.Event()

    def answer(call: Call) -> None:
        if not entered.is_set():
            entered.set()
            go_on.wait(10)
            call.reply(status="500 Internal Server Error")
        else:
            call.reply()

    with serving(answer, tls=False) as server:
        endpoint = _called(owner, server.url("127.0.0.1", "/hook", "http"))
        late = threading.Thread(target=deliver_due, args=(HERE,))
        late.start()
        assert entered.wait(10)
        assert deliver_due(HERE, clock=Clock(timedelta(minutes=2))) == 1
        go_on.set()
        late.join()
    [attempt] = _attempts(endpoint)
    assert attempt.state is DeliveryState.DELIVERED


def test_no_attempt_is_made_twice_by_couriers_that_run_at_once(owner):
    with receiving() as receiver:
        _called(owner, receiver.url)
        with transaction() as session:
            for _ in range(39):
                announce(session, rows.job(session, owner), "job.running", {})

        async def race() -> None:
            async with Courier(HERE) as one, Courier(HERE) as other:
                await asyncio.gather(one.deliver_due(), other.deliver_due())

        asyncio.run(race())
        while deliver_due(HERE):  # what one held while the other looked
            pass
    ids = [call.headers["webhook-id"] for call in receiver.calls]
    assert len(ids) == len(set(ids)) == 40


def test_a_slow_endpoint_with_a_long_line_does_not_hold_up_others(owner):
    go_on = threading.Event()

    def slow(call: Call) -> None:
        go_on.wait(10)
        call.reply()

    with serving(slow, tls=False) as slow_server, receiving() as receiver:
        _called(owner, slow_server.url("127.0.0.1", "/hook", "http"))
        with transaction() as session:
            for _ in range(20):
                announce(session, rows.job(session, owner), "job.running", {})
            other = rows.account(session)
        _called(other, receiver.url)

        async def run() -> int:
            stop = asyncio.Event()
            async with Courier(HERE, most=6, per_endpoint=3) as courier:
                running = asyncio.create_task(courier.run(stop))
                for _ in range(200):
                    await asyncio.sleep(0.02)
                    if receiver.calls:
                        break
                at_once = len(slow_server.calls)
                stop.set()
                go_on.set()
                await running
            return at_once

        assert asyncio.run(run()) <= 3
        assert len(receiver.calls) == 1


def test_a_courier_ends_soon_after_it_is_told(owner):
    async def run() -> float:
        stop = asyncio.Event()
        async with Courier(HERE) as courier:
            running = asyncio.create_task(courier.run(stop))
            await asyncio.sleep(0.3)
            told = time.monotonic()
            stop.set()
            await running
        return time.monotonic() - told

    assert asyncio.run(run()) < 0.5


def test_an_address_inside_is_refused_at_every_attempt(owner):
    with receiving() as receiver:
        endpoint = _called(owner, receiver.url)
        deliver_due(Guard())
    assert not receiver.calls
    assert _attempts(endpoint)[0].status_code is None
    assert _attempts(endpoint)[0].error


def test_old_messages_are_forgotten_but_not_those_that_wait(owner):
    with receiving() as receiver:
        endpoint = _called(owner, receiver.url)
        deliver_due(HERE)
        with transaction() as session:
            announce(session, rows.job(session, owner), "job.running", {})
        with transaction() as session:
            Line(session).forget(datetime.now(UTC) + timedelta(seconds=5))
    assert [a.state for a in _attempts(endpoint)] == [DeliveryState.PENDING]


def _told(session: Session, owner: Account) -> list[Message]:
    return list(session.scalars(select(Message).where(Message.account_id == owner.id)))


@pytest.mark.parametrize(
    ("events", "type", "told"),
    [
        pytest.param([], "job.succeeded", True, id="usual"),
        pytest.param([], "job.stage", False, id="stages-only-if-asked"),
        pytest.param(["job.stage"], "job.stage", True, id="asked"),
        pytest.param(["job.failed"], "job.succeeded", False, id="others"),
        pytest.param([], "job.progress", False, id="never-offered"),
    ],
)
def test_an_endpoint_is_told_what_it_asked_for(owner, events, type, told):
    with transaction() as session:
        rows.endpoint(session, owner, "https://hooks.example/", events=events)
        announce(session, rows.job(session, owner), type, {})
        assert bool(_told(session, owner)) is told


def test_a_jobs_own_endpoint_is_told_of_that_job_only(owner):
    with transaction() as session:
        mine, other = rows.job(session, owner), rows.job(session, owner)
        rows.endpoint(session, owner, "https://hooks.example/", job_id=mine.id)
        announce(session, other, "job.running", {})
        announce(session, mine, "job.running", {})
        assert [message.job_id for message in _told(session, owner)] == [mine.id]


def test_another_accounts_endpoint_is_not_told(owner):
    with transaction() as session:
        rows.endpoint(session, rows.account(session), "https://hooks.example/")
        announce(session, rows.job(session, owner), "job.running", {})
        assert not _told(session, owner)


def test_a_message_stays_thin_whatever_went_wrong(owner):
    with transaction() as session:
        rows.endpoint(session, owner, "https://hooks.example/")
        job: Job = rows.job(session, owner, error={"kind": "bad-film", "detail": "x" * 100_000})
        announce(session, job, "job.failed", {"much": "y" * 100_000})
        [message] = _told(session, owner)
    assert len(json.dumps(message.payload).encode()) < 20_000
    assert message.payload["data"]["error"]["kind"] == "bad-film"
