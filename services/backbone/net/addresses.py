"""Which IP addresses the service may connect to: the public ones, after IANA's special-purpose registries (RFC 6890).

The tables are written out, because what `ipaddress` calls global differs between versions of Python (multicast
counts, and so do 6to4 addresses that carry a private one); its judgement is asked for as well.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_NOT_PUBLIC_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network, RFC 791
        "10.0.0.0/8",  # private, RFC 1918
        "100.64.0.0/10",  # shared by carriers, RFC 6598; some clouds keep their metadata here
        "127.0.0.0/8",  # loopback, RFC 1122
        "168.63.129.16/32",  # Azure's own host agent: routable, yet it answers inside only
        "169.254.0.0/16",  # link-local, RFC 3927; metadata of most clouds
        "172.16.0.0/12",  # private, RFC 1918
        "192.0.0.0/24",  # protocol assignments, RFC 6890; metadata of Oracle's cloud
        "192.0.2.0/24",  # documentation, RFC 5737
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "192.168.0.0/16",  # private, RFC 1918
        "198.18.0.0/15",  # benchmarking, RFC 2544
        "198.51.100.0/24",  # documentation, RFC 5737
        "203.0.113.0/24",  # documentation, RFC 5737
        "224.0.0.0/4",  # multicast, RFC 5771
        "240.0.0.0/4",  # reserved and broadcast, RFC 1112
    )
)
# Nothing else of IPv6 is given out: this alone leaves out ::/96, ::ffff:0:0/96, ULA, link-local, site-local, multicast.
_GLOBAL_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, RFC 2928: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation, RFC 3849
        "2002::/16",  # 6to4, RFC 3056: carries any IPv4 address
        "3fff::/20",  # documentation, RFC 9637
    )
)
# What a DNS64 resolver answers for a host that has IPv4 only. The local-use prefix 64:ff9b:1::/48 (RFC 8215) is
# refused whole: where in it the IPv4 address lies is for each network to choose.
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Whether anybody's packets may reach the address from anywhere (RFC 6890: global, unicast, not translated)."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _NOT_PUBLIC_V4)
    if address.scope_id is not None:
        return False
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _GLOBAL_V6 and address.is_global and not any(address in network for network in _NOT_PUBLIC_V6)


def literal(host: str) -> Address | None:
    """The address that a host is, in its one plain spelling; None when it is a name. RFC 3986, section 3.2.2."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return None if isinstance(address, IPv6Address) and address.scope_id is not None else address
