"""invoke: the rows go to a tabular function as its first argument; FileProfile is a provider's."""

from bluetick.binder.lambdas import bind_tabular_function
from bluetick.binder.names import Names
from bluetick.binder.schema import FILE_PROFILE, FILE_PROFILE_COLUMNS
from bluetick.binder.scope import Env, FunctionSymbol
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Column, Invalid, Literal
from bluetick.plan.graph import Graph
from bluetick.plan.relations import ProviderLookup, Relation
from bluetick.syntax.expressions import CallExpression, Expression, NameReference
from bluetick.syntax.operators import InvokeOperator
from bluetick.types import Type

DEFAULT_KEY, DEFAULT_LIMIT, MOST = "SHA1", 100, 1000


def bind_invoke(env: Env, node: InvokeOperator, rows: Relation) -> Relation | Graph | None:
    name = node.call.name.text
    symbol = env.scope.find(name)
    if isinstance(symbol, FunctionSymbol):
        return bind_tabular_function(env, symbol, node.call, rows)
    if name == FILE_PROFILE:
        return _bind_file_profile(env, node.call, rows)
    known = (*env.scope.all_names(), FILE_PROFILE, *env.state.catalog.function_names())
    env.report(codes.unknown_function(node.call.name.span, name, known))
    return None


def _bind_file_profile(env: Env, call: CallExpression, rows: Relation) -> Relation | None:
    """FileProfile(x, y): 18 columns joined by the file id in column x, for at most y ids.

    https://learn.microsoft.com/defender-xdr/advanced-hunting-fileprofile-function
    """
    if len(call.arguments) > 2:
        env.report(codes.wrong_argument_count(call.span, FILE_PROFILE, "0 to 2 arguments", len(call.arguments)))
        return None
    key = _key(env, call, rows)
    limit = _limit(env, call)
    if key is None or limit is None:
        return None
    names = Names()
    names.taken |= {c.name for c in rows.columns}
    added = tuple(env.state.column(names.claim(name), type_) for name, type_ in FILE_PROFILE_COLUMNS)
    return ProviderLookup(rows, FILE_PROFILE, key, limit, added, tuple(name for name, _ in FILE_PROFILE_COLUMNS))


def _key(env: Env, call: CallExpression, rows: Relation) -> Column | None:
    """The column, named in quotes or bare."""
    span = call.arguments[0].span if call.arguments else call.span
    name = _column_name(env, call.arguments[0].value) if call.arguments else DEFAULT_KEY
    if name is None:
        env.report(codes.constant_expected(span, "the column given to FileProfile"))
        return None
    column = next((c for c in rows.columns if c.name == name), None)
    if column is None:
        env.report(codes.unresolved_column(span, name, (c.name for c in rows.columns)))
        return None
    if column.type is not Type.STRING:
        env.report(codes.wrong_type(span, "the file id", "string", str(column.type)))
        return None
    return column


def _column_name(env: Env, node: Expression) -> str | None:
    if isinstance(node, NameReference) and env.scope.find(node.name) is None:
        return node.name
    value = env.expression(node)
    return str(value.value) if isinstance(value, Literal) and value.type is Type.STRING else None


def _limit(env: Env, call: CallExpression) -> int | None:
    if len(call.arguments) < 2:
        return DEFAULT_LIMIT
    argument = call.arguments[1]
    value = env.expression(argument.value)
    if isinstance(value, Invalid):
        return None
    if not isinstance(value, Literal) or value.type not in (Type.LONG, Type.INT) or value.value is None:
        env.report(codes.constant_expected(argument.span, "the limit given to FileProfile"))
        return None
    if value.value < 1:
        env.report(codes.bad_argument(argument.span, FILE_PROFILE, "the limit must be at least 1"))
        return None
    if value.value > MOST:
        env.report(codes.capped(argument.span, FILE_PROFILE, MOST))
    return min(int(value.value), MOST)
