"""What a column is, followed down to where it is born: along one row, never into the other row of a join."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bluetick.plan.expressions import Column, ColumnRef, Expr, children
from bluetick.plan.rebuilding import with_children
from bluetick.plan.relations import Aggregate, Join, JoinKind, Project, Reference, Relation, Scan

# Of these every row of the result is a row of the left, with the left's own values.
LEFT_ROWS = (JoinKind.INNER, JoinKind.INNERUNIQUE, JoinKind.LEFTOUTER, JoinKind.LEFTSEMI, JoinKind.LEFTANTI)
_MOST_PARTS = 400  # of one column's expression; what would grow past it stays the column


@dataclass(frozen=True, slots=True)
class Lineage:
    """For each column what it is over the columns below, and for those of tables which they are."""

    made: dict[int, Expr] = field(default_factory=dict)
    born: dict[int, tuple[Scan, str]] = field(default_factory=dict)
    _known: dict[int, tuple[Expr, int]] = field(default_factory=dict)  # with the number of its parts

    def follow(self, expr: Expr) -> Expr:
        """The expression over the columns where they are born: of a table, of an aggregate, of a join's right side."""
        return self._followed(expr)[0]

    def origin(self, column: Column) -> tuple[Scan, str] | None:
        """The table, and its name there, of which a column is a plain copy."""
        expr = self.follow(ColumnRef(column))
        return self.born.get(expr.column.id) if isinstance(expr, ColumnRef) else None

    def _followed(self, expr: Expr) -> tuple[Expr, int]:
        """The expression, and how many parts it has: a name may stand for a tree that names others twice, and so on."""
        if isinstance(expr, ColumnRef):
            return self._column(expr)
        parts = children(expr)
        if not parts:
            return expr, 1
        new = [self._followed(part) for part in parts]
        size = 1 + sum(number for _, number in new)
        if all(part is found for part, (found, _) in zip(parts, new, strict=True)):
            return expr, size
        return with_children(expr, [found for found, _ in new]), size

    def _column(self, expr: ColumnRef) -> tuple[Expr, int]:
        copies: list[ColumnRef] = []
        while expr.column.id not in self._known:
            # What is being followed is itself until it is known: a node may make a column out of its own.
            self._known[expr.column.id] = (expr, 1)
            below = self.made.get(expr.column.id)
            copies.append(expr)
            if not isinstance(below, ColumnRef):
                found = (expr, 1) if below is None else self._followed(below)
                self._known[expr.column.id] = found if found[1] <= _MOST_PARTS else (expr, 1)
                break
            expr = below
        found = self._known[expr.column.id]
        self._known.update((copy.column.id, found) for copy in copies)
        return found


def lineage_of(nodes: Iterable[Relation]) -> Lineage:
    """The lineage of the columns of these nodes; the inside of a binding has to be among them. A column that two nodes
    make otherwise is not followed."""
    found = Lineage()
    twice: set[int] = set()
    for node in nodes:
        if isinstance(node, Scan):
            pairs = zip(node.columns, node.sources, strict=True)
            found.born.update((column.id, (node, source)) for column, source in pairs)
        for column, below in _made(node):
            if isinstance(below, ColumnRef) and below.column.id == column.id:
                continue
            if found.made.setdefault(column.id, below) != below:
                twice.add(column.id)
    for column_id in twice:
        found.made.pop(column_id, None)
        found.born.pop(column_id, None)
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
