"""evaluate dcount_intersect: how many values the first, the first two ... of some hll values share.

https://learn.microsoft.com/kusto/query/dcount-intersect-plugin ; exact, as the hll values are here.
"""

from bluetick.binder.calls import call_operator
from bluetick.binder.names import Names
from bluetick.binder.operators.plugins.arguments import Call
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal
from bluetick.plan.relations import Project, Relation
from bluetick.syntax.operators import EvaluateOperator
from bluetick.types import Type

_HASHES = Literal(1, Type.LONG)  # where a value of hll holds its hashes


def bind_dcount_intersect(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """dcount_intersect(hll, hll [, ...]): the rows with s0, s1 ...; null from the first on that is no hll value."""
    call = Call(env, node, rows)
    if not call.count_is(2):
        return None
    values = [call.expression(argument) for argument in call.arguments]
    for argument, value in zip(call.arguments, values, strict=True):
        if value is not None and value.type is not Type.DYNAMIC:
            env.report(codes.wrong_type(argument.span, "a value of hll", "dynamic", str(value.type)))
            return None
    names = Names()
    names.taken |= {column.name for column in rows.columns}
    items: list[tuple[Column, Expr]] = [(column, ColumnRef(column)) for column in rows.columns]
    shared: Expr | None = None
    for place, value in enumerate(values):
        if value is None:
            return None
        hashes = call_operator(env, "[]", (value, _HASHES), node.span)
        shared = hashes if shared is None else call_operator(env, "set_intersect", (shared, hashes), node.span)
        count = call_operator(env, "array_length", (shared,), node.span)
        if isinstance(count, Invalid):
            return None
        items.append((env.state.column(names.claim(f"s{place}"), Type.LONG), count))
    return Project(rows, tuple(items))
