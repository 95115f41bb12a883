"""evaluate rows_near: the rows around those that meet a condition.

https://learn.microsoft.com/kusto/query/rows-near-plugin
"""

from bluetick.binder.calls import call_operator, promote
from bluetick.binder.operators.apply import numbered
from bluetick.binder.operators.plugins.arguments import Call
from bluetick.binder.scope import Env
from bluetick.diagnostics import Span, codes
from bluetick.functions.windows import RUNNING_MAX
from bluetick.plan.expressions import Column, ColumnRef, Expr, Literal, WindowCall
from bluetick.plan.relations import Filter, Project, Relation, Sort, SortKey, Window
from bluetick.syntax.operators import EvaluateOperator
from bluetick.types import INTEGER, Type


def bind_rows_near(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """rows_near(condition, rows before and after [, rows after]), in the rows' order."""
    call = Call(env, node, rows)
    if not call.count_is(2, 3):
        return None
    condition = call.expression(call.arguments[0])
    limits = [call.literal(argument, *INTEGER) for argument in call.arguments[1:]]
    if condition is None or None in limits:
        return None
    if condition.type is not Type.BOOL:
        span = call.arguments[0].span
        env.report(codes.wrong_type(span, "the condition of rows_near", "bool", str(condition.type)))
        return None
    numbers = [promote(limit, Type.LONG) for limit in limits if limit is not None]
    return _near(env, node.span, rows, condition, (numbers[0], numbers[-1]))


def _near(env: Env, span: Span, rows: Relation, condition: Expr, limits: tuple[Expr, Expr]) -> Relation:
    """Two walks over the numbered rows: the last row met on the way down, and on the way up."""

    def call(name: str, *args: Expr) -> Expr:
        return call_operator(env, name, args, span)

    counted, number = numbered(env, rows)
    here = ColumnRef(number)
    above, last = _last_met(env, counted, call("iff", condition, here, Literal(None, Type.LONG)))
    backwards = Sort(above, (SortKey(here, descending=True, nulls_first=False),))
    below, first = _last_met(
        env, backwards, call("iff", condition, call("-", Literal(0, Type.LONG), here), Literal(None, Type.LONG))
    )
    after = call("<=", call("-", here, ColumnRef(last)), limits[1])
    before = call("<=", call("-", call("-", Literal(0, Type.LONG), ColumnRef(first)), here), limits[0])
    near = Filter(below, (call("or", after, before),), (span,))
    in_order = Sort(near, (SortKey(here, descending=False, nulls_first=True),))
    return Project(in_order, tuple((c, ColumnRef(c)) for c in rows.columns))


def _last_met(env: Env, rows: Relation, mark: Expr) -> tuple[Relation, Column]:
    """The largest mark up to each row."""
    column = env.state.column("met", Type.LONG)
    return Window(rows, ((column, WindowCall(RUNNING_MAX, (mark,), Type.LONG)),)), column
