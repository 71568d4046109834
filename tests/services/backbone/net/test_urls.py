"""What is refused by looking at the URL alone: no name is resolved here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.backbone.errors import Refused
from services.backbone.net.guard import Guard

REFUSED = {
    "http": "http://example.com/",
    "ftp": "ftp://example.com/film.mp4",
    "file": "file:///etc/passwd",
    "gopher": "gopher://example.com:70/_x",
    "data": "data:video/mp4;base64,AAAA",
    "no scheme": "example.com/film.mp4",
    "scheme-relative": "//example.com/film.mp4",
    "no host": "https:///film.mp4",
    "one slash": "https:/example.com/film.mp4",
    "empty": "",
    "port 22": "https://example.com:22/",
    "port 80": "https://example.com:80/",
    "port 6379": "https://example.com:6379/",
    "port 0": "https://example.com:0/",
    "port too large": "https://example.com:65979/",
    "port no number": "https://example.com:https/",
    "loopback": "https://127.0.0.1/",
    "loopback by name": "https://localhost/",
    "loopback by a name under it": "https://a.localhost/",
    "loopback, capitals": "https://LocalHost/",
    "private": "https://10.1.2.3/",
    "metadata": "https://169.254.169.254/latest/meta-data/",
    "metadata by name": "https://metadata.google.internal/",
    "decimal": "https://2130706433/",
    "octal": "https://0177.0.0.1/",
    "octal number": "https://017700000001/",
    "hex": "https://0x7f.0.0.1/",
    "hex number": "https://0x7f000001/",
    "hex short": "https://0x7f.1/",
    "hex at the end": "https://127.0.0.0x1/",
    "short": "https://127.1/",
    "zero": "https://0/",
    "leading zeros": "https://127.000.000.001/",
    "five numbers": "https://1.2.3.4.5/",
    "a name that ends in a number": "https://example.8/",
    "dot at the end": "https://127.0.0.1./",
    "name with a dot at the end": "https://example.com./",
    "fullwidth digits": "https://\uff11\uff12\uff17.0.0.1/",
    "fullwidth dots": "https://127\uff0e0\uff0e0\uff0e1/",
    "ideographic dots": "https://127\u30020\u30020\u30021/",
    "circled digits": "https://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/",
    "fullwidth name": "https://\uff4c\uff4fcalhost/",
    "percent-encoded": "https://%31%32%37.0.0.1/",
    "percent-encoded dot": "https://127%2e0%2e0%2e1/",
    "user": "https://example.com@127.0.0.1/",
    "user of a public host": "https://user@example.com/",
    "password": "https://user:secret@example.com/",
    "empty user": "https://@example.com/",
    "backslash": "https://example.com\\@127.0.0.1/",
    "backslash for a slash": "https:\\\\127.0.0.1\\",
    "space": "https://example.com /",
    "tab": "https://exam\tple.com/",
    "line break": "https://example.com/\r\nHost: 127.0.0.1",
    "NUL": "https://example.com\x00.internal/",
    "no-break of C1": "https://example.com\x85/",
    "zero-width": "https://exa\u200bmple.com/",
    "v6 loopback": "https://[::1]/",
    "v6 mapped": "https://[::ffff:127.0.0.1]/",
    "v6 mapped, hex": "https://[::ffff:7f00:1]/",
    "v6 NAT64": "https://[64:ff9b::7f00:1]/",
    "v6 zone": "https://[fe80::1%25eth0]/",
    "v6 zone, raw": "https://[2606:4700::1%eth0]/",
    "v4 in brackets": "https://[127.0.0.1]/",
    "name in brackets": "https://[example.com]/",
    "brackets left open": "https://[::1/",
    "one label": "https://postgres/",
    "mDNS": "https://printer.local/",
    "onion": "https://abcdef.onion/",
    "home": "https://nas.home.arpa/",
    "label too long": f"https://{'a' * 64}.com/",
    "host too long": f"https://{'a.' * 130}com/",
    "empty label": "https://example..com/",
    "hyphen first": "https://-example.com/",
    "too long": f"https://example.com/{'a' * 2048}",
}
ALLOWED = {
    "https://example.com": "example.com",
    "https://EXAMPLE.com/Film.MP4": "example.com",
    "HTTPS://example.com:443/": "example.com",
    "https://example.com:8443/hook?a=b#c": "example.com",
    "https://a_b.example.com/@user": "a_b.example.com",
    "https://bücher.example/": "xn--bcher-kva.example",
    "https://xn--bcher-kva.example/": "xn--bcher-kva.example",
    "https://0x7f.example/": "0x7f.example",
    "https://127.0.0.1.example/": "127.0.0.1.example",
    "https://93.184.216.34/": "93.184.216.34",
    "https://[2606:4700:4700::1111]:8443/": "2606:4700:4700::1111",
}
LOOPBACK = ("http://127.0.0.1:8000/", "http://localhost:1/", "http://[::1]:9/", "https://127.0.0.2/")


def never(host: str) -> list[str]:
    raise AssertionError(f"{host} was resolved")


@pytest.mark.parametrize("url", REFUSED.values(), ids=REFUSED)
def test_refused(url: str) -> None:
    with pytest.raises(Refused) as caught:
        Guard(resolver=never).check(url, pointer="/url")
    assert caught.value.pointer == "/url"
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(("url", "host"), ALLOWED.items())
def test_allowed(url: str, host: str) -> None:
    assert Guard(resolver=never).check(url).raw_host.decode() == host


@pytest.mark.parametrize("url", LOOPBACK)
def test_this_machine_is_allowed_only_where_the_operator_says_so(url: str) -> None:
    assert Guard(allow_loopback=True, resolver=never).check(url)
    with pytest.raises(Refused):
        Guard(resolver=never).check(url)


STILL_REFUSED = [
    url for name, url in REFUSED.items() if not name.startswith(("loopback", "v6 loopback")) or "under" in name
]


@pytest.mark.parametrize("url", STILL_REFUSED)
def test_allowing_this_machine_allows_nothing_else(url: str) -> None:
    with pytest.raises(Refused):
        Guard(allow_loopback=True, resolver=never).check(url)


def spellings(number: int) -> list[str]:
    """Every way in which inet_aton, and so much software, reads one IPv4 address."""
    parts = list(number.to_bytes(4))
    low = [number & 0xFFFFFF, number & 0xFFFF]
    grouped = [[number], [parts[0], low[0]], [parts[0], parts[1], low[1]], parts]
    forms = [".".join(form % part for part in group) for group in grouped for form in ("%d", "0%o", "0x%x", "0X%08X")]
    return forms + [f"{form}." for form in forms] + [forms[-4].translate(FULLWIDTH)]


FULLWIDTH = {ord(str(digit)): 0xFF10 + digit for digit in range(10)}
PRIVATE = st.one_of(
    *(st.ip_addresses(network=network) for network in ("10.0.0.0/8", "127.0.0.0/8", "192.168.0.0/16")),
    st.ip_addresses(network="169.254.0.0/16"),
)


@given(PRIVATE.map(int))
def test_no_spelling_of_a_private_address_is_allowed(number: int) -> None:
    guard = Guard(resolver=never)
    for host in spellings(number):
        with pytest.raises(Refused):
            guard.check(f"https://{host}/")


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://{text}.example/"):
        try:
            Guard(resolver=never).check(url)
        except Refused:
            continue
