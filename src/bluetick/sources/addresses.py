"""Internet addresses: one spelling for each, and the kind that Defender calls RemoteIPType."""

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import pairwise
from socket import AF_INET, AF_INET6, inet_pton

# Asked in this order; the first that holds the address wins. The networks are those of the IANA special-purpose
# registries. Defender names no kind for link-local and shared addresses: they are private here, since no public
# host answers to one; multicast, documentation and unassigned ones are reserved.
_KINDS = tuple(
    (ip_network(network), kind)
    for network, kind in (
        ("255.255.255.255/32", "Broadcast"),
        ("127.0.0.0/8", "Loopback"),
        ("10.0.0.0/8", "Private"),
        ("172.16.0.0/12", "Private"),
        ("192.168.0.0/16", "Private"),
        ("169.254.0.0/16", "Private"),
        ("100.64.0.0/10", "Private"),
        ("0.0.0.0/8", "Reserved"),
        ("192.0.0.0/24", "Reserved"),
        ("192.0.2.0/24", "Reserved"),
        ("192.88.99.0/24", "Reserved"),
        ("198.18.0.0/15", "Reserved"),
        ("198.51.100.0/24", "Reserved"),
        ("203.0.113.0/24", "Reserved"),
        ("224.0.0.0/3", "Reserved"),
        ("0.0.0.0/0", "Public"),
        ("::1/128", "Loopback"),
        ("::ffff:0:0/96", "FourToSixMapping"),
        ("2001::/32", "Teredo"),
        ("fc00::/7", "Private"),
        ("fe80::/10", "Private"),
        ("2001:2::/48", "Reserved"),
        ("2001:10::/28", "Reserved"),
        ("2001:db8::/32", "Reserved"),
        ("3fff::/20", "Reserved"),
        ("64:ff9b::/96", "Public"),
        ("2000::/3", "Public"),
        ("::/0", "Reserved"),
    )
)


@lru_cache(maxsize=65536)
def normalise_ip(text: str) -> str:
    """The shortest usual spelling of an address, without its zone; "" when the text is not an address."""
    address = _address(text)
    match address:
        case None:
            return ""
        case IPv6Address(ipv4_mapped=IPv4Address() as mapped):
            return f"::ffff:{mapped}"
    return str(address)


def classify_ip(text: str) -> str:
    """Public, Private, Reserved, Loopback, Teredo, FourToSixMapping or Broadcast; "" for what is not an address."""
    text = text.partition("%")[0]
    is_six = ":" in text
    try:
        key = inet_pton(AF_INET6 if is_six else AF_INET, text)
    except (OSError, ValueError):
        return ""
    starts, kinds = _SIX if is_six else _FOUR
    return kinds[bisect_right(starts, key) - 1]


def is_public(text: str) -> bool:
    """Whether an address is one that a country can be told of: a public one, or the IPv6 form of a public IPv4 one."""
    kind = classify_ip(text)
    return kind == "Public" or (kind == "FourToSixMapping" and classify_ip(unmapped(text)) == "Public")


def unmapped(text: str) -> str:
    """The IPv4 address within ::ffff:0:0/96; any other text as it is."""
    match _address(text):
        case IPv6Address(ipv4_mapped=IPv4Address() as mapped):
            return str(mapped)
    return text


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _pieces(version: int) -> Iterator[tuple[bytes, str]]:
    """Where each run of addresses of one kind starts. Nested networks become runs that a search can use."""
    networks = [(network, kind) for network, kind in _KINDS if network.version == version]
    size = 1 << networks[0][0].max_prefixlen
    edges = {int(network[0]) for network, _ in networks} | {int(network[-1]) + 1 for network, _ in networks}
    address = type(networks[0][0][0])
    for start, _ in pairwise(sorted({0, size, *edges})):
        yield address(start).packed, next(kind for network, kind in networks if address(start) in network)


def _runs(version: int) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    starts, kinds = zip(*_pieces(version), strict=True)
    return starts, kinds


_FOUR, _SIX = _runs(4), _runs(6)
