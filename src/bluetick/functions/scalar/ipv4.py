"""IPv4 addresses in text: their numbers and netmasks, for constants in Python and for columns in SQL."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bluetick.functions.definition import Argument
from bluetick.functions.scalar.regex import own
from bluetick.sql.tree import Binary, Case, Cast, Expr, call, coalesce, long, text
from bluetick.types import INTEGER, Type

OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_ADDRESS = rf"{OCTET}\.{OCTET}\.{OCTET}\.{OCTET}"
_PREFIX = "(?:/(?:3[0-2]|[12]?[0-9]))?"
PATTERN = rf"^\s*{_ADDRESS}{_PREFIX}\s*$"
PLAIN_PATTERN = rf"^{_ADDRESS}$"
PRIVATE_PATTERN = rf"^\s*(?:10\.{OCTET}|192\.168|172\.(?:1[6-9]|2[0-9]|3[01]))\.{OCTET}\.{OCTET}{_PREFIX}\s*$"
PRIVATE_BEGINNINGS = ("10.", "172.", "192.168.")
MAX_ADDRESS = 2**32 - 1


def is_plain(address: str) -> bool:
    """Whether it is an address without a prefix."""
    return re.fullmatch(_ADDRESS, address) is not None


@dataclass(frozen=True, slots=True)
class Network:
    """A constant address with its netmask: first address and prefix length."""

    first: int
    prefix: int

    @property
    def last(self) -> int:
        return self.first + (1 << (32 - self.prefix)) - 1


def parse_constant(value: str) -> Network | None:
    """The masked address that a constant text holds, or None."""
    if not re.match(PATTERN, value):
        return None
    address, _, suffix = value.strip().partition("/")
    prefix = int(suffix) if suffix else 32
    number = 0
    for octet in address.split("."):
        number = number * 256 + int(octet)
    return Network(number - number % 2 ** (32 - prefix), prefix)


def network_pattern(networks: Iterable[Network]) -> str:
    """The pattern of a plain address, in any white space, that lies in one of these networks."""
    return rf"^\s*(?:{'|'.join(dict.fromkeys(map(_octets, networks)))})\s*$"


def beginnings(networks: Iterable[Network]) -> list[str]:
    """The first octets, with the dot behind, that an address in one of these networks may have."""
    octets = {octet for one in networks for octet in range(one.first >> 24, (one.last >> 24) + 1)}
    return [f"{octet}." for octet in sorted(octets)]


def _octets(network: Network) -> str:
    """The octets that the prefix fixes, the range of the one that it cuts, then any."""
    first, last = (number.to_bytes(4, "big") for number in (network.first, network.last))
    return r"\.".join(
        OCTET if (low, high) == (0, 255) else _numbers(low, high) for low, high in zip(first, last, strict=True)
    )


def _numbers(low: int, high: int) -> str:
    """The pattern of the whole numbers of a range: those of each ten together."""
    tens = [(ten, max(low, 10 * ten), min(high, 10 * ten + 9)) for ten in range(low // 10, high // 10 + 1)]
    alternatives = "|".join(f"{ten or ''}[{start % 10}-{end % 10}]" for ten, start, end in tens)
    return f"(?:{alternatives})"


def merged(networks: Iterable[Network]) -> list[tuple[int, int]]:
    """The addresses of all these networks as disjoint ranges in order."""
    ranges: list[tuple[int, int]] = []
    for network in sorted(networks, key=lambda n: n.first):
        if ranges and network.first <= ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], max(ranges[-1][1], network.last))
        else:
            ranges.append((network.first, network.last))
    return ranges


@dataclass(frozen=True, slots=True)
class Address:
    """An address as SQL: its number without the mask, and the length of its own prefix. Null where it is none."""

    number: Expr
    prefix: Expr

    def masked(self, prefix: Expr | None = None) -> Expr:
        return mask(self.number, self.prefix if prefix is None else prefix)


def mask(number: Expr, prefix: Expr) -> Expr:
    """The number without its last 32 - prefix bits."""
    return Binary("-", number, Binary("%", number, _power(Binary("-", long(32), prefix))))


def _power(bits: Expr) -> Expr:
    return Cast(call("power", Cast(long(2), Type.REAL), Cast(bits, Type.REAL)), Type.LONG)


def smaller(*prefixes: Expr) -> Expr:
    return call("least", *prefixes)


def address_of(arg: Argument, value: Expr, matches: str) -> Address:
    """The address in an argument: `value` is its text; a number is an address itself."""
    if arg.type in INTEGER:
        number = Cast(arg.sql, Type.LONG)
        in_range = Binary("AND", Binary(">=", number, long(0)), Binary("<=", number, long(MAX_ADDRESS)))
        return Address(Case(((in_range, number),)), long(32))
    constant = parse_constant(arg.constant) if isinstance(arg.constant, str) else None
    if constant is not None:
        return Address(long(constant.first), long(constant.prefix))
    return address_in_text(value, matches)


def address_in_text(value: Expr, matches: str) -> Address:
    trimmed = call("trim", value)
    plain = call("split_part", trimmed, text("/"), Cast(long(1), Type.INT))
    suffix = Cast(call("split_part", trimmed, text("/"), Cast(long(2), Type.INT)), Type.LONG, safe=True)
    number: Expr = _octet(plain, 1)
    for place in (2, 3, 4):
        number = Binary("+", Binary("*", number, long(256)), _octet(plain, place))
    valid = call(matches, value, text(own(PATTERN)))
    return Address(Case(((valid, number),)), coalesce(suffix, long(32)))


def _octet(address: Expr, place: int) -> Expr:
    part = call("split_part", address, text("."), Cast(long(place), Type.INT))
    return Cast(part, Type.LONG, safe=True)


def address_text(number: Expr) -> Expr:
    """a.b.c.d of a number that is an address."""

    def octet(unit: int) -> Expr:
        return Cast(Binary("%", Binary("//", number, long(unit)), long(256)), Type.STRING)

    dot = text(".")
    return call("concat", octet(2**24), dot, octet(2**16), dot, octet(2**8), dot, octet(1))
