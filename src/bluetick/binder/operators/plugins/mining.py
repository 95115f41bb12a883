"""evaluate basket, autocluster, diffpatterns and diffpatterns_text: the rows are grouped, then Python looks for
patterns in the groups.

https://learn.microsoft.com/kusto/query/basket-plugin , autocluster-plugin , diffpatterns-plugin ,
diffpatterns-text-plugin ; a column of weights and the column that splits the rows are no part of a pattern.
"""

from collections.abc import Mapping
from typing import Any

from bluetick.binder.calls import call_operator
from bluetick.binder.names import Names
from bluetick.binder.operators.plugins.arguments import Call
from bluetick.binder.operators.plugins.macro import bind_macro, chosen
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.functions.registry import find_aggregate
from bluetick.plan.evaluation import physical
from bluetick.plan.expressions import Column, ColumnRef, Expr, Literal
from bluetick.plan.relations import Aggregate, AggregateCall, PythonTable, Relation
from bluetick.plan.table_operator import TableOperator
from bluetick.plan.table_operators.mining import AutoCluster, Basket, DiffPatterns, DiffPatternsText
from bluetick.syntax.expressions import Argument
from bluetick.syntax.expressions import Literal as WrittenLiteral
from bluetick.syntax.operators import EvaluateOperator
from bluetick.types import INTEGER, NUMBER, Type

_LEAST_SHARE, _SHARE = 1e-6, 0.05  # the product's page says 0.015 at least; published rules give 0.001
_SIZE_WEIGHT, _SEEDS, _MOST_SEEDS = 0.5, 25, 1_000
_DIMENSIONS, _MOST_DIMENSIONS = 5, 1_000
_TOKENS = 20
_SEGMENT = (("SegmentId", Type.LONG), ("Count", Type.LONG), ("Percent", Type.REAL))
_SEGMENTS = (
    ("SegmentId", Type.LONG), ("CountA", Type.LONG), ("CountB", Type.LONG),
    ("PercentA", Type.REAL), ("PercentB", Type.REAL), ("PercentDiffAB", Type.REAL),
)  # fmt: skip
_TEXTS = (
    ("Count_of_True", Type.LONG), ("Count_of_False", Type.LONG),
    ("Percent_of_True", Type.REAL), ("Percent_of_False", Type.REAL), ("Pattern", Type.STRING),
)  # fmt: skip


