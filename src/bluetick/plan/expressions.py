"""Typed scalar expressions of the logical plan. Columns are known by identity, not by name."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from bluetick.functions.definition import ScalarFunction, WindowFunction
from bluetick.types import Type

if TYPE_CHECKING:
    from bluetick.plan.relations import Relation


@dataclass(frozen=True, slots=True)
class Column:
    """A column of one relation: `id` is unique in a plan, `name` is what the user sees."""

    id: int
    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. A timespan is int microseconds; a dynamic is parsed JSON; None is the typed null."""

    value: Any
    type: Type


@dataclass(frozen=True, slots=True)
class ColumnRef:
    column: Column

    @property
    def type(self) -> Type:
        return self.column.type


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value given when the query runs: `now`, a query parameter, the result of a scalar step."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Call:
    function: ScalarFunction
    args: "tuple[Expr, ...]"
    type: Type


@dataclass(frozen=True, slots=True)
class PartOf:
    """One of the results of a call that has several (a function with `parts`)."""

    call: Call
    index: int

    @property
    def type(self) -> Type:
        return self.call.function.parts[self.index].type


@dataclass(frozen=True, slots=True)
class Promote:
    """An implicit conversion that loses nothing (int to long, long to real, anything to dynamic)."""

    value: "Expr"
    type: Type


@dataclass(frozen=True, slots=True)
class WindowCall:
    """Only in the items of a Window node. `partition` are the columns that cut the rows for this call."""

    function: WindowFunction
    args: "tuple[Expr, ...]"
    type: Type
    partition: "tuple[Column, ...]" = ()


@dataclass(frozen=True, slots=True, eq=False)
class ScalarQuery:
    """toscalar: the first column of the first row of a relation that refers to no row outside. A step of its own."""

    relation: "Relation"
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class InTable:
    """value in (table of one column); `fold` compares without regard to case."""

    value: "Expr"
    relation: "Relation"
    negated: bool
    fold: bool

    @property
    def type(self) -> Type:
        return Type.BOOL


@dataclass(frozen=True, slots=True)
class Invalid:
    """What could not be bound; a diagnostic has been reported, so nothing more is said about it."""

    type: Type = Type.DYNAMIC


Expr: TypeAlias = (
    Literal | ColumnRef | Parameter | Call | PartOf | Promote | WindowCall | ScalarQuery | InTable | Invalid
)


def children(expr: Expr) -> "tuple[Expr, ...]":
    """The expressions directly inside (not those of a relation inside)."""
    match expr:
        case Call(args=args) | WindowCall(args=args):
            return args
        case Promote(value=value) | InTable(value=value):
            return (value,)
        case PartOf(call=call):
            return (call,)
        case _:
            return ()


def walk(expr: Expr) -> "list[Expr]":
    """The expression and everything inside it, parents first; deep chains are no danger."""
    found: list[Expr] = []
    pending = [expr]
    while pending:
        node = pending.pop()
        found.append(node)
        pending.extend(reversed(children(node)))
    return found
