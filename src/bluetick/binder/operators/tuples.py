"""Items whose one expression gives several columns: (a, b) = array_sort_asc(x, y), series_fit_line(y)."""

from collections.abc import Iterable
from typing import TypeAlias

from bluetick.binder.names import Names, default_name
from bluetick.binder.scope import Env, FunctionSymbol, ScalarSymbol
from bluetick.diagnostics import codes
from bluetick.functions.registry import find_scalar
from bluetick.plan.expressions import Call, Column, Expr, PartOf
from bluetick.syntax.expressions import (
    BinaryExpression,
    CallExpression,
    ElementExpression,
    Expression,
    Literal,
    MissingExpression,
    Name,
    NamedExpression,
    NameReference,
)
from bluetick.types import Type

Items: TypeAlias = list[tuple[Column, Expr]]

_SORTINGS = ("array_sort_asc", "array_sort_desc")


def spread_tuples(env: Env, items: Iterable[NamedExpression], *, only_named: bool = False) -> list[NamedExpression]:
    """The items, each that gives several columns as one item a column; others as they are."""
    return [part for item in items for part in _spread(env, item, only_named)]


def _spread(env: Env, item: NamedExpression, only_named: bool) -> list[NamedExpression]:
    """array_sort over several arrays: the first have the names that are given; with `only_named` there are no others
    where a name is given."""
    call = item.value
    if not isinstance(call, CallExpression) or call.base is not None or call.name.text not in _SORTINGS:
        return [item]
    if isinstance(env.scope.find(call.name.text), FunctionSymbol):
        return [item]
    arrays = [a.value for a in call.arguments if not _is_flag(env, a.value)]
    if len(arrays) < 2:
        return [item]
    if len(item.names) > len(arrays):
        env.report(codes.form_not_supported(item.span, _too_many(item, call.name.text, len(arrays))))
        return [NamedExpression(item.span, MissingExpression(call.span), item.names[:1])]
    count = len(item.names) if only_named and item.names else len(arrays)
    return [
        NamedExpression(
            item.span,
            ElementExpression(call.span, call, Literal(call.span, Type.LONG, place)),
            item.names[place : place + 1],
        )
        for place in range(count)
    ]


def _too_many(item: NamedExpression, function: str, results: int) -> str:
    return f"{len(item.names)} names for the {results} results of '{function}'"


def _is_flag(env: Env, node: Expression) -> bool:
    """Whether an argument of array_sort says where nulls go, and is no array."""
    match node:
        case Literal(type=type_):
            return type_ is Type.BOOL
        case NameReference(name=name):
            symbol = None if env.row is not None and name in env.row.columns else env.scope.find(name)
            return isinstance(symbol, ScalarSymbol) and symbol.value.type is Type.BOOL
        case CallExpression(name=Name(text=name), base=None):
            function = find_scalar(name)
            return function is not None and all(s.returns is Type.BOOL for s in function.signatures)
        case _:
            return isinstance(node, BinaryExpression)


def spread_parts(
    env: Env, item: NamedExpression, call: Call, names: Names, *, only_named: bool = False
) -> Items | None:
    """A column for each result of the call: the first have the names that are given, the others the function's, its
    argument's and the part's. With `only_named` there are no others where a name is given."""
    parts = call.function.parts
    if len(item.names) > len(parts):
        env.report(codes.form_not_supported(item.span, _too_many(item, call.function.name, len(parts))))
        return None
    if not all(claimed(env, item, name.text, names) for name in item.names):
        return None
    given = [name.text for name in item.names]
    if not (only_named and given):
        prefix = f"{call.function.name}_{_first_argument(env, item.value)}"
        given += [names.claim(f"{prefix}_{part.name}") for part in parts[len(given) :]]
    return [(env.state.column(name, parts[i].type), PartOf(call, i)) for i, name in enumerate(given)]


def _first_argument(env: Env, node: Expression) -> str:
    """The name of the call's first argument; of a user's function, as its body has it."""
    scope = env.scope
    while isinstance(node, CallExpression):
        symbol = scope.find(node.name.text)
        if not isinstance(symbol, FunctionSymbol):
            return default_name(node.arguments[0].value) if node.arguments else ""
        node, scope = symbol.declaration.body, symbol.scope  # where the function itself is not known
    return ""


def claimed(env: Env, item: NamedExpression, name: str, names: Names) -> bool:
    """Takes a name that was given; False once reported that it stands twice."""
    if name in names.taken:
        env.report(codes.duplicate_column(item.span, name))
        return False
    names.taken.add(name)
    return True
