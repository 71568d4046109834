"""Both clients, over real sockets; what holds for one is asked of the other."""

import asyncio
import ssl
from collections.abc import Callable

import httpx
import pytest

from services.backbone.errors import Refused, Unreachable
from services.backbone.net.clients import async_client, blocking_client
from services.backbone.net.guard import Guard
from services.backbone.net.watch import Watch
from tests.services.backbone.net.servers import HOME, Call, Dns, guard_for, serving, trusting

Get = Callable[..., list[httpx.Response]]


def blocking(guard: Guard, *urls: str, **options: object) -> list[httpx.Response]:
    with blocking_client(guard, Watch(total=10), connect=1.0, read=1.0) as client:
        return [client.get(url, **options) for url in urls]  # type: ignore[arg-type]


def waiting(guard: Guard, *urls: str, **options: object) -> list[httpx.Response]:
    async def get() -> list[httpx.Response]:
        async with async_client(guard, connect=1.0, read=1.0) as client:
            return [await client.get(url, **options) for url in urls]  # type: ignore[arg-type]

    return asyncio.run(get())


@pytest.fixture(params=[blocking, waiting], ids=["blocking", "async"])
def get(request: pytest.FixtureRequest) -> Get:
    client: Get = request.param
    return client


def hello(call: Call) -> None:
    call.reply(b"hello", set_cookie="session=1; Path=/")


def test_the_name_stays_in_host_and_tls_while_the_address_is_the_judged_one(get: Get) -> None:
    with serving(hello) as server:
        guard = guard_for(server)
        (response,) = get(guard, server.url())
    assert response.content == b"hello"
    assert server.calls[0].headers["host"] == f"films.example:{server.port}"
    assert server.names == ["films.example"]


def test_the_name_is_resolved_once_for_a_connection(get: Get) -> None:
    """Rebinding: the second answer, which leads inside, is never asked for."""
    dns = Dns([HOME], ["10.0.0.1"])
    with serving(hello) as server:
        guard = Guard(resolver=dns, public=lambda address: str(address) == HOME, ports={server.port}, tls=trusting())
        assert get(guard, server.url())[0].status_code == 200
    assert dns.asked == ["films.example"]


def test_a_new_connection_is_judged_anew(get: Get) -> None:
    def once(call: Call) -> None:
        call.reply(b"hello", connection="close")

    with serving(once) as server:
        guard = guard_for(server, [HOME], ["10.0.0.1"])
        with pytest.raises(Refused):
            get(guard, server.url(), server.url())
    assert len(server.calls) == 1


def test_a_connection_kept_alive_leads_to_the_judged_address(get: Get) -> None:
    with serving(hello) as server:
        guard = guard_for(server, [HOME], ["10.0.0.1"])
        assert len(get(guard, server.url(), server.url())) == 2
    assert server.connections == 1


def test_a_connection_is_not_reused_for_another_name(get: Get) -> None:
    """Not even on the same address: it was another name's certificate that was checked."""
    with serving(hello) as server:
        dns = Dns([HOME])
        guard = Guard(resolver=dns, public=lambda address: True, ports={server.port}, tls=trusting())
        get(guard, server.url("films.example"), server.url("hooks.example"))
    assert dns.asked == server.names == ["films.example", "hooks.example"]


def test_the_url_is_judged_at_every_request_kept_alive_or_not(get: Get) -> None:
    with serving(hello) as server, pytest.raises(Refused):
        get(guard_for(server), server.url(), f"https://127.1:{server.port}/")


def test_nothing_is_sent_to_a_host_that_leads_inside(get: Get) -> None:
    with serving(hello) as server:
        with pytest.raises(Refused) as caught:
            get(guard_for(server, public=()), server.url())
        assert HOME not in str(caught.value)
    assert server.connections == 0


def test_the_next_address_is_tried_when_one_does_not_answer(get: Get) -> None:
    with serving(hello) as server:
        guard = guard_for(server, ["127.0.0.9", HOME], public=("127.0.0.9", HOME))
        assert get(guard, server.url())[0].status_code == 200


def test_a_closed_port_is_worth_another_try(get: Get) -> None:
    with serving(hello) as server:
        pass
    with pytest.raises(Unreachable) as caught:
        get(guard_for(server), server.url())
    assert HOME not in str(caught.value)


def test_a_certificate_of_nobody_we_trust_is_not_taken(get: Get) -> None:
    with serving(hello) as server, pytest.raises(Unreachable, match="certificate"):
        get(guard_for(server, tls=ssl.create_default_context()), server.url())
    assert server.calls == []


def test_a_certificate_of_another_name_is_not_taken(get: Get) -> None:
    with serving(hello) as server, pytest.raises(Unreachable, match="certificate"):
        get(guard_for(server), server.url("other.example"))
    assert server.calls == []


def test_the_name_in_tls_cannot_be_chosen_by_the_caller(get: Get) -> None:
    with serving(hello) as server, pytest.raises(Unreachable, match="certificate"):
        get(guard_for(server), server.url("other.example"), extensions={"sni_hostname": "films.example"})


def test_a_server_without_tls_is_not_spoken_to(get: Get) -> None:
    with serving(hello, tls=False) as server, pytest.raises(Unreachable):
        get(guard_for(server), server.url())


def test_redirects_are_not_followed(get: Get) -> None:
    with serving(lambda call: call.reply(status="302 Found", location="https://127.0.0.1/")) as server:
        assert get(guard_for(server), server.url())[0].status_code == 302
    assert server.connections == 1


def test_cookies_are_neither_kept_nor_sent(get: Get) -> None:
    with serving(hello) as server:
        get(guard_for(server), server.url(), server.url())
    assert all("cookie" not in call.headers for call in server.calls)


def test_no_proxy_is_taken_from_the_environment(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving(hello) as server:
        assert get(guard_for(server), server.url())[0].status_code == 200


def test_no_compression_is_asked_for(get: Get) -> None:
    with serving(hello) as server:
        get(guard_for(server), server.url())
    assert server.calls[0].headers["accept-encoding"] == "identity"


def test_this_machine_may_be_reached_by_http_where_allowed(get: Get) -> None:
    with serving(hello, tls=False) as server:
        guard = Guard(allow_loopback=True)
        answers = get(guard, server.url(HOME, scheme="http"), server.url("localhost", scheme="http"))
    assert [answer.status_code for answer in answers] == [200, 200]


def test_a_silent_server_is_left(get: Get) -> None:
    with serving(lambda call: call.connection.recv(1)) as server, pytest.raises(Unreachable, match="in time"):
        get(guard_for(server), server.url())


def test_what_is_no_http_is_worth_another_try(get: Get) -> None:
    with serving(lambda call: call.send(b"220 mail.example ESMTP\r\n\r\n")) as server, pytest.raises(Unreachable):
        get(guard_for(server), server.url())
