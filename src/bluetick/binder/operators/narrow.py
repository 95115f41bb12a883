"""evaluate narrow: a row for each cell.

https://learn.microsoft.com/kusto/query/narrow-plugin
"""

from bluetick.binder.calls import call_operator
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.functions.registry import find_window
from bluetick.plan.expressions import ColumnRef, Expr, Literal, WindowCall
from bluetick.plan.relations import Expand, ExpandItem, Project, Relation, Serialize, Window
from bluetick.syntax.operators import EvaluateOperator
from bluetick.types import Type


def bind_narrow(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """Row (from 0), Column (its name) and Value (its text), rows and columns in their order."""
    number = find_window("row_number")
    if number is None or node.call.arguments or node.schema is not None:
        env.report(codes.wrong_argument_count(node.call.span, "narrow", "no argument", len(node.call.arguments)))
        return None

    def call(name: str, *args: Expr) -> Expr:
        return call_operator(env, name, args, node.span)

    fresh = env.state.column
    row = fresh("Row", Type.LONG)
    numbered = Window(Serialize(rows), ((row, WindowCall(number, (Literal(0, Type.LONG),), Type.LONG)),))
    cells = [call("pack_array", Literal(c.name, Type.STRING), call("tostring", ColumnRef(c))) for c in rows.columns]
    cell = fresh("cell", Type.DYNAMIC)
    expanded = Expand(numbered, (ExpandItem(cell, call("pack_array", *cells)),))
    name, value = (call("tostring", call("[]", ColumnRef(cell), Literal(place, Type.LONG))) for place in (0, 1))
    items = ((row, ColumnRef(row)), (fresh("Column", Type.STRING), name), (fresh("Value", Type.STRING), value))
    return Project(expanded, items)
