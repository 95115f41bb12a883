"""Where a web service may be: the host that the document states, at an address that is not inside by accident.

A name is resolved once; what is checked is what is connected to, so that a name server that answers differently the
next time changes nothing.
"""

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from bluetick.detections.schedule.delivery import NotTaken

Resolver = Callable[[str, int], Sequence[str]]
Address = IPv4Address | IPv6Address

_URL: Final = re.compile(r"(https?)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?(/[!-~]*)?")
# What a URL may not hold in its path: readers of URLs disagree about these.
_DISPUTED: Final = re.compile(r'[\\#"<>^`{|}]')
_LABEL: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
# A host whose last label is a number is an IPv4 address in one of its many spellings.
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
# Never an output: unspecified, link-local, multicast, reserved; and where clouds keep their credentials.
_NEVER: Final = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32", "100.100.100.200/32"),
        *("192.0.0.192/32", "::/128", "fe80::/10", "fec0::/10", "ff00::/8", "fd00:ec2::254/128", "fd20:ce::254/128"),
    )
)
# IPv6 addresses that hold an IPv4 address: compatible, mapped, translated, local NAT64, Teredo, 6to4.
_HOLDING: Final = tuple(
    IPv6Network(text)
    for text in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
)
_LOOPBACK_6: Final = IPv6Address("::1")
# The address that a network without IPv4 gives to hosts outside (RFC 6052): judged by what it holds.
_NAT64: Final = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Target:
    """An address of the web that can be read in one way only."""

    url: str
    scheme: str
    host: str
    port: int


class BadTarget(ValueError):
    """Why an address is refused; it names nothing of it, for it may be secret."""


def read_target(url: str, *, allows_private: bool) -> Target:
    """The parts of an URL; BadTarget where it is not plain."""
    found = _URL.fullmatch(url)
    if found is None or len(url) > 2_000:
        raise BadTarget("it must be https://HOST/PATH, with nothing before the host but that")
    scheme, host, port, path = found[1], found[2], found[3], found[4] or ""
    if _DISPUTED.search(path):
        raise BadTarget("its path holds a character that must be written as %XX")
    if scheme == "http" and not allows_private:
        raise BadTarget("it must begin with https (http needs 'allow_private: true')")
    number = int(port) if port else 443 if scheme == "https" else 80
    if not 0 < number < 65_536:
        raise BadTarget("its port is none")
    host = _host(host)
    literal = _literal(host)
    if literal is not None and (reason := refusal(literal, allows_private=allows_private)):
        raise BadTarget(f"its host {reason}")
    return Target(url, scheme, host, number)


def _host(text: str) -> str:
    """A host as it is written in one way only."""
    if text.startswith("["):
        try:
            return str(IPv6Address(text[1:-1]))
        except ValueError:
            raise BadTarget("its host is no address") from None
    labels = text.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(text))
        except ValueError:
            raise BadTarget("its host is an IPv4 address in an unusual spelling") from None
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadTarget("its host is no name (one that is not ASCII is written as xn--...)")
    return text.lower()


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def refusal(address: Address, *, allows_private: bool) -> str:
    """Why nothing is sent to an address; '' where it may be."""
    if isinstance(address, IPv6Address) and address in _NAT64:
        address = IPv4Address(address.packed[-4:])
    if any(address in network for network in _NEVER):
        return "is one to which nothing is ever sent (link-local, multicast, reserved, metadata)"
    if isinstance(address, IPv6Address) and address != _LOOPBACK_6 and any(address in one for one in _HOLDING):
        return "is an IPv6 address that holds an IPv4 address"
    if not address.is_global and not allows_private:
        return "is a private address (that needs 'allow_private: true')"
    return ""


def reachable(target: Target, resolve: Resolver, *, allows_private: bool) -> list[str]:
    """The addresses of a target, resolved once. NotTaken where there is none, or one of them is refused."""
    literal = _literal(target.host)
    try:
        found = [target.host] if literal is not None else list(resolve(target.host, target.port))
    except OSError:
        raise NotTaken("its name cannot be resolved") from None
    if not found:
        raise NotTaken("its name cannot be resolved")
    for text in found:
        address = _literal(text)
        reason = "has no plain address" if address is None else refusal(address, allows_private=allows_private)
        if reason:
            raise NotTaken(f"its host {reason}: {text}")
    return found


def system_addresses(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system resolves it."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
