"""What `doctor` asks of an engine: that it does what queries need, with answers that are known."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final

import pyarrow as pa

from bluetick.diagnostics.errors import BluetickError
from bluetick.engines.protocol import Finding, ScanColumn
from bluetick.session import Session
from bluetick.types import Type
from bluetick.values import to_physical

_GUIDS: Final = ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff")
_SMALL_REAL, _LARGE_REAL = 5e-324, 1.7976931348623157e308
_DIGITS: Final = "9" * 20 + "." + "9" * 18
_TIMES: Final = (datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999))
# The extremes of each type, as they are sent; a null at the end, which a string does not have.
_EXTREMES: Final[dict[Type, "pa.Array[Any]"]] = {
    Type.BOOL: pa.array([False, True, None], pa.bool_()),
    Type.INT: pa.array([-(2**31), 2**31 - 1, None], pa.int32()),
    Type.LONG: pa.array([-(2**63), 2**63 - 1, None], pa.int64()),
    Type.REAL: pa.array([_SMALL_REAL, -_LARGE_REAL, float("inf"), None], pa.float64()),
    Type.DECIMAL: pa.array([Decimal("-" + _DIGITS), Decimal(_DIGITS), None], pa.decimal128(38, 18)),
    Type.STRING: pa.array(["", "quote ' back\\slash \0 \U0001f436 \r\n", "\u0130"], pa.string()),
    Type.DATETIME: pa.array([*_TIMES, None], pa.timestamp("us")),
    Type.TIMESPAN: pa.array([-(2**63) + 1, 2**63 - 1, None], pa.int64()),
    Type.GUID: pa.array([*_GUIDS, None], pa.string()),
    Type.DYNAMIC: pa.array(['{"a":[1,null,"x"]}', "[]", None], pa.string()),
}
# One text for each family of functions that a cluster may lack or may be set to answer differently.
_KNOWN: Final[tuple[tuple[str, str, tuple[Any, ...]], ...]] = (
    (
        "text",
        'print toupper("a") , substring("abcdef", 2, 3), strcat_array(split("a,b", ","), "-")',
        ("A", "cde", "a-b"),
    ),
    ("patterns", 'print extract("([0-9]+)-x", 1, "ab 42-x"), "a.b" matches regex "^a[.]b$"', ("42", True)),
    ("numbers", "print 7 / 2, -7 % 3, tolong(9223372036854775807) + 1", (3, 2, -(2**63))),
    ("failed conversions", 'print tolong("x"), todatetime("soon")', (None, None)),
    ("JSON", 'print tostring(parse_json(\'{"a":[1,{"b":"c"}]}\').a[1].b), array_length(dynamic([1,2]))', ("c", 2)),
    (
        "time",
        "print bin(datetime(2024-03-10 12:34), 1h), datetime_diff('day', datetime(2024-03-01), datetime(2024-02-01))",
        (datetime(2024, 3, 10, 12, tzinfo=UTC), 29),
    ),
    (
        "aggregates",
        "range x from 1 to 100 step 1 | summarize count(), sum(x), dcount(x % 7), max(x)",
        (100, 5050, 7, 100),
    ),
    ("joins", "range x from 1 to 9 step 1 | join kind=inner (range x from 5 to 20 step 1) on x | count", (5,)),
    ("hashes", 'print hash_sha256("abc")', ("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",)),
)


def examine(session: Session) -> Iterator[Finding]:
    """A finding for each thing that was tried, as it is tried."""
    findings = session.engine.examine()
    for finding in findings:
        yield finding
        if not finding.is_well and finding.name == "executors":
            return  # whatever follows would wait for ever
    yield _tried("temporary views", lambda: _views(session))
    yield _tried("kept results", lambda: _kept(session))
    yield _tried("values", lambda: _values(session))
    for name, text, expected in _KNOWN:
        yield _tried(f"functions: {name}", partial(_known, session, text, expected))
    for name in session.catalog.names():
        yield _tried(f"table {name}", partial(_table, session, name))


def _tried(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, check())
    except BluetickError as error:
        return Finding(name, False, str(error))
    except ValueError as error:
        return Finding(name, False, f"{error}; such answers cannot be relied on: please report it")


def _views(session: Session) -> str:
    with session.engine.start() as run:
        run.bind_view("bluetick_doctor", "SELECT 5 AS x")
        _same(run.stream("SELECT x FROM bluetick_doctor").read_all().column(0).to_pylist(), [5])
    return "can be created"


def _kept(session: Session) -> str:
    with session.engine.start() as run:
        run.create("bluetick_doctor", "SELECT 5 AS x")
        _same(run.stream("SELECT x FROM bluetick_doctor").read_all().column(0).to_pylist(), [5])
    return "can be kept for a query's later steps"


def _values(session: Session) -> str:
    for type_, sent in _EXTREMES.items():
        column = pa.chunked_array([sent])
        with session.engine.start() as run:
            run.bind_arrow("bluetick_doctor", pa.table({"v": column}), [ScanColumn("v", "v", type_)])
            came = run.stream("SELECT v FROM bluetick_doctor").read_all().column(0)
        _same(to_physical(came, type_).to_pylist(), sent.to_pylist(), str(type_))
    return f"the extremes of {len(_EXTREMES)} types come back as they were sent"


def _known(session: Session, text: str, expected: tuple[Any, ...]) -> str:
    _same(list(session.query(text).rows()), [expected], text)
    return "as documented"


def _table(session: Session, name: str) -> str:
    rows = list(session.query(f"['{name}'] | take 1").rows())
    return "can be read" if rows else "can be read, has no row"


def _same(found: Any, expected: Any, place: str = "") -> None:
    if found != expected:
        raise ValueError(f"{place + ': ' if place else ''}{expected} was expected, {found} came")
