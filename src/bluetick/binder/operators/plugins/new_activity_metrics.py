"""evaluate new_activity_metrics: what becomes of the ids that are first seen in each period.

https://learn.microsoft.com/kusto/query/new-activity-metrics-plugin
"""

from bluetick.binder.names import Names
from bluetick.binder.operators.plugins.arguments import Call
from bluetick.binder.operators.plugins.macro import bind_macro, chosen, renamed
from bluetick.binder.operators.plugins.timeline import Kind, Shape, TimelineCall, TimelinePlugin, bind_timeline
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.relations import Relation
from bluetick.syntax.expressions import NameReference
from bluetick.syntax.operators import EvaluateOperator

_CONSTANTS = (("Start", Kind.POINT), ("End", Kind.POINT), ("Step", Kind.STEP))
_COLUMNS = ("dcount_new_values", "dcount_retained_values", "dcount_churn_values", "retention_rate", "churn_rate")
_ALL = TimelinePlugin(_CONSTANTS, _COLUMNS, lambda _: "")
_ONE_COHORT = TimelinePlugin((*_CONSTANTS, ("Cohort", Kind.POINT)), _COLUMNS, lambda _: "")


def bind_new_activity_metrics(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """new_activity_metrics(id, time, start, end, window [, cohort] [, dimension ...] [, lookback])"""
    call = Call(env, node, rows)
    if not call.count_is(5):
        return None
    arguments = call.arguments
    last = arguments[-1].value
    has_lookback = not call.names_column(arguments[-1]) and env.without_row().is_tabular(last)
    if has_lookback:
        arguments = arguments[:-1]
    has_cohort = len(arguments) > 5 and not isinstance(arguments[5].value, NameReference)
    has_cohort = has_cohort or (len(arguments) > 5 and not call.names_column(arguments[5]))
    given = bind_timeline(call, arguments, _ONE_COHORT if has_cohort else _ALL)
    if given is None:
        return None
    tables = {"T": given.rows(call)}
    if has_lookback:
        known = _known(call, given)
        if known is None:
            return None
        tables["Known"] = known
    text = _text(given.shape, has_cohort=has_cohort, has_lookback=has_lookback)
    made = bind_macro(env, node.call.span, text, tables, given.values)
    return None if made is None else _named(call, given, made)


def _known(call: Call, given: TimelineCall) -> Relation | None:
    """The ids of the time before, in the column that is named as the id's."""
    argument = call.arguments[-1]
    table = call.env.without_row().tabular(argument.value)
    if table is None:
        return None
    column = next((c for c in table.columns if c.name == given.id.name), None)
    if column is None:
        call.env.report(codes.unresolved_column(argument.span, given.id.name, (c.name for c in table.columns)))
        return None
    if column.type is not given.id.type:
        what = f"column '{column.name}' of the lookback"
        call.env.report(codes.wrong_type(argument.span, what, str(given.id.type), str(column.type)))
        return None
    return chosen(call.env, table, {"id": column})


def _named(call: Call, given: TimelineCall, made: Relation) -> Relation:
    names = Names()
    time = given.time.name
    wanted = (f"from_{time}", f"to_{time}", *(d.name for d in given.dimensions), *_COLUMNS)
    return renamed(call.env, made, [names.claim(name) for name in wanted])


def _text(shape: Shape, *, has_cohort: bool, has_lookback: bool) -> str:
    """Every pair of periods from Start to End, for each combination of dimensions that the rows have.

    An id is new in `to` where it was not seen up to `from`; in `from` itself, where that is its first period.
    """
    dims = ", ".join((*shape.dims, "k"))
    unknown = " | join kind=leftanti Known on id" if has_lookback else ""
    cohort = f" | where from == {shape.bin('Cohort')}" if has_cohort else ""
    return f"""
    let Seen = materialize(T | where t >= Start and t <= End{unknown}
      | summarize by {shape.by("id")}, b = {shape.bin("t")}, k = 1);
    let First = materialize(Seen | summarize from = min(b) by {shape.by("id")}, k);
    let Flows = First | join kind=inner Seen on {shape.by("id")}
      | summarize n = count() by {dims}, first = from, to = b;
    let Sizes = First | summarize size = count() by {dims}, from;
    let Periods = range i from 0 to {_last_period(shape)} step 1
      | project b = {shape.shift(shape.bin("Start"), "i")}, k = 1 | where b <= End;
    Seen | distinct {dims}
      | join kind=inner (Periods | project from = b, k) on k{cohort}
      | join kind=inner (Periods | project to = b, k) on k
      | where from <= to
      | join kind=leftouter Flows on {dims}, to
      | summarize new = sumif(n, first > from or (first == from and from == to)), retained = sumif(n, first == from)
          by {dims}, from, to
      | join kind=leftouter Sizes on {dims}, from
      | extend size = coalesce(size, 0)
      | project {shape.by("from", "to")}, new, retained, churned = size - retained,
          rate = todouble(retained) / size, churn = todouble(size - retained) / size
      | sort by {shape.ascending("from", "to")}"""


def _last_period(shape: Shape) -> str:
    return "tolong((End - Start) / 7d) + 1" if shape.calendar else "tolong((End - Start) / Step)"
