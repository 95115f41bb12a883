"""ingestion_time(): when a row arrived, where the table that it came from keeps that.

https://learn.microsoft.com/kusto/query/ingestion-time-function
"""

from bluetick.binder.calls import count_words
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid
from bluetick.plan.relations import (
    Aggregate,
    External,
    Join,
    Project,
    PythonTable,
    Range,
    Reference,
    Relation,
    Scan,
    Union,
    Values,
)
from bluetick.syntax.expressions import CallExpression
from bluetick.types import Type

# The columns in which exports and collectors keep it, the closest first: the service's own ingestion_time(), then when
# it received the row (https://learn.microsoft.com/azure/azure-monitor/logs/log-standard-columns).
COLUMNS = ("IngestionTime", "$IngestionTime", "_TimeReceived")


def bind_ingestion_time(env: Env, node: CallExpression) -> Expr:
    """The column that keeps it; else the table's time column, with a warning, so that no row is lost to a null. Only
    for rows that are still rows of a table: grouped or joined ones have no such time."""
    if node.arguments:
        env.report(codes.wrong_argument_count(node.span, "ingestion_time", count_words(0, 0), len(node.arguments)))
        return Invalid(Type.DATETIME)
    rows = None if env.row is None else env.row.relation
    if rows is None:
        env.report(codes.no_ingestion_time(node.span, "no row of a table is in sight"))
        return Invalid(Type.DATETIME)
    column = _arrival(rows)
    if column is None:
        hint = "take it right behind the table, as in: T | extend Arrived = ingestion_time()"
        env.report(codes.no_ingestion_time(node.span, "these rows, or their time column, are not a table's own", hint))
        return Invalid(Type.DATETIME)
    if column.name not in COLUMNS:
        table = next(iter(_tables(rows)), "the table")
        env.state.report_once(codes.time_for_ingestion_time(node.span, table, column.name))
    return ColumnRef(column)


def _arrival(relation: Relation) -> Column | None:
    """The column of a relation that holds its rows' time of ingestion as the table has it."""
    match relation:
        case Scan(columns=columns, time_column=time):
            kept = {c.name: c for c in columns if c.type is Type.DATETIME}
            return next((kept[name] for name in COLUMNS if name in kept), time)
        case Project(input=below, items=items):
            inner = _arrival(below)
            return next((c for c, expr in items if inner is not None and expr == ColumnRef(inner)), None)
        case Reference(binding=binding, columns=columns):
            inner = _arrival(binding.relation)
            own = zip(columns, binding.relation.columns, strict=True)
            return next((c for c, bound in own if inner is not None and bound.id == inner.id), None)
        case Union():
            return _of_every_leg(relation)
        case Join() | Aggregate() | Values() | Range() | External() | PythonTable():
            return None
        case _:
            inner = _arrival(relation.input)
            return inner if inner in relation.columns else None


def _of_every_leg(union: Union) -> Column | None:
    """The output column that each leg fills with its own."""
    times = [_arrival(leg) for leg, _ in union.legs]
    for place, column in enumerate(union.columns):
        if all(t is not None and exprs[place] == ColumnRef(t) for t, (_, exprs) in zip(times, union.legs, strict=True)):
            return column
    return None


def _tables(relation: Relation) -> list[str]:
    """The tables whose rows these are."""
    match relation:
        case Scan(table=table):
            return [table]
        case Reference(binding=binding):
            return _tables(binding.relation)
        case Union(legs=legs):
            return [name for leg, _ in legs for name in _tables(leg)]
        case Join() | Values() | Range() | External() | PythonTable():
            return []
        case _:
            return _tables(relation.input)
