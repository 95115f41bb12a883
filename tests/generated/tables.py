"""Small tables full of edge values: null, empty, NaN, the ends of ranges, letter case, edges of terms, dynamic."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final
from uuid import UUID

import pyarrow as pa

from generated.reference.values import timespan_text
from generated.tree import literal_text

NOW: Final = datetime(2024, 3, 10, 13, 45, 30, 500_000, tzinfo=UTC)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


_TEXTS: Final = (
    *(
        "",
        "",
        "a",
        "A",
        "b",
        "abc",
        "ABC",
        "Abc",
        "a.b",
        "a_b",
        "a b",
        "foo-bar",
        "Foo bar",
        "foobar",
        "bar",
        "BAR foo",
    ),
    *("é", "É", "caféx", "CAFÉ x", "straße", "x=1;y=2", "x=7;y=abc", "10", "-3", "1.5", "true", "False", " ", "  pad "),
    *("100%", "a%b", "a\\b", 'say "hi"', "it's", "2024-01-01", "1.02:03:04", '{"a":1}', "[1,2]", "\U0001f600z", "abab"),
    *("10.0.0.1", "cmd.exe /c", "C:\\Win\\cmd.EXE", "two\tparts", "null", "ab1", "1ab", "a1b2"),
    *("2024-03-10T13:45:30Z", "2024-02-29 01:02:03.5", "2024-03-10T13:45:30.25Z"),
)
_DYNAMIC: Final[tuple[Any, ...]] = (
    *(None, None, 1, 2.5, "x", "", "abc", "10", True, [], [1, 2, 3], ["a", "B", ""], [None, 1], {}, {"a": 1}),
    *({"a": "x", "b": [1, 2]}, {"a": None}, {"a": {"b": 2}}, [{"a": 1}, {"a": 2}], [1, "1", True], [3, 1, 1]),
    *({"a": "foo bar", "b": []}, {"b": "abc", "a": -5}, {"a": True}, {"a": "10"}, ["x"]),
)

POOLS: Final[Mapping[str, tuple[Any, ...]]] = {
    "string": _TEXTS,
    "long": (None, 0, 1, -1, 2, 3, 7, 10, -5, 2, 1, 100, 2**63 - 1, -(2**63), 2**53 + 1),
    "int": (None, 0, 1, -1, 2, 3, 7, 2**31 - 1, -(2**31)),
    "real": (None, 0.0, 1.5, -2.5, 2.5, 3.0, 0.25, math.nan, math.inf, -math.inf, 1000.0),
    "bool": (None, True, False),
    "datetime": (
        *(
            None,
            at(2024, 1, 1),
            at(2024, 2, 29, 23, 59, 59, 999_999),
            at(2023, 12, 31, 12),
            at(2024, 3, 10, 13, 45, 30),
        ),
        *(at(1969, 12, 31, 23, 59, 59), at(2024, 1, 1, 0, 0, 0, 1), at(1900, 2, 28), at(2024, 3, 9, 1, 2, 3, 400_000)),
        *(NOW, NOW - timedelta(hours=1), NOW - timedelta(days=1), NOW - timedelta(hours=1, microseconds=1)),
    ),
    "timespan": (
        *(None, timedelta(0), timedelta(seconds=1), timedelta(hours=1), timedelta(hours=-1), timedelta(days=1)),
        *(
            timedelta(minutes=90),
            timedelta(days=7, seconds=1.5),
            timedelta(microseconds=1),
            timedelta(days=-2, hours=3),
        ),
    ),
    "guid": (
        None,
        UUID("70fc66f7-8279-44fc-9092-d364d70fce44"),
        UUID("00000000-0000-0000-0000-000000000000"),
        UUID("a0000000-0000-4000-8000-00000000000f"),
    ),
    "decimal": (None, Decimal(0), Decimal("1.5"), Decimal("-2.25"), Decimal(100), Decimal("0.1")),
    "dynamic": _DYNAMIC,
}
# Texts that the string operators tell apart only by case, by edges of terms, or by where the needle stands.
CONFUSABLE: Final = (
    *(
        "",
        "foo",
        "FOO",
        "foo bar",
        "Foo-Bar",
        "foobar",
        "barfoo",
        "bar.foo",
        "xfoo",
        "foox bar",
        "bar_FOO",
        "fo",
        "ofoo",
    ),
    *("bar", "BAR", "foo é", "éfoo", "É", "é", "a foo b", "1foo", "foo1"),
)
TAME_REALS: Final = (None, 0.0, 1.5, -2.5, 2.5, 3.0, 0.25, 8.0)
SMALL_LONGS: Final = (None, 0, 1, 1, 2, 2, 3, -1, 5)
KEYS: Final = ("", "a", "A", "b", "k1")

# Names tell what may stand in a column, in every table alike. `r` has NaN and infinities and `r2` has none; `n2` and
# `k` have few values, so that groups and matches happen.
COLUMNS: Final[Mapping[str, tuple[str, tuple[Any, ...]]]] = {
    "s": ("string", POOLS["string"]),
    "s2": ("string", CONFUSABLE),
    "k": ("string", KEYS),
    "n": ("long", POOLS["long"]),
    "n2": ("long", SMALL_LONGS),
    "i": ("int", POOLS["int"]),
    "r": ("real", POOLS["real"]),
    "r2": ("real", TAME_REALS),
    "b": ("bool", POOLS["bool"]),
    "t": ("datetime", POOLS["datetime"]),
    "t2": ("datetime", POOLS["datetime"]),
    "p": ("timespan", POOLS["timespan"]),
    "g": ("guid", POOLS["guid"]),
    "m": ("decimal", POOLS["decimal"]),
    "d": ("dynamic", POOLS["dynamic"]),
}

Columns = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """`is_inline`: a datatable, whose rows have an order; else an Arrow table of the session, whose rows have none."""

    name: str
    columns: Columns
    rows: tuple[tuple[Any, ...], ...]
    is_inline: bool

    def definition(self) -> str:
        """The let statement that a query needs before it may name the table."""
        if self.is_inline:
            declared = ", ".join(f"{name}:{type_}" for name, type_ in self.columns)
            typed = [(type_, v) for row in self.rows for (_, type_), v in zip(self.columns, row, strict=True)]
            cells = [literal_text(type_, value) for type_, value in typed]
            return f"let {self.name} = datatable({declared})[{', '.join(cells)}];"
        items = ", ".join(f"{name} = {_READ.get(type_, '{}').format(name)}" for name, type_ in self.columns)
        return f"let {self.name} = stored_{self.name} | project {items};"

    def arrow(self) -> pa.Table:
        """The table as the session stores it: guids, timespans and dynamics as text, and the definition reads them."""
        arrays = {
            name: pa.array([_stored(type_, row[index]) for row in self.rows], _ARROW[type_])
            for index, (name, type_) in enumerate(self.columns)
        }
        return pa.table(arrays)


_READ: Final = {"guid": "toguid({})", "dynamic": "todynamic({})", "timespan": "totimespan({})"}
_ARROW: Final[Mapping[str, pa.DataType]] = {
    "string": pa.string(),
    "long": pa.int64(),
    "int": pa.int32(),
    "real": pa.float64(),
    "bool": pa.bool_(),
    "datetime": pa.timestamp("us", "UTC"),
    "timespan": pa.string(),
    "guid": pa.string(),
    "decimal": pa.decimal128(38, 18),
    "dynamic": pa.string(),
}


def _stored(type_: str, value: Any) -> Any:
    if value is None:
        return "" if type_ in _READ else None
    match type_:
        case "dynamic":
            return json.dumps(value, ensure_ascii=False)
        case "timespan":
            return timespan_text(value)
        case "guid":
            return str(value)
        case _:
            return value


def random_table(name: str, random: Random) -> Table:
    """Most columns in a random order, and few rows; some rows twice."""
    wanted = [c for c in COLUMNS if c in ("k", "n2") or random.random() < 0.8]
    random.shuffle(wanted)
    columns = tuple((c, COLUMNS[c][0]) for c in wanted)
    rows = [tuple(random.choice(COLUMNS[c][1]) for c in wanted) for _ in range(random.choice((0, 1, 3, 6, 9, 12)))]
    if rows and random.random() < 0.5:
        rows.append(random.choice(rows))
    return Table(name, columns, tuple(rows), random.random() < 0.5)


def random_tables(seed: int, count: int = 60) -> dict[str, Table]:
    random = Random(seed)  # noqa: S311 - seeded, so that it can be had again
    return {f"T{n}": random_table(f"T{n}", random) for n in range(count)}