def bind_basket(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """basket([threshold, weight column, most dimensions, wildcard ...]); ~ in a place stands for its default."""
    call = Call(env, node, rows)
    options = _Options(call, 0)
    share = options.number(_SHARE, _LEAST_SHARE, 1)
    weight = options.weight()
    dimensions = options.number(_DIMENSIONS, 1, _MOST_DIMENSIONS)
    wildcards = options.wildcards()
    if not call.count_is(0) or not options.fine:
        return None
    columns = [c for c in rows.columns if c != weight]
    operator = Basket(share, int(dimensions), _wildcards(columns, wildcards))
    return _mined(call, columns, weight, operator)


def bind_autocluster(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """autocluster([size weight, weight column, seeds, wildcard ...]); ~ in a place stands for its default."""
    call = Call(env, node, rows)
    options = _Options(call, 0)
    size_weight = options.number(_SIZE_WEIGHT, 0, 1)
    weight = options.weight()
    seeds = options.number(_SEEDS, 1, _MOST_SEEDS)
    wildcards = options.wildcards()
    if not call.count_is(0) or not options.fine:
        return None
    columns = [c for c in rows.columns if c != weight]
    return _mined(call, columns, weight, AutoCluster(size_weight, int(seeds), _wildcards(columns, wildcards)))


def bind_diffpatterns(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """diffpatterns(split, a, b [, weight column, threshold, most dimensions, wildcard ...])"""
    call = Call(env, node, rows)
    if not call.count_is(3):
        return None
    split = call.column(call.arguments[0])
    sides = [_text(call, argument) for argument in call.arguments[1:3]]
    options = _Options(call, 3)
    weight = options.weight()
    share = options.number(_SHARE, _LEAST_SHARE, 1)
    dimensions = options.number(_MOST_DIMENSIONS, 1, _MOST_DIMENSIONS)
    wildcards = options.wildcards()
    if split is None or sides[0] is None or sides[1] is None or not options.fine:
        return None
    columns = [c for c in rows.columns if c not in (weight, split)]
    operator = DiffPatterns(share, int(dimensions), _wildcards(columns, wildcards))
    given: dict[str, Column | Expr] = {"s": split, "w": weight or Literal(1, Type.LONG)}
    grouped = _grouped(call, columns, given, {"A": sides[0], "B": sides[1]})
    return None if grouped is None else _table(call, grouped, columns, operator, _SEGMENTS)


def bind_diffpatterns_text(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """diffpatterns_text(text, condition [, least tokens, threshold, most tokens])"""
    call = Call(env, node, rows)
    if not call.count_is(2, 5):
        return None
    text = call.column(call.arguments[0], Type.STRING)
    condition = call.expression(call.arguments[1])
    options = _Options(call, 2)
    least = options.number(1, 0, 200)
    share = options.number(_SHARE, _LEAST_SHARE, 1)
    most = options.number(_TOKENS, 1, _TOKENS)
    if text is None or condition is None or not options.fine:
        return None
    if condition.type is not Type.BOOL:
        span = call.arguments[1].span
        env.report(codes.wrong_type(span, "the condition of diffpatterns_text", "bool", str(condition.type)))
        return None
    sides: dict[str, Expr] = {"A": Literal("true", Type.STRING), "B": Literal("false", Type.STRING)}
    side = call_operator(env, "iff", (condition, sides["A"], sides["B"]), node.span)
    given: dict[str, Column | Expr] = {"s": side, "w": Literal(1, Type.LONG)}
    grouped = _grouped(call, [text], given, sides)
    return (
        None if grouped is None else _table(call, grouped, [], DiffPatternsText(int(least), share, int(most)), _TEXTS)
    )


# --- arguments -------------------------------------------------------------------------------------------------------


class _Options:
    """The optional arguments in turn; `fine` until one of them is wrong."""

    def __init__(self, call: Call, start: int) -> None:
        self.fine = True
        self._call = call
        self._rest = list(call.arguments[start:])

    def number(self, default: float, least: float, most: float) -> float:
        argument = self._next()
        if argument is None:
            return default
        value = self._call.literal(argument, *(INTEGER if isinstance(default, int) else NUMBER))
        if value is None:
            self.fine = False
        elif not least <= value.value <= most:
            self.fine = False
            self._call.bad(argument, f"this number must be from {least:g} to {most:g}")
        else:
            return float(value.value)
        return default

    def weight(self) -> Column | None:
        argument = self._next()
        if argument is None:
            return None
        column = self._call.column(argument, *NUMBER)
        self.fine = self.fine and column is not None
        return column

    def wildcards(self) -> dict[Type, Any]:
        """What stands for 'any value' in a column of each type."""
        found: dict[Type, Any] = {}
        for argument in self._rest:
            value = self._call.constant(argument)
            if not isinstance(value, Literal):
                self.fine = False
                if value is not None:
                    self._call.env.report(codes.constant_expected(argument.span, "a wildcard"))
            elif not _is_default(argument):
                found[value.type] = physical(value.value, value.type)
        return found

    def _next(self) -> Argument | None:
        """The next argument; None where the default is to serve."""
        if not self._rest:
            return None
        argument = self._rest.pop(0)
        return None if _is_default(argument) else argument


def _is_default(argument: Argument) -> bool:
    return isinstance(argument.value, WrittenLiteral) and argument.value.value == "~"


def _text(call: Call, argument: Argument) -> Expr | None:
    value = call.constant(argument)
    if value is not None and value.type is not Type.STRING:
        what = f"a value that '{call.name}' splits by"
        call.env.report(codes.wrong_type(argument.span, what, "string", str(value.type)))
        return None
    return value


def _wildcards(columns: list[Column], given: dict[Type, Any]) -> tuple[Any, ...]:
    return tuple(given.get(c.type, "" if c.type is Type.STRING else None) for c in columns)


# --- rows ------------------------------------------------------------------------------------------------------------


def _mined(call: Call, columns: list[Column], weight: Column | None, operator: TableOperator) -> Relation | None:
    given: dict[str, Column | Expr] = {"w": weight or Literal(1, Type.LONG)}
    grouped = _grouped(call, columns, given, {})
    return None if grouped is None else _table(call, grouped, columns, operator, _SEGMENT)


def _grouped(
    call: Call, columns: list[Column], given: Mapping[str, Column | Expr], sides: dict[str, Expr]
) -> Relation | None:
    """The values, each combination once, with its weight (in each set). A dynamic value is one like any other here."""
    names = [f"c{i}" for i in range(len(columns))]
    weights = ["w0 = iff(s == A, w, 0.0)", "w1 = iff(s == B, w, 0.0)"] if sides else ["w0 = w"]
    split = "| extend s = tostring(s) | where s == A or s == B" if sides else ""
    text = f"""
    T | extend w = todouble(w) | where w > 0 and isfinite(w) {split}
      | project {", ".join((*names, *weights))}"""
    rows = chosen(call.env, call.rows, {**dict(zip(names, columns, strict=True)), **given})
    weighed = bind_macro(call.env, call.node.call.span, text, {"T": rows}, sides)
    function = find_aggregate("sum")
    if weighed is None or function is None:
        return None
    fresh = call.env.state.column
    groups = tuple((fresh(c.name, c.type), ColumnRef(c)) for c in weighed.columns[: len(names)])
    sums = tuple(
        AggregateCall(fresh(c.name, Type.REAL), function, (ColumnRef(c),)) for c in weighed.columns[len(names) :]
    )
    return Aggregate(weighed, groups, sums)


def _table(
    call: Call, grouped: Relation, columns: list[Column], operator: TableOperator, first: tuple[tuple[str, Type], ...]
) -> Relation:
    names = Names()
    described = (*first, *((c.name, c.type) for c in columns))
    made = tuple(call.env.state.column(names.claim(name), type_) for name, type_ in described)
    return PythonTable((grouped,), operator, made)
