"""Fields of nested columns, where a row knows them: `src.ip` is a column of its own type then, not a bag's value."""

from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import ColumnRef, Expr, Invalid
from bluetick.syntax import expressions as syntax
from bluetick.types import Type


def bind_field(env: Env, node: syntax.PathExpression | syntax.ElementExpression) -> Expr | None:
    """The field that a path names, Invalid for one that its struct does not have; None where the row knows of none."""
    fields = {} if env.row is None else env.row.fields
    way = way_of(node) if fields else ()
    if not way:
        return None
    if way in fields:
        return ColumnRef(fields[way])
    siblings = [known[-1] for known in fields if known[:-1] == way[:-1]]
    if not siblings:
        return None
    env.report(codes.unresolved_column(node.span, way[-1], siblings, where=".".join(way[:-1])))
    return Invalid()


def way_of(node: syntax.Expression) -> tuple[str, ...]:
    """The names of a path such as a.b['c']; nothing for any other expression."""
    names: list[str] = []
    while True:
        match node:
            case syntax.PathExpression(base=base, name=name):
                names.append(name.text)
                node = base
            case syntax.ElementExpression(base=base, index=syntax.Literal(type=Type.STRING, value=str(name))):
                names.append(name)
                node = base
            case syntax.NameReference(name=name):
                return (name, *reversed(names))
            case _:
                return ()
