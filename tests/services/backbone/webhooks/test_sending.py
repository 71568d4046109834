import asyncio
import gzip
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from services.backbone.net.clients import async_client
from services.backbone.net.guard import Guard
from services.backbone.webhooks.sending import Outcome, send
from services.backbone.webhooks.signing import make_secret, sign, verify
from tests.services.backbone.net.servers import HOME, Call, guard_for, serving

BODY = b'{"type": "job.succeeded"}'


def deliver(guard: Guard, url: str, limit: float = 3.0, **headers: str) -> Outcome:
    async def sent() -> Outcome:
        async with async_client(guard, connect=1.0) as client:
            return await send(client, url, headers, BODY, limit=limit)

    return asyncio.run(sent())


def outcome(answer: Callable[[Call], object], limit: float = 3.0) -> Outcome:
    with serving(answer) as server:
        return deliver(guard_for(server), server.url("hooks.example"), limit)


def test_what_arrives_verifies() -> None:
    secret = make_secret()
    with serving(lambda call: call.reply(b"thanks")) as server:
        signed = sign("msg_1", datetime.now(UTC), BODY, [secret])
        result = deliver(guard_for(server), server.url("hooks.example"), **signed)
    (call,) = server.calls
    assert verify(call.headers, call.body, [secret])
    assert call.headers["content-type"] == "application/json"
    assert (result.status, result.excerpt, result.error) == (200, "thanks", None)
    assert 0 < result.seconds < 3


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_failure_and_not_followed(status: int) -> None:
    with serving(lambda call: call.reply(status=f"{status} Moved", location="/elsewhere")) as server:
        result = deliver(guard_for(server), server.url("hooks.example"))
    assert result.status == status
    assert "redirect" in str(result.error)
    assert len(server.calls) == 1


def test_a_refusal_is_told_with_its_answer_and_its_wait() -> None:
    result = outcome(lambda call: call.reply(b"later", "503 Service Unavailable", retry_after="30"))
    assert (result.status, result.excerpt, result.retry_after) == (503, "later", 30.0)
    assert "503" in str(result.error)


@pytest.mark.parametrize(
    ("body", "excerpt"),
    [
        (b"a\x00b", "ab"),
        (b"\xff\xfeok", "\ufffd\ufffdok"),
        ("é".encode() * 5000, "é" * 2048),
        (b"x" * 1_000_000, "x" * 2048),
        ("\U0001f3ac".encode() * 3000, "\U0001f3ac" * 2048),
        (b"", ""),
    ],
    ids=["NUL", "not UTF-8", "two bytes", "long", "four bytes", "empty"],
)
def test_the_excerpt_can_be_kept(body: bytes, excerpt: str) -> None:
    assert outcome(lambda call: call.reply(body)).excerpt == excerpt


def test_a_compressed_answer_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    result = outcome(lambda call: call.reply(bomb, content_encoding="gzip"))
    assert result.status == 200
    assert len(result.excerpt) <= 2048


def test_an_endless_answer_is_left() -> None:
    def endless(call: Call) -> None:
        call.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            call.send(bytes(65536))

    started = time.monotonic()
    assert outcome(endless).status == 200
    assert time.monotonic() - started < 2


def test_an_endless_head_is_left() -> None:
    def endless(call: Call) -> None:
        call.send(b"HTTP/1.1 200 OK\r\n")
        while True:
            call.send(b"x-more: " + bytes(b"y" * 60_000) + b"\r\n")

    result = outcome(endless)
    assert result.status is None
    assert result.error


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nx-slow: "], ids=["silent", "trickling"])
def test_a_server_that_takes_its_time_is_left(sent: bytes) -> None:
    def trickle(call: Call) -> None:
        call.send(sent)
        while sent:
            time.sleep(0.05)
            call.send(b"x")
        call.connection.recv(1)

    result = outcome(trickle, limit=0.4)
    assert result.status is None
    assert "0.4 seconds" in str(result.error)
    assert result.seconds < 2


def test_a_status_counts_even_when_its_body_never_ends() -> None:
    def slow(call: Call) -> None:
        call.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nok")
        call.connection.recv(1)

    result = outcome(slow, limit=0.4)
    assert (result.status, result.excerpt, result.error) == (200, "ok", None)


def test_a_status_counts_even_when_its_body_breaks() -> None:
    def broken(call: Call) -> None:
        call.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nok")
        call.hang_up()

    result = outcome(broken)
    assert (result.status, result.excerpt, result.error) == (200, "ok", None)


@pytest.mark.parametrize(
    "answer",
    [
        lambda call: call.hang_up(),
        lambda call: call.send(b"\x00\x01\x02\r\n\r\n"),
        lambda call: call.send(b"HTTP/1.1 2000 OK\r\n\r\n"),
        lambda call: call.send(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"),
        lambda call: call.reply(status="301 Moved", location="https://a:b/"),
    ],
    ids=["hangs up", "binary", "no status", "no length", "redirect to nowhere"],
)
def test_trouble_is_an_outcome_not_an_error(answer: Callable[[Call], object]) -> None:
    result = outcome(answer)
    assert result.status is None
    assert str(result.error).endswith(".")
    assert HOME not in str(result.error)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "https://127.0.0.2/",
        "https://2130706433/",
        "https://[/",
        "nonsense",
        "",
        "https://é\x00/",
    ],
)
def test_a_url_that_is_refused_is_an_outcome(url: str) -> None:
    result = deliver(Guard(resolver=lambda host: [HOME]), url)
    assert result.status is None
    assert str(result.error).endswith(".")


def test_a_host_that_leads_inside_is_an_outcome_and_tells_no_address() -> None:
    with serving(lambda call: call.reply()) as server:
        result = deliver(guard_for(server, public=()), server.url("hooks.example"))
    assert result.status is None
    assert "public" in str(result.error)
    assert HOME not in str(result.error)
    assert server.connections == 0


def test_every_attempt_is_judged_anew() -> None:
    with serving(lambda call: call.reply(connection="close")) as server:
        guard = guard_for(server, [HOME], ["10.0.0.1"])
        url = server.url("hooks.example")
        assert deliver(guard, url).status == 200
        assert deliver(guard, url).status is None


def test_a_wrong_certificate_is_an_outcome() -> None:
    with serving(lambda call: call.reply()) as server:
        result = deliver(guard_for(server, tls=ssl.create_default_context()), server.url("hooks.example"))
    assert result.status is None
    assert "certificate" in str(result.error)


def test_many_go_out_at_once() -> None:
    def slow(call: Call) -> None:
        time.sleep(0.3)
        call.reply()

    async def all_of(guard: Guard, url: str) -> list[Outcome]:
        async with async_client(guard) as client:
            return await asyncio.gather(*(send(client, url, {}, BODY) for _ in range(20)))

    with serving(slow) as server:
        started = time.monotonic()
        results = asyncio.run(all_of(guard_for(server), server.url("hooks.example")))
    assert {result.status for result in results} == {200}
    assert time.monotonic() - started < 3
