"""The spellings inside Sysmon's fields: times, process GUIDs, hashes, users, images."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)
_SECOND = 1_000_000
_DAY = 86_400
_LONG_END = 2**63

# No Windows process with Sysmon is older; a GUID that says so was never filled in.
_EARLIEST_START = (datetime(1990, 1, 1, tzinfo=UTC) - _EPOCH) // MICROSECOND

_UNKNOWN_IMAGES = {"&lt;unknown process&gt;": "<unknown process>"}


def parse_time(text: str) -> int | None:
    """Microseconds since 1970 of a time in UTC or with its zone written; None when it is not a time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return micros_of(moment)


def parse_zoned_time(text: str) -> int | None:
    """As parse_time, for collectors' times: without a zone such a time is local to nobody knows where, so None."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else micros_of(moment)


def micros_of(moment: datetime) -> int:
    """Microseconds since 1970; a time without a zone is in UTC."""
    since = moment - (_NAIVE_EPOCH if moment.tzinfo is None else _EPOCH)
    return (since.days * _DAY + since.seconds) * _SECOND + since.microseconds


def format_time(micros: int) -> str:
    """The time as ISO 8601 text in UTC."""
    return (_EPOCH + micros * MICROSECOND).isoformat().replace("+00:00", "Z")


class ProcessGuid(NamedTuple):
    """A process GUID: its text without braces, the machine in its first group, and the start time in the next two.

    `key` and `machine` are "" and `start` is None where Sysmon did not know; `fault` says what was wrong.
    """

    key: str
    machine: str
    start: int | None
    fault: str


@lru_cache(maxsize=16384)
def parse_process_guid(text: str) -> ProcessGuid:
    """Read a process GUID `{machine-t1-t2-...}`, whose start is the seconds since 1970 in t2 then t1."""
    key = text.strip("{}").lower()
    groups = key.split("-")
    if [len(group) for group in groups] != [8, 4, 4, 4, 12]:
        return ProcessGuid("", "", None, "ProcessGuid is missing or not a GUID")
    try:
        numbers = [int(group, 16) for group in groups]
    except ValueError:
        return ProcessGuid("", "", None, "ProcessGuid is missing or not a GUID")
    if not any(numbers):
        return ProcessGuid("", "", None, "process unknown to Sysmon: ProcessGuid is all zero")
    start = int(groups[2] + groups[1], 16) * _SECOND
    if start < _EARLIEST_START:
        return ProcessGuid(key, groups[0], None, "process start before 1990: taken as unknown")
    return ProcessGuid(key, groups[0], start, "")


class Hashes(NamedTuple):
    """A file's hashes in lower case, as Defender writes them; "" for one that Sysmon was not told to take."""

    sha1: str = ""
    sha256: str = ""
    md5: str = ""


@lru_cache(maxsize=8192)
def parse_hashes(text: str) -> Hashes:
    """Read `SHA1=..,MD5=..,SHA256=..`, in any order and choice."""
    lowered = _named(text)
    return Hashes(lowered.get("SHA1", ""), lowered.get("SHA256", ""), lowered.get("MD5", ""))


@lru_cache(maxsize=8192)
def parse_import_hash(text: str) -> str:
    """The hash of what an image imports, which Sysmon lists among the hashes; "" where it does not."""
    return _named(text).get("IMPHASH", "")


def _named(text: str) -> dict[str, str]:
    named = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
    return {name.strip().upper(): value.strip().lower() for name, value in named.items()}


@lru_cache(maxsize=4096)
def split_user(text: str) -> tuple[str, str]:
    r"""`DOMAIN\name` as (domain, name); a name alone has no domain."""
    domain, backslash, name = text.partition("\\")
    return (domain, name) if backslash else ("", text)


def image_path(text: str) -> str:
    """An image as Sysmon meant it: some collectors leave the mark of an unknown process escaped for HTML."""
    return _UNKNOWN_IMAGES.get(text, text)


@lru_cache(maxsize=16384)
def file_name(path: str) -> str:
    """The last part of a Windows or Unix path."""
    return path.replace("/", "\\").rpartition("\\")[2]


@lru_cache(maxsize=65536)
def parse_whole(text: str, base: int = 10) -> int | None:
    """A number written in digits that a long can hold, or None."""
    try:
        number = int(text, base)
    except ValueError:
        return None
    return number if abs(number) < _LONG_END and "_" not in text else None
