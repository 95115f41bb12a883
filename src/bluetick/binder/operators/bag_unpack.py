"""evaluate bag_unpack: the properties of a bag as columns, as declared or as the rows have them.

https://learn.microsoft.com/kusto/query/bag-unpack-plugin
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bluetick.binder.calls import call_operator, promote
from bluetick.binder.operators.conversion import CONVERSIONS
from bluetick.binder.operators.sources import declared_columns
from bluetick.binder.scope import Env
from bluetick.diagnostics import Span, codes
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal
from bluetick.plan.relations import Aggregate, Expand, ExpandItem, Filter, Project, Relation
from bluetick.syntax.expressions import Argument
from bluetick.syntax.operators import EvaluateOperator
from bluetick.types import Type

NAME = "bag_unpack"
MOST_COLUMNS = 2_000
_PARAMETERS = ("OutputColumnPrefix", "columnsConflict", "ignoredProperties")
_CONFLICTS = ("error", "replace_source", "keep_source")
# What gettype says of a property's value -> the column's type. A null says nothing.
_KINDS = {"string": Type.STRING, "long": Type.LONG, "double": Type.REAL, "bool": Type.BOOL}
_NULL = "null"


@dataclass(frozen=True, slots=True)
class Unpacking:
    """What a call asks for: the column, and the three options."""

    bag: Column
    prefix: str
    conflict: str
    ignored: frozenset[str]


def bind_bag_unpack(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    unpacking = _unpacking(env, node, rows)
    if unpacking is None:
        return None
    if node.schema is not None:
        return _declared(env, node, rows, unpacking)
    found = _observed(env, node.span, rows, unpacking)
    if found is None:
        if env.state.observer is None:
            env.report(codes.open_columns(node.call.span, NAME))
        env.state.is_open = True
        found = {}
    if len(found) > MOST_COLUMNS:
        env.report(codes.observed_columns(node.span, NAME, MOST_COLUMNS))
        return None
    return _unpacked(env, node.span, rows, unpacking, found)


# --- arguments -------------------------------------------------------------------------------------------------------


def _unpacking(env: Env, node: EvaluateOperator, rows: Relation) -> Unpacking | None:
    arguments = node.call.arguments
    if not 1 <= len(arguments) <= 1 + len(_PARAMETERS):
        env.report(codes.wrong_argument_count(node.call.span, NAME, "1 to 4 arguments", len(arguments)))
        return None
    value = env.over(rows).expression(arguments[0].value)
    if isinstance(value, Invalid):
        return None
    if not isinstance(value, ColumnRef) or value.type is not Type.DYNAMIC:
        env.report(
            codes.wrong_type(arguments[0].span, "what bag_unpack unpacks", "dynamic and a column", str(value.type))
        )
        return None
    options = _options(env, arguments[1:])
    if options is None:
        return None
    prefix, conflict, ignored = (options.get(name) for name in _PARAMETERS)
    return Unpacking(
        value.column,
        prefix if isinstance(prefix, str) else "",
        conflict if isinstance(conflict, str) else _CONFLICTS[0],
        frozenset(ignored) if isinstance(ignored, list) else frozenset(),
    )


def _options(env: Env, arguments: tuple[Argument, ...]) -> dict[str, object] | None:
    """The options by name; they may be named, or stand in their order."""
    options: dict[str, object] = {}
    for place, argument in enumerate(arguments):
        name = argument.name.text if argument.name is not None else _PARAMETERS[place]
        if name not in _PARAMETERS or name in options:
            env.report(codes.bad_argument(argument.span, NAME, f"there is no option '{name}' here"))
            return None
        value = env.expression(argument.value)
        if isinstance(value, Invalid):
            return None
        if not isinstance(value, Literal):
            env.report(codes.constant_expected(argument.span, f"'{name}' of {NAME}"))
            return None
        problem = _option_problem(name, value)
        if problem:
            env.report(codes.bad_argument(argument.span, NAME, problem))
            return None
        options[name] = value.value
    return options


def _option_problem(name: str, value: Literal) -> str:
    if name == "ignoredProperties":
        is_names = isinstance(value.value, list) and all(isinstance(item, str) for item in value.value)
        return "" if is_names else "ignoredProperties is a dynamic array of names"
    if value.type is not Type.STRING:
        return f"{name} is a string"
    if name == "columnsConflict" and value.value not in _CONFLICTS:
        return f"columnsConflict is one of: {', '.join(_CONFLICTS)}"
    return ""


# --- columns from the rows -------------------------------------------------------------------------------------------


def _observed(env: Env, span: Span, rows: Relation, unpacking: Unpacking) -> dict[str, Type] | None:
    """The properties that the rows' bags have, by name, with their types; None where nothing may run."""

    def call(name: str, *args: Expr) -> Expr:
        return call_operator(env, name, args, span)

    fresh = env.state.column
    is_bag = call("==", call("gettype", ColumnRef(unpacking.bag)), Literal("dictionary", Type.STRING))
    entry = fresh("entry", Type.DYNAMIC)
    bags = Project(Filter(rows, (is_bag,)), ((unpacking.bag, ColumnRef(unpacking.bag)),))
    entries = Expand(bags, (ExpandItem(entry, ColumnRef(unpacking.bag)),), as_pairs=True)
    key, value = (call("[]", ColumnRef(entry), Literal(place, Type.LONG)) for place in (0, 1))
    groups = (
        (fresh("key", Type.STRING), call("tostring", key)),
        (fresh("kind", Type.STRING), call("gettype", value)),
    )
    read = env.state.observe(Aggregate(entries, groups, ()))
    if read is None:
        return None
    kinds: dict[str, set[str]] = {}
    for name, kind in read:
        if name not in unpacking.ignored:
            kinds.setdefault(name, set()).add(kind)
    return {name: _type_of(kinds[name] - {_NULL}) for name in sorted(kinds)}


