"""Columns that no two rows of a relation share, and how many rows it can have."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

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
_Sets: TypeAlias = list[frozenset[int]]
_Known: TypeAlias = dict[int, _Sets]
_OF_LEFT = (JoinKind.INNER, JoinKind.INNERUNIQUE, JoinKind.LEFTOUTER, JoinKind.LEFTSEMI, JoinKind.LEFTANTI)


def is_unique(relation: Relation, keys: Iterable[Expr]) -> bool:
    """Whether no two rows have the same keys. A key that is computed of one column is taken for that column: two
    values that become one (by their case, say) are the few that this overlooks."""
    return _is_unique(relation, keys, {})


def _is_unique(relation: Relation, keys: Iterable[Expr], known: _Known) -> bool:
    ids = {column for key in keys if (column := _only_column(key)) is not None}
    return any(unique <= ids for unique in _unique_columns(relation, known))


def _unique_columns(relation: Relation, known: _Known) -> _Sets:
    """Sets of columns (by id) that no two rows share; an empty set: there is one row at most. `known` are those of
    relations that were looked at: a let may be named twice in a let that is named twice."""
    if id(relation) not in known:
        known[id(relation)] = _uniques(relation, known)
    return known[id(relation)]


def _uniques(relation: Relation, known: _Known) -> _Sets:  # noqa: PLR0911 - one match over the nodes
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
            return _unique_columns(relation.input, known)
        case Project(items=items):
            made = [(column, only) for column, expr in items if (only := _only_column(expr)) is not None]
            return _renamed(_unique_columns(relation.input, known), made)
        case Reference(binding=binding, columns=columns):
            pairs = zip(columns, binding.relation.columns, strict=True)
            below = _unique_columns(binding.relation, known)
            return _renamed(below, [(column, inner.id) for column, inner in pairs])
        case Join():
            return _of_join(relation, known)
        case _ if isinstance(relation, _SAME_ROWS):
            return _unique_columns(relation.input, known)
        case _:
            return []


def _of_join(node: Join, known: _Known) -> _Sets:
    """The left's, where no row of it meets two of the right."""
    if node.kind not in _OF_LEFT:
        return []
    is_lookup = node.kind in (JoinKind.LEFTSEMI, JoinKind.LEFTANTI)
    if not is_lookup and not _is_unique(node.right, [b for _, b in node.keys], known):
        return []
    return _renamed(_unique_columns(node.left, known), [(column, below.id) for column, below in node.left_items])


def _renamed(sets: _Sets, pairs: Iterable[tuple[Column, int]]) -> _Sets:
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


def row_count(relation: Relation) -> RowCount:
    """How many rows a relation can have whatever its tables hold."""
    return _row_count(relation, {})


def _row_count(relation: Relation, known: dict[int, RowCount]) -> RowCount:
    if id(relation) not in known:
        known[id(relation)] = _counted(relation, known)
    return known[id(relation)]


def _counted(relation: Relation, known: dict[int, RowCount]) -> RowCount:  # noqa: C901, PLR0911 - one match over the nodes
    match relation:
        case Aggregate(groups=()):
            return RowCount(1, 1)
        case Aggregate():
            below = _row_count(relation.input, known)
            return RowCount(min(below.least, 1), below.most)
        case Values(rows=rows) if rows:  # without any it stands for a table that is not known yet
            return RowCount(len(rows), len(rows))
        case Filter():
            return RowCount(0, _row_count(relation.input, known).most)
        case Limit(count=Literal(value=int() as count), partition=()):
            below = _row_count(relation.input, known)
            return RowCount(min(below.least, count), count if below.most is None else min(below.most, count))
        case Project():
            return _row_count(relation.input, known)
        case Reference(binding=binding):
            return _row_count(binding.relation, known)
        case Union(legs=legs):
            return _sum([_row_count(leg, known) for leg, _ in legs])
        case Join(kind=JoinKind.LEFTSEMI | JoinKind.LEFTANTI, left=left):
            return RowCount(0, _row_count(left, known).most)
        case _ if isinstance(relation, _SAME_ROWS):
            return _row_count(relation.input, known)
        case _:
            return _ANY


def _sum(counts: list[RowCount]) -> RowCount:
    most = [count.most for count in counts if count.most is not None]
    return RowCount(sum(count.least for count in counts), sum(most) if len(most) == len(counts) else None)
