"""evaluate session_count: how many sessions begin in each period.

https://learn.microsoft.com/kusto/query/session-count-plugin
"""

from bluetick.binder.operators.plugins.arguments import Call
from bluetick.binder.operators.plugins.macro import bind_macro
from bluetick.binder.operators.plugins.timeline import Kind, Shape, TimelinePlugin, bind_timeline, finished
from bluetick.binder.scope import Env
from bluetick.functions.registry import find_window
from bluetick.plan.expressions import ColumnRef, WindowCall
from bluetick.plan.relations import Relation, Sort, SortKey, Window
from bluetick.syntax.operators import EvaluateOperator


def _text(shape: Shape) -> str:
    """The periods count from zero and not from Start, as the chart on the product's page shows."""
    return f"""
    Followed | where t >= Start and t <= End and (isnull(before) or before < t - LookBackWindow)
      | summarize sessions = count() by {shape.by("b = bin(t, Step)")}
      | sort by {shape.ascending("b")}"""


_PLUGIN = TimelinePlugin(
    (("Start", Kind.POINT), ("End", Kind.POINT), ("Step", Kind.LENGTH), ("LookBackWindow", Kind.LENGTH)),
    ("count_sessions",),
    _text,
)


def bind_session_count(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """A session begins where an id was not seen in the time LookBackWindow before."""
    call = Call(env, node, rows)
    given = bind_timeline(call, call.arguments, _PLUGIN)
    previous = find_window("prev")
    if given is None or previous is None:
        return None
    scope = "T | where t >= Start - LookBackWindow and t <= End"
    in_scope = bind_macro(env, node.call.span, scope, {"T": given.rows(call)}, given.values)
    if in_scope is None:
        return None
    time = in_scope.columns[1]
    ids = tuple(c for c in in_scope.columns if c != time)
    order = Sort(in_scope, (SortKey(ColumnRef(time), descending=False, nulls_first=True),))
    before = env.state.column("before", time.type)
    followed = Window(order, ((before, WindowCall(previous, (ColumnRef(time),), time.type)),), ids)
    made = bind_macro(env, node.call.span, _text(given.shape), {"Followed": followed}, given.values)
    return finished(call, given, made, _PLUGIN)
