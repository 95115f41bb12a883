"""where, filter."""

from bluetick.binder.expressions import bind_predicate
from bluetick.binder.operators.any_column import any_column_predicate, has_star
from bluetick.binder.operators.project import keep
from bluetick.binder.operators.windows import over_rows, with_windows
from bluetick.binder.scope import Env
from bluetick.diagnostics import Span
from bluetick.plan.expressions import Call, Expr, Invalid, Literal
from bluetick.plan.relations import Filter, Project, Relation
from bluetick.syntax.expressions import BinaryExpression, Expression
from bluetick.syntax.operators import WhereOperator


def bind_where(env: Env, node: WhereOperator, rows: Relation) -> Relation | None:
    """The conjuncts stay apart, so that the account can tell what each of them removed."""
    here, calls = over_rows(env, rows)
    if has_star(node.predicate):
        predicate = any_column_predicate(here, node.predicate, rows.columns, exact=False)
    else:
        predicate = bind_predicate(here, node.predicate, "the condition of where")
    if isinstance(predicate, Invalid):
        return None
    relation = with_windows(rows, calls)
    bound, written = conjuncts(predicate), written_conjuncts(node.predicate)
    spans = written if len(written) == len(bound) else [node.predicate.span] * len(bound)
    kept = [(c, s) for c, s in zip(bound, spans, strict=True) if not (isinstance(c, Literal) and c.value is True)]
    if kept:
        relation = Filter(relation, tuple(c for c, _ in kept), tuple(env.state.place(s) for _, s in kept))
    return Project(relation, tuple(keep(rows.columns))) if calls else relation


def written_conjuncts(node: Expression) -> list[Span]:
    """Where the operands of a chain of `and` stand in the text."""
    found: list[Span] = []
    pending = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, BinaryExpression) and part.operator == "and":
            pending += [part.right, part.left]
        else:
            found.append(part.span)
    return found


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
