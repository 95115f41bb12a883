"""evaluate sequence_detect: rows that meet one condition after the other.

https://learn.microsoft.com/kusto/query/sequence-detect-plugin
"""

from bluetick.binder.names import Names
from bluetick.binder.operators.plugins.arguments import Call
from bluetick.binder.operators.plugins.macro import bind_macro, chosen, renamed
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Column, Expr, Literal
from bluetick.plan.relations import Relation
from bluetick.syntax.expressions import Argument
from bluetick.syntax.operators import EvaluateOperator
from bluetick.types import INTEGER, Type

_TIMES = (*INTEGER, Type.DATETIME, Type.TIMESPAN)


def bind_sequence_detect(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """sequence_detect(time, longest step, longest sequence, step [, step ...] [, dimension ...]): every choice of times
    that are near enough is a row. A step is not before the one it follows, and another row."""
    call = Call(env, node, rows)
    if not call.count_is(4):
        return None
    time = call.column(call.arguments[0], *_TIMES)
    limits = [_length(call, argument, time) for argument in call.arguments[1:3]]
    given = [(argument, call.expression(argument)) for argument in call.arguments[3:]]
    if time is None or limits[0] is None or limits[1] is None or any(value is None for _, value in given):
        return None
    steps: list[tuple[Argument, Expr]] = []
    for argument, value in given:
        if value is None or value.type is not Type.BOOL:
            break
        steps.append((argument, value))
    dims = [call.key(argument) for argument, _ in given[len(steps) :]]
    known = [column for column in dims if column is not None]
    if not steps:
        call.bad(call.arguments[3], "a condition is expected here")
    if not steps or len(known) < len(dims):
        return None
    columns: dict[str, Column | Expr] = {"t": time}
    columns |= {f"e{i}": value for i, (_, value) in enumerate(steps)} | {f"d{i}": dim for i, dim in enumerate(known)}
    values = {"StepWindow": limits[0], "Span": limits[1]}
    text = _text(len(steps), [f"d{i}" for i in range(len(known))])
    made = bind_macro(env, node.call.span, text, {"T": chosen(env, rows, columns)}, values)
    if made is None:
        return None
    names = Names()
    times = [f"{step.name.text if step.name is not None else ''}_{time.name}" for step, _ in steps]
    wanted = (*(dim.name for dim in known), *times, "Duration")
    return renamed(env, made, [names.claim(name) for name in wanted])


def _length(call: Call, argument: Argument, time: Column | None) -> Expr | None:
    value = call.constant(argument)
    if value is None or time is None:
        return None
    wanted = INTEGER if time.type in INTEGER else (Type.TIMESPAN,)
    if value.type not in wanted:
        what = f"this argument of '{call.name}'"
        call.env.report(codes.wrong_type(argument.span, what, str(wanted[-1]), str(value.type)))
        return None
    if isinstance(value, Literal) and not (value.value or 0) > 0:
        call.bad(argument, "a period must be above zero")
        return None
    return value


def _text(steps: int, dims: list[str]) -> str:
    """The times at which each step is met, joined in turn. What is near enough is in the same stretch of time or in
    the next. At one and the same time two rows are needed: of the pairs of rows some must be of two different ones.
    """
    by = "".join(f"{name}, " for name in dims)
    counts = [f"c{i} = countif(e{i})" for i in range(steps)]
    counts += [f"x{i} = countif(e{i} and e{i + 1})" for i in range(steps - 1)]
    met = " or ".join(f"e{i}" for i in range(steps))
    lines = [
        f"let Met = materialize(T | where isnotnull(t) and ({met})",
        f"  | summarize {', '.join(counts)} by {by}t);",
        f"Met | where c0 > 0 | project {by}t0 = t{_both(0, steps)}",
    ]
    for i in range(1, steps):
        times = ", ".join(f"t{k}" for k in range(i))
        lines += [
            "  | mv-expand i = range(0, 1, 1) to typeof(long)",
            f"  | extend b = bin(t{i - 1}, StepWindow) + i * StepWindow",
            f"  | join kind=inner (Met | where c{i} > 0",
            f"      | project {by}t{i} = t{_both(i, steps)}, b = bin(t, StepWindow)) on {by}b",
            f"  | where (t{i} > t{i - 1} or (t{i} == t{i - 1} and s{i - 1}))",
            f"      and t{i} - t{i - 1} <= StepWindow and t{i} - t0 <= Span",
            f"  | project {by}{times}, t{i}{f', s{i}' if i < steps - 1 else ''}",
        ]
    times = ", ".join(f"t{k}" for k in range(steps))
    keys = ", ".join(f"{name} asc" for name in (*(f"t{k}" for k in range(steps)), *dims))
    return "\n".join([*lines, f"  | project {by}{times}, spent = t{steps - 1} - t0 | sort by {keys}"])


def _both(step: int, steps: int) -> str:
    """Whether this step and the next are met at this time by two rows."""
    return f", s{step} = c{step} * c{step + 1} > x{step}" if step < steps - 1 else ""