def _type_of(kinds: set[str]) -> Type:
    """long with real is real; any other mix is dynamic, and so is a property that is always null."""
    types = {_KINDS.get(kind, Type.DYNAMIC) for kind in kinds}
    if types == {Type.LONG, Type.REAL}:
        return Type.REAL
    return types.pop() if len(types) == 1 else Type.DYNAMIC


def _unpacked(env: Env, span: Span, rows: Relation, unpacking: Unpacking, found: Mapping[str, Type]) -> Relation | None:
    """The rows' other columns where they stand, then the properties by name."""
    added = {unpacking.prefix + name: (name, type_) for name, type_ in found.items()}
    if "" in added:
        env.report(codes.nameless_column(span, NAME, "a property's name"))
        return None
    items: list[tuple[Column, Expr]] = []
    for column in rows.columns:
        if column == unpacking.bag:
            continue
        if column.name in added and unpacking.conflict == "error":
            env.report(codes.observed_conflict(span, column.name))
            return None
        if column.name in added and unpacking.conflict == "replace_source":
            items.append(_property(env, span, unpacking.bag, column.name, *added.pop(column.name)))
            continue
        added.pop(column.name, None)
        items.append((column, ColumnRef(column)))
    items += [_property(env, span, unpacking.bag, name, *added[name]) for name in sorted(added)]
    return Project(rows, tuple(items))


def _property(env: Env, span: Span, bag: Column, name: str, key: str, type_: Type) -> tuple[Column, Expr]:
    """A property's value as a column; where the bag has no such value of the type: null or the empty string."""
    value = call_operator(env, "[]", (ColumnRef(bag), Literal(key, Type.STRING)), span)
    if type_ is not Type.DYNAMIC:
        value = call_operator(env, CONVERSIONS[type_], (value,), span)
    return env.state.column(name, type_), value


# --- declared columns ------------------------------------------------------------------------------------------------


def _declared(env: Env, node: EvaluateOperator, rows: Relation, unpacking: Unpacking) -> Relation | None:
    """Just the columns of the schema; with * the rows' other columns before them."""
    declared = declared_columns(env, node.schema or ())
    if declared is None:
        return None
    own = {c.name: c for c in rows.columns if c != unpacking.bag}
    items: list[tuple[Column, Expr]] = [(c, ColumnRef(c)) for c in own.values()] if node.open_schema else []
    for column in declared:
        item = _declared_item(env, node, unpacking, column, own.get(column.name))
        if item is None:
            return None
        items.append(item)
    return Project(rows, tuple(items))


def _declared_item(
    env: Env, node: EvaluateOperator, unpacking: Unpacking, column: Column, own: Column | None
) -> tuple[Column, Expr] | None:
    """One column of the schema: the rows' own of that name, or a property."""
    if own is not None:
        if node.open_schema or unpacking.conflict == "replace_source":
            env.report(codes.duplicate_column(node.span, column.name))
            return None
        if own.type is not column.type:
            what = f"column '{column.name}' of the schema"
            env.report(codes.wrong_type(node.span, what, str(own.type), str(column.type)))
            return None
        return column, promote(ColumnRef(own), column.type)
    if not column.name.startswith(unpacking.prefix) or column.name == unpacking.prefix:
        env.report(codes.bad_argument(node.span, NAME, f"'{column.name}' does not begin with '{unpacking.prefix}'"))
        return None
    key = column.name.removeprefix(unpacking.prefix)
    if key in unpacking.ignored:
        env.report(codes.bad_argument(node.span, NAME, f"'{key}' is named in the schema and in ignoredProperties"))
        return None
    _, value = _property(env, node.span, unpacking.bag, column.name, key, column.type)
    return (column, value) if not isinstance(value, Invalid) else None
