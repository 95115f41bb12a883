"""What lowering does differently for each engine: which lowering of a function, and a few relational forms."""

from collections.abc import Callable
from dataclasses import dataclass

from bluetick.functions.definition import (
    AggregateFunction,
    AggregateLowering,
    Lowering,
    ScalarFunction,
    WindowFunction,
    WindowLowering,
)
from bluetick.functions.scalar import json_text
from bluetick.sql import tree as sql


@dataclass(frozen=True, slots=True, eq=False)
class Flavour:
    """One engine's choices; DUCKDB and SPARK are the only values."""

    scalar: Callable[[ScalarFunction], Lowering]
    aggregate: Callable[[AggregateFunction], AggregateLowering]
    window: Callable[[WindowFunction], WindowLowering]
    struct: Callable[[tuple[tuple[str, sql.Expr], ...]], sql.Expr]
    numbers_to: Callable[[sql.Expr], sql.Expr]
    """A row for each whole number from 0 to the bound (none where it is negative or null), in a select list."""
    each: str
    """The function that makes a row of each item of a list (none of an empty one), in a select list."""
    numbers: Callable[[str, sql.Expr], sql.Select]
    """The same as a relation with this one column; of a constant bound, however large, in little memory on DuckDB."""
    micros: Callable[[sql.Expr], sql.Expr]
    """A datetime as microseconds since 1970."""
    from_micros: Callable[[sql.Expr], sql.Expr]
    json: json_text.Forms
    keeps_lets: bool
    """Whether a let that is used twice can be computed once within one statement, which some rewrites count on."""


def _struct_duckdb(fields: tuple[tuple[str, sql.Expr], ...]) -> sql.Expr:
    return sql.Call("struct_pack", (), fields)


def _struct_spark(fields: tuple[tuple[str, sql.Expr], ...]) -> sql.Expr:
    return sql.Call("named_struct", tuple(part for name, value in fields for part in (sql.text(name), value)))


def _numbers_duckdb(bound: sql.Expr) -> sql.Expr:
    return sql.call("unnest", sql.call("generate_series", sql.long(0), bound))


def _counted_duckdb(alias: str, bound: sql.Expr) -> sql.Select:
    """A list of them would stand in memory whole, and DuckDB's limit does not know of it."""
    return sql.Select(((alias, sql.Column(alias)),), sql.TableCall("generate_series", (sql.long(0), bound), alias))


def _numbers_spark(bound: sql.Expr) -> sql.Expr:
    series = sql.call("sequence", sql.long(0), bound)
    none = sql.call("sequence", sql.long(1), sql.long(1))
    empty = sql.call("filter", none, sql.Lambda(("x",), sql.FALSE))
    return sql.call("explode", sql.when(sql.Binary(">=", bound, sql.long(0)), series, empty))


DUCKDB = Flavour(
    scalar=lambda function: function.duckdb,
    aggregate=lambda function: function.duckdb,
    window=lambda function: function.duckdb,
    struct=_struct_duckdb,
    numbers_to=_numbers_duckdb,
    each="unnest",
    numbers=_counted_duckdb,
    micros=lambda value: sql.call("epoch_us", value),
    from_micros=lambda value: sql.call("make_timestamp", value),
    json=json_text.DUCKDB,
    keeps_lets=True,
)

SPARK = Flavour(
    scalar=lambda function: function.spark,
    aggregate=lambda function: function.spark,
    window=lambda function: function.spark,
    struct=_struct_spark,
    numbers_to=_numbers_spark,
    each="explode",
    numbers=lambda alias, bound: sql.Select(((alias, _numbers_spark(bound)),)),
    micros=lambda value: sql.call("unix_micros", value),
    from_micros=lambda value: sql.call("timestamp_micros", value),
    json=json_text.SPARK,
    keeps_lets=False,
)

FLAVOURS = {"duckdb": DUCKDB, "spark": SPARK}  # by the name of the engine's dialect
