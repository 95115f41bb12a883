"""Good records with hostile ones mixed in, and what is to become of each kind."""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

NOW = datetime(2026, 3, 1, tzinfo=UTC)
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
LONG = 40 << 20
DEPTH = 100_000

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Log:
    """How records of one format look: `name` and `number` are fields that it reads, text and number, `time` is where
    the time stands."""

    form: str
    record: Callable[[int], Record]
    under: tuple[str, ...]
    name: str
    number: str
    time: str
    written: Callable[[datetime], Any]
    tables: tuple[str, ...]

    def fields(self, record: Record) -> Record:
        """The object whose fields are read."""
        for key in self.under:
            record = record[key]
        return record


def _moment(number: int) -> datetime:
    return START + timedelta(milliseconds=250 * number)


def _iso(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S.%f}"[:-3].zfill(23) + "Z"


def _defender(number: int) -> Record:
    properties = {
        "DeviceName": f"ws-{number % 50:02}.corp.example.com",
        "DeviceId": f"{number % 50:040x}",
        "ReportId": number,
        "ActionType": "ConnectionSuccess",
        "RemoteIP": f"203.0.113.{number % 250}",
        "RemotePort": 443,
        "LocalPort": 1024 + number % 60_000,
        "InitiatingProcessFileName": "curl.exe",
        "Timestamp": _iso(_moment(number)),
    }
    return {
        "time": _iso(_moment(number)),
        "category": "AdvancedHunting-DeviceNetworkEvents",
        "properties": properties,
    }


