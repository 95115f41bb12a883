"""Nodes of statements and of a whole query, as written."""

from dataclasses import dataclass
from typing import TypeAlias

from bluetick.diagnostics import Span
from bluetick.syntax.expressions import ColumnDeclaration, Expression, Name
from bluetick.syntax.operators import Pipeline
from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class FunctionParameter:
    """name:type [= default], or name:(columns) for a table; `open_columns` is the (*) in it."""

    span: Span
    name: Name
    type: Type | None
    columns: tuple[ColumnDeclaration, ...] | None = None
    open_columns: bool = False
    default: Expression | None = None


@dataclass(frozen=True, slots=True)
class FunctionDeclaration:
    """(parameters) { statements; expression }; the last statement is the result (pipeline or scalar expression)."""

    span: Span
    parameters: tuple[FunctionParameter, ...]
    statements: "tuple[Statement, ...]"
    body: "Expression"
    is_view: bool = False


@dataclass(frozen=True, slots=True)
class LetStatement:
    """let name = value: a function, or an expression (a PipelineExpression when it is tabular; the binder decides
    for a lone name or call)."""

    span: Span
    name: Name
    value: FunctionDeclaration | Expression


@dataclass(frozen=True, slots=True)
class SetStatement:
    span: Span
    name: Name
    value: Expression | None


@dataclass(frozen=True, slots=True)
class QueryParametersStatement:
    span: Span
    parameters: tuple[FunctionParameter, ...]


@dataclass(frozen=True, slots=True)
class DeclareStatement:
    """declare pattern, alias database, restrict access to: parsed to their end, refused by name."""

    span: Span
    keyword: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class QueryStatement:
    span: Span
    pipeline: Pipeline


Statement: TypeAlias = LetStatement | SetStatement | QueryParametersStatement | DeclareStatement | QueryStatement


@dataclass(frozen=True, slots=True)
class Query:
    """A whole text."""

    span: Span
    statements: tuple[Statement, ...]
    directives: tuple[str, ...] = ()  # lines that start with #
