import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import httpx
import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.api.app import create_app
from services.api.resources import resources_of
from services.backbone.events import record
from services.backbone.ledger.tables import Account, Event, Job, JobStatus
from tests.services import rows
from tests.services.api.conftest import Ledger, Tenant, Tenants
from tests.services.api.serving import over_socket

JSON = {"Accept": "application/json"}


@dataclass
class Film:
    """A job, and what a test lets happen to it."""

    ledger: Ledger
    id: str

    def tells(self, *types: str, **data: object) -> None:
        def write(session: Session) -> None:
            job = session.get_one(Job, self.id, with_for_update=True)
            for type in types:
                record(session, job, type, dict(data))

        self.ledger(write)

    def ends(self, status: JobStatus = JobStatus.SUCCEEDED) -> None:
        def write(session: Session) -> None:
            job = session.get_one(Job, self.id, with_for_update=True)
            job.status = status
            record(session, job, f"job.{status.value}")

        self.ledger(write)


@pytest.fixture
def film(ledger: Ledger, account: Tenant) -> Film:
    return Film(ledger, ledger(lambda s: rows.job(s, s.get_one(Account, account.id)).id))


@pytest.fixture
def app_over_socket(service_settings):
    app = create_app(service_settings)
    with over_socket(app) as url:
        yield app, url


@pytest.fixture
def follower(app_over_socket, account: Tenant) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {account.key}"}
    with httpx.Client(base_url=app_over_socket[1], headers=headers, timeout=20) as client:
        yield client


def _messages(answer: httpx.Response) -> Iterator[dict[str, str]]:
    """Server-sent events as they come; comments are left out."""
    message: dict[str, str] = {}
    for line in answer.iter_lines():
        if not line:
            if "data" in message:
                yield message
            message = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            message[name] = value


def _followed(follower: httpx.Client, film: Film, **headers: str) -> list[dict[str, str]]:
    with follower.stream("GET", f"/v1/jobs/{film.id}/events", headers=headers) as answer:
        assert answer.status_code == 200
        return list(_messages(answer))


def _later(*calls, every: float = 0.1) -> threading.Thread:
    def run() -> None:
        for call in calls:
            time.sleep(every)
            call()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_what_has_happened_comes_first_and_then_the_rest_as_it_does(follower, film):
    film.tells("job.queued", "job.running")
    later = _later(lambda: film.tells("job.stage", stage="read"), film.ends, every=0.4)
    told = _followed(follower, film)
    later.join()
    assert [message["event"] for message in told] == ["job.queued", "job.running", "job.stage", "job.succeeded"]
    assert [message["id"] for message in told] == ["1", "2", "3", "4"]
    assert json.loads(told[2]["data"])["data"] == {"stage": "read"}


def test_the_headers_are_those_of_a_stream(follower, film):
    film.ends()
    with follower.stream("GET", f"/v1/jobs/{film.id}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "no-store" in answer.headers["cache-control"]


def test_an_event_comes_soon(follower, film):
    film.tells("job.queued")
    times: list[float] = []

    def happen() -> None:
        times.append(time.monotonic())
        film.tells("job.running")

    with follower.stream("GET", f"/v1/jobs/{film.id}/events") as answer:
        messages = _messages(answer)
        next(messages)
        happen()
        next(messages)
        assert time.monotonic() - times[0] < 1.5
        film.ends()


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        pytest.param({"Last-Event-ID": "2"}, "", id="header"),
        pytest.param({}, "?after=2", id="query"),
        pytest.param({"Last-Event-ID": "2"}, "?after=1", id="header-outweighs-query"),
    ],
)
def test_a_stream_is_taken_up_where_it_was_left(follower, film, headers, query):
    film.tells("job.queued", "job.running", "job.stage")
    film.ends()
    with follower.stream("GET", f"/v1/jobs/{film.id}/events{query}", headers=headers) as answer:
        assert [message["id"] for message in _messages(answer)] == ["3", "4"]


def test_who_knows_the_end_is_told_not_to_come_again(follower, film):
    film.ends()
    answer = follower.get(f"/v1/jobs/{film.id}/events", headers={"Last-Event-ID": "1"})
    assert answer.status_code == 204


def test_a_long_history_comes_whole(follower, film):
    film.tells(*["job.progress"] * 350)
    film.ends()
    assert [message["id"] for message in _followed(follower, film)] == [str(n) for n in range(1, 352)]


def test_a_job_that_goes_on_after_its_end_is_followed_to_the_next(follower, film, ledger):
    film.ends()

    def reopen(session: Session) -> None:
        job = session.get_one(Job, film.id, with_for_update=True)
        job.status = JobStatus.RUNNING
        record(session, job, "job.rendering")

    ledger(reopen)
    later = _later(film.ends, every=0.5)
    assert [m["event"] for m in _followed(follower, film)] == ["job.succeeded", "job.rendering", "job.succeeded"]
    later.join()


