"""How large a statement gets where an engine computes a let anew for each of its uses.

Lets that each use the one before twice double with each step, and so does the time in which an engine plans them: ten
such lets took Spark 40 s and DuckDB 35 s. What would grow so is computed once, in a step of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bluetick.plan.expressions import ScalarQuery
from bluetick.plan.relations import Binding, Reference, Relation, expressions, inputs
from bluetick.plan.traversal import queries_in

MAX_UNFOLDED = 300  # nodes of a let that is used more than once


def bindings_to_keep(roots: Sequence[Relation], uses: Mapping[int, int]) -> set[int]:
    """The ids of the bindings that are steps: materialized ones, those that would unfold too far, those that are told
    to be."""
    work = _Unfolding()
    kept: set[int] = set()
    pending: list[Relation | Binding] = list(roots)
    while pending:
        node = pending[-1]
        own, used = work.parts(node)
        missing = [binding for binding in used if id(binding) not in work.sizes]
        if missing or work.scalars:
            pending += [*missing, *work.scalars]
            work.scalars.clear()
            continue
        pending.pop()
        size = own + sum(work.sizes[id(binding)] for binding in used)
        if isinstance(node, Binding):
            if node.apart or (uses[id(node)] > 1 and (node.materialized or size > MAX_UNFOLDED)):
                kept.add(id(node))
                size = 1
            work.sizes[id(node)] = size
    return kept


@dataclass(slots=True)
class _Unfolding:
    """Sizes of bindings, by id, and the relations of scalar queries that were met: they are statements of their own."""

    sizes: dict[int, int] = field(default_factory=dict)
    scalars: list[Relation] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)
    _parts: dict[int, tuple[int, list[Binding]]] = field(default_factory=dict)

    def parts(self, node: Relation | Binding) -> tuple[int, list[Binding]]:
        """How many nodes it has outside of bindings, and the bindings that it uses, once for each use."""
        found = self._parts.get(id(node))
        if found is None:
            found = self._parts[id(node)] = self._count(node.relation if isinstance(node, Binding) else node)
        return found

    def _count(self, relation: Relation) -> tuple[int, list[Binding]]:
        count, used = 0, []
        pending = [relation]
        while pending:
            node = pending.pop()
            count += 1
            for expr in expressions(node):
                for query in queries_in(expr):
                    if not isinstance(query, ScalarQuery):
                        pending.append(query.relation)
                    elif id(query) not in self._seen:
                        self._seen.add(id(query))
                        self.scalars.append(query.relation)
            if isinstance(node, Reference):
                used.append(node.binding)
            else:
                pending.extend(inputs(node))
        return count, used
