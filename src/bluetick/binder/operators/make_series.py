"""make-series: aggregates over the steps of an axis, as one array for each group.

Built of other nodes: the rows are grouped by their step's number; each group is expanded to all of its steps, which
take the step's aggregates or the defaults; and lists are made of them in the order of the steps.
The steps of `in range(start, stop, step)` are those of bin(): the first one holds start and the last one stop, and all
rows of these two count in them.
https://learn.microsoft.com/kusto/query/make-series-operator
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from bluetick.binder.calls import bind_builtin, call_operator, promote
from bluetick.binder.names import Names, default_name
from bluetick.binder.operators.conversion import CONVERSIONS
from bluetick.binder.operators.join import word
from bluetick.binder.operators.picks import PERCENTILES, PICKS
from bluetick.binder.operators.summarize import Summary, bind_group, bind_item
from bluetick.binder.scope import Env
from bluetick.diagnostics import Span, codes
from bluetick.functions.definition import AggregateFunction, ScalarFunction
from bluetick.functions.registry import find_aggregate
from bluetick.functions.scalar.bins import WHOLE_STEPS
from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, Invalid, Literal
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Binding,
    Expand,
    ExpandItem,
    Filter,
    Join,
    JoinKind,
    Project,
    Relation,
    Sort,
    SortKey,
    Values,
)
from bluetick.syntax import expressions as syntax
from bluetick.syntax.operators import MakeSeriesAggregate, MakeSeriesOperator
from bluetick.types import NUMBER, Type

_ZERO: dict[Type, object] = {
    Type.DATETIME: datetime(1, 1, 1, tzinfo=UTC),
    Type.TIMESPAN: 0,
    Type.LONG: 0,
    Type.INT: 0,
    Type.REAL: 0.0,
}


_DAY = 86_400_000_000
_SINGLE_PICKS = frozenset({"take_any", "any", "take_anyif", "anyif"})  # one column each, as a series needs


@dataclass(frozen=True, slots=True)
class Axis:
    """Steps are numbered from `origin`; `first` and `last` are None where each group's own data say them."""

    name: str
    value: Expr
    origin: Expr
    step: Expr
    first: Expr | None
    last: Expr | None


@dataclass(frozen=True, slots=True)
class Steps:
    """The aggregates of each group and step; `number` is the step's."""

    relation: Relation
    groups: tuple[Column, ...]
    number: Column
    values: tuple[Column, ...]


def bind_make_series(env: Env, node: MakeSeriesOperator, rows: Relation) -> Relation | None:
    before = len(env.state.diagnostics)
    axis = _axis(env, node, rows)
    if axis is None:
        return None
    names = Names()
    steps = _steps(env, node, rows, axis, names)
    if steps is None or any(d.is_error for d in env.state.diagnostics[before:]):
        return None
    defaults = [_default(env, item, column) for item, column in zip(node.aggregates, steps.values, strict=True)]
    if any(isinstance(default, Invalid) for default in defaults):
        return None
    shared = Binding("series", steps.relation)
    spread = _spread(env, node, axis, steps, shared)
    if spread is None:
        return None
    return _listed(env, node, axis, steps, shared, spread, defaults, names.claim(axis.name))


# --- the axis --------------------------------------------------------------------------------------------------


def _axis(env: Env, node: MakeSeriesOperator, rows: Relation) -> Axis | None:
    value = env.over(rows).expression(node.axis.value)
    if node.step is None or isinstance(value, Invalid):
        return None
    if value.type not in _ZERO:
        env.report(codes.form_not_supported(node.axis.span, f"an axis of type {value.type}"))
        return None
    outside = env.without_row()
    bounds = [None if e is None else outside.expression(e) for e in (node.start, node.stop, node.step)]
    if any(isinstance(b, Invalid) for b in bounds):
        return None
    type_ = Type.LONG if value.type is Type.INT else value.type
    step_type = Type.TIMESPAN if type_ is Type.DATETIME else type_
    start, stop, step = (
        None if b is None else promote(b, t) for b, t in zip(bounds, (type_, type_, step_type), strict=True)
    )
    for bound, wanted in ((start, type_), (stop, type_), (step, step_type)):
        if bound is not None and bound.type is not wanted:
            env.report(codes.wrong_type(node.span, "a bound of make-series", str(wanted), str(bound.type)))
            return None
    if step is None:
        return None
    if node.is_range and start is not None and not _is_aligned(start, step):
        start = call_operator(env, "bin", (start, step), node.span)
    name = node.axis.names[0].text if node.axis.names else default_name(node.axis.value) or "Column1"
    origin = start if start is not None else Literal(_ZERO[type_], type_)
    first = Literal(0, Type.LONG) if start is not None else None
    return Axis(name, promote(value, type_), origin, step, first, _last(env, node, origin, stop, step))