def test_the_follower_of_a_deleted_job_is_sent_away(follower, film, ledger):
    film.tells("job.queued")
    later = _later(lambda: ledger(lambda s: s.execute(delete(Job).where(Job.id == film.id))), every=0.5)
    assert [message["event"] for message in _followed(follower, film)] == ["job.queued"]
    later.join()


def test_many_followers_are_served_by_one_question_and_none_is_left_over(app_over_socket, film, account):
    app, url = app_over_socket
    told: list[list[str]] = []

    def follow() -> None:
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {account.key}"}, timeout=20) as client:
            told.append([message["event"] for message in _followed(client, film)])

    film.tells("job.queued")
    followers = [threading.Thread(target=follow) for _ in range(30)]
    for thread in followers:
        thread.start()
    hub = resources_of(app).hub
    _wait_until(lambda: hub.followers == 30)
    # They hold no connections, but for the one that asks for all of them.
    _wait_until(lambda: resources_of(app).engine.pool.checkedout() <= 1)
    film.ends()
    for thread in followers:
        thread.join(15)
    assert told == [["job.queued", "job.succeeded"]] * 30
    _wait_until(lambda: hub.followers == 0)


def test_a_slow_follower_gets_all_and_is_waited_for(app_over_socket, follower, film, ledger):
    """Ten megabytes: far more than sockets hold, so the sender must wait, and keeps a hundred events at most."""
    film.tells("job.queued")
    hub = resources_of(app_over_socket[0]).hub
    with follower.stream("GET", f"/v1/jobs/{film.id}/events") as answer:
        messages = _messages(answer)
        next(messages)

        def write(session: Session) -> None:
            job = session.get_one(Job, film.id, with_for_update=True)
            data = {"text": "x" * 5000}
            session.add_all(Event(job_id=job.id, seq=n, type="job.progress", data=data) for n in range(2, 2002))
            job.event_seq = 2001

        ledger(write)
        film.ends()
        time.sleep(2)
        assert hub.followers == 1
        assert [int(message["id"]) for message in messages] == list(range(2, 2003))


def test_a_follower_that_hangs_up_is_forgotten(app_over_socket, follower, film):
    film.tells("job.queued")
    hub = resources_of(app_over_socket[0]).hub
    with follower.stream("GET", f"/v1/jobs/{film.id}/events") as answer:
        messages = _messages(answer)  # named: a generator that is dropped closes the connection at once
        next(messages)
        assert hub.followers == 1
    _wait_until(lambda: hub.followers == 0)


def test_a_stream_that_lived_long_enough_ends_with_a_hint_to_come_again(follower, film, monkeypatch):
    monkeypatch.setattr("services.api.routers.events.LIFETIME", 0.5)
    film.tells("job.queued")
    text = follower.get(f"/v1/jobs/{film.id}/events").text
    assert text.rstrip().splitlines()[-2:] == [": come again", "retry: 1000"]


def test_a_list_is_given_to_who_wants_json(follower, film):
    film.tells("job.queued", "job.running")
    answer = follower.get(f"/v1/jobs/{film.id}/events", headers=JSON, params={"after": 1})
    told = answer.json()
    assert ([event["type"] for event in told["data"]], told["has_more"]) == (["job.running"], False)
    assert datetime.fromisoformat(told["data"][0]["at"]).tzinfo


@pytest.mark.parametrize("value", ["x", "-1", "1.5", "99999999999999999999", "²"])
def test_an_event_id_that_is_none_of_ours_is_refused(follower, film, value):
    answer = follower.get(f"/v1/jobs/{film.id}/events", headers={"Last-Event-ID": value.encode()})
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "last-event-id")


def test_an_event_id_beyond_the_last_is_taken_for_the_last(follower, film):
    film.tells("job.queued")
    later = _later(film.ends, every=0.5)
    assert [message["id"] for message in _followed(follower, film, **{"Last-Event-ID": "77"})] == ["2"]
    later.join()


@pytest.mark.parametrize("headers", [{}, JSON])
def test_another_accounts_job_is_not_found(app_over_socket, film, accounts: Tenants, headers):
    given = {"Authorization": f"Bearer {accounts().key}", **headers}
    with httpx.Client(base_url=app_over_socket[1], headers=given) as other:
        assert other.get(f"/v1/jobs/{film.id}/events").status_code == 404


def test_a_service_that_is_stopped_lets_its_followers_go_soon(service_environment, film, account):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "services.api", "--port", str(port)]
    process = subprocess.Popen(command, env={**os.environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        headers = {"Authorization": f"Bearer {account.key}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=20) as client:
            _wait_until(lambda: _answers(client), 30)
            film.tells("job.queued")
            with client.stream("GET", f"/v1/jobs/{film.id}/events") as answer:
                lines = answer.iter_lines()
                while not next(lines).startswith("data"):
                    pass
                told = time.monotonic()
                process.send_signal(signal.SIGTERM)
                rest = [line for line in lines if line]
        assert rest == [": come again", "retry: 1000"]
        assert process.wait(10) is not None
        assert time.monotonic() - told < 5
    finally:
        process.kill()


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/v1/webhook-endpoints").status_code == 200
    except httpx.ConnectError:
        return False


def _wait_until(holds, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
