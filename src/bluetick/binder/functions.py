"""Calls where a scalar stands: built-in functions, the forms with rules of their own, and the user's functions."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bluetick.binder.calls import bind_builtin, call_operator, promote
from bluetick.binder.ingestion import bind_ingestion_time
from bluetick.binder.lambdas import bind_scalar_function
from bluetick.binder.packing import bind_pack_all, bind_pack_columns
from bluetick.binder.scope import Env, FunctionSymbol, GraphSymbol, PatternSymbol, TabularSymbol
from bluetick.binder.sessions import bind_session
from bluetick.binder.tables_as_values import bind_column_names_of, bind_toscalar
from bluetick.binder.window_calls import bind_rank_dense, bind_rank_min, bind_window
from bluetick.diagnostics import codes
from bluetick.functions import refusals
from bluetick.functions.definition import ScalarFunction
from bluetick.functions.registry import CATALOGUE, find_aggregate, find_scalar, find_window, is_known
from bluetick.plan.expressions import Call, ColumnRef, Expr, Invalid, Literal
from bluetick.plan.relations import Assertion
from bluetick.syntax.expressions import CallExpression, Star, TypeLiteral
from bluetick.syntax.expressions import Literal as SyntaxLiteral
from bluetick.types import Type


def bind_call(env: Env, node: CallExpression) -> Expr:
    name = node.name.text
    if node.base is not None:
        env.report(codes.outside_reference(node.span, f"'{name}(...)' of another scope"))
        return Invalid()
    symbol = env.scope.find(name)
    if isinstance(symbol, FunctionSymbol):
        return bind_scalar_function(env, symbol, node)
    if isinstance(symbol, TabularSymbol | GraphSymbol | PatternSymbol):
        env.report(codes.scalar_expected(node.span))
        return Invalid()
    special = (env.row.calls.get(name) if env.row is not None else None) or SPECIAL.get(name)
    if special is not None:
        return special(env, node)
    return _bind_catalogue(env, node)


def _bind_catalogue(env: Env, node: CallExpression) -> Expr:
    name = node.name.text
    window = find_window(name)
    if window is not None:
        return bind_window(env, window, node)
    function = find_scalar(name)
    if function is None or not is_known(name):  # operators have names that no call may use
        _report_unknown(env, node)
        return Invalid()
    return _bind_built_in(env, function, node)


def _bind_built_in(env: Env, function: ScalarFunction, node: CallExpression) -> Expr:
    return bind_builtin(env, function, [env.expression(argument.value) for argument in node.arguments], node.span)


def _bind_datetime_diff(env: Env, node: CallExpression) -> Expr:
    exact = _nanoseconds_between(node)
    if exact is not None:
        return exact
    bound = _bind_built_in(env, CATALOGUE.scalars["datetime_diff"], node)
    if isinstance(bound, Call) and _is_week(bound.args[0]):
        return promote(bound, Type.REAL)  # the one part whose difference Kusto's engine gives as a real
    return bound


def _is_week(part: Expr) -> bool:
    return isinstance(part, Literal) and str(part.value).lower() == "week"


def _nanoseconds_between(node: CallExpression) -> Expr | None:
    """datetime_diff('nanosecond', a, b) of two literals, which alone tell of less than a microsecond."""
    match tuple(argument.value for argument in node.arguments):
        case (
            SyntaxLiteral(value=str(part)),
            SyntaxLiteral(value=datetime() as first, nanoseconds=more),
            SyntaxLiteral(value=datetime() as second, nanoseconds=less),
        ) if part.lower() == "nanosecond":
            difference = (first - second) // timedelta(microseconds=1) * 1000 + more - less
            return Literal(difference, Type.LONG) if -(2**63) <= difference < 2**63 else None
        case _:
            return None


def _bind_estimate_data_size(env: Env, node: CallExpression) -> Expr:
    """A star stands for every column."""
    args: list[Expr] = []
    for argument in node.arguments:
        if isinstance(argument.value, Star) and env.row is not None:
            args.extend(ColumnRef(column) for column in env.row.columns.values())
        else:
            args.append(env.expression(argument.value))
    return bind_builtin(env, CATALOGUE.scalars["estimate_data_size"], args, node.span)


def _bind_dynamic_to_json(env: Env, node: CallExpression) -> Expr:
    """What is not dynamic is only text."""
    args = [env.expression(argument.value) for argument in node.arguments]
    if len(args) == 1 and args[0].type is not Type.DYNAMIC:
        return call_operator(env, "tostring", args, node.span)
    return bind_builtin(env, CATALOGUE.scalars["dynamic_to_json"], args, node.span)


def _report_unknown(env: Env, node: CallExpression) -> None:
    name = node.name.text
    if name in _OF_PATTERNS:
        env.report(codes.outside_pattern(node.name.span, name))
    elif find_aggregate(name) is not None or name in _PLAN_AGGREGATES:
        env.report(codes.aggregate_outside_summarize(node.name.span, name))
    elif is_known(name) or name in refusals.FUNCTIONS:
        env.report(codes.function_not_supported(node.name.span, name, refusals.FUNCTIONS.get(name, "")))
    else:
        candidates = (*filter(is_known, CATALOGUE.scalars), *CATALOGUE.windows, *SPECIAL, *env.scope.all_names())
        candidates += env.state.catalog.function_names()
        env.report(codes.unknown_function(node.name.span, name, candidates))


def _typed(name: str, *, is_array: bool = False) -> Callable[[Env, CallExpression], Expr]:
    """extract(.., typeof(long)) is tolong(extract(..)); so with extract_json and percentile_tdigest. What gives an
    array takes a type too, and gives the array all the same."""

    def bind(env: Env, node: CallExpression) -> Expr:
        function = CATALOGUE.scalars[name]
        last = node.arguments[-1].value if node.arguments else None
        if not isinstance(last, TypeLiteral) or last.type is None:
            return _bind_built_in(env, function, node)
        value = bind_builtin(env, function, [env.expression(a.value) for a in node.arguments[:-1]], node.span)
        if last.type is value.type or is_array:
            return value
        return call_operator(env, f"to{last.type}", (value,), node.span)

    return bind


def _bind_distance(env: Env, node: CallExpression) -> Expr:
    """geo_distance_2points is SQL on the sphere; where a fifth argument may say the spheroid, Python computes it."""
    from bluetick.functions.scalar import geo_points  # noqa: PLC0415 - loaded when a query needs it

    args = [env.expression(argument.value) for argument in node.arguments]
    on_sphere = len(args) < 5 or (isinstance(args[4], Literal) and args[4].value in (False, 0))
    function = geo_points.DISTANCE_2POINTS if on_sphere else geo_points.SPHEROID_DISTANCE
    return bind_builtin(env, function, args, node.span)


# --- forms with rules of their own ---------------------------------------------------------------------------


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


def _bind_bin_auto(env: Env, node: CallExpression) -> Expr:
    """bin_auto(value): bins of the size that `set query_bin_auto_size` gave, one of which begins at query_bin_auto_at.

    https://learn.microsoft.com/kusto/query/bin-auto-function
    """
    if len(node.arguments) != 1:
        env.report(codes.wrong_argument_count(node.span, "bin_auto", "1 argument", len(node.arguments)))
        return Invalid()
    value = env.expression(node.arguments[0].value)
    size, start = (env.state.options.get(f"query_bin_auto_{name}") for name in ("size", "at"))
    if size is None:
        env.report(codes.bad_argument(node.span, "bin_auto", "the size is not set, as by set query_bin_auto_size = 1h"))
        return Invalid()
    if start is None:
        return call_operator(env, "bin", (value, size), node.span)
    return call_operator(env, "bin_at", (value, size, start), node.span)


SPECIAL: dict[str, Callable[[Env, CallExpression], Expr]] = {
    "toscalar": bind_toscalar,
    "column_names_of": bind_column_names_of,
    "materialize": _bind_materialize,
    "assert": _bind_assert,
    "column_ifexists": _bind_column_ifexists,
    "columnifexists": _bind_column_ifexists,
    "bag_pack_columns": bind_pack_columns,
    "bin_auto": _bind_bin_auto,
    "ingestion_time": bind_ingestion_time,
    "pack_all": bind_pack_all,
    "datetime_diff": _bind_datetime_diff,
    "dynamic_to_json": _bind_dynamic_to_json,
    "estimate_data_size": _bind_estimate_data_size,
    "extract": _typed("extract"),
    "extract_json": _typed("extract_json"),
    "extractjson": _typed("extractjson"),
    "percentile_tdigest": _typed("percentile_tdigest"),
    "percentiles_array_tdigest": _typed("percentiles_array_tdigest", is_array=True),
    "geo_distance_2points": _bind_distance,
    "row_rank_dense": bind_rank_dense,
    "row_rank_min": bind_rank_min,
    "row_window_session": bind_session,
}

# What a pattern's own place knows (scope.Row.calls); any() is an aggregate elsewhere.
_OF_PATTERNS = frozenset({"all", "map", "inner_nodes", "labels", "node_id", "node_degree_in", "node_degree_out"})

# Aggregates that the plan knows by itself (binder.operators.summarize).
_PLAN_AGGREGATES = frozenset(
    {"arg_max", "arg_min", "argmax", "argmin", "take_any", "any", "take_anyif", "anyif", "percentiles", "percentilesw"}
)

# What no stored function hides.
BUILT_IN = frozenset(
    {
        *filter(is_known, CATALOGUE.scalars), *CATALOGUE.windows, *CATALOGUE.aggregates, *_PLAN_AGGREGATES, *SPECIAL,
        *refusals.FUNCTIONS, "FileProfile", "table", "view",
    }
)  # fmt: skip
