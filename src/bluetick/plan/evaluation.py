"""Expressions of the plan evaluated in Python, for operators that no SQL can say.

Values are physical: a timespan is whole microseconds, a datetime is naive UTC, a guid and a dynamic are text.
Only some functions are known here; `unknown_part` tells before anything runs.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

from bluetick.plan.expressions import Call, ColumnRef, Expr, Literal, Promote, walk
from bluetick.plan.operations import converter, operation_of
from bluetick.types import Type

Evaluate: TypeAlias = Callable[[Sequence[Any]], Any]


def unknown_part(expr: Expr) -> str:
    """What of the expression cannot be evaluated here, in words; empty when all of it can."""
    for part in walk(expr):
        match part:
            case Literal() | ColumnRef():
                continue
            case Call(function=function, args=args):
                if operation_of(part) is None:
                    return f"'{function.name}' of ({', '.join(str(arg.type) for arg in args)})"
            case Promote(value=value, type=type_):
                if converter(value.type, type_) is None:
                    return f"the conversion of {value.type} to {type_}"
            case _:
                return "a table or a query"
    return ""


def compiled(expr: Expr, places: Mapping[int, int]) -> Evaluate:
    """A function of a row's values; `places` says where the value of a column (by id) stands among them."""
    match expr:
        case Literal(value=value, type=type_):
            return _constant(physical(value, type_))
        case ColumnRef(column=column):
            return _at(places[column.id])
        case Call(args=args):
            return _applied(operation_of(expr), [compiled(arg, places) for arg in args])
        case Promote(value=value, type=type_):
            return _applied(converter(value.type, type_), [compiled(value, places)])
        case _:
            raise AssertionError(f"{type(expr).__name__} was refused before")


def folded(expr: Expr) -> Expr:
    """The expression as a literal, where it is made of literals that can be evaluated here; else as it is."""
    if isinstance(expr, Literal) or unknown_part(expr) or any(isinstance(part, ColumnRef) for part in walk(expr)):
        return expr
    return Literal(logical(compiled(expr, {})(()), expr.type), expr.type)


def logical(value: Any, type_: Type) -> Any:
    """A physical value as a literal of its type holds it."""
    if value is None:
        return None
    match type_:
        case Type.DATETIME:
            return value.replace(tzinfo=UTC)
        case Type.GUID:
            return UUID(value)
        case Type.DYNAMIC:
            return json.loads(value)
        case _:
            return value


def physical(value: Any, type_: Type) -> Any:
    """A literal's value as a column of its type holds it."""
    match type_:
        case Type.STRING:
            return "" if value is None else value
        case Type.DATETIME:
            return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value
        case Type.GUID:
            return None if value is None else str(value).lower()
        case Type.DYNAMIC:
            return None if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        case _:
            return value


def _constant(value: Any) -> Evaluate:
    return lambda _: value


def _at(place: int) -> Evaluate:
    return lambda row: row[place]


def _applied(operation: Callable[..., Any] | None, args: list[Evaluate]) -> Evaluate:
    if operation is None:
        raise AssertionError("what is not known was refused before")
    if len(args) == 1:
        only = args[0]
        return lambda row: operation(only(row))
    if len(args) == 2:  # nearly all are
        left, right = args
        return lambda row: operation(left(row), right(row))
    return lambda row: operation(*[arg(row) for arg in args])
