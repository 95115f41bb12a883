"""as, render, getschema, consume: operators about a result rather than its rows."""

from bluetick.binder.operators.join import word
from bluetick.binder.scope import Env, TabularSymbol
from bluetick.diagnostics import codes
from bluetick.functions import refusals
from bluetick.plan.expressions import Literal
from bluetick.plan.relations import Binding, Relation, Values
from bluetick.syntax.operators import AsOperator, RenderOperator, SimpleOperator
from bluetick.types import Type

_CLR = {
    Type.BOOL: "System.SByte",
    Type.INT: "System.Int32",
    Type.LONG: "System.Int64",
    Type.REAL: "System.Double",
    Type.DECIMAL: "System.Data.SqlTypes.SqlDecimal",
    Type.STRING: "System.String",
    Type.DATETIME: "System.DateTime",
    Type.TIMESPAN: "System.TimeSpan",
    Type.GUID: "System.Guid",
    Type.DYNAMIC: "System.Object",
}


def bind_as(env: Env, node: AsOperator, rows: Relation) -> Relation | None:
    """Names the rows for the operators behind it and for later statements; computed once however often it is used."""
    binding = Binding(node.name.text, rows, materialized=True)
    symbol = TabularSymbol(binding)
    env.scope.names[node.name.text] = symbol
    env.query_scope().names.setdefault(node.name.text, symbol)
    return env.refer(binding)


def bind_render(env: Env, node: RenderOperator, rows: Relation) -> Relation | None:
    """How the result wants to be drawn: metadata, the rows are not touched."""
    env.state.visualization = (
        ("Visualization", node.chart.text),
        *((item.name, word(item)) for item in node.properties),
    )
    return rows


def bind_simple(env: Env, node: SimpleOperator, rows: Relation) -> Relation | None:
    match node.keyword:
        case "getschema":
            return schema_of(env, rows)
        case "consume":
            return Values(rows.columns, ())
        case _:
            env.report(codes.operator_not_supported(node.span, node.keyword, refusals.OPERATORS.get(node.keyword, "")))
            return None


def schema_of(env: Env, rows: Relation) -> Relation:
    """A row for each column; known without reading any data."""
    columns = (
        env.state.column("ColumnName", Type.STRING),
        env.state.column("ColumnOrdinal", Type.LONG),
        env.state.column("DataType", Type.STRING),
        env.state.column("ColumnType", Type.STRING),
    )
    lines = tuple(
        (
            Literal(column.name, Type.STRING),
            Literal(ordinal, Type.LONG),
            Literal(_CLR[column.type], Type.STRING),
            Literal(str(column.type), Type.STRING),
        )
        for ordinal, column in enumerate(rows.columns)
    )
    return Values(columns, lines)