def _is_aligned(start: Expr, step: Expr) -> bool:
    """in range(...) bins from zero whatever the start is, which then need not be one of the steps: the first step is
    the one that holds it."""
    return isinstance(step, Literal) and bool(step.value) and _is_multiple(start, int(step.value))


def _is_multiple(value: Expr, step: int) -> bool:
    """Whether a bound surely is a multiple of the step, counted from zero or from year 1."""
    match value:
        case Literal(value=datetime() as instant):
            since = instant.replace(tzinfo=UTC) - datetime(1, 1, 1, tzinfo=UTC)
            return (since.days * _DAY + since.seconds * 1_000_000 + since.microseconds) % step == 0
        case Literal(value=int() as number):
            return number % step == 0
        case Call(function=ScalarFunction(name="startofday")):
            return _DAY % step == 0
        case Call(function=ScalarFunction(name="bin"), args=(_, Literal(value=int() as width))):
            return width % step == 0
        case Call(function=ScalarFunction(name="+" | "-"), args=(left, right)):
            return _is_multiple(left, step) and _is_multiple(right, step)
        case _:
            return False


def _last(env: Env, node: MakeSeriesOperator, origin: Expr, stop: Expr | None, step: Expr) -> Expr | None:
    """The number of the last step: it begins before `to`, which is left out, or at the end of range(), which is in."""
    if stop is None:
        return None
    count = _quotient(env, stop, origin, step, node.span)
    if node.is_range:
        return call_operator(
            env, "tolong", (call_operator(env, "floor", (count, Literal(1.0, Type.REAL)), node.span),), node.span
        )
    before = call_operator(
        env, "-", (call_operator(env, "ceiling", (count,), node.span), Literal(1.0, Type.REAL)), node.span
    )
    return call_operator(env, "tolong", (before,), node.span)


def _quotient(env: Env, value: Expr, origin: Expr, step: Expr, span: Span) -> Expr:
    """(value - origin) / step as a real."""
    distance = call_operator(env, "-", (value, origin), span)
    if distance.type is Type.LONG:
        distance = promote(distance, Type.REAL)
    return call_operator(env, "/", (distance, step), span)


# --- the aggregates of each step -------------------------------------------------------------------------------


def _steps(env: Env, node: MakeSeriesOperator, rows: Relation, axis: Axis, names: Names) -> Steps | None:
    for item in node.aggregates:
        name = item.item.value.name.text if isinstance(item.item.value, syntax.CallExpression) else ""
        if (name in PICKS and name not in _SINGLE_PICKS) or name in PERCENTILES:
            env.report(codes.form_not_supported(item.span, f"'{name}' in make-series"))
            return None
    span = node.span
    number = _number(env, axis, span)
    if isinstance(number, Invalid):
        return None
    inside = _inside(env, node, rows, axis, number)
    summary = Summary(env.over(rows), inside, names)
    for by in node.by:
        bind_group(summary, by)
    groups = tuple(c for c, _ in summary.groups)
    column = env.state.column("step", Type.LONG)
    for item in node.aggregates:
        if not _bind_constant(env, summary, item):
            bind_item(summary, item.item)
    aggregate = Aggregate(inside, (*summary.groups, (column, number)), tuple(summary.aggregates))
    kept = tuple((c, ColumnRef(c)) for c in (*groups, column))
    relation = Project(aggregate, (*kept, *summary.items))
    return Steps(relation, groups, column, tuple(c for c, _ in summary.items))


def _number(env: Env, axis: Axis, span: Span) -> Expr:
    """The number of a row's step. No datetime that counts is before the origin, so that whole steps need no floor."""
    if axis.value.type is Type.DATETIME:
        return bind_builtin(env, WHOLE_STEPS, (axis.value, axis.step, axis.origin), span)
    binned = call_operator(env, "bin_at", (axis.value, axis.step, axis.origin), span)
    quotient = _quotient(env, binned, axis.origin, axis.step, span)
    return call_operator(env, "tolong", (call_operator(env, "round", (quotient,), span),), span)


