"""Nodes of scalar expressions, as written. Every node carries the span of its whole text."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from bluetick.diagnostics import Span
from bluetick.types import Type

if TYPE_CHECKING:
    from bluetick.syntax.operators import Pipeline

# A literal's value: datetime is aware UTC; a timespan is its microseconds as int; None is the typed null.
LiteralValue: TypeAlias = bool | int | float | Decimal | str | datetime | UUID | None
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier without its quotes or brackets. Empty text where the parser had to invent it."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Literal:
    """`nanoseconds` of a datetime are those that its value, which counts microseconds, does not hold."""

    span: Span
    type: Type
    value: LiteralValue
    nanoseconds: int = 0


@dataclass(frozen=True, slots=True)
class DynamicLiteral:
    """dynamic(...): the JSON value inside; datetime, timespan and guid literals within are already text."""

    span: Span
    value: Json


@dataclass(frozen=True, slots=True)
class TypeLiteral:
    """typeof(long), or typeof(a:long, b:string) as `columns`."""

    span: Span
    type: Type | None
    columns: "tuple[ColumnDeclaration, ...]" = ()


@dataclass(frozen=True, slots=True)
class NameReference:
    """A bare or bracketed name: column, let, table or parameter; the binder decides."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A name with a wildcard: a*, *_id, Device*; in union, find, search and the project family."""

    span: Span
    pattern: str


@dataclass(frozen=True, slots=True)
class Star:
    """A lone *: count(*), arg_max(t, *), distinct *, `* has "x"`."""

    span: Span


@dataclass(frozen=True, slots=True)
class PathExpression:
    """base.name"""

    span: Span
    base: "Expression"
    name: Name


@dataclass(frozen=True, slots=True)
class ElementExpression:
    """base[index], the index being any expression."""

    span: Span
    base: "Expression"
    index: "Expression"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call; `name` where it was written name = value (names are kept for pack-like defaults too)."""

    span: Span
    value: "Expression"
    name: Name | None = None


@dataclass(frozen=True, slots=True)
class CallExpression:
    """name(arguments), or base.name(arguments) such as database('x').table('y') and cluster(..).database(..)."""

    span: Span
    name: Name
    arguments: tuple[Argument, ...]
    base: "Expression | None" = None


@dataclass(frozen=True, slots=True)
class UnaryExpression:
    """- or +"""

    span: Span
    operator: str
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class BinaryExpression:
    """Every operator with two scalar operands, spelled as in the language: and or == != < =~ has !has
    contains_cs 'matches regex' hasprefix ':' ... (`<>` is kept as '!=', notcontains and friends as '!contains').
    """

    span: Span
    operator: str
    operator_span: Span
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class ListExpression:
    """left OP (items): in !in in~ !in~ has_any has_all; an item may be a pipeline (a table of one column)."""

    span: Span
    operator: str
    operator_span: Span
    left: "Expression"
    items: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class BetweenExpression:
    """value between (low .. high), or !between."""

    span: Span
    operator: str
    operator_span: Span
    value: "Expression"
    low: "Expression"
    high: "Expression"


@dataclass(frozen=True, slots=True)
class PipelineExpression:
    """A tabular expression where a scalar or an argument may stand: toscalar(T | count), in (T | project a)."""

    span: Span
    pipeline: "Pipeline"


@dataclass(frozen=True, slots=True)
class MissingExpression:
    """What the parser puts where an expression should have been; a diagnostic has been reported."""

    span: Span


Expression: TypeAlias = (
    Literal
    | DynamicLiteral
    | TypeLiteral
    | NameReference
    | NamePattern
    | Star
    | PathExpression
    | ElementExpression
    | CallExpression
    | UnaryExpression
    | BinaryExpression
    | ListExpression
    | BetweenExpression
    | PipelineExpression
    | MissingExpression
)


@dataclass(frozen=True, slots=True)
class NamedExpression:
    """An item of a list: expression, name = expression, or (a, b) = expression."""

    span: Span
    value: Expression
    names: tuple[Name, ...] = ()
    tuple_form: bool = False


@dataclass(frozen=True, slots=True)
class OrderedExpression:
    """An item of order by / top; None where not written."""

    span: Span
    value: Expression
    direction: str | None = None  # asc | desc | granny-asc | granny-desc
    nulls: str | None = None  # first | last


@dataclass(frozen=True, slots=True)
class ColumnDeclaration:
    """name:type in a datatable, a schema, or an OutputSchema; type None where it is not a known type name."""

    span: Span
    name: Name
    type: Type | None
    type_text: str = ""
