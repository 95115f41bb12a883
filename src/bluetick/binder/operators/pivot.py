"""evaluate pivot: the values of a column become columns, each with an aggregate of its rows.

https://learn.microsoft.com/kusto/query/pivot-plugin ; there the order of the columns is not said: here it is by name.
"""

from dataclasses import dataclass

from bluetick.binder.calls import call_operator, choose, promote
from bluetick.binder.operators.aggregation import group_column
from bluetick.binder.operators.sources import declared_columns
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.functions.registry import find_aggregate
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal, walk
from bluetick.plan.relations import Aggregate, AggregateCall, PickRow, Project, Relation, Values
from bluetick.syntax.expressions import Argument, CallExpression
from bluetick.syntax.operators import EvaluateOperator
from bluetick.types import Type

NAME = "pivot"
MOST_COLUMNS = 2_000
_TAKE_ANY = "take_any"
_OLD_NAMES = {"any": _TAKE_ANY, "makelist": "make_list", "makeset": "make_set"}

# The aggregates that the plugin takes -> the form of each that reads only the rows of one value.
_FILTERED = {
    "avg": "avgif",
    "count": "countif",
    "dcount": "dcountif",
    "make_bag": "make_bag_if",
    "make_list": "make_list_if",
    "make_set": "make_set_if",
    "max": "maxif",
    "min": "minif",
    "stdev": "stdevif",
    "sum": "sumif",
    "variance": "varianceif",
}


@dataclass(frozen=True, slots=True)
class Pivot:
    """What a call asks for: the column, the aggregate with its arguments, and the columns beside."""

    column: Column
    aggregate: str
    args: tuple[Expr, ...]
    groups: tuple[Column, ...]


