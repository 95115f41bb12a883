"""Window functions that stand in nodes of their own over the same rows come into one node, which sorts once.

`Window [prev(b)] (Window [prev(a)] rows)` becomes `Window [prev(a), prev(b)] rows`.

Exact because a node adds columns and changes neither rows nor their order: an outer call that reads no column of the
inner node sees the same rows below it. Calls over other partitions, and those that read what the inner node computes,
stay where they are.
"""

from bluetick.plan.column_use import columns_in
from bluetick.plan.relations import Relation, TabularStatement, Window
from bluetick.rewrite.everywhere import changed_everywhere
from bluetick.rewrite.fresh import FreshColumns


def with_joined_windows(statement: TabularStatement, fresh: FreshColumns) -> TabularStatement:
    return changed_everywhere(statement, _joined)


def _joined(node: Relation) -> Relation:
    if not isinstance(node, Window) or not isinstance(node.input, Window) or node.partition != node.input.partition:
        return node
    inner = {column.id for column, _ in node.input.items}
    if not inner.isdisjoint(columns_in(call for _, call in node.items)):
        return node
    return Window(node.input.input, (*node.input.items, *node.items), node.partition)
