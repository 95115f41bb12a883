"""Window functions in an operator's expressions: allowed over serialized rows, computed in a node before it."""

from bluetick.binder.scope import Env, StepCall, WindowItem
from bluetick.plan.expressions import ColumnRef
from bluetick.plan.relations import (
    Filter,
    Limit,
    Project,
    PythonOperator,
    Range,
    Reference,
    Relation,
    Serialize,
    Sort,
    Window,
)

WindowItems = list[WindowItem]


def is_serialized(relation: Relation) -> bool:
    """Whether the rows are in a fixed order that window functions may rely on."""
    node = relation
    while True:
        match node:
            case Filter(input=inner) | Project(input=inner) | Window(input=inner) | Limit(input=inner):
                node = inner
            case Reference(binding=binding):
                node = binding.relation
            case _:
                return isinstance(node, Sort | Serialize | Range | PythonOperator)


def over_rows(env: Env, rows: Relation) -> tuple[Env, WindowItems | None]:
    """The place over these rows; with a list for window calls where the rows are serialized."""
    here = env.over(rows)
    if not is_serialized(rows):
        return here, None
    calls: WindowItems = []
    return here.serialized(calls), calls


def with_windows(rows: Relation, calls: WindowItems | None) -> Relation:
    """The rows with the columns of the gathered window calls; an argument of one may be the result of another."""
    relation = rows
    for column, call in calls or ():
        if isinstance(call, StepCall):
            kept = tuple((c, ColumnRef(c)) for c in relation.columns)
            base = Project(relation, (*kept, *call.computed))
            relation = PythonOperator(base, call.steps, tuple(c for c, _ in call.computed))
        else:
            relation = Window(relation, ((column, call),), call.partition)
    return relation
