"""evaluate rolling_percentile: the percentile of the last bins, for each bin.

https://learn.microsoft.com/kusto/query/rolling-percentile-plugin
"""

from bluetick.binder.names import Names
from bluetick.binder.operators.plugins.arguments import Call
from bluetick.binder.operators.plugins.macro import bind_macro, chosen, renamed
from bluetick.binder.operators.plugins.timeline import TIMES
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Column, Expr, Literal
from bluetick.plan.relations import Relation
from bluetick.syntax.operators import EvaluateOperator
from bluetick.types import INTEGER, NUMBER, Type


def bind_rolling_percentile(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """rolling_percentile(value, percentile, index, bin size, bins [, dimension ...]): a row for each bin that has rows,
    over those of this bin and the ones before it."""
    call = Call(env, node, rows)
    if not call.count_is(5):
        return None
    value, at, index, size, bins, *others = call.arguments
    values, percentile = call.column(value, *TIMES), call.literal(at, *NUMBER)
    indexes, width, count = call.column(index, *TIMES), call.constant(size), call.literal(bins, *INTEGER)
    dims = [call.key(argument) for argument in others]
    if values is None or percentile is None or indexes is None or width is None or count is None:
        return None
    wanted = NUMBER if indexes.type in NUMBER else (Type.TIMESPAN,)
    if width.type not in wanted:
        env.report(codes.wrong_type(size.span, "the size of a bin", str(wanted[-1]), str(width.type)))
        return None
    if not 0 <= percentile.value <= 100 or not 1 <= count.value <= 10_000:
        call.bad(bins, "the percentile is from 0 to 100, and there are 1 to 10000 bins in a window")
        return None
    named = [column for column in dims if column is not None]
    if len(named) < len(dims):
        return None
    return _rolling(call, (values, indexes), (percentile, width, count), named)


def _rolling(
    call: Call, columns: tuple[Column, Column], constants: tuple[Literal, Expr, Literal], dims: list[Column]
) -> Relation | None:
    (values, indexes), (percentile, width, count) = columns, constants
    by = ", ".join(("w", *(f"d{i}" for i in range(len(dims)))))
    order = by.replace(",", " asc,") + " asc"
    text = f"""
    T | where isnotnull(t)
      | extend b = bin(t, Size)
      | mv-expand i = range(0, Bins - 1, 1) to typeof(long)
      | extend w = b + i * Size
      | summarize rolling = percentile(v, Percentile), own = countif(i == 0) by {by}
      | where own > 0
      | project {by}, rolling
      | sort by {order}"""
    given = chosen(call.env, call.rows, {"v": values, "t": indexes, **{f"d{i}": dim for i, dim in enumerate(dims)}})
    known = {"Percentile": percentile, "Size": width, "Bins": count}
    made = bind_macro(call.env, call.node.call.span, text, {"T": given}, known)
    if made is None:
        return None
    names = Names()
    result = f"rolling_{count.value}_percentile_{values.name}_{percentile.value}"
    wanted = (indexes.name, *(dim.name for dim in dims), result)
    return renamed(call.env, made, [names.claim(name) for name in wanted])
