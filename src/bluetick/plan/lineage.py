"""What a column is, followed down to where it is born: along one row, never into the other row of a join."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bluetick.plan.expressions import Column, ColumnRef, Expr, children
from bluetick.plan.rebuilding import with_children
from bluetick.plan.relations import Aggregate, Join, JoinKind, Project, Reference, Relation, Scan

# Of these every row of the result is a row of the left, with the left's own values.
LEFT_ROWS = (JoinKind.INNER, JoinKind.INNERUNIQUE, JoinKind.LEFTOUTER, JoinKind.LEFTSEMI, JoinKind.LEFTANTI)
_MOST_PARTS = 400  # of one expression that is followed; what grows past it is left as it is


@dataclass(frozen=True, slots=True)
class Lineage:
    """For each column what it is over the columns below, and for those of tables which they are."""

    made: dict[int, Expr] = field(default_factory=dict)
    born: dict[int, tuple[Scan, str]] = field(default_factory=dict)

    def follow(self, expr: Expr) -> Expr:
        """The expression over the columns where they are born: of a table, of an aggregate, of a join's right side."""
        return self._followed(expr, [_MOST_PARTS])

    def origin(self, column: Column) -> tuple[Scan, str] | None:
        """The table, and its name there, of which a column is a plain copy."""
        expr = self.follow(ColumnRef(column))
        return self.born.get(expr.column.id) if isinstance(expr, ColumnRef) else None

    def _followed(self, expr: Expr, left: list[int]) -> Expr:
        left[0] -= 1
        if left[0] < 0:
            return expr
        if isinstance(expr, ColumnRef):
            below = self.made.get(expr.column.id)
            return expr if below is None else self._followed(below, left)
        parts = children(expr)
        if not parts:
            return expr
        new = [self._followed(part, left) for part in parts]
        return expr if all(a is b for a, b in zip(parts, new, strict=True)) else with_children(expr, new)


def lineage_of(nodes: Iterable[Relation]) -> Lineage:
    """The lineage of the columns of these nodes; the inside of a binding has to be among them."""
    found = Lineage()
    for node in nodes:
        if isinstance(node, Scan):
            pairs = zip(node.columns, node.sources, strict=True)
            found.born.update((column.id, (node, source)) for column, source in pairs)
        for column, below in _made(node):
            if not (isinstance(below, ColumnRef) and below.column.id == column.id):
                found.made[column.id] = below
    return found


def _made(node: Relation) -> Iterator[tuple[Column, Expr]]:
    match node:
        case Project(items=items):
            yield from items
        case Aggregate(groups=groups):
            yield from groups
        case Join(kind=kind, left_items=items) if kind in LEFT_ROWS:
            yield from ((column, ColumnRef(below)) for column, below in items)
        case Join(kind=JoinKind.RIGHTSEMI | JoinKind.RIGHTANTI, right_items=items):
            yield from ((column, ColumnRef(below)) for column, below in items)
        case Reference(binding=binding, columns=columns):
            pairs = zip(columns, binding.relation.columns, strict=True)
            yield from ((column, ColumnRef(below)) for column, below in pairs)
        case _:
            return
