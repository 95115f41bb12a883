"""Walks over whole plans: relations, those inside expressions included."""

from collections.abc import Iterator

from bluetick.plan.expressions import Column, ColumnRef, Expr, InTable, ScalarQuery, walk
from bluetick.plan.relations import Binding, Reference, Relation, expressions, inputs


def relations_in(relation: Relation, *, scalars: bool = False) -> Iterator[Relation]:
    """The relation and every relation under it, each reference once per use but a binding's inside only once.

    Relations inside `in (table)` are included; those of toscalar only with `scalars`.
    """
    seen: set[int] = set()
    pending = [relation]
    while pending:
        node = pending.pop()
        yield node
        for expr in expressions(node):
            pending.extend(_inner(expr, scalars))
        if isinstance(node, Reference):
            if id(node.binding) in seen:
                continue
            seen.add(id(node.binding))
        pending.extend(reversed(inputs(node)))


def named_relations(relation: Relation) -> list[tuple[str, Relation]]:
    """Lets and `as` names under a relation, each once, in the order in which they are computed."""
    found: dict[int, Binding] = {}
    for node in relations_in(relation):
        if isinstance(node, Reference):
            found.pop(id(node.binding), None)
            found[id(node.binding)] = node.binding
    return [(binding.name, binding.relation) for binding in reversed(found.values())]


def _inner(expr: Expr, scalars: bool) -> list[Relation]:
    found: list[Relation] = []
    if isinstance(expr, ColumnRef):  # most of them: a projection names every column
        return found
    for part in walk(expr):
        if isinstance(part, InTable) or (scalars and isinstance(part, ScalarQuery)):
            found.append(part.relation)
    return found


def foreign_column(relation: Relation) -> Column | None:
    """A column that no node of the relation has: one of the row outside, that a function's parameter stands for."""
    nodes = list(relations_in(relation))
    own = {column.id for node in nodes for column in node.columns}
    for node in nodes:
        for expr in expressions(node):
            for part in walk(expr):
                if isinstance(part, ColumnRef) and part.column.id not in own:
                    return part.column
    return None
