"""A let that is used once stands where it is used, so that the other rewrites see what is beside it.

Exact because a let is only a name for a relation: its rows, their order and the nulls in them are the same. A let that
is materialized stays: it is a step of its own.
"""

from collections import Counter

from bluetick.plan.relations import Binding, Reference, Relation, TabularStatement
from bluetick.plan.traversal import queries_in, relations_in
from bluetick.rewrite.everywhere import Rebuilding
from bluetick.rewrite.fresh import FreshColumns


def with_inlined_lets(statement: TabularStatement, fresh: FreshColumns) -> TabularStatement:
    uses: Counter[int] = Counter()
    found: dict[int, Binding] = {}
    for node in nodes_of(statement):
        if isinstance(node, Reference):
            uses[id(node.binding)] += 1
            found[id(node.binding)] = node.binding
    once = frozenset(key for key, binding in found.items() if uses[key] == 1 and not binding.materialized)
    return Rebuilding(lambda node: node, once).statement(statement) if once else statement


def nodes_of(statement: TabularStatement) -> list[Relation]:
    """All nodes: those of the statement's relation, and of the queries in its assertions. A let's inside that both
    have comes twice."""
    queries = [query for assertion in statement.assertions for query in queries_in(assertion.condition)]
    roots = [statement.relation, *(query.relation for query in queries)]
    return [node for root in roots for node in relations_in(root, scalars=True)]
