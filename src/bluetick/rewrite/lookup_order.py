"""Semi- and anti-joins that follow each other: the one on the fewest keys first.

Exact because each of them keeps or drops a row of the left by that row alone, and neither repeats nor changes one: in
whatever order they come, the rows that all of them keep are the same, in the same order. How null keys meet is each
join's own affair.

The fewer keys a lookup has, the fewer groups its other side has, and the more rows of the left one of them takes: what
is computed for the later ones can then be cut to what is left (`reduced_groups`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bluetick.plan.expressions import ColumnRef, Expr
from bluetick.plan.relations import Join, JoinKind, Project, Relation, TabularStatement
from bluetick.rewrite.everywhere import changed_everywhere
from bluetick.rewrite.fresh import FreshColumns, is_renaming, over

LOOKUPS = (JoinKind.LEFTSEMI, JoinKind.LEFTANTI)
_Names: TypeAlias = Mapping[int, Expr]


def with_ordered_lookups(statement: TabularStatement, fresh: FreshColumns) -> TabularStatement:
    return changed_everywhere(statement, _ordered)


@dataclass(frozen=True, slots=True)
class _Lookup:
    """A semi- or anti-join with its left keys over the rows that the first of the chain gets."""

    join: Join
    keys: tuple[tuple[Expr, Expr], ...]


def _ordered(node: Relation) -> Relation:
    if not isinstance(node, Join) or node.kind not in LOOKUPS:
        return node
    base, lookups, names = _chain(node)
    wanted = sorted(lookups, key=lambda one: len(one.keys))
    if all(one is other for one, other in zip(wanted, lookups, strict=True)):
        return node
    made = base
    own = tuple((column, column) for column in base.columns)
    for one in wanted:
        made = Join(one.join.kind, made, one.join.right, one.keys, own, (), one.join.span)
    return Project(made, tuple((column, names[column.id]) for column in node.columns))


def _chain(node: Join) -> tuple[Relation, list[_Lookup], _Names]:
    """What the first lookup gets, the lookups in their order, and what the result's columns are over that."""
    spine: list[Join | Project] = []
    below: Relation = node
    while (isinstance(below, Join) and below.kind in LOOKUPS) or (isinstance(below, Project) and is_renaming(below)):
        spine.append(below)
        below = below.left if isinstance(below, Join) else below.input
    names: dict[int, Expr] = {column.id: ColumnRef(column) for column in below.columns}
    lookups: list[_Lookup] = []
    for one in reversed(spine):
        if isinstance(one, Project):
            names = {column.id: over(expr, names) for column, expr in one.items}
            continue
        lookups.append(_Lookup(one, tuple((over(left, names), right) for left, right in one.keys)))
        names = {column.id: names[source.id] for column, source in one.left_items}
    return below, lookups, names
