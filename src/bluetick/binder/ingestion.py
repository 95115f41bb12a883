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
    inputs,
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
        reason = "these are not a table's own rows any more, or without the column that would say it"
        hint = "take it right behind the table, as in: T | extend Arrived = ingestion_time()"
        env.report(codes.no_ingestion_time(node.span, reason, hint))
        return Invalid(Type.DATETIME)
    silent = next((scan for scan in _scans(rows) if _kept(scan) is None), None)
    if silent is not None:
        env.state.report_once(codes.time_for_ingestion_time(node.span, silent.table, column.name))
    return ColumnRef(column)


def _arrival(relation: Relation) -> Column | None:
    """The column of a relation that holds its rows' time of ingestion as the table has it."""
    match relation:
        case Scan(time_column=time):
            return _kept(relation) or time
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


def _kept(scan: Scan) -> Column | None:
    """The column in which a table keeps when a row arrived."""
    times = {column.name: column for column in scan.columns if column.type is Type.DATETIME}
    return next((times[name] for name in COLUMNS if name in times), None)


def _of_every_leg(union: Union) -> Column | None:
    """The output column that each leg fills with its own."""
    times = [_arrival(leg) for leg, _ in union.legs]
    for place, column in enumerate(union.columns):
        if all(t is not None and exprs[place] == ColumnRef(t) for t, (_, exprs) in zip(times, union.legs, strict=True)):
            return column
    return None


def _scans(relation: Relation) -> list[Scan]:
    """The tables whose rows these are."""
    match relation:
        case Scan():
            return [relation]
        case Reference(binding=binding):
            return _scans(binding.relation)
        case _:
            return [scan for below in inputs(relation) for scan in _scans(below)]
