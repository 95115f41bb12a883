"""The choices of DESIGN's invariant 5 in plain Python, and random tables to make them on."""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import pyarrow as pa
from founding.ordering import Key, cell_key, row_key
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

import bluetick

Row = tuple[Any, ...]

FEW: Final = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)

NAN: Final = math.nan
# UTF-8 order differs from UTF-16 order in the last two words.
VALUES: Final[Mapping[str, tuple[Any, ...]]] = {
    "text": ("", "a", "A", "b", "é", "\uffee", "\U0001f600"),
    "flag": (None, False, True),
    "whole": (None, -(2**31), -1, 0, 2**31 - 1),
    "big": (None, -(2**63), -1, 0, 2**63 - 1),
    "real": (None, NAN, -math.inf, -1.5, 0.0, 2.0, math.inf),
    "exact": (None, Decimal("-1.5"), Decimal("0.000000000000000001"), Decimal("99.25")),
    "moment": (
        None,
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 6, 18, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ),
    "id": (
        None,
        UUID("00000000-0000-0000-0000-000000000001"),
        UUID("7fffffff-0000-0000-0000-000000000000"),
        UUID("80000000-0000-0000-0000-000000000000"),
        UUID("ffffffff-ffff-ffff-ffff-ffffffffffff"),
    ),
    "span": (None, timedelta(days=-1), timedelta(0), timedelta(microseconds=1), timedelta(days=400)),
    "bag": (None, [], [9], [10], ["x"], ["é"], [1, "a"], {"a": 1, "b": None}, {"a": [True]}),
}
# A dynamic value cannot be sorted by or grouped by; it is only told apart where all else is equal.
COMPARABLE: Final = tuple(name for name in VALUES if name != "bag")
ARROW: Final[Mapping[str, pa.DataType]] = {
    "text": pa.string(),
    "flag": pa.bool_(),
    "whole": pa.int32(),
    "big": pa.int64(),
    "real": pa.float64(),
    "exact": pa.decimal128(38, 18),
    "moment": pa.timestamp("us", "UTC"),
    "id": pa.string(),
    "span": pa.duration("us"),
    "bag": pa.string(),
}
COLUMNS: Final = ("key", *VALUES)
# How a query reads the columns: Arrow has no GUID and no dynamic, so they arrive as text.
READ: Final = "T | extend id = toguid(id), bag = todynamic(bag)"
_TO_ARROW: Final[Mapping[str, Callable[[Any], Any]]] = {"id": str, "bag": json.dumps}
KEYS: Final = ("", "k", "K")

ROWS: Final = st.lists(
    st.tuples(st.sampled_from(KEYS), *(st.sampled_from(values) for values in VALUES.values())), max_size=30
)


def arrow_table(rows: Iterable[Row]) -> pa.Table:
    rows = list(rows)
    arrays: list[Any] = []
    for index, name in enumerate(COLUMNS):
        spell = _TO_ARROW.get(name, _as_it_is)
        values = [None if row[index] is None else spell(row[index]) for row in rows]
        arrays.append(pa.array(values, ARROW.get(name, pa.string()), from_pandas=False))
    return pa.Table.from_arrays(arrays, names=list(COLUMNS))


def _as_it_is(value: Any) -> Any:
    return value


def ask(rows: Sequence[Row], *queries: str) -> list[list[Row]]:
    """The rows of each query, the same for two arrangements of the table, each on two threads."""
    arrangements = (rows, sorted(rows, key=lambda row: row_key(row[::-1]), reverse=True))
    answers: list[list[list[Row]]] = []
    for arrangement in arrangements:
        with bluetick.connect(tables={"T": arrow_table(arrangement)}, threads=2) as session:
            answers.append([list(session.query(query).rows()) for query in queries])
    assert [keys(answer) for answer in answers[1]] == [keys(answer) for answer in answers[0]]
    return answers[0]


def keys(rows: Iterable[Row]) -> list[Key]:
    """Rows in a form in which NaN equals NaN."""
    return [row_key(row) for row in rows]


def ordered(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=row_key)


def by_key(rows: Iterable[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[0], []).append(row)
    return groups


def extreme(rows: Sequence[Row], column: int, *, largest: bool) -> Row:
    """The row with the largest or smallest value; of several, and where no row has a value, the smallest row. NaN
    counts as a value only where there is no other."""
    for has in (_is_number, lambda value: value is not None, lambda value: True):
        there: list[Row] = [row for row in rows if _test(has, row[column])]
        if there:
            break
    best = (max if largest else min)(cell_key(row[column]) for row in there)
    return min((row for row in there if cell_key(row[column]) == best), key=row_key)


def _test(has: Callable[[Any], bool], value: Any) -> bool:
    return has(value)


def _is_number(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))
