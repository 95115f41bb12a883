"""evaluate funnel_sequence and funnel_sequence_completion: ids that go through a sequence of states.

https://learn.microsoft.com/kusto/query/funnel-sequence-plugin , funnel-sequence-completion-plugin
"""

from bluetick.binder.names import Names
from bluetick.binder.operators.plugins.arguments import Call
from bluetick.binder.operators.plugins.macro import bind_macro, chosen, renamed
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.functions.registry import find_window
from bluetick.plan.expressions import Column, ColumnRef, Expr, Literal, WindowCall
from bluetick.plan.relations import Relation, Sort, SortKey, Window
from bluetick.syntax.expressions import Argument
from bluetick.syntax.operators import EvaluateOperator
from bluetick.types import INTEGER, Type

_TIMES = (*INTEGER, Type.DATETIME, Type.TIMESPAN)
_MOST_STEPS = 50


def bind_funnel_sequence(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """funnel_sequence(id, time, start, end, longest step, step, state, sequence): the first of its three tables. Rows
    of one state in a row count as one."""
    call = Call(env, node, rows)
    if not call.count_is(8, 8):
        return None
    id_time = _id_and_time(call)
    values = _constants(call, id_time, ("Start", "End", "StepWindow", "Step"))
    state, steps = call.key(call.arguments[6]), _sequence(call, call.arguments[7])
    if id_time is None or values is None or state is None or steps is None:
        return None
    scope = "T | where t >= Start and t <= End | project id, t, s = tostring(s) | sort by t asc, s asc"
    events = bind_macro(env, node.call.span, scope, {"T": _rows(call, *id_time, state)}, values)
    if events is None:
        return None
    changes = _beside(env, events, [("was", "prev", 1, 1), ("left", "prev", 0, 1)])
    last = len(steps)
    runs = "Changes | where isnull(left) or s != was | project id, t, s, gap = iff(isnull(left), t - t, t - left)"
    found = bind_macro(env, node.call.span, f"{runs} | sort by t asc", {"Changes": changes}, values)
    if found is None:
        return None
    beside = [("before", "prev", 1, 1), *((f"s{i}", "next", 1, i) for i in range(1, last + 1))]
    beside += [(f"g{i}", "next", 2, i) for i in range(1, last)]
    tests = " and ".join(["s == S0", *(f"s{i} == S{i} and g{i} <= StepWindow" for i in range(1, last))])
    text = f"""
    Runs | where {tests}
      | summarize ids = count_distinct(id), samples = make_set(id, 128)
          by b = bin_at(t, Step, Start), before, after = s{last}
      | sort by b asc, ids desc, before asc, after asc"""
    known = {**values, **{f"S{i}": Literal(step, Type.STRING) for i, step in enumerate(steps)}}
    made = bind_macro(env, node.call.span, text, {"Runs": _beside(env, found, beside)}, known)
    if made is None:
        return None
    env.report(codes.first_table_only(node.call.span, call.name))
    names = Names()
    return renamed(env, made, [names.claim(n) for n in (id_time[1].name, "prev", "next", "dcount", "samples")])


def bind_funnel_sequence_completion(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """funnel_sequence_completion(id, time, start, end, bin, state, sequence, periods): how many ids come to each state
    in each of the periods after the first."""
    call = Call(env, node, rows)
    if not call.count_is(8, 8):
        return None
    id_time = _id_and_time(call)
    values = _constants(call, id_time, ("Start", "End", "Step"))
    state, steps = call.key(call.arguments[5]), _sequence(call, call.arguments[6])
    periods = call.literal(call.arguments[7], Type.DYNAMIC)
    if id_time is None or values is None or state is None or steps is None or periods is None:
        return None
    known = {**values, **{f"S{i}": Literal(step, Type.STRING) for i, step in enumerate(steps)}, "Given": periods}
    length = "timespan" if id_time[1].type in (Type.DATETIME, Type.TIMESPAN) else "long"
    text = _completion(steps, length)
    made = bind_macro(env, node.call.span, text, {"T": _rows(call, *id_time, state)}, known)
    if made is None:
        return None
    names = Names()
    return renamed(env, made, [names.claim(n) for n in (id_time[1].name, state.name, "Period", "dcount")])


def _completion(steps: list[str], length: str) -> str:
    """Of each first event, the earliest way through the states; of each id and bin, the quickest to each of them."""
    lines = [
        f"let Periods = print p = Given | mv-expand p to typeof({length}) | where isnotnull(p) | extend k = 1;",
        "let Longest = toscalar(Periods | summarize max(p));",
        "let Events = materialize(T | where t >= Start and t <= End",
        "  | summarize by id, s = tostring(s), b = bin_at(t, Step, Start), t);",
        "let R0 = Events | where s == S0 | project id, b, t0 = t, t;",
    ]
    for i in range(1, len(steps)):
        later = ">" if steps[i] == steps[i - 1] else ">="
        lines += [
            f"let R{i} = R{i - 1} | project id, b, t0, from = t",
            f"  | join kind=inner (Events | where s == S{i} | project id, b, t) on id, b",
            f"  | where t {later} from and t - t0 <= Longest | summarize t = min(t) by id, b, t0;",
        ]
    reached = ", ".join(f"(R{i} | summarize took = min(t - t0) by id, b | extend i = {i})" for i in range(len(steps)))
    names = ", ".join(f"S{i}" for i in range(len(steps)))
    return "\n".join(
        [
            *lines,
            f"let Reached = union {reached} | extend k = 1 | join kind=inner Periods on k",
            "  | where took <= p | summarize n = count() by b, p, i;",
            f"R0 | summarize by b, k = 1 | join kind=inner Periods on k | mv-expand i = range(0, {len(steps) - 1}, 1)"
            " to typeof(long)",
            "  | join kind=leftouter Reached on b, p, i",
            f"  | project b, i, p, n = coalesce(n, 0), s = tostring(pack_array({names})[i])",
            "  | sort by b asc, p asc, i asc | project b, s, p, n",
        ]
    )


# --- arguments -------------------------------------------------------------------------------------------------------


def _id_and_time(call: Call) -> tuple[Column, Column] | None:
    id_, time = call.key(call.arguments[0]), call.column(call.arguments[1], *_TIMES)
    return None if id_ is None or time is None else (id_, time)


def _constants(call: Call, id_time: tuple[Column, Column] | None, names: tuple[str, ...]) -> dict[str, Expr] | None:
    """Start and End, which are times, then distances."""
    if id_time is None:
        return None
    time = id_time[1].type
    values: dict[str, Expr] = {}
    for name, argument in zip(names, call.arguments[2:], strict=False):
        value = call.constant(argument)
        if value is None:
            return None
        length = INTEGER if time in INTEGER else (Type.TIMESPAN,)
        wanted = (time,) if name in ("Start", "End") and time not in INTEGER else length
        if value.type not in wanted:
            what = f"this argument of '{call.name}'"
            call.env.report(codes.wrong_type(argument.span, what, str(wanted[-1]), str(value.type)))
            return None
        values[name] = value
    return values


def _sequence(call: Call, argument: Argument) -> list[str] | None:
    """The states as texts."""
    given = call.literal(argument, Type.DYNAMIC)
    if given is None:
        return None
    if not isinstance(given.value, list) or not 1 <= len(given.value) <= _MOST_STEPS:
        call.bad(argument, f"the sequence is an array of 1 to {_MOST_STEPS} states")
        return None
    return [step if isinstance(step, str) else str(step) for step in given.value]


def _rows(call: Call, id_: Column, time: Column, state: Column) -> Relation:
    return chosen(call.env, call.rows, {"id": id_, "t": time, "s": state})


def _beside(env: Env, rows: Relation, wanted: list[tuple[str, str, int, int]]) -> Relation:
    """Columns that hold what a row so many places before or after has, among those of its id: name, function, which
    column (0 the time, 1 the state, 2 the gap), places."""
    id_, *others = rows.columns
    items = []
    for name, function, place, offset in wanted:
        window, of = find_window(function), others[place]
        if window is None:
            raise AssertionError(f"the catalogue has {function}")
        arguments = (ColumnRef(of), Literal(offset, Type.LONG))
        items.append((env.state.column(name, of.type), WindowCall(window, arguments, of.type)))
    order = [SortKey(ColumnRef(column), descending=False, nulls_first=True) for column in others[:2]]
    return Window(Sort(rows, tuple(order)), tuple(items), (id_,))