def _bind_constant(env: Env, summary: Summary, item: MakeSeriesAggregate) -> bool:
    """A constant with a name, in place of an aggregate: it stands where a step has rows."""
    if not item.item.names or not isinstance(item.item.value, syntax.Literal | syntax.UnaryExpression):
        return False
    value = env.without_row().expression(item.item.value)
    if not isinstance(value, Literal):
        return False
    summary.items.append((env.state.column(summary.names.claim(item.item.names[0].text), value.type), value))
    return True


def _inside(env: Env, node: MakeSeriesOperator, rows: Relation, axis: Axis, number: Expr) -> Relation:
    """The rows whose step is of the series; a row without a place on the axis is in none."""
    tests: list[Expr] = []
    if axis.first is not None:
        tests.append(call_operator(env, ">=", (axis.value, axis.origin), node.span))
    if axis.last is not None and node.is_range:  # of what begins before `to` every step does
        tests.append(call_operator(env, "<=", (number, axis.last), node.span))
    if node.stop is not None and not node.is_range:
        stop = promote(env.without_row().expression(node.stop), axis.value.type)
        tests.append(call_operator(env, "<", (axis.value, stop), node.span))
    if not tests:  # each of them leaves out what has no value
        tests.append(call_operator(env, "isnotnull", (axis.value,), node.span))
    return Filter(rows, tuple(tests))


def _default(env: Env, item: MakeSeriesAggregate, column: Column) -> Expr:
    """What stands where a step has no row: 0, or the constant that is given."""
    if item.default is None:
        if column.type not in NUMBER:
            env.report(codes.form_not_supported(item.span, f"a series of type {column.type} without a default"))
            return Invalid()
        return promote(Literal(0, Type.INT), column.type)
    value = env.without_row().expression(item.default)
    if isinstance(value, Invalid):
        return value
    if isinstance(value, Literal) and value.value is None:
        return Literal(None, column.type)
    if {value.type, column.type} <= set(NUMBER) and value.type is not column.type:
        return call_operator(env, CONVERSIONS[column.type], (value,), item.span)
    if value.type is not column.type:
        env.report(codes.wrong_type(item.span, "the default", str(column.type), str(value.type)))
        return Invalid()
    return value


# --- all steps of each group -----------------------------------------------------------------------------------


def _spread(
    env: Env, node: MakeSeriesOperator, axis: Axis, steps: Steps, shared: Binding
) -> tuple[Relation, tuple[Column, ...], Column] | None:
    """A row for each group and each of its steps: the relation, the group's columns, the step's number."""
    fresh = env.state.column
    if _is_nonempty(node) and not node.by:
        if axis.first is None or axis.last is None:
            env.report(codes.form_not_supported(node.span, "kind=nonempty without both bounds"))
            return None
        return _expanded(env, node, Values((), ((),)), (), axis.first, axis.last)
    use = env.refer(shared)
    width = len(steps.groups)
    groups = tuple((fresh(c.name, c.type), ColumnRef(c)) for c in use.columns[:width])
    number = ColumnRef(use.columns[width])
    least, most, some = (find_aggregate(name) for name in ("min", "max", "count"))
    if least is None or most is None or some is None:
        raise AssertionError("the catalogue has min, max and count")
    low, high, rows = fresh("low", Type.LONG), fresh("high", Type.LONG), fresh("rows", Type.LONG)
    items = (AggregateCall(low, least, (number,)), AggregateCall(high, most, (number,)), AggregateCall(rows, some, ()))
    each: Relation = Aggregate(use, groups, items)
    if not groups:
        each = Filter(each, (call_operator(env, ">", (ColumnRef(rows), Literal(0, Type.LONG)), node.span),))
    first = axis.first if axis.first is not None else ColumnRef(low)
    last = axis.last if axis.last is not None else ColumnRef(high)
    return _expanded(env, node, each, tuple(c for c, _ in groups), first, last)


def _is_nonempty(node: MakeSeriesOperator) -> bool:
    return any(p.name == "kind" and word(p) == "nonempty" for p in node.parameters)


