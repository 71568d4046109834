import asyncio
import threading
import time

import pytest

from services.backbone.errors import Refused, Unreachable
from services.backbone.net.guard import Guard, system_resolver
from tests.services.backbone.net.servers import Dns, addresses


def found(guard: Guard, host: str) -> list[str]:
    """What a guard finds; blocking or not, it is the same."""
    blocking = guard.find(host)
    assert asyncio.run(guard.find_async(host)) == blocking
    return [str(address) for address in blocking]


def test_a_public_host_is_found() -> None:
    assert found(Guard(resolver=Dns(["8.8.8.8", "2606:4700::1"])), "example.com") == ["8.8.8.8", "2606:4700::1"]


@pytest.mark.parametrize(
    "inside", ["10.0.0.7", "127.0.0.1", "::1", "::ffff:10.0.0.7", "fe80::1%eth0", "169.254.169.254"]
)
@pytest.mark.parametrize("before", [[], ["8.8.8.8"], ["8.8.8.8"] * 9], ids=["alone", "second", "tenth"])
def test_one_address_inside_refuses_the_host_and_is_not_told(inside: str, before: list[str]) -> None:
    guard = Guard(resolver=Dns([*before, inside]))
    with pytest.raises(Refused) as blocking:
        guard.find("example.com")
    with pytest.raises(Refused) as waiting:
        asyncio.run(guard.find_async("example.com"))
    for caught in (blocking, waiting):
        assert "example.com" in str(caught.value)
        assert inside not in str(caught.value)


def test_an_address_is_judged_without_the_dns() -> None:
    dns = Dns(["8.8.8.8"])
    with pytest.raises(Refused):
        Guard(resolver=dns).find("127.0.0.1")
    assert found(Guard(resolver=dns), "8.8.4.4") == ["8.8.4.4"]
    assert dns.asked == []


def test_this_machine_is_found_only_where_it_is_allowed() -> None:
    dns = Dns(["127.0.0.1", "::1"])
    assert found(Guard(allow_loopback=True, resolver=dns), "localhost") == ["127.0.0.1", "::1"]
    with pytest.raises(Refused):
        Guard(resolver=dns).find("localhost")


def test_what_calls_itself_this_machine_must_be_it() -> None:
    with pytest.raises(Refused):
        Guard(allow_loopback=True, resolver=Dns(["8.8.8.8"])).find("localhost")


def test_allowing_this_machine_allows_no_private_network() -> None:
    with pytest.raises(Refused):
        Guard(allow_loopback=True, resolver=Dns(["127.0.0.1", "10.0.0.1"])).find("example.com")


def test_no_answer_is_worth_another_try() -> None:
    def unknown(host: str) -> list[str]:
        raise OSError(-2, "Name or service not known")

    for resolver in (unknown, Dns([])):
        with pytest.raises(Unreachable):
            Guard(resolver=resolver).find("example.com")
        with pytest.raises(Unreachable):
            asyncio.run(Guard(resolver=resolver).find_async("example.com"))


def test_a_slow_dns_is_not_waited_for() -> None:
    release = threading.Event()

    def slow(host: str) -> list[str]:
        release.wait(10)
        return ["8.8.8.8"]

    guard = Guard(resolver=slow, patience=0.1)
    started = time.monotonic()
    with pytest.raises(Unreachable):
        guard.find("example.com")
    with pytest.raises(Unreachable):
        asyncio.run(guard.find_async("example.com"))
    assert time.monotonic() - started < 2
    release.set()


def test_no_more_than_a_handful_are_tried() -> None:
    many = [f"8.8.8.{number}" for number in range(1, 100)]
    assert Guard(resolver=Dns(many)).find("example.com") == addresses(*many[:4])


def test_the_system_resolver_knows_this_machine() -> None:
    assert set(system_resolver("localhost")) <= {"127.0.0.1", "::1"}
