"""Following a job: nothing is missed and nothing comes twice, however often the connection breaks."""

import json
from dataclasses import replace

import pytest

from soundstage.client import AsyncClient, Client, JobFailed, NotReached
from soundstage.client.errors import NotFound
from tests.client.conftest import HASTY, Service
from tests.client.scripted import Asked, Script, Told, in_turn, serving

TYPES = ("job.queued", "job.running", "job.stage", "job.progress", "job.succeeded")


def sse(numbers: range, types: tuple[str, ...] = TYPES) -> bytes:
    return "".join(
        f"id: {n}\nevent: {types[n - 1]}\ndata: {json.dumps({'seq': n, 'type': types[n - 1], 'data': {'n': n}})}\n\n"
        for n in numbers
    ).encode()


def job(status: str, **more: object) -> Told:
    return Told(body=json.dumps({"id": "job_1", "status": status, **more}).encode())


def streams(*answers: Told, then: Told) -> Script:
    """Streams in turn for who follows; the job itself for who asks."""
    stream = in_turn(*answers)
    return lambda asked: stream(asked) if asked.path.endswith("/events") else then


def asked_after(asked: list[Asked]) -> list[str | None]:
    return [each.headers.get("last-event-id") for each in asked if each.path.endswith("/events")]


def test_a_stream_that_breaks_is_taken_up_behind_the_last_event():
    first = sse(range(1, 4))
    script = streams(
        Told(body=first + sse(range(4, 5)), cut=len(first) + 20),
        Told(hang_up=True),
        Told(503),
        Told(body=sse(range(4, 6))),
        then=job("succeeded"),
    )
    with serving(script) as server, Client(server.url, "sk_test", patience=replace(HASTY, tries=4)) as client:
        events = list(client.events("job_1"))
    assert [event.id for event in events] == ["1", "2", "3", "4", "5"]
    assert [event.data["n"] for event in events] == [1, 2, 3, 4, 5]
    assert asked_after(server.asked) == [None, "3", "3", "3"]


@pytest.mark.anyio
async def test_asynchronously_too():
    script = streams(Told(body=sse(range(1, 3))), Told(body=sse(range(3, 6))), then=job("succeeded"))
    with serving(script) as server:
        async with AsyncClient(server.url, "sk_test", patience=HASTY) as client:
            assert [event.id async for event in client.events("job_1")] == ["1", "2", "3", "4", "5"]
    assert asked_after(server.asked) == [None, "2"]


def test_a_service_that_stops_in_between_is_waited_for():
    script = streams(Told(body=sse(range(1, 3))), Told(body=b""), Told(body=sse(range(3, 6))), then=job("running"))
    with serving(script) as server, Client(server.url, "sk_test", patience=HASTY) as client:
        seen = []
        for event in client.events("job_1"):
            seen.append(event.id)
            if event.is_end:
                break
    assert seen == ["1", "2", "3", "4", "5"]


def test_a_job_that_was_over_long_ago_has_nothing_more():
    script = streams(Told(204, b""), then=job("succeeded"))
    with serving(script) as server, Client(server.url, "sk_test", patience=HASTY) as client:
        assert list(client.events("job_1", after="5")) == []
    assert asked_after(server.asked) == ["5"]


def test_waiting_ends_with_the_jobs_own_error():
    types = ("job.queued", "job.failed")
    error = {"kind": "bad-film", "detail": "It is no film; give one."}
    script = streams(Told(body=sse(range(1, 3), types)), then=job("failed", error=error))
    with serving(script) as server, Client(server.url, "sk_test", patience=HASTY) as client:
        with pytest.raises(JobFailed, match="no film") as caught:
            client.wait("job_1")
        assert client.wait("job_1", check=False).status == "failed"
    assert (caught.value.kind, caught.value.exit_code) == ("bad-film", 3)


def test_a_service_that_is_gone_is_not_waited_for_for_ever():
    script = streams(Told(body=sse(range(1, 2))), Told(hang_up=True), then=job("running"))
    with serving(script) as server, Client(server.url, "sk_test", patience=HASTY) as client, pytest.raises(NotReached):
        list(client.events("job_1"))


def test_the_events_of_a_real_job(client: Client, service: Service):
    made = client.submit(url="https://127.0.0.1:9/film.mp4")
    followed = client.events(made.id)
    assert next(followed).type == "job.queued"
    client.cancel(made.id)
    assert [event.type for event in followed][-1] == "job.canceled"
    assert client.wait(made.id, check=False).status == "canceled"


def test_a_job_that_there_is_not(client: Client):
    with pytest.raises(NotFound):
        list(client.events("job_00000000000000000000000000"))
