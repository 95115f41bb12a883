"""Conditions that pin rows to values: equality in which null equals null, as groups and joins have it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import reduce
from typing import Any

from bluetick.functions.registry import find_scalar
from bluetick.plan.expressions import Call, ColumnRef, Expr, Literal, walk
from bluetick.plan.rebuilding import rebuilt_expression, with_children
from bluetick.types import Type
from bluetick.values import MICROSECOND

Names = Mapping[int, Expr]


def comparable(expr: Expr) -> Expr:
    """The expression in a form that can be compared: a dynamic value by its text."""
    return called("tostring", Type.STRING, expr) if expr.type is Type.DYNAMIC else expr


def equals(expr: Expr, value: Any) -> Expr:
    """`value` is of the expression's type, as results have it."""
    type_ = expr.type
    if value is None and type_ is not Type.STRING:
        return called("isnull", Type.BOOL, expr)
    if is_nan(value):
        return called("isnan", Type.BOOL, expr)
    return called("==", Type.BOOL, expr, literal(value, type_))


def is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def literal(value: Any, type_: Type) -> Literal:
    """A value of a result as a constant of a plan."""
    if type_ is Type.STRING and value is None:
        return Literal("", type_)
    return Literal(value // MICROSECOND if isinstance(value, timedelta) else value, type_)


def all_of(conditions: Sequence[Expr]) -> Expr:
    return _chained("and", conditions) if conditions else Literal(True, Type.BOOL)


def any_of(conditions: Sequence[Expr]) -> Expr:
    return _chained("or", conditions) if conditions else Literal(False, Type.BOOL)


def called(name: str, type_: Type, *args: Expr) -> Call:
    function = find_scalar(name)
    if function is None:
        raise AssertionError(f"{name} is a function of the language")
    return Call(function, args, type_)


def conjuncts(predicate: Expr) -> list[Expr]:
    """The parts of a chain of `and`, in order."""
    found: list[Expr] = []
    pending = [predicate]
    while pending:
        part = pending.pop()
        if isinstance(part, Call) and part.function.name == "and":
            pending.extend(reversed(part.args))
        else:
            found.append(part)
    return found


def column_ids(expr: Expr) -> set[int]:
    """The columns that stand in an expression, without those of relations in it."""
    return {part.column.id for part in walk(expr) if isinstance(part, ColumnRef)}


def renamed(expr: Expr, names: Names) -> Expr:
    """The expression with other expressions in the place of columns (by id)."""

    def anew(part: Expr, inner: list[Expr]) -> Expr:
        if isinstance(part, ColumnRef):
            return names.get(part.column.id, part)
        return with_children(part, inner) if inner else part

    return rebuilt_expression(expr, anew)


def is_over(expr: Expr, ids: Iterable[int]) -> bool:
    """Whether an expression asks for no other columns than these."""
    return column_ids(expr) <= set(ids)


def _chained(name: str, conditions: Sequence[Expr]) -> Expr:
    return reduce(lambda left, right: called(name, Type.BOOL, left, right), conditions)
