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
class PatternMatch:
    """(values).[path] = { statements; expression }: the body is a function without parameters."""

    span: Span
    values: tuple[Expression, ...]
    path: Expression | None
    body: FunctionDeclaration


@dataclass(frozen=True, slots=True)
class PatternStatement:
    """declare pattern name = (a:string, b:string)[path:string] { matches }; without a definition, only declared."""

    span: Span
    name: Name
    parameters: tuple[FunctionParameter, ...] = ()
    path: FunctionParameter | None = None
    matches: tuple[PatternMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class RestrictStatement:
    """restrict access to (names, patterns of names, paths such as database('x').T*)."""

    span: Span
    entities: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AliasStatement:
    """alias database name = cluster('c').database('d')"""

    span: Span
    name: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class QueryStatement:
    span: Span
    pipeline: Pipeline


Statement: TypeAlias = (
    LetStatement
    | SetStatement
    | QueryParametersStatement
    | PatternStatement
    | RestrictStatement
    | AliasStatement
    | QueryStatement
)


@dataclass(frozen=True, slots=True)
class Query:
    """A whole text."""

    span: Span
    statements: tuple[Statement, ...]
    directives: tuple[str, ...] = ()  # lines that start with #
