"""Walks over whole plans: relations, those inside expressions included."""

from collections.abc import Collection, Iterator

from bluetick.plan.expressions import Column, ColumnRef, Expr, InTable, ScalarQuery, walk
from bluetick.plan.relations import Binding, Reference, Relation, expressions, inputs


def relations_in(relation: Relation, *, scalars: bool = False, without: Collection[Binding] = ()) -> Iterator[Relation]:
    """The relation and every relation under it, each reference once per use but a binding's inside only once.

    Relations inside `in (table)` are included; those of toscalar only with `scalars`, and once too: a let that is one
    may stand in many places. The inside of the bindings `without` is left out.
    """
    seen = {id(binding) for binding in without}
    pending = [relation]
    while pending:
        node = pending.pop()
        yield node
        for expr in expressions(node):
            for query in queries_in(expr):
                if isinstance(query, ScalarQuery):
                    if not scalars or id(query) in seen:
                        continue
                    seen.add(id(query))
                pending.append(query.relation)
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


def queries_in(expr: Expr) -> list[ScalarQuery | InTable]:
    """The queries that stand in an expression, without those in their relations."""
    if isinstance(expr, ColumnRef):  # most of them: a projection names every column
        return []
    return [part for part in walk(expr) if isinstance(part, ScalarQuery | InTable)]


def foreign_column(relation: Relation, closed: set[Binding]) -> Column | None:
    """A column that no node of the relation has: one of the row outside, that a function's parameter stands for.

    The bindings of a relation without one join `closed`, whose inside is not looked at again.
    """
    nodes = list(relations_in(relation, without=closed))
    own = {column.id for node in nodes for column in node.columns}
    for node in nodes:
        for expr in expressions(node):
            for part in walk(expr):
                if isinstance(part, ColumnRef) and part.column.id not in own:
                    return part.column
    closed.update(node.binding for node in nodes if isinstance(node, Reference))
    return None
