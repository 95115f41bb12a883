"""Calls where a scalar stands: built-in functions, the forms with rules of their own, and the user's functions."""

from collections.abc import Callable

from bluetick.binder.calls import bind_builtin, call_operator, choose, promote
from bluetick.binder.lambdas import bind_scalar_function
from bluetick.binder.scope import Env, FunctionSymbol, TabularSymbol
from bluetick.diagnostics import codes
from bluetick.functions.definition import ScalarFunction, WindowFunction
from bluetick.functions.registry import CATALOGUE, find_aggregate, find_scalar, find_window, is_known
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal, ScalarQuery, WindowCall
from bluetick.plan.relations import Assertion
from bluetick.syntax.expressions import CallExpression, TypeLiteral
from bluetick.types import Type


def bind_call(env: Env, node: CallExpression) -> Expr:
    name = node.name.text
    if node.base is not None:
        env.report(codes.outside_reference(node.span, f"'{name}(...)' of another scope"))
        return Invalid()
    symbol = env.scope.find(name)
    if isinstance(symbol, FunctionSymbol):
        return bind_scalar_function(env, symbol, node)
    if isinstance(symbol, TabularSymbol):
        env.report(codes.scalar_expected(node.span))
        return Invalid()
    special = _SPECIAL.get(name)
    if special is not None:
        return special(env, node)
    return _bind_catalogue(env, node)


def _bind_catalogue(env: Env, node: CallExpression) -> Expr:
    name = node.name.text
    window = find_window(name)
    if window is not None:
        return _bind_window(env, window, node)
    function = find_scalar(name)
    if function is None or not is_known(name):  # operators have names that no call may use
        _report_unknown(env, node)
        return Invalid()
    typed = _typed_extract(env, function, node)
    if typed is not None:
        return typed
    return bind_builtin(env, function, [env.expression(a.value) for a in node.arguments], node.span)


def _report_unknown(env: Env, node: CallExpression) -> None:
    name = node.name.text
    if find_aggregate(name) is not None or name in _PLAN_AGGREGATES:
        env.report(codes.aggregate_outside_summarize(node.name.span, name))
    elif is_known(name):
        env.report(codes.function_not_supported(node.name.span, name))
    else:
        candidates = (*filter(is_known, CATALOGUE.scalars), *CATALOGUE.windows, *_SPECIAL, *env.scope.all_names())
        env.report(codes.unknown_function(node.name.span, name, candidates))


def _bind_window(env: Env, function: WindowFunction, node: CallExpression) -> Expr:
    if env.windows is None:
        env.report(codes.not_serialized(node.name.span, node.name.text))
        return Invalid()
    args = [env.expression(a.value) for a in node.arguments]
    if any(isinstance(arg, Invalid) for arg in args):
        return Invalid()
    match = choose(env, function, args, node.span)
    if match is None:
        return Invalid()
    promoted = tuple(promote(a, t) for a, t in zip(args, match.types, strict=True))
    column = env.state.column(node.name.text, match.signature.result(match.types))
    if function.restarts and len(promoted) == 2:
        stretch = _stretch(env, promoted[1], node)
        if stretch is None:
            return Invalid()
        env.windows.append((column, WindowCall(function, promoted[:1], column.type, (stretch,))))
        return ColumnRef(column)
    env.windows.append((column, WindowCall(function, promoted, column.type)))
    return ColumnRef(column)


def _stretch(env: Env, restart: Expr, node: CallExpression) -> Column | None:
    """A column that numbers the stretches of rows between one restart and the next."""
    running = find_window("row_cumsum")
    one, zero = Literal(1, Type.LONG), Literal(0, Type.LONG)
    begins = call_operator(env, "iff", (restart, one, zero), node.span)
    if running is None or env.windows is None or isinstance(begins, Invalid):
        return None
    column = env.state.column("stretch", Type.LONG)
    env.windows.append((column, WindowCall(running, (begins,), Type.LONG)))
    return column


