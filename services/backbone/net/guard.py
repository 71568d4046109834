"""The judgement of every connection to a host that a user named, against server-side request forgery.

A name is resolved here, once; when any of its addresses is not public the host is refused; and the connection goes to
the very address that was judged, so a second, different answer of the DNS (rebinding) is never asked for.
"""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Sequence, Set
from concurrent.futures import Future
from dataclasses import dataclass

import httpx

from services.backbone.errors import Refused, Unreachable
from services.backbone.net.addresses import Address, is_public, literal
from services.backbone.net.urls import HTTPS_PORTS, check_url, names_this_machine

Resolver = Callable[[str], Sequence[str]]

# More than a host would have; each is tried in turn, with its own time limit.
_MOST_ADDRESSES = 4


def system_resolver(host: str) -> Sequence[str]:
    """The addresses that the system's resolver gives for a name. Raises OSError when there are none."""
    # The dot at the end keeps the search list out: in a cluster, `example.com` could be example.com.svc.cluster.local.
    name = host if host == "localhost" else f"{host}."
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Guard:
    """What may be connected to; the fields after the first are there for tests."""

    allow_loopback: bool = False
    resolver: Resolver = system_resolver
    public: Callable[[Address], bool] = is_public
    ports: Set[int] = HTTPS_PORTS
    tls: ssl.SSLContext | None = None
    patience: float = 5.0

    def check(self, url: str, *, pointer: str | None = None) -> httpx.URL:
        """The URL, read and judged as far as that goes without asking the DNS.

        Args:
            url: as the user gave it.
            pointer: JSON pointer (RFC 6901) of the field that holds it, for the error.

        Raises:
            Refused: it will never be connected to.
        """
        try:
            checked = check_url(url, allow_loopback=self.allow_loopback, ports=self.ports)
            host = checked.raw_host.decode("ascii")
            if literal(host) is not None:
                self._judge(host, (host,))
        except Refused as refused:
            refused.pointer = pointer
            raise
        return checked

    def find(self, host: str) -> Sequence[Address]:
        """The addresses of a host, all judged, at most a handful.

        Raises:
            Refused: one of them is not public.
            Unreachable: there are none, or the DNS does not answer in time.
        """
        if literal(host) is not None:
            return self._judge(host, (host,))
        try:
            return self._judge(host, self._ask(host).result(self.patience))
        except (OSError, UnicodeError) as error:
            raise _unknown(host) from error

    async def find_async(self, host: str) -> Sequence[Address]:
        """As `find`, without blocking the event loop."""
        if literal(host) is not None:
            return self._judge(host, (host,))
        try:
            answer = await asyncio.wait_for(asyncio.wrap_future(self._ask(host)), self.patience)
        except (OSError, UnicodeError) as error:
            raise _unknown(host) from error
        return self._judge(host, answer)

    def _ask(self, host: str) -> Future[Sequence[str]]:
        """Ask in a thread of its own: getaddrinfo knows no time limit, and a pool would not survive a fork."""
        future: Future[Sequence[str]] = Future()
        threading.Thread(target=_fulfil, args=(future, self.resolver, host), name="resolve", daemon=True).start()
        return future

    def _judge(self, host: str, answer: Sequence[str]) -> Sequence[Address]:
        found = [literal(text) for text in answer]
        if not found:
            raise _unknown(host)
        addresses = [address for address in found if address is not None and self._may_reach(host, address)]
        if len(addresses) != len(found):
            # Which address it was is not told: it would be a map of the network inside.
            raise Refused(f"{host} does not lead to a public address; give a host that anybody can reach.")
        return addresses[:_MOST_ADDRESSES]

    def _may_reach(self, host: str, address: Address) -> bool:
        if self.allow_loopback and address.is_loopback:
            return True
        # With http or an odd port, allowed for this machine only, nobody else is to be reached.
        return self.public(address) and not (self.allow_loopback and names_this_machine(host))


def _fulfil(future: Future[Sequence[str]], resolver: Resolver, host: str) -> None:
    try:
        answer = resolver(host)
    except BaseException as error:
        with contextlib.suppress(Exception):  # nobody waits any more
            future.set_exception(error)
        return
    with contextlib.suppress(Exception):
        future.set_result(answer)


def _unknown(host: str) -> Unreachable:
    return Unreachable(f"{host} cannot be found in the DNS; check the name, or try again later.")
