"""Which URLs the service may call, as far as can be told without asking the DNS.

A URL is read once, by httpx, and what is judged is what httpx will connect to; so no two readers of one URL can
disagree. Whatever two readers might disagree about is refused before.
"""

import re
import unicodedata
from collections.abc import Set
from typing import NoReturn

import httpx

from services.backbone.errors import Refused
from services.backbone.net.addresses import literal

HTTPS_PORTS = frozenset({443, 8443})

_LONGEST = 2048
# Space and controls, backslash (a slash to browsers), DEL and the C1 controls.
_CONFUSING = re.compile(r"[\x00-\x20\x7f-\x9f\\]")
_AUTHORITY = re.compile(r"[a-z]+://(?P<authority>[^/?#]+)", re.IGNORECASE)
# The ideographic full stop: IDNA takes it for a dot (RFC 3490, section 3.1), NFKC leaves it alone.
_OTHER_DOT = "\u3002"
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# A last label that makes the WHATWG reader take the host for an IPv4 number: 2130706433, 0x7f.1, 127.1.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# Never in the public DNS: RFC 6761, RFC 6762, RFC 7686, RFC 8375, and `internal`, reserved by ICANN.
_SPECIAL = ("localhost", "local", "onion", "home.arpa", "internal")


def check_url(text: str, *, allow_loopback: bool = False, ports: Set[int] = HTTPS_PORTS) -> httpx.URL:
    """The URL, read; nothing is resolved or connected to, and addresses are left for the guard to judge.

    Args:
        text: the URL as the user gave it.
        allow_loopback: let it name this machine, then with http and any port too.
        ports: those allowed for https.

    Raises:
        Refused: it is malformed, ambiguous, not https, on another port, or names no public host.
    """
    _check_spelling(text)
    url = _read(text)
    host = url.raw_host.decode("ascii")
    if allow_loopback and names_this_machine(host):
        return url
    _check_host(host)
    if url.scheme != "https":
        _refuse("Only https is accepted; give a URL that begins with https://.")
    if (url.port or 443) not in ports:
        allowed = " or ".join(map(str, sorted(ports)))
        _refuse(f"Port {url.port} is not allowed; serve it on port {allowed}.")
    return url


def names_this_machine(host: str) -> bool:
    """Whether a host means this machine whatever the DNS says: a loopback address or localhost (RFC 6761)."""
    address = literal(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _check_spelling(text: str) -> None:
    if len(text) > _LONGEST:
        _refuse(f"The URL is longer than {_LONGEST} characters; give a shorter one.")
    if _CONFUSING.search(text):
        _refuse("The URL contains a space, a control character or a backslash; percent-encode it.")
    match = _AUTHORITY.match(text)
    if match is None:
        _refuse("The URL has no scheme or no host; give one like https://example.com/film.mp4.")
    authority = match["authority"]
    if "@" in authority:
        _refuse("The URL contains a user name or an @ before the host; leave it out.")
    composed = unicodedata.normalize("NFC", authority.lower())
    if unicodedata.normalize("NFKC", composed) != composed or _OTHER_DOT in composed:
        _refuse("The host is written in look-alike characters; write it in plain ones.")


def _read(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise Refused("The URL cannot be read; give one like https://example.com/film.mp4.") from error
    if url.scheme not in ("http", "https"):
        _refuse("Only web addresses are accepted; give one that begins with https://.")
    if url.port is not None and not 0 < url.port < 1 << 16:
        _refuse("The URL's port is not between 1 and 65535; correct it.")
    return url


def _check_host(host: str) -> None:
    if literal(host) is not None:
        return  # an address is judged where names' addresses are
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        _refuse("The URL's host is not a host name; write it without a dot at the end, brackets or other signs.")
    if _NUMBER.fullmatch(labels[-1]):
        _refuse("The URL's host is a number; write an address as four decimal numbers, or give a name.")
    if len(labels) < 2 or any(host == special or host.endswith(f".{special}") for special in _SPECIAL):
        _refuse("The URL's host is not a public name; give one that anybody on the internet can reach.")


def _refuse(message: str) -> NoReturn:
    raise Refused(message)
