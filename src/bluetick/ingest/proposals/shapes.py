"""What values look like: addresses, ports, times, hashes."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Final

_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s?(?:Z|UTC|[+-]\d\d(?::?\d\d)?)?")
_EPOCH: Final = re.compile(r"\d{9,19}(?:\.\d+)?")
_PROTOCOL: Final = re.compile(r"tcp|udp|icmp|icmpv6|ipv6-icmp|igmp|gre|esp|ah|sctp|ospf|tls|quic", re.IGNORECASE)
_METHOD: Final = re.compile(r"GET|POST|PUT|HEAD|DELETE|OPTIONS|PATCH|CONNECT|TRACE|PROPFIND|TUNNEL", re.IGNORECASE)
_URL: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*://|/)\S*|[\w.-]+\.[a-z]{2,}(?::\d+)?(?:/\S*)?", re.IGNORECASE)
_DOMAIN: Final = re.compile(r"(?:[\w-]+\.)+[a-z][\w-]*\.?|[\w-]+", re.IGNORECASE)
_PATH: Final = re.compile(r"(?:[A-Za-z]:\\|\\\\|\\[A-Z?]|/|[%$]).+")
_INTEGER: Final = re.compile(r"[+-]?\d{1,18}")
# From 2001 to 2100, in seconds; what else a second may be divided into.
_FIRST, _LAST = 978_307_200, 4_102_444_800
_UNITS: Final[Mapping[str, int]] = {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}
_MAX_PORT: Final = 65_535


def unit_of(value: str) -> str:
    """Since 1970 in which unit a number is a time, "" for none."""
    if not _EPOCH.fullmatch(value):
        return ""
    number = float(value)
    return next((unit for unit, scale in _UNITS.items() if _FIRST * scale <= number < _LAST * scale), "")


def is_written_time(value: str) -> bool:
    """Whether it is a date with its time, as ISO 8601 writes it."""
    return _ISO.fullmatch(value) is not None


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _is_number_to(most: int, least: int = 0) -> Callable[[str], bool]:
    return lambda value: _INTEGER.fullmatch(value) is not None and least <= int(value) <= most


def _hex(digits: int) -> Callable[[str], bool]:
    pattern = re.compile(rf"[0-9A-Fa-f]{{{digits}}}")
    return lambda value: pattern.fullmatch(value) is not None


def _like(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: pattern.fullmatch(value) is not None


def is_integer(value: str) -> bool:
    return _INTEGER.fullmatch(value) is not None


SHAPES: Final[Mapping[str, tuple[str, Callable[[str], bool]]]] = {
    "time": ("times", lambda value: is_written_time(value) or unit_of(value) != ""),
    "address": ("addresses", _is_address),
    "port": ("ports", _is_number_to(_MAX_PORT)),
    "status": ("HTTP statuses", _is_number_to(599, 100)),
    "integer": ("whole numbers", is_integer),
    "protocol": ("protocols", lambda value: bool(_PROTOCOL.fullmatch(value)) or _is_number_to(255)(value)),
    "method": ("HTTP methods", _like(_METHOD)),
    "url": ("URLs", _like(_URL)),
    "domain": ("names of domains", lambda value: bool(_DOMAIN.fullmatch(value)) and not _is_address(value)),
    "path": ("paths", _like(_PATH)),
    "sha256": ("SHA-256 hashes", _hex(64)),
    "sha1": ("SHA-1 hashes", _hex(40)),
    "md5": ("MD5 hashes", _hex(32)),
    "name": ("names", lambda value: not value.startswith(("{", "[")) and len(value) <= 256),
    "text": ("texts", lambda _: True),
}
"""By the name of a shape: what its values are called, and whether a value is one."""

TELLING: Final = ("sha256", "sha1", "md5")
"""Shapes that say by themselves what a value is."""
