"""Values of literals, and those that are refused. The forms are those of Kusto's pages on scalar types."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pytest

from bluetick.diagnostics import Diagnostic
from bluetick.syntax import parse
from bluetick.syntax.expressions import DynamicLiteral, Literal, LiteralValue
from bluetick.syntax.operators import PrintSource
from bluetick.syntax.statements import QueryStatement
from bluetick.types import Type

HOUR = 3_600_000_000
DAY = 24 * HOUR


def read(text: str) -> tuple[object, tuple[Diagnostic, ...]]:
    query, diagnostics = parse(f"print {text}")
    (statement,) = query.statements
    assert isinstance(statement, QueryStatement)
    assert isinstance(statement.pipeline.source, PrintSource)
    return statement.pipeline.source.items[0].value, diagnostics


@pytest.mark.parametrize(
    ("text", "type_", "value"),
    [
        ("9223372036854775807", Type.LONG, 2**63 - 1),
        ("-9223372036854775808", Type.LONG, -(2**63)),
        ("0xFFff", Type.LONG, 65535),
        ("long(0x1F)", Type.LONG, 31),
        ("int(-2147483648)", Type.INT, -(2**31)),
        ("long(null)", Type.LONG, None),
        ("double(1e-3)", Type.REAL, 0.001),
        ("real(+inf)", Type.REAL, float("inf")),
        ("decimal(0.1)", Type.DECIMAL, Decimal("0.1")),
        ("bool(1)", Type.BOOL, True),
        ("FALSE", Type.BOOL, False),
        ("2d", Type.TIMESPAN, 2 * DAY),
        ("1.5h", Type.TIMESPAN, HOUR * 3 // 2),
        ("30m", Type.TIMESPAN, HOUR // 2),
        ("10s", Type.TIMESPAN, 10_000_000),
        ("0.1s", Type.TIMESPAN, 100_000),
        ("100ms", Type.TIMESPAN, 100_000),
        ("10microsecond", Type.TIMESPAN, 10),
        ("39tick", Type.TIMESPAN, 3),
        ("time(15 seconds)", Type.TIMESPAN, 15_000_000),
        ("timespan(2)", Type.TIMESPAN, 2 * DAY),
        ("time(0.12:34:56.7)", Type.TIMESPAN, 12 * HOUR + 34 * 60_000_000 + 56_700_000),
        ("timespan('-1.00:00:00')", Type.TIMESPAN, -DAY),
        ("datetime(2015)", Type.DATETIME, datetime.fromisoformat("2015-01-01T00:00:00Z")),
        ("datetime(2015-12-31 23:59:59.9999999)", Type.DATETIME, datetime.fromisoformat("2015-12-31T23:59:59.999999Z")),
        ("datetime(2014-05-25T08:20:03.123456Z)", Type.DATETIME, datetime.fromisoformat("2014-05-25T08:20:03.123456Z")),
        ("datetime(2014-11-08 15:55-05:00)", Type.DATETIME, datetime.fromisoformat("2014-11-08T20:55:00Z")),
        ('datetime("2014-11-08")', Type.DATETIME, datetime.fromisoformat("2014-11-08T00:00:00Z")),
        ("datetime(Sat, 8 Nov 14 15:05:02 GMT)", Type.DATETIME, datetime.fromisoformat("2014-11-08T15:05:02Z")),
        ("datetime(11/8/2014)", Type.DATETIME, datetime.fromisoformat("2014-11-08T00:00:00Z")),
        (
            "guid(74be27de-1e4e-49d9-b579-fe0b331d3642)",
            Type.GUID,
            UUID("74be27de-1e4e-49d9-b579-fe0b331d3642"),
        ),
        (r'"a\x41\101\u00e9\0"', Type.STRING, "aAAé\0"),
        (r'"\n1\"2\\3\t4"', Type.STRING, '\n1"2\\3\t4'),
        (r'"\ud83d\udc15"', Type.STRING, "🐕"),
        ("@'a\\b''c'", Type.STRING, "a\\b'c"),
        ("```one\ntwo```", Type.STRING, "one\ntwo"),
        ("'a' \"b\" @'c'", Type.STRING, "abc"),
        ("h'x'", Type.STRING, "x"),
        ("'// no comment'", Type.STRING, "// no comment"),
    ],
)
def test_value(text: str, type_: Type, value: LiteralValue) -> None:
    node, diagnostics = read(text)
    assert not any(d.is_error for d in diagnostics)
    assert isinstance(node, Literal)
    assert (node.type, node.value) == (type_, value)
    assert node.span.start == len("print ")
    assert node.span.end == len("print ") + len(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("9223372036854775808", "out of the range of long"),
        ("int(2147483648)", "out of the range of int"),
        ("datetime(2015-02-30)", "out of the range of datetime"),
        ("datetime(0001-01-01T00:00:00+01:00)", "out of the range of datetime"),
        ("timespan(20000000d)", "out of the range of timespan"),
        ("timespan(25:00:00)", "out of the range of timespan"),
        ("datetime(soon)", "not a datetime literal"),
        ("guid(1234)", "not a guid literal"),
        ("real(one)", "not a real literal"),
        ("bool(a == b)", "not a bool literal"),
        ("int(strlen(a))", "holds a literal only"),
        (r"'\d'", "Unknown escape"),
        ("'open", "not closed"),
        ("```open", "not closed"),
        ("dynamic({a: 1})", "a key in quotes"),
        ("dynamic([1, now()])", "Expected a JSON value"),
    ],
)
def test_refused(text: str, part: str) -> None:
    _, diagnostics = read(text)
    assert len(diagnostics) == 1
    assert part in diagnostics[0].message


def test_dynamic_holds_the_text_of_times_and_guids() -> None:
    times = "time(1.02:03:04), time(36h)"
    node, diagnostics = read(f'dynamic({{"t": datetime(2024-01-02 03:04:05.5), "s": [{times}, -5, 0.5, true, null]}})')
    assert diagnostics == ()
    assert isinstance(node, DynamicLiteral)
    assert node.value == {
        "t": "2024-01-02T03:04:05.5000000Z",
        "s": ["1.02:03:04", "1.12:00:00", -5, 0.5, True, None],
    }
