"""What the goldens hold of a query, as text: its rows, its plan, its SQL, or what is wrong with it."""

import json
import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa

import bluetick
from bluetick.diagnostics.errors import QueryError
from bluetick.diagnostics.text import SourceText, render_diagnostic
from bluetick.execution.explaining import describe_step, statement_lines
from bluetick.execution.program import ScalarStep, build_program, statements_of
from bluetick.lowering.flavour import DUCKDB, SPARK, Flavour
from bluetick.plan.printer import print_plan
from bluetick.session import QueryRequest, Session
from bluetick.sql import dialect
from bluetick.values import MICROSECOND, format_decimal, format_timespan

NOW = datetime(2030, 1, 1, tzinfo=UTC)

# The tables that goldens may name. Rows lie there in no order; the others are about columns alone.
TABLES = {
    "Rows": pa.table(
        {
            "a": pa.array([2, 1, None, 1, 2, 1, 1], pa.int64()),
            "b": ["z", "a", "n", "a", "y", None, "A"],
            "c": pa.array([1, 2, 1, None, 2, 5, 4], pa.int64()),
        }
    ),
    "T": pa.table(
        {
            "a": pa.array([], pa.int64()),
            "b": pa.array([], pa.string()),
            "t": pa.array([], pa.timestamp("us")),
        }
    ),
    "U": pa.table(
        {
            "a": pa.array([], pa.int64()),
            "A": pa.array([], pa.string()),
            "i": pa.array([], pa.int32()),
            "r": pa.array([], pa.float64()),
            "d": pa.array([], pa.list_(pa.int64())),
        }
    ),
    "Logs": pa.table({"Timestamp": pa.array([], pa.timestamp("us")), "host": pa.array([], pa.string())}),
    "DeviceFileEvents": pa.table({"SHA1": pa.array([], pa.string())}),
}


def connect(engine: str = "duckdb") -> Session:
    return bluetick.connect(tables=dict(TABLES), engine=engine)


# --- rows ------------------------------------------------------------------------------------------------------------


def rows_text(session: Session, query: str) -> str:
    """The result: a line of columns, then a line a row; or the error's text."""
    try:
        result = session.query(query)
        lines = [" | ".join(f"{name}:{type_}" for name, type_ in result.columns)]
        lines += [" | ".join(_cell(value) for value in row) for row in result.rows()]
    except QueryError as error:
        return _words(error)
    return "\n".join(lines)


def _words(error: QueryError) -> str:
    return "\n".join(f"{d.severity.value}[{d.code}]: {d.message}" for d in error.diagnostics)


def _cell(value: Any) -> str:
    match value:
        case float() if math.isnan(value):
            return "NaN"
        case float() if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        case float():
            return repr(value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case timedelta():
            return format_timespan(value // MICROSECOND)
        case Decimal():
            return format_decimal(value)
        case UUID():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# --- plans and SQL ---------------------------------------------------------------------------------------------------


def plan_text(session: Session, query: str) -> str:
    try:
        plan, warnings = session.plan(QueryRequest(query))
    except QueryError as error:
        return str(error)
    return "\n".join([*(render_diagnostic(w, SourceText(query)) for w in warnings), print_plan(plan)])


_DIALECTS: dict[str, tuple[Flavour, dialect.Dialect]] = {
    "duckdb": (DUCKDB, dialect.DUCKDB),
    "spark": (SPARK, dialect.SPARK),
}


def sql_text(session: Session, query: str) -> str:
    """The program of the query's last statement in each dialect, a line a CTE, as it runs with a time scope. What a
    scalar step would give stands as null."""
    plan, _ = session.plan(QueryRequest(query))
    parameters = session.parameters(plan, QueryRequest(query, now=NOW, lookback=timedelta(days=1)), NOW)
    parts: list[str] = []
    for name, (flavour, printed) in _DIALECTS.items():
        program = build_program(plan.statements[-1], flavour, has_lower_bound=True, has_upper_bound=True)
        given = {**parameters, **{s.parameter: None for s in program.steps if isinstance(s, ScalarStep)}}
        parts.append(f"-- {name}")
        parts += [f"{use.relation} = {use.table}" for use in program.scans]
        for step in program.steps:
            parts.append(describe_step(step))
            parts += [f"  {statement_lines(s, printed, given)}" for s in statements_of(step)]
        parts += ["result", f"  {statement_lines(program.result.statement, printed, given)}"]
    return "\n".join(parts)


# --- diagnostics -----------------------------------------------------------------------------------------------------


def diagnostics_text(session: Session, query: str) -> str:
    """What a person sees in a terminal."""
    try:
        _, warnings = session.plan(QueryRequest(query, name="query.kql"))
    except QueryError as error:
        return str(error)
    return "\n".join(render_diagnostic(warning, SourceText(query, "query.kql")) for warning in warnings)