def _zeek(number: int) -> Record:
    return {
        "_path": "conn",
        "ts": (_moment(number) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds(),
        "uid": f"C{number:017}",
        "id.orig_h": f"10.0.0.{number % 200}",
        "id.orig_p": 1024 + number % 60_000,
        "id.resp_h": f"203.0.113.{number % 250}",
        "id.resp_p": 443,
        "proto": "tcp",
        "orig_bytes": 500,
        "resp_bytes": 2000,
        "conn_state": "SF",
    }


def _sysmon(number: int) -> Record:
    return {
        "EventID": 3,
        "Hostname": f"pc{number % 50}",
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "RecordNumber": number,
        "UtcTime": _windows(_moment(number)),
        "ProcessGuid": "{00000000-0000-0000-0000-000000000001}",
        "ProcessId": "4",
        "Image": "C:\\a.exe",
        "Protocol": "tcp",
        "Initiated": "true",
        "SourceIp": "10.0.0.1",
        "SourcePort": str(1024 + number % 60_000),
        "DestinationIp": f"203.0.113.{number % 250}",
        "DestinationPort": 443,
    }


def _windows(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S.%f}"[:-3].zfill(23)


def _seconds(time: datetime) -> float:
    return (time - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()


DEFENDER = Log(
    "defender", _defender, ("properties",), "DeviceName", "RemotePort", "Timestamp", _iso, ("DeviceNetworkEvents",)
)
ZEEK = Log("zeek", _zeek, (), "uid", "id.resp_p", "ts", _seconds, ("DeviceNetworkEvents",))
SYSMON = Log("windows", _sysmon, (), "Image", "DestinationPort", "UtcTime", _windows, ("DeviceNetworkEvents",))
LOGS = (DEFENDER, ZEEK, SYSMON)


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to be hostile. `reason` is for what such a record is kept aside, "" where it is stored; `elsewhere` has
    the formats that give another."""

    name: str
    make: Callable[[Log, int], bytes]
    reason: str
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    def reason_of(self, log: Log) -> str:
        return self.elsewhere.get(log.form, self.reason)


def text_of(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode()


def good(log: Log, number: int) -> bytes:
    return text_of(log.record(number))


def _with_bytes(octets: bytes) -> Callable[[Log, int], bytes]:
    """The text of the field `name` has these bytes in it."""

    def make(log: Log, number: int) -> bytes:
        record = log.record(number)
        log.fields(record)[log.name] = "a-mark-b"
        return text_of(record).replace(b"-mark-", octets)

    return make


def _with_number(text: str) -> Callable[[Log, int], bytes]:
    """The field `number` is written so."""

    def make(log: Log, number: int) -> bytes:
        record = log.record(number)
        log.fields(record)[log.number] = 424242
        return text_of(record).replace(b"424242", text.encode())

    return make


def _at(time: datetime) -> Callable[[Log, int], bytes]:
    def make(log: Log, number: int) -> bytes:
        record = log.record(number)
        log.fields(record)[log.time] = log.written(time)
        return text_of(record)

    return make


def _torn(log: Log, number: int) -> bytes:
    return good(log, number)[: -5 - number % 40]


def _twice(log: Log, number: int) -> bytes:
    record = log.record(number)
    key = json.dumps(log.name).encode()
    return text_of(record).replace(key, key + b': "another", ' + key, 1)


def _deep(log: Log, number: int) -> bytes:
    record = log.record(number)
    log.fields(record)["more"] = "MARK"
    return text_of(record).replace(b'"MARK"', b"[" * DEPTH + b"]" * DEPTH)


def _long(log: Log, number: int) -> bytes:
    record = log.record(number)
    log.fields(record)["more"] = "x" * LONG
    return text_of(record)


def _no_object(log: Log, number: int) -> bytes:
    return text_of([log.record(number)])  # type: ignore[arg-type]  # that is the point


def _no_time(log: Log, number: int) -> bytes:
    record = log.record(number)
    log.fields(record)[log.time] = "some day"
    return text_of(record)


_NO_PORT = {"defender": "'properties.RemotePort' is no int", "zeek": "a port is no number"}
_NO_WINDOWS_PORT = {**_NO_PORT, "windows": "DestinationPort is not a port"}
_NO_TIME = {"zeek": "no TimeGenerated", "windows": "UtcTime is missing or not a time"}

# The policy, as docs/lake.md has it.
KINDS = (
    Kind("torn line", _torn, "not JSON"),
    Kind("NUL byte", _with_bytes(b"\0"), "holds a NUL byte"),
    Kind("bad UTF-8", _with_bytes(b"\xff\xfe"), "not UTF-8"),
    Kind("surrogate as bytes", _with_bytes(b"\xed\xa0\x80"), "not UTF-8"),
    Kind("depth bomb in a field that is not read", _deep, "", {"windows": "nested too deep"}),
    Kind("wrong type", _with_number('"many"'), "", _NO_WINDOWS_PORT),
    Kind("name given twice", _twice, "a name is given twice in one JSON object"),
    Kind("NaN", _with_number("NaN"), "NaN is not JSON", _NO_PORT),
    Kind("Infinity", _with_number("-Infinity"), "-Infinity is not JSON", _NO_PORT),
    Kind("5,000 digits", _with_number("9" * 5000), "a number of too many digits", _NO_PORT),
    Kind("half a surrogate pair", _with_bytes(b"\\ud800"), "holds half of a surrogate pair"),
    Kind(
        "future time",
        _at(NOW + timedelta(days=3)),
        "Timestamp is more than 1 day in the future",
        {
            "zeek": "TimeGenerated is more than 1 day in the future",
            "windows": "the time of the event is more than 1 day in the future",
        },
    ),
    Kind(
        "year 1",
        _at(datetime(1, 1, 1, tzinfo=UTC)),
        "Timestamp is before 1990",
        {"zeek": "no TimeGenerated", "windows": "the time of the event is before 1990"},
    ),
    Kind("no time", _no_time, "'properties.Timestamp' is no datetime", _NO_TIME),
    Kind("no object", _no_object, "not a JSON object"),
    Kind("byte order mark within", lambda log, n: b"\xef\xbb\xbf" + good(log, n), "not JSON", {"windows": ""}),
    Kind("blank lines before", lambda log, n: b"\n  \t\n" + good(log, n), ""),
    Kind("CRLF", lambda log, n: good(log, n) + b"\r", ""),
    Kind("spaces around", lambda log, n: b"  " + good(log, n) + b"  ", ""),
)
LONG_LINE = Kind("40 MB line", _long, "longer than 16777216 bytes")


@dataclass(slots=True)
class Mixed:
    """What a file of mixed records is made of. `kept` has the digests of the very bytes that are to be kept aside."""

    records: int = 0
    bytes: int = 0
    stored: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)


def digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def write_mixed(path: Path, log: Log, records: int, long_lines: int = 1) -> Mixed:
    """A file that begins with a byte order mark, in which one record of a hundred is hostile, of each kind in turn; a
    few lines are of 40 MB."""
    chance = random.Random(records)  # noqa: S311 - a choice of places, no secrets
    hostile = sorted(chance.sample(range(1, records), records // 100))
    kinds = dict(zip(hostile, cycle(KINDS), strict=False))
    kinds |= dict.fromkeys(hostile[: long_lines * 7 : 7], LONG_LINE)
    made = Mixed(records, 3)
    with path.open("wb") as stream:
        stream.write(b"\xef\xbb\xbf")
        for number in range(records):
            kind = kinds.get(number)
            line = good(log, number) if kind is None else kind.make(log, number)
            reason = "" if kind is None else kind.reason_of(log)
            if reason:
                made.reasons[reason] += 1
                made.kept[digest(line)] += 1
            made.stored += not reason
            made.bytes += stream.write(line + b"\n")
    return made
