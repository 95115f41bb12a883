"""What an expression asks of other rows of its own run (toscalar, `in (table)` within more), for many runs: a join."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bluetick.functions.registry import CATALOGUE
from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, InTable, Literal, ScalarQuery, children
from bluetick.plan.rebuilding import with_children
from bluetick.plan.relations import (
    Aggregate,
    Binding,
    Computed,
    Expand,
    Filter,
    Join,
    JoinKind,
    Limit,
    Project,
    Reference,
    Relation,
    Scan,
    Union,
    Window,
)
from bluetick.plan.traversal import queries_in
from bluetick.rewrite.fresh import FreshColumns
from bluetick.rewrite.window_rows import NotTogetherError, Rows
from bluetick.types import Type

_OUTER_KINDS = frozenset({JoinKind.LEFTOUTER, JoinKind.RIGHTOUTER, JoinKind.FULLOUTER})
_JOINED_KINDS = _OUTER_KINDS | {JoinKind.INNER, JoinKind.INNERUNIQUE}


@dataclass(slots=True)
class Queries:
    """`lifted` gives a relation's rows for all windows."""

    lifted: Callable[[Relation], Rows]
    fresh: FreshColumns
    scalars: dict[int, tuple[ScalarQuery, Binding | None]] = field(default_factory=dict)

    def joined(self, rows: Rows, exprs: Sequence[Expr]) -> tuple[Rows, list[Expr]]:
        """The rows with what the expressions ask for beside them, and the expressions that read it there."""
        if not any(queries_in(expr) for expr in exprs):
            return rows, list(exprs)
        if rows.window is None or has_order(rows.relation):
            raise NotTogetherError("rows in an order ask for others of their run")
        made = []
        for expr in exprs:
            rows, anew = self._expression(rows, expr)
            made.append(anew)
        return rows, made

    def _expression(self, rows: Rows, expr: Expr) -> tuple[Rows, Expr]:
        inner = []
        for child in children(expr):
            rows, anew = self._expression(rows, child)
            inner.append(anew)
        match expr:
            case ScalarQuery():
                return self._scalar(rows, expr)
            case InTable():
                return self._in_table(rows, expr, inner[0])
            case _:
                return rows, with_children(expr, inner) if inner else expr

    def _scalar(self, rows: Rows, query: ScalarQuery) -> tuple[Rows, Expr]:
        if id(query) not in self.scalars:
            self.scalars[id(query)] = (query, self._first_cells(query))
        binding = self.scalars[id(query)][1]
        if binding is None:
            return rows, query
        there = self.fresh.reference(binding)
        window, value = there.columns
        found = self.fresh.column(value.name, value.type)
        return self._beside(rows, there, ((_window_of(rows), ColumnRef(window)),), ((found, value),)), ColumnRef(found)

    def _first_cells(self, query: ScalarQuery) -> Binding | None:
        """The window and the first cell of its first row; a window without rows has none."""
        found = self.lifted(query.relation)
        if found.window is None:
            return None
        value = query.relation.columns[0]
        first = Limit(found.relation, Literal(1, Type.LONG), (found.window,))
        window = self.fresh.column("window", Type.DATETIME)
        cell = self.fresh.column(value.name, value.type)
        return Binding("scalar", Project(first, ((window, ColumnRef(found.window)), (cell, ColumnRef(value)))))

    def _in_table(self, rows: Rows, one: InTable, value: Expr) -> tuple[Rows, Expr]:
        """Whether a row of the table has the value: strings have no null, and of other types a null is in no table."""
        found = self.lifted(one.relation)
        if found.window is None:
            return rows, InTable(value, one.relation, one.negated, one.fold)
        key: Expr = ColumnRef(one.relation.columns[0])
        source = found.relation
        if key.type is not Type.STRING:
            source = Filter(source, (Call(CATALOGUE.scalars["isnotnull"], (key,), Type.BOOL),))
        if one.fold:
            key, value = (Call(CATALOGUE.scalars["tolower"], (side,), Type.STRING) for side in (key, value))
        window, own = self.fresh.column("window", Type.DATETIME), self.fresh.column("key", key.type)
        values = Aggregate(source, ((window, ColumnRef(found.window)), (own, key)), ())
        met = self.fresh.column("met", Type.DATETIME)
        keys = ((_window_of(rows), ColumnRef(window)), (value, ColumnRef(own)))
        told = CATALOGUE.scalars["isnull" if one.negated else "isnotnull"]
        return self._beside(rows, values, keys, ((met, window),)), Call(told, (ColumnRef(met),), Type.BOOL)

    def _beside(
        self, rows: Rows, other: Relation, keys: tuple[tuple[Expr, Expr], ...], items: tuple[tuple[Column, Column], ...]
    ) -> Rows:
        own = tuple((column, column) for column in rows.relation.columns)
        return Rows(Join(JoinKind.LEFTOUTER, rows.relation, other, keys, own, items), rows.window)


def has_order(relation: Relation) -> bool:
    """Whether its rows may have an order, which a join would lose."""
    while True:
        match relation:
            case Scan() | Aggregate() | Union():
                return False
            case Join(kind=kind) if kind in _JOINED_KINDS:
                return False
            case Join(kind=JoinKind.LEFTSEMI | JoinKind.LEFTANTI):
                relation = relation.left
            case Join():
                relation = relation.right
            case Filter() | Project() | Expand() | Computed() | Limit() | Window(ties_are_alike=True):
                relation = relation.input
            case Reference(binding=binding):
                relation = binding.relation
            case _:
                return True


def _window_of(rows: Rows) -> Expr:
    if rows.window is None:
        raise AssertionError("these rows have windows")
    return ColumnRef(rows.window)
