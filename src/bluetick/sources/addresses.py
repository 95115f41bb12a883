"""Internet addresses: one spelling for each, and the kind that Defender calls RemoteIPType."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

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


@lru_cache(maxsize=65536)
def classify_ip(text: str) -> str:
    """Public, Private, Reserved, Loopback, Teredo, FourToSixMapping or Broadcast; "" for what is not an address."""
    address = _address(text)
    if address is None:
        return ""
    return next(kind for network, kind in _KINDS if address.version == network.version and address in network)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None
