"""What an aggregate that Python finishes gathers of its rows: a JSON bag with the values and their weights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from bluetick.functions.aggregates.conditional import not_null
from bluetick.functions.definition import AggregateLowering, Argument, BoundAggregate
from bluetick.functions.scalar import json_text
from bluetick.functions.scalar.clock import DUCKDB as DUCKDB_CLOCK
from bluetick.functions.scalar.clock import SPARK as SPARK_CLOCK
from bluetick.functions.scalar.clock import Clock
from bluetick.functions.scalar.json_text import Forms
from bluetick.sql.tree import FALSE, Aggregate, Binary, Cast, Expr, all_of, call, coalesce, long, text
from bluetick.types import Type
from bluetick.values import Json, dynamic_text


@dataclass(frozen=True, slots=True)
class Gathering:
    """One engine's way to collect texts."""

    forms: Forms
    clock: Clock
    collected: Callable[[Expr, Expr], Expr]  # text, condition -> the texts with commas between, in any order


def _collected_duckdb(value: Expr, where: Expr) -> Expr:
    return Aggregate("string_agg", (value, text(",")), filter=where)


def _collected_spark(value: Expr, where: Expr) -> Expr:
    return call("array_join", Aggregate("collect_list", (value,), filter=where), text(","))


DUCKDB = Gathering(json_text.DUCKDB, DUCKDB_CLOCK, _collected_duckdb)
SPARK = Gathering(json_text.SPARK, SPARK_CLOCK, _collected_spark)

# The settings beside the values, by the arguments that are no rows' values.
Settings: TypeAlias = Callable[[tuple[Argument, ...]], Json]


def gather(gathering: Gathering, settings: Settings, *, weighted: bool) -> AggregateLowering:
    """{"type": .., "with": settings, "items": [[value, weight], ..]} of the rows with a value and a positive weight."""

    def lower(bound: BoundAggregate) -> Expr:
        value = bound[0]
        weight: Expr = Cast(bound[1].sql, Type.LONG) if weighted else long(1)
        pair = call(
            "concat",
            text("["),
            json_text.item_text(_sortable(value, gathering.clock), gathering.forms),
            text(","),
            Cast(weight, Type.STRING),
            text("]"),
        )
        where = not_null(value, None)
        if weighted:
            where = all_of(where, coalesce(Binary(">", weight, long(0)), FALSE))
        items = coalesce(gathering.collected(pair, where), text(""))
        head = dynamic_text({"type": str(value.type), "with": settings(bound.args[1 + weighted :])})
        return call("concat", text(head[:-1] + ',"items":['), items, text("]}"))

    return lower


def _sortable(value: Argument, clock: Clock) -> Argument:
    match value.type:
        case Type.DATETIME:
            return Argument(clock.micros(value.sql), Type.LONG)
        case Type.TIMESPAN:
            return Argument(value.sql, Type.LONG)
        case _:
            return value