def _typed_extract(env: Env, function: ScalarFunction, node: CallExpression) -> Expr | None:
    """extract(.., typeof(long)) is tolong(extract(..)); so with extractjson."""
    if function.name not in ("extract", "extractjson", "extract_json") or not node.arguments:
        return None
    last = node.arguments[-1].value
    if not isinstance(last, TypeLiteral) or last.type is None:
        return None
    text = bind_builtin(env, function, [env.expression(a.value) for a in node.arguments[:-1]], node.span)
    return text if last.type is Type.STRING else call_operator(env, f"to{last.type}", (text,), node.span)


# --- forms with rules of their own ---------------------------------------------------------------------------


def _bind_toscalar(env: Env, node: CallExpression) -> Expr:
    """Evaluated once before the query; it may not see the row it stands in."""
    if len(node.arguments) != 1:
        env.report(codes.wrong_argument_count(node.span, "toscalar", "1 argument", len(node.arguments)))
        return Invalid()
    value = node.arguments[0].value
    outside = env.without_row()
    if not env.is_tabular(value):
        return outside.expression(value)
    relation = outside.tabular(value)
    return Invalid() if relation is None else ScalarQuery(relation, relation.columns[0].type)


def _bind_materialize(env: Env, node: CallExpression) -> Expr:
    if len(node.arguments) != 1:
        env.report(codes.wrong_argument_count(node.span, "materialize", "1 argument", len(node.arguments)))
        return Invalid()
    return env.expression(node.arguments[0].value)


def _bind_assert(env: Env, node: CallExpression) -> Expr:
    """Both arguments reduce to constants before any row is read; the assertion then is a step of the program."""
    if len(node.arguments) != 2:
        env.report(codes.wrong_argument_count(node.span, "assert", "2 arguments", len(node.arguments)))
        return Invalid()
    outside = env.without_row()
    condition = outside.expression(node.arguments[0].value)
    message = outside.expression(node.arguments[1].value)
    if isinstance(condition, Invalid) or isinstance(message, Invalid):
        return Invalid(Type.BOOL)
    if condition.type is not Type.BOOL:
        env.report(codes.wrong_type(node.arguments[0].span, "the condition of assert", "bool", str(condition.type)))
        return Invalid(Type.BOOL)
    if not isinstance(message, Literal) or message.type is not Type.STRING:
        env.report(codes.constant_expected(node.arguments[1].span, "the message of assert"))
        return Invalid(Type.BOOL)
    env.state.assertions.append(Assertion(condition, str(message.value)))
    return Literal(True, Type.BOOL)


def _bind_column_ifexists(env: Env, node: CallExpression) -> Expr:
    """Chosen while binding; never fails on a missing column."""
    if len(node.arguments) != 2:
        env.report(codes.wrong_argument_count(node.span, "column_ifexists", "2 arguments", len(node.arguments)))
        return Invalid()
    name = env.expression(node.arguments[0].value)
    if isinstance(name, Invalid):
        return name
    if not isinstance(name, Literal) or name.type is not Type.STRING:
        env.report(codes.constant_expected(node.arguments[0].span, "the name given to column_ifexists"))
        return Invalid()
    if env.row is not None and str(name.value) in env.row.columns:
        return ColumnRef(env.row.columns[str(name.value)])
    return env.expression(node.arguments[1].value)


def _bind_pack_all(env: Env, node: CallExpression) -> Expr:
    """Every column of the row as one bag."""
    if node.arguments:
        env.report(codes.form_not_supported(node.span, "pack_all with an argument"))
        return Invalid()
    args: list[Expr] = []
    columns: tuple[Column, ...] = tuple(env.row.columns.values()) if env.row is not None else ()
    for column in columns:
        args += [Literal(column.name, Type.STRING), ColumnRef(column)]
    return call_operator(env, "bag_pack", args, node.span)


_SPECIAL: dict[str, Callable[[Env, CallExpression], Expr]] = {
    "toscalar": _bind_toscalar,
    "materialize": _bind_materialize,
    "assert": _bind_assert,
    "column_ifexists": _bind_column_ifexists,
    "columnifexists": _bind_column_ifexists,
    "pack_all": _bind_pack_all,
}

# Aggregates that the plan knows by itself (binder.operators.summarize).
_PLAN_AGGREGATES = frozenset(
    {"arg_max", "arg_min", "argmax", "argmin", "take_any", "any", "take_anyif", "anyif", "percentiles"}
)
