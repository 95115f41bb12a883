"""row_window_session: the first time of the session that a row belongs to.

https://learn.microsoft.com/kusto/query/row-window-session-function
A row begins a session where there was none, or where the one before has null for its value; where it is no less than
the session's first value plus the one distance, or than the value of the row before plus the other; or where `restart`
is true. A null begins one of its own, which the next row ends.
"""

from collections.abc import Sequence

from bluetick.binder.calls import call_operator, choose
from bluetick.binder.scope import Env, StepCall
from bluetick.diagnostics import Span, codes
from bluetick.functions.windows import ROW_WINDOW_SESSION
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal
from bluetick.plan.scan_steps import ScanStep, ScanSteps, StepOutput
from bluetick.syntax.expressions import CallExpression
from bluetick.types import Type

_FALSE, _TRUE = Literal(False, Type.BOOL), Literal(True, Type.BOOL)
_NO_TIME = Literal(None, Type.DATETIME)


def bind_session(env: Env, node: CallExpression) -> Expr:
    """row_window_session(value, distance from the first, distance between neighbours [, restart])."""
    if env.windows is None:
        env.report(codes.not_serialized(node.name.span, node.name.text))
        return Invalid()
    args = [env.expression(a.value) for a in node.arguments]
    if any(isinstance(arg, Invalid) for arg in args) or choose(env, ROW_WINDOW_SESSION, args, node.span) is None:
        return Invalid()
    result = env.state.column("row_window_session", Type.DATETIME)
    env.windows.append((result, _steps(env, node.span, result, args)))
    return ColumnRef(result)


def _steps(env: Env, span: Span, result: Column, args: Sequence[Expr]) -> StepCall:
    """A scan of one step that every row matches. What is of the row alone the engine computes: the ends that the value
    of this row sets, were it the first, for the rows behind it, and whether it restarts."""

    def call(name: str, *operands: Expr) -> Expr:
        return call_operator(env, name, operands, span)

    fresh = env.state.column
    value, from_first, from_previous, *restart = args
    here = fresh("value", Type.DATETIME)
    session_span, gap = fresh("from_first", Type.TIMESPAN), fresh("from_previous", Type.TIMESPAN)
    begins = fresh("restart", Type.BOOL)
    computed = (
        (here, value),
        (session_span, from_first),
        (gap, from_previous),
        (begins, call("coalesce", restart[0], _FALSE) if restart else _FALSE),
    )
    first, before = fresh("first", Type.DATETIME), fresh("before", Type.DATETIME)  # of the rows so far
    tests = (
        ColumnRef(begins),
        call("isnull", ColumnRef(here)),
        call("isnull", ColumnRef(first)),
        call("coalesce", call(">=", ColumnRef(here), call("+", ColumnRef(first), ColumnRef(session_span))), _FALSE),
        call("coalesce", call(">=", ColumnRef(here), call("+", ColumnRef(before), ColumnRef(gap))), _FALSE),
    )
    is_new: Expr = tests[0]
    for test in tests[1:]:
        is_new = call("or", is_new, test)
    chosen = call("iff", is_new, ColumnRef(here), ColumnRef(first))
    step = ScanStep("session", StepOutput.ALL, _TRUE, ((result, chosen),), ((first, result), (before, here)))
    empty: tuple[tuple[Column, Expr], ...] = ((first, _NO_TIME), (before, _NO_TIME))
    return StepCall(computed, ScanSteps((step,), ((result, _NO_TIME),), empty))