def _expanded(
    env: Env, node: MakeSeriesOperator, rows: Relation, groups: tuple[Column, ...], first: Expr, last: Expr
) -> tuple[Relation, tuple[Column, ...], Column] | None:
    rows, further = _beside(env, rows, "further", _further(env, node, first, last))
    step, number = env.state.column("step", Type.LONG), env.state.column("number", Type.LONG)
    value = call_operator(env, "+", (first, ColumnRef(step)), node.span)
    if isinstance(value, Invalid):
        return None
    kept = tuple((c, ColumnRef(c)) for c in groups)
    return Project(Expand(rows, (ExpandItem(step, further),)), (*kept, (number, value))), groups, number


def _further(env: Env, node: MakeSeriesOperator, first: Expr, last: Expr) -> Expr:
    """How many steps come behind the first one; so many that no long tells them are more than an array holds."""
    further = call_operator(env, "-", (last, first), node.span)
    if isinstance(first, Literal):  # which is 0
        return further
    wraps = call_operator(
        env,
        "and",
        (
            call_operator(env, ">", (last, first), node.span),
            call_operator(env, "<", (further, Literal(0, Type.LONG)), node.span),
        ),
        node.span,
    )
    return call_operator(env, "iff", (wraps, Literal((1 << 63) - 1, Type.LONG), further), node.span)


def _listed(
    env: Env,
    node: MakeSeriesOperator,
    axis: Axis,
    steps: Steps,
    shared: Binding,
    spread: tuple[Relation, tuple[Column, ...], Column],
    defaults: list[Expr],
    axis_name: str,
) -> Relation | None:
    """The steps beside their aggregates, then a list of each column in the order of the steps."""
    left, groups, number = spread
    right = env.refer(shared)
    keys = tuple(zip((*groups, number), right.columns, strict=False))
    fresh = env.state.column
    left_items = tuple((fresh(c.name, c.type), c) for c in (*groups, number))
    right_items = tuple((fresh(c.name, c.type), c) for c in right.columns[len(groups) :])
    joined = Join(
        JoinKind.LEFTOUTER, left, right, tuple((ColumnRef(a), ColumnRef(b)) for a, b in keys), left_items, right_items
    )
    place, found = left_items[-1][0], right_items[0][0]
    missing = call_operator(env, "isnull", (ColumnRef(found),), node.span)
    values = [
        call_operator(env, "iff", (missing, default, ColumnRef(column)), node.span)
        for default, (column, _) in zip(defaults, right_items[1:], strict=True)
    ]
    distance = call_operator(env, "*", (axis.step, ColumnRef(place)), node.span)
    if isinstance(distance, Invalid):
        return None
    rows, distance = _beside(env, joined, "distance", distance)
    values.append(call_operator(env, "+", (axis.origin, distance), node.span))
    if any(isinstance(v, Invalid) for v in values):
        return None
    ordered = Sort(rows, (SortKey(ColumnRef(place), descending=False, nulls_first=True),))
    own = [fresh(c.name, c.type) for c in steps.groups]
    keys_out = tuple((mine, ColumnRef(item[0])) for mine, item in zip(own, left_items[:-1], strict=True))
    named = [*(c.name for c in steps.values), axis_name]
    lists = tuple(
        AggregateCall(fresh(name, Type.DYNAMIC), _list_of(value.type), (value,))
        for name, value in zip(named, values, strict=True)
    )
    return Aggregate(ordered, keys_out, lists) if keys_out else _unless_empty(env, node, Aggregate(ordered, (), lists))


def _list_of(type_: Type) -> AggregateFunction:
    """The list of all values, nulls too; of dynamic ones that of arrays' elements."""
    found = find_aggregate("make_list" if type_ is Type.DYNAMIC else "make_list_with_nulls")
    if found is None:
        raise AssertionError("the catalogue has lists")
    return found


def _unless_empty(env: Env, node: MakeSeriesOperator, lists: Aggregate) -> Relation:
    """Without groups an aggregate gives a row even of nothing; a series of nothing is no row."""
    axis = ColumnRef(lists.columns[-1])
    length = call_operator(env, "array_length", (axis,), node.span)
    return Filter(lists, (call_operator(env, ">", (length, Literal(0, Type.LONG)), node.span),))


def _beside(env: Env, rows: Relation, name: str, value: Expr) -> tuple[Relation, ColumnRef]:
    """The rows with a column of this value: what names it often is short then."""
    column = env.state.column(name, value.type)
    return Project(rows, (*((c, ColumnRef(c)) for c in rows.columns), (column, value))), ColumnRef(column)
