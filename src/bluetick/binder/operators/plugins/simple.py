"""The plugins that say little: preview, identity, estimate_rows_count, schema_merge.

https://learn.microsoft.com/kusto/query/preview-plugin , schema-merge-plugin
"""

from bluetick.binder.operators.plugins.arguments import Call
from bluetick.binder.operators.plugins.macro import bind_macro, chosen, renamed
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Column
from bluetick.plan.relations import Limit, Relation
from bluetick.syntax.operators import EvaluateOperator
from bluetick.types import INTEGER, Type

_SCHEMA = (
    ("ColumnName", Type.STRING), ("ColumnOrdinal", Type.LONG), ("DataType", Type.STRING), ("ColumnType", Type.STRING),
)  # fmt: skip


def bind_preview(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """preview(n): the first rows, the first of its two tables (the other would say how many rows there are)."""
    call = Call(env, node, rows)
    count = call.literal(call.arguments[0], *INTEGER) if call.count_is(1, 1) else None
    if count is None:
        return None
    if count.value < 0:
        call.bad(call.arguments[0], "the number of rows is not negative")
        return None
    env.report(codes.first_table_only(node.call.span, call.name))
    return Limit(rows, count)


def bind_identity(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    return rows if Call(env, node, rows).count_is(0, 0) else None


def bind_estimate_rows_count(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """How many rows there are; here no estimate."""
    if not Call(env, node, rows).count_is(0, 0):
        return None
    made = bind_macro(env, node.call.span, "T | summarize n = count()", {"T": rows}, {})
    return None if made is None else renamed(env, made, ["EstimatedRowsCount"])


def bind_schema_merge(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """schema_merge([PreserveOrder]): of the rows of several getschema each column once. A column that stands in two
    places, or has two types, is told as an error in its row."""
    call = Call(env, node, rows)
    if not call.count_is(0, 1):
        return None
    keeps_order = call.literal(call.arguments[0], Type.BOOL) if call.arguments else None
    if call.arguments and keeps_order is None:
        return None
    columns: dict[str, Column] = {}
    for name, type_ in _SCHEMA:
        column = next((c for c in rows.columns if c.name == name), None)
        if column is None or (column.type is not type_ and not {column.type, type_} <= set(INTEGER)):
            problem = f"the rows are those of getschema, with a column {name}:{type_}"
            env.report(codes.bad_argument(node.call.span, call.name, problem))
            return None
        columns[name] = column
    checks = "false" if keeps_order is not None and not keeps_order.value else "first != last"
    text = f"""
    T | summarize first = min(ColumnOrdinal), last = max(ColumnOrdinal), types = dcount(ColumnType),
          DataType = min(DataType), ColumnType = min(ColumnType) by ColumnName
      | extend problem = case(types > 1, "columns have different types", {checks}, "columns are out of order", "")
      | sort by last asc, ColumnName asc
      | project ColumnName, ColumnOrdinal = iff(problem == "", tolong(last), -1),
          DataType = iff(problem == "", DataType, strcat("ERROR(unknown CSL type:ERROR(", problem, "))")),
          ColumnType = iff(problem == "", ColumnType, strcat("ERROR(", problem, ")"))"""
    return bind_macro(env, node.call.span, text, {"T": chosen(env, rows, columns)}, {})
