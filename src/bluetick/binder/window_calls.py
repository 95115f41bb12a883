"""Window functions: their calls are gathered, to be computed before the operator they stand in."""

from bluetick.binder.calls import call_operator, choose, promote
from bluetick.binder.scope import Env
from bluetick.diagnostics import Span, codes
from bluetick.functions.definition import WindowFunction
from bluetick.functions.registry import find_window
from bluetick.functions.windows import ROW_CUMSUM, ROW_NUMBER, RUNNING_MAX
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal, WindowCall
from bluetick.syntax.expressions import CallExpression
from bluetick.types import Type

_ONE, _ZERO = Literal(1, Type.LONG), Literal(0, Type.LONG)


def bind_window(env: Env, function: WindowFunction, node: CallExpression) -> Expr:
    args = _arguments(env, node)
    match = None if args is None else choose(env, function, args, node.span)
    if args is None or match is None:
        return Invalid()
    promoted = tuple(promote(a, t) for a, t in zip(args, match.types, strict=True))
    returns = match.signature.result(match.types)
    if not function.restarts or len(promoted) < 2:
        return _gathered(env, function, promoted, returns)
    stretch = _stretch(env, promoted[1], node.span)
    return Invalid() if stretch is None else _gathered(env, function, promoted[:1], returns, stretch)


def _arguments(env: Env, node: CallExpression) -> list[Expr] | None:
    if env.windows is None:
        env.report(codes.not_serialized(node.name.span, node.name.text))
        return None
    args = [env.expression(a.value) for a in node.arguments]
    return None if any(isinstance(arg, Invalid) for arg in args) else args


def _gathered(
    env: Env, function: WindowFunction, args: tuple[Expr, ...], returns: Type, stretch: Column | None = None
) -> Expr:
    """The call's own column, to be computed in its turn."""
    column = env.state.column(function.name, returns)
    if env.windows is not None:
        env.windows.append((column, WindowCall(function, args, returns, () if stretch is None else (stretch,))))
    return ColumnRef(column)


def _stretch(env: Env, restart: Expr, span: Span) -> Column | None:
    """A column that numbers the stretches of rows between one restart and the next."""
    begins = call_operator(env, "iff", (restart, _ONE, _ZERO), span)
    if isinstance(begins, Invalid):
        return None
    number = _gathered(env, ROW_CUMSUM, (begins,), Type.LONG)
    return number.column if isinstance(number, ColumnRef) else None


# --- ranks: windows over windows -------------------------------------------------------------------------------------


def bind_rank_dense(env: Env, node: CallExpression) -> Expr:
    """row_rank_dense(term [, restart]): how many times the term has changed, from 1."""
    found = _changes(env, node)
    if found is None:
        return Invalid()
    changed, _, stretch = found
    steps = call_operator(env, "iff", (changed, _ONE, _ZERO), node.span)
    return _gathered(env, ROW_CUMSUM, (steps,), Type.LONG, stretch)


def bind_rank_min(env: Env, node: CallExpression) -> Expr:
    """row_rank_min(term [, restart]): the number of the first row of those with the same term."""
    found = _changes(env, node)
    if found is None:
        return Invalid()
    changed, number, stretch = found
    first = call_operator(env, "iff", (changed, number, _ZERO), node.span)
    return _gathered(env, RUNNING_MAX, (first,), Type.LONG, stretch)


def _changes(env: Env, node: CallExpression) -> tuple[Expr, Expr, Column | None] | None:
    """Whether the term differs from the row before it, the row's number, and the stretch that both are of."""
    args = _arguments(env, node)
    previous = find_window("prev")
    if args is None or previous is None:
        return None
    name = node.name.text
    if not 1 <= len(args) <= 2:
        env.report(codes.wrong_argument_count(node.span, name, "1 to 2 arguments", len(args)))
        return None
    term, *restart = args
    if term.type is Type.DYNAMIC or any(r.type is not Type.BOOL for r in restart):
        env.report(codes.wrong_argument_types(node.span, name, ", ".join(str(a.type) for a in args)))
        return None
    stretch = _stretch(env, restart[0], node.span) if restart else None
    number = _gathered(env, ROW_NUMBER, (), Type.LONG, stretch)
    before = _gathered(env, previous, (term,), term.type, stretch)

    def call(operator: str, *operands: Expr) -> Expr:
        return call_operator(env, operator, operands, node.span)

    # A null beside a null is no change; != says null of the two.
    differs = call("coalesce", call("!=", term, before), Literal(False, Type.BOOL))
    return call("or", call("==", number, _ONE), differs), number, stretch
