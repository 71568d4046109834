"""What is asked again, and when; who sees the key; how errors are told."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from soundstage.client import AsyncClient, Client, NotReached, Patience
from soundstage.client.errors import (
    ApiError,
    Conflict,
    Invalid,
    NotFound,
    PreconditionFailed,
    ServerFault,
    TooMany,
    Unauthorized,
    Unavailable,
)
from soundstage.errors import BadOption
from tests.client.conftest import HASTY
from tests.client.scripted import Scripted, Told, in_turn, serving

JOB = Told(body=json.dumps({"id": "job_1", "status": "queued", "brand_new": {"field": 1}}).encode())
BUSY = Told(503, headers={"Retry-After": "0"})


def client_of(server: Scripted, patience: Patience = HASTY) -> Client:
    return Client(server.url, "sk_test", patience=patience)


@contextmanager
def told(answer: Told) -> Iterator[Client]:
    """A client of a service that always answers so."""
    with serving(in_turn(answer)) as server, client_of(server) as client:
        yield client


@pytest.mark.parametrize("trouble", [BUSY, Told(429), Told(502), Told(hang_up=True)], ids=str)
def test_a_question_is_asked_again(trouble: Told):
    with serving(in_turn(trouble, trouble, JOB)) as server, client_of(server) as client:
        assert client.job("job_1").status == "queued"
        assert len(server.asked) == 3


@pytest.mark.anyio
async def test_asynchronously_too():
    with serving(in_turn(BUSY, Told(hang_up=True), JOB)) as server:
        async with AsyncClient(server.url, "sk_test", patience=HASTY) as client:
            assert (await client.job("job_1")).id == "job_1"


def test_retry_after_is_honoured():
    with serving(in_turn(Told(429, headers={"Retry-After": "1"}), JOB)) as server, client_of(server) as client:
        began = time.monotonic()
        client.job("job_1")
        assert time.monotonic() - began >= 1.0


def test_a_wait_that_is_too_long_is_told():
    answer = Told(429, headers={"Retry-After": "3600"})
    with serving(in_turn(answer)) as server, client_of(server) as client:
        with pytest.raises(TooMany) as caught:
            client.job("job_1")
        assert caught.value.wait == 3600
        assert len(server.asked) == 1


def test_it_ends_at_some_time():
    with serving(in_turn(BUSY)) as server, client_of(server) as client:
        with pytest.raises(Unavailable):
            client.job("job_1")
        assert len(server.asked) == HASTY.tries


def test_a_job_is_begun_under_one_idempotency_key():
    with serving(in_turn(Told(hang_up=True), BUSY, JOB)) as server, client_of(server) as client:
        client.submit(url="https://films.example/a.mp4")
        keys = {asked.headers["idempotency-key"] for asked in server.asked}
        assert (len(keys), len(server.asked)) == (1, 3)


def test_a_job_with_an_id_of_the_clients_is_put():
    with serving(in_turn(JOB)) as server, client_of(server) as client:
        client.submit(url="https://films.example/a.mp4", client_id="episode:7")
        assert [(asked.method, asked.path) for asked in server.asked] == [("PUT", "/v1/jobs/episode%3A7")]


def test_what_must_not_be_done_twice_is_not_sent_twice():
    with serving(in_turn(Told(hang_up=True), JOB)) as server, client_of(server) as client:
        with pytest.raises(NotReached):
            client.retry("job_1")
        assert len(server.asked) == 1


def test_a_service_that_is_not_there_is_told_in_a_sentence():
    with serving(in_turn(JOB)) as server:
        url = server.url
    with Client(url, "sk_test", patience=HASTY) as client, pytest.raises(NotReached, match="does not answer"):
        client.job("job_1")


def test_fields_of_a_newer_service_are_kept():
    with serving(in_turn(JOB)) as server, client_of(server) as client:
        assert client.job("job_1").model_dump()["brand_new"] == {"field": 1}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, Unauthorized),
        (404, NotFound),
        (409, Conflict),
        (412, PreconditionFailed),
        (422, Invalid),
        (500, ServerFault),
    ],
)
def test_a_problem_becomes_its_error(status: int, error: type[ApiError]):
    problem = {
        "type": "https://soundstage.example/problems/of-some-kind",
        "detail": "This is wrong; do that.",
        "instance": "req_7",
        "errors": [{"detail": "wrong", "pointer": "/options/seed"}],
    }
    with told(Told(status, json.dumps(problem).encode())) as client, pytest.raises(error) as caught:
        client.job("job_1")
    error_told = caught.value
    assert (error_told.kind, error_told.status, error_told.request_id) == ("of-some-kind", status, "req_7")
    assert str(error_told) == "This is wrong; do that."
    assert error_told.faults[0].pointer == "/options/seed"


@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"[]", b'{"detail": 7}'])
def test_an_error_without_a_problem_is_told_all_the_same(body: bytes):
    with told(Told(404, body)) as client, pytest.raises(NotFound, match=r"\."):
        client.job("job_1")


def test_a_film_that_is_none_ends_with_the_engines_code():
    problem = {"type": "https://soundstage.example/problems/bad-film", "detail": "It is no film; give one."}
    with told(Told(422, json.dumps(problem).encode())) as client, pytest.raises(Invalid) as caught:
        client.submit(url="https://films.example/a.txt")
    assert caught.value.exit_code == 3


def test_something_else_at_that_address_is_told():
    with told(Told(body=b"hello")) as client, pytest.raises(ServerFault, match="not one of Soundstage's"):
        client.job("job_1")


def test_redirects_are_not_followed_with_the_key():
    with (
        serving(in_turn(Told(302, headers={"Location": "http://127.0.0.1:1/"}))) as server,
        client_of(server) as client,
    ):
        with pytest.raises(ApiError):
            client.job("job_1")
        assert len(server.asked) == 1


@pytest.mark.parametrize("url", ["", "soundstage.example", "ftp://soundstage.example", "http://"])
def test_an_address_that_is_none_is_refused(url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SOUNDSTAGE_URL", raising=False)
    with pytest.raises(BadOption, match="--url"):
        Client(url, "sk_test")


@pytest.mark.parametrize("key", ["", "sk with spaces", "sk_ü", "sk_\n"])
def test_a_key_that_can_be_none_is_refused(key: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SOUNDSTAGE_API_KEY", raising=False)
    with pytest.raises(BadOption, match="--key"):
        Client("http://127.0.0.1:1", key)


def test_lists_are_walked_page_by_page():
    pages = [
        {"data": [{"id": "job_3", "status": "queued"}, {"id": "job_2", "status": "queued"}], "next_cursor": "job_2"},
        {"data": [{"id": "job_1", "status": "queued"}], "next_cursor": None},
    ]
    with (
        serving(in_turn(*(Told(body=json.dumps(page).encode()) for page in pages))) as server,
        client_of(server) as client,
    ):
        assert [job.id for job in client.jobs(status=("queued", "running"))] == ["job_3", "job_2", "job_1"]
    assert server.asked[0].path == "/v1/jobs?status=queued&status=running&limit=100"
    assert "cursor=job_2" in server.asked[1].path


def test_a_list_is_read_no_further_than_needed():
    page = {"data": [{"id": f"job_{n}", "status": "queued"} for n in range(2)], "next_cursor": "job_1"}
    with serving(in_turn(Told(body=json.dumps(page).encode()))) as server, client_of(server) as client:
        assert len(list(client.jobs(most=2))) == 2
        assert len(server.asked) == 1
