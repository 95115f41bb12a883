"""`summarize ... by a, b | join kind=leftanti (X) on a`: the rows are looked up before they are put into groups, where
the lookup has fewer keys than the groups.

Exact because a group's keys are the same for all of its rows: the lookup keeps or drops all rows of a group, as it
would the group, and the groups that are left have all their rows.

To look a row up in the few groups of X costs less than to find its group among those of all keys; and where the lookup
leaves few rows, few are grouped. With all the keys of the groups X has about as many, and the groups may be far fewer
than the rows: then it stays. So does a second lookup: of what a first one leaves there are few groups, and these cut
down what the second one has to look through (`reduced_groups`).
"""

from bluetick.plan.expressions import ColumnRef, Expr
from bluetick.plan.relations import Aggregate, Filter, Join, Project, Reference, Relation, TabularStatement
from bluetick.rewrite.everywhere import changed_everywhere
from bluetick.rewrite.fresh import FreshColumns, is_renaming, over
from bluetick.rewrite.lookup_order import LOOKUPS


def with_early_lookups(statement: TabularStatement, fresh: FreshColumns) -> TabularStatement:
    return changed_everywhere(statement, _early)


def _early(node: Relation) -> Relation:
    if not isinstance(node, Join) or node.kind not in LOOKUPS or not _is_grouped(node.right):
        return node
    groups = node.left
    names: dict[int, Expr] = {column.id: ColumnRef(column) for column in groups.columns}
    if isinstance(groups, Project) and is_renaming(groups):
        names = {column.id: expr for column, expr in groups.items}
        groups = groups.input
    if not isinstance(groups, Aggregate) or not len(node.keys) < len(groups.groups) or _is_cut(groups.input):
        return node
    below = {column.id: expr for column, expr in groups.groups}
    keys = [(_group(over(left, names), below), right) for left, right in node.keys]
    asked = tuple((left, right) for left, right in keys if left is not None)
    if len(asked) < len(keys):
        return node
    rows = groups.input
    cut = Join(node.kind, rows, node.right, asked, tuple((one, one) for one in rows.columns), (), node.span)
    made = Aggregate(cut, groups.groups, groups.items, groups.span)
    return Project(made, tuple((column, names[source.id]) for column, source in node.left_items))


def _is_cut(rows: Relation) -> bool:
    return isinstance(rows, Join) and rows.kind in LOOKUPS


def _group(key: Expr, groups: dict[int, Expr]) -> Expr | None:
    """The expression of the group that a key is, over the rows; None where it is none."""
    return groups.get(key.column.id) if isinstance(key, ColumnRef) else None


def _is_grouped(right: Relation) -> bool:
    """Whether its rows are groups: few beside those that they were made of."""
    while isinstance(right, Filter | Project | Reference):
        right = right.binding.relation if isinstance(right, Reference) else right.input
    return isinstance(right, Aggregate)
