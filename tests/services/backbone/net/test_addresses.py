from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.backbone.net.addresses import is_public, literal

NOT_PUBLIC = {
    "unspecified": "0.0.0.0",
    "this network": "0.1.2.3",
    "private 10": "10.0.0.1",
    "private 172": "172.16.0.1",
    "private 172, last": "172.31.255.255",
    "private 192": "192.168.1.1",
    "loopback": "127.0.0.1",
    "loopback, last": "127.255.255.254",
    "carriers": "100.64.0.1",
    "metadata in carriers' range": "100.100.100.200",
    "metadata": "169.254.169.254",
    "metadata of containers": "169.254.170.2",
    "host agent": "168.63.129.16",
    "protocol assignments": "192.0.0.192",
    "documentation 1": "192.0.2.1",
    "documentation 2": "198.51.100.1",
    "documentation 3": "203.0.113.1",
    "6to4 relay": "192.88.99.1",
    "benchmarking": "198.19.255.255",
    "multicast": "224.0.0.251",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "v6 unspecified": "::",
    "v6 loopback": "::1",
    "v4-mapped loopback": "::ffff:127.0.0.1",
    "v4-mapped metadata": "::ffff:a9fe:a9fe",
    "v4-mapped public": "::ffff:8.8.8.8",
    "v4-translated": "::ffff:0:8.8.8.8",
    "v4-compatible": "::127.0.0.1",
    "NAT64 of private": "64:ff9b::10.0.0.1",
    "NAT64 of metadata": "64:ff9b::a9fe:a9fe",
    "NAT64, local use": "64:ff9b:1::8.8.8.8",
    "6to4 of loopback": "2002:7f00:1::",
    "6to4 of public": "2002:808:808::1",
    "Teredo": "2001::1",
    "v6 benchmarking": "2001:2::1",
    "ORCHID": "2001:20::1",
    "v6 documentation": "2001:db8::1",
    "v6 documentation, new": "3fff::1",
    "discard": "100::1",
    "segment routing": "5f00::1",
    "unique local": "fd00:ec2::254",
    "unique local fc": "fc00::1",
    "link-local": "fe80::1",
    "link-local with zone": "fe80::1%eth0",
    "public with zone": "2606:4700::1%eth0",
    "site-local": "fec0::1",
    "v6 multicast": "ff02::1",
    "not given out": "4000::1",
}
NAT64 = IPv6Network("64:ff9b::/96")
PUBLIC = (
    "8.8.8.8",
    "93.184.216.34",
    "172.32.0.1",
    "100.128.0.1",
    "192.0.1.1",
    "223.255.255.254",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
    "64:ff9b::8.8.8.8",
)


@pytest.mark.parametrize("text", NOT_PUBLIC.values(), ids=NOT_PUBLIC)
def test_what_is_not_for_everybody_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_ordinary_addresses_are_public(text: str) -> None:
    assert is_public(ip_address(text))


@given(st.ip_addresses())
def test_nothing_is_public_that_python_does_not_take_for_global(address: IPv4Address | IPv6Address) -> None:
    if is_public(address) and address not in NAT64:
        assert address.is_global
        assert not any((address.is_private, address.is_multicast, address.is_reserved, address.is_link_local))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_no_more_public_inside_ipv6(address: IPv4Address) -> None:
    number = int(address)
    for outer in (number, 0xFFFF << 32 | number, 0xFFFF << 48 | number, 0x2002 << 112 | number << 80):
        assert not is_public(IPv6Address(outer))
    assert is_public(IPv6Address(0x64FF9B << 96 | number)) == is_public(address)


@pytest.mark.parametrize("text", ["0127.0.0.1", "127.1", "2130706433", "0x7f000001", "1.2.3.4.", " 1.2.3.4", "::1%lo"])
def test_an_address_has_one_spelling(text: str) -> None:
    assert literal(text) is None
