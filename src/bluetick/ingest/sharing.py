"""Expressions that stand in several places, computed once: what a document names is written out wherever it is used."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, PartOf, Promote, children, walk
from bluetick.types import Type

_SMALLEST: Final = 4  # nodes: less is not worth a column

Step = tuple[tuple[Column, Expr], ...]


def shared_steps(values: Sequence[Expr], new_column: Callable[[Type], Column]) -> tuple[list[Step], list[Expr]]:
    """Columns to compute before the values, in steps of which one reads those before it, and the values over them."""
    sharing = _Sharing(values, new_column)
    result = [sharing.over_columns(value) for value in values]
    deepest = max(sharing.levels.values(), default=-1)
    steps = [
        tuple((column, made) for key, (column, made) in sharing.made.items() if sharing.levels[key] == level)
        for level in range(deepest + 1)
    ]
    return steps, result


class _Sharing:
    """The expressions by their number: equal ones have the same."""

    def __init__(self, values: Sequence[Expr], new_column: Callable[[Type], Column]) -> None:
        self._new_column = new_column
        self._numbers: dict[object, int] = {}
        self._known: dict[int, int] = {}  # by identity: what is written out shares its nodes
        self._kept: list[Expr] = []
        self._parents: Counter[int] = Counter()
        self.levels: dict[int, int] = {}
        self.made: dict[int, tuple[Column, Expr]] = {}
        self._over: dict[int, Expr] = {}
        for value in values:
            self._parents[self._number(value)] += 1

    def _number(self, expr: Expr) -> int:
        if id(expr) in self._known:
            return self._known[id(expr)]
        below = tuple(self._number(child) for child in children(expr))
        key = (type(expr), _bare(expr), below)
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers)
            self._parents.update(below)
        self._known[id(expr)] = self._numbers[key]
        self._kept.append(expr)
        return self._numbers[key]

    def over_columns(self, expr: Expr) -> Expr:
        """The expression with what is shared in it read from columns."""
        number = self._number(expr)
        if number not in self._over:
            below = () if isinstance(expr, PartOf) else children(expr)
            inside = _with_children(expr, tuple(self.over_columns(child) for child in below))
            self._over[number] = self._as_column(number, inside) if self._is_shared(number, expr) else inside
        return self._over[number]

    def _is_shared(self, number: int, expr: Expr) -> bool:
        if self._parents[number] < 2 or not isinstance(expr, Call) or expr.type is Type.DYNAMIC:
            return False
        nodes = walk(expr)
        return len(nodes) >= _SMALLEST and any(isinstance(node, ColumnRef) for node in nodes)

    def _as_column(self, number: int, inside: Expr) -> Expr:
        read = {node.column.id for node in walk(inside) if isinstance(node, ColumnRef)}
        column = self._new_column(inside.type)
        self.levels[number] = 1 + max((self.levels[n] for n, (c, _) in self.made.items() if c.id in read), default=-1)
        self.made[number] = (column, inside)
        return ColumnRef(column)


def _with_children(expr: Expr, inside: tuple[Expr, ...]) -> Expr:
    match expr:
        case Call():
            return replace(expr, args=inside)
        case Promote():
            return replace(expr, value=inside[0])
        case _:
            return expr


def _bare(expr: Expr) -> object:
    """What an expression is, but for what is inside."""
    match expr:
        case Call(function=function, type=type_):
            return (function.name, type_)
        case Promote(type=type_):
            return ("", type_)
        case PartOf(index=index):
            return index
        case ColumnRef(column=column):
            return column.id
        case _:
            return repr(expr)
