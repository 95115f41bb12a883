"""where, filter."""

from bluetick.binder.expressions import bind_predicate
from bluetick.binder.operators.windows import over_rows, with_windows
from bluetick.binder.scope import Env
from bluetick.plan.expressions import Call, Expr, Invalid, Literal
from bluetick.plan.relations import Filter, Relation
from bluetick.syntax.operators import WhereOperator


def bind_where(env: Env, node: WhereOperator, rows: Relation) -> Relation | None:
    """The conjuncts stay apart, so that the account can tell what each of them removed."""
    here, calls = over_rows(env, rows)
    predicate = bind_predicate(here, node.predicate, "the condition of where")
    if isinstance(predicate, Invalid):
        return None
    relation = with_windows(rows, calls)
    kept = tuple(c for c in conjuncts(predicate) if not (isinstance(c, Literal) and c.value is True))
    return Filter(relation, kept) if kept else relation


def conjuncts(predicate: Expr) -> list[Expr]:
    """The operands of a chain of `and`, in order."""
    found: list[Expr] = []
    pending = [predicate]
    while pending:
        expr = pending.pop()
        if isinstance(expr, Call) and expr.function.name == "and":
            pending.extend(reversed(expr.args))
        else:
            found.append(expr)
    return found
