"""Values at the edges; text forms as Kusto's documentation prints them."""

import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from bluetick.types import Type
from bluetick.values import (
    Value,
    arrow_type,
    format_datetime7,
    format_timespan,
    json_cell,
    logical_arrow_type,
    python_values,
    to_logical,
)

DAY = 86_400_000_000


@pytest.mark.parametrize(
    ("micros", "expected"),
    [
        (0, "00:00:00"),
        (DAY, "1.00:00:00"),
        (1_500_000, "00:00:01.5000000"),
        (-(DAY + 1_000_000), "-1.00:00:01"),
        (1, "00:00:00.0000010"),
        (-1, "-00:00:00.0000010"),
        (14 * 3_600_000_000, "14:00:00"),
        (2**63 - 1, "106751991.04:00:54.7758070"),
    ],
)
def test_timespan_text(micros: int, expected: str) -> None:
    assert format_timespan(micros) == expected


def test_datetime_text() -> None:
    assert format_datetime7(datetime(1, 1, 1)) == "0001-01-01T00:00:00.0000000Z"
    east = timezone(timedelta(hours=1))
    assert format_datetime7(datetime(2007, 1, 1, 0, 0, 0, 123_456, east)) == "2006-12-31T23:00:00.1234560Z"


@pytest.mark.parametrize(
    ("physical", "type_", "expected"),
    [
        (pa.array([5, None], pa.int32()), Type.INT, [5, None]),
        (pa.array([DAY, None]), Type.TIMESPAN, [timedelta(days=1), None]),
        (
            pa.array([datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999)], pa.timestamp("us")),
            Type.DATETIME,
            [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)],
        ),
        (
            pa.array([datetime(2024, 1, 1)], pa.timestamp("us", tz="Europe/Paris")),
            Type.DATETIME,
            [datetime(2024, 1, 1, tzinfo=UTC)],
        ),
        (pa.array([str(UUID(int=7))]), Type.GUID, [UUID(int=7)]),
        (pa.array([UUID(int=7).bytes], pa.uuid()), Type.GUID, [UUID(int=7)]),
        (pa.array(['{"a":[1,2.5,null]}', '"x"', None]), Type.DYNAMIC, [{"a": [1, 2.5, None]}, "x", None]),
        (pa.array([Decimal("1.5")], pa.decimal128(38, 2)), Type.DECIMAL, [Decimal("1.5")]),
        (pa.array(["x"], pa.large_string()), Type.STRING, ["x"]),
    ],
)
def test_python_values(physical: "pa.Array[Any]", type_: Type, expected: list[Value]) -> None:
    assert python_values(physical, type_) == expected
    assert python_values(pa.chunked_array([physical]), type_) == expected


@pytest.mark.parametrize(
    ("value", "type_", "expected"),
    [
        (2**53 + 1, Type.LONG, 2**53 + 1),
        (math.nan, Type.REAL, "NaN"),
        (-math.inf, Type.REAL, "-Infinity"),
        (0.1, Type.REAL, 0.1),
        (Decimal("123.450000000000000000"), Type.DECIMAL, "123.45"),
        (Decimal("100"), Type.DECIMAL, "100"),
        (UUID("0F0E0D0C-0B0A-0908-0706-050403020100"), Type.GUID, "0f0e0d0c-0b0a-0908-0706-050403020100"),
        (timedelta(days=-1, seconds=-1), Type.TIMESPAN, "-1.00:00:01"),
        (datetime(2026, 11, 22, 12, 0, 0, 123_456, UTC), Type.DATETIME, "2026-11-22T12:00:00.1234560Z"),
        ({"a": [1.5, None]}, Type.DYNAMIC, {"a": [1.5, None]}),
        (True, Type.BOOL, True),
        (None, Type.GUID, None),
        ("", Type.STRING, ""),
    ],
)
def test_json_cell(value: Value, type_: Type, expected: object) -> None:
    assert json_cell(value, type_) == expected


def test_arrow_types() -> None:
    assert arrow_type(Type.TIMESPAN) == pa.int64()
    spans = to_logical(pa.chunked_array([[DAY]]), Type.TIMESPAN)
    assert (spans.type, spans.to_pylist()) == (pa.duration("us"), [timedelta(days=1)])
    times = to_logical(pa.array([datetime(2024, 1, 1)], pa.timestamp("us")), Type.DATETIME)
    assert times.type == logical_arrow_type(Type.DATETIME) == pa.timestamp("us", tz="UTC")
    assert times.to_pylist() == [datetime(2024, 1, 1, tzinfo=UTC)]
