"""Columns that no two rows of a relation share, and how many rows it can have."""

from collections.abc import Iterable
from dataclasses import dataclass

from bluetick.plan.expressions import Column, ColumnRef, Expr, Literal, walk
from bluetick.plan.relations import (
    Aggregate,
    Computed,
    Filter,
    Join,
    JoinKind,
    Limit,
    Project,
    ProviderLookup,
    Reference,
    Relation,
    Serialize,
    Sort,
    Union,
    Values,
    Window,
)

_SAME_ROWS = (Sort, Serialize, Window, Computed, ProviderLookup)
_OF_LEFT = (JoinKind.INNER, JoinKind.INNERUNIQUE, JoinKind.LEFTOUTER, JoinKind.LEFTSEMI, JoinKind.LEFTANTI)


def is_unique(relation: Relation, keys: Iterable[Expr]) -> bool:
    """Whether no two rows have the same keys. A key that is computed of one column is taken for that column: two
    values that become one (by their case, say) are the few that this overlooks."""
    ids = {column for key in keys if (column := _only_column(key)) is not None}
    return any(unique <= ids for unique in unique_columns(relation))


def unique_columns(relation: Relation) -> list[frozenset[int]]:  # noqa: PLR0911 - one match over the nodes
    """Sets of columns (by id) that no two rows share; an empty set: there is one row at most."""
    match relation:
        case Aggregate(groups=groups):
            return [frozenset(column.id for column, _ in groups)]
        case Values(rows=rows):
            return [frozenset()] if len(rows) == 1 else []
        case Limit(count=Literal(value=1), partition=()):
            return [frozenset()]
        case Limit(count=Literal(value=1), partition=partition):
            return [frozenset(column.id for column in partition)]
        case Filter() | Limit():
            return unique_columns(relation.input)
        case Project(items=items):
            made = [(column, only) for column, expr in items if (only := _only_column(expr)) is not None]
            return _renamed(unique_columns(relation.input), made)
        case Reference(binding=binding, columns=columns):
            pairs = zip(columns, binding.relation.columns, strict=True)
            return _renamed(unique_columns(binding.relation), [(column, below.id) for column, below in pairs])
        case Join():
            return _of_join(relation)
        case _ if isinstance(relation, _SAME_ROWS):
            return unique_columns(relation.input)
        case _:
            return []


def _of_join(node: Join) -> list[frozenset[int]]:
    """The left's, where no row of it meets two of the right."""
    if node.kind not in _OF_LEFT:
        return []
    if node.kind not in (JoinKind.LEFTSEMI, JoinKind.LEFTANTI) and not is_unique(node.right, [b for _, b in node.keys]):
        return []
    return _renamed(unique_columns(node.left), [(column, below.id) for column, below in node.left_items])


def _renamed(sets: list[frozenset[int]], pairs: Iterable[tuple[Column, int]]) -> list[frozenset[int]]:
    names: dict[int, int] = {}
    for column, below in pairs:
        names.setdefault(below, column.id)
    return [frozenset(names[i] for i in ids) for ids in sets if ids <= names.keys()]


def _only_column(expr: Expr) -> int | None:
    ids = {part.column.id for part in walk(expr) if isinstance(part, ColumnRef)}
    return ids.pop() if len(ids) == 1 else None


@dataclass(frozen=True, slots=True)
class RowCount:
    """The least and the most rows; None: no limit."""

    least: int
    most: int | None


_ANY = RowCount(0, None)


def row_count(relation: Relation) -> RowCount:  # noqa: C901, PLR0911 - one match over the nodes
    """How many rows a relation can have whatever its tables hold."""
    match relation:
        case Aggregate(groups=()):
            return RowCount(1, 1)
        case Aggregate():
            below = row_count(relation.input)
            return RowCount(min(below.least, 1), below.most)
        case Values(rows=rows) if rows:  # without any it stands for a table that is not known yet
            return RowCount(len(rows), len(rows))
        case Filter():
            return RowCount(0, row_count(relation.input).most)
        case Limit(count=Literal(value=int() as count), partition=()):
            below = row_count(relation.input)
            return RowCount(min(below.least, count), count if below.most is None else min(below.most, count))
        case Project():
            return row_count(relation.input)
        case Reference(binding=binding):
            return row_count(binding.relation)
        case Union(legs=legs):
            return _sum([row_count(leg) for leg, _ in legs])
        case Join(kind=JoinKind.LEFTSEMI | JoinKind.LEFTANTI, left=left):
            return RowCount(0, row_count(left).most)
        case _ if isinstance(relation, _SAME_ROWS):
            return row_count(relation.input)
        case _:
            return _ANY


def _sum(counts: list[RowCount]) -> RowCount:
    most = [count.most for count in counts if count.most is not None]
    return RowCount(sum(count.least for count in counts), sum(most) if len(most) == len(counts) else None)