def bind_pivot(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    pivot = _pivot(env, node, rows)
    if pivot is None:
        return None
    if node.schema is not None:
        return _declared(env, node, rows, pivot)
    names = _observed(env, node, rows, pivot)
    if names is None:
        if env.state.observer is None:
            env.report(codes.open_columns(node.call.span, NAME))
        env.state.is_open = True
        names = []
    if not _are_column_names(env, node, pivot, names):
        return None
    cells = [_cell(env, node, pivot, name) for name in names]
    done = tuple(cell for cell in cells if cell is not None)
    groups = _groups(env, node, pivot)
    if groups is None or len(done) < len(cells):
        return None
    return Aggregate(rows, groups, done) if groups or done else Values((), ())


# --- arguments -------------------------------------------------------------------------------------------------------


def _pivot(env: Env, node: EvaluateOperator, rows: Relation) -> Pivot | None:
    arguments = node.call.arguments
    if not arguments:
        env.report(codes.wrong_argument_count(node.call.span, NAME, "at least 1 argument", 0))
        return None
    here = env.over(rows)
    column = _column(here, arguments[0])
    rest = list(arguments[1:])
    aggregate, args = "count", tuple[Expr, ...]()
    if rest and isinstance(rest[0].value, CallExpression):
        call = rest.pop(0).value
        aggregate = _OLD_NAMES.get(call.name.text, call.name.text) if isinstance(call, CallExpression) else ""
        if not isinstance(call, CallExpression) or (aggregate not in _FILTERED and aggregate != _TAKE_ANY):
            env.report(codes.bad_argument(arguments[1].span, NAME, f"the aggregate is one of: {_allowed()}"))
            return None
        args = tuple(here.expression(a.value) for a in call.arguments)
    named = [_column(here, argument) for argument in rest]
    groups = tuple(c for c in named if c is not None)
    if column is None or len(groups) < len(named) or any(isinstance(arg, Invalid) for arg in args):
        return None
    return Pivot(column, aggregate, args, groups or _other_columns(rows, column, args))


def _allowed() -> str:
    return ", ".join(sorted((*_FILTERED, _TAKE_ANY)))


def _column(env: Env, argument: Argument) -> Column | None:
    value = env.expression(argument.value)
    if isinstance(value, ColumnRef):
        return value.column
    if not isinstance(value, Invalid):
        env.report(codes.bad_argument(argument.span, NAME, "a column's name is expected here"))
    return None


def _other_columns(rows: Relation, column: Column, args: tuple[Expr, ...]) -> tuple[Column, ...]:
    """All columns but the pivoted one and those that the aggregate reads."""
    read = {part.column.id for arg in args for part in walk(arg) if isinstance(part, ColumnRef)}
    return tuple(c for c in rows.columns if c.id != column.id and c.id not in read)


# --- columns ---------------------------------------------------------------------------------------------------------


def _value_name(env: Env, node: EvaluateOperator, pivot: Pivot) -> Expr:
    return call_operator(env, "tostring", (ColumnRef(pivot.column),), node.span)


def _observed(env: Env, node: EvaluateOperator, rows: Relation, pivot: Pivot) -> list[str] | None:
    """The column's values as names, sorted; None where nothing may run."""
    name = env.state.column("name", Type.STRING)
    read = env.state.observe(Aggregate(rows, ((name, _value_name(env, node, pivot)),), ()))
    return None if read is None else sorted(value for (value,) in read)


def _are_column_names(env: Env, node: EvaluateOperator, pivot: Pivot, names: list[str]) -> bool:
    """Whether the values can be columns beside the others; what is wrong is reported."""
    if len(names) > MOST_COLUMNS:
        env.report(codes.observed_columns(node.span, NAME, MOST_COLUMNS))
        return False
    if "" in names:
        env.report(codes.nameless_column(node.span, NAME, f"a value of '{pivot.column.name}'"))
        return False
    taken = next((c.name for c in pivot.groups if c.name in names), None)
    if taken is not None:
        env.report(codes.duplicate_column(node.span, taken))
    return taken is None


def _groups(env: Env, node: EvaluateOperator, pivot: Pivot) -> tuple[tuple[Column, Expr], ...] | None:
    groups = [group_column(env, ColumnRef(c), c.name, node.call) for c in pivot.groups]
    done = tuple(group for group in groups if group is not None)
    return done if len(done) == len(groups) else None


def _cell(env: Env, node: EvaluateOperator, pivot: Pivot, name: str) -> AggregateCall | PickRow | None:
    """The aggregate over the rows whose value has this name."""
    wanted = call_operator(env, "==", (_value_name(env, node, pivot), Literal(name, Type.STRING)), node.span)
    if pivot.aggregate == _TAKE_ANY:
        if len(pivot.args) != 1:
            env.report(codes.wrong_argument_count(node.call.span, _TAKE_ANY, "1 argument here", len(pivot.args)))
            return None
        return PickRow(None, False, ((env.state.column(name, pivot.args[0].type), pivot.args[0]),), wanted)
    function = find_aggregate(_FILTERED[pivot.aggregate])
    if function is None or (pivot.aggregate == "count" and pivot.args):
        env.report(codes.form_not_supported(node.call.span, f"{pivot.aggregate} with these arguments in {NAME}"))
        return None
    args = (*pivot.args[:1], wanted, *pivot.args[1:])
    match = choose(env, function, args, node.call.span)
    if match is None:
        return None
    promoted = tuple(promote(a, t) for a, t in zip(args, match.types, strict=True))
    return AggregateCall(env.state.column(name, match.signature.result(match.types)), function, promoted)


def _declared(env: Env, node: EvaluateOperator, rows: Relation, pivot: Pivot) -> Relation | None:
    """The columns of the schema in its order: group columns (* is all of them), the rest are values."""
    declared = declared_columns(env, node.schema or ())
    if declared is None:
        return None
    own = {c.name: c for c in pivot.groups}
    listed = [c for c in declared if c.name in own]
    if (node.open_schema and listed) or (not node.open_schema and len(listed) < len(own)):
        problem = f"the schema must name each of: {', '.join(own)} (or * for all of them)"
        env.report(codes.bad_argument(node.span, NAME, problem))
        return None
    cells = {c.name: _cell(env, node, pivot, c.name) for c in declared if c.name not in own}
    groups = _groups(env, node, pivot)
    if groups is None or any(cell is None for cell in cells.values()):
        return None
    aggregate = Aggregate(rows, groups, tuple(cell for cell in cells.values() if cell is not None))
    made = {c.name: c for c in aggregate.columns}
    wrong = next((c for c in declared if made[c.name].type is not c.type), None)
    if wrong is not None:
        what = f"column '{wrong.name}' of the schema"
        env.report(codes.wrong_type(node.span, what, str(made[wrong.name].type), str(wrong.type)))
        return None
    first = tuple(c for c, _ in groups) if node.open_schema else ()
    return Project(aggregate, tuple((c, ColumnRef(c)) for c in (*first, *(made[c.name] for c in declared))))
