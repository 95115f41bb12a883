"""Nodes of tabular operators and pipelines, as written."""

from dataclasses import dataclass
from typing import TypeAlias

from bluetick.diagnostics import Span
from bluetick.syntax.expressions import (
    CallExpression,
    ColumnDeclaration,
    Expression,
    Name,
    NamedExpression,
    OrderedExpression,
)
from bluetick.syntax.graph import GraphOperator


@dataclass(frozen=True, slots=True)
class OperatorParameter:
    """kind=inner, hint.strategy=shuffle, withsource=T: name as written (lower case), value an expression
    (a bare word is a NameReference)."""

    span: Span
    name: str
    value: Expression


Parameters: TypeAlias = tuple[OperatorParameter, ...]


# --- sources -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExpressionSource:
    """A table name, a let, a function call such as table('x') or materialize(...), a parenthesised pipeline."""

    span: Span
    expression: Expression


@dataclass(frozen=True, slots=True)
class DatatableSource:
    span: Span
    columns: tuple[ColumnDeclaration, ...]
    values: tuple[Expression, ...]  # row by row, flat
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class ExternaldataSource:
    span: Span
    columns: tuple[ColumnDeclaration, ...]
    uris: tuple[Expression, ...]
    properties: Parameters = ()


@dataclass(frozen=True, slots=True)
class PrintSource:
    span: Span
    items: tuple[NamedExpression, ...]


@dataclass(frozen=True, slots=True)
class RangeSource:
    span: Span
    name: Name
    start: Expression
    stop: Expression
    step: Expression


# --- operators -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WhereOperator:
    span: Span
    predicate: Expression
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class ProjectOperator:
    """project, extend, project-away, project-keep, project-rename, project-by-names: `kind` is the keyword."""

    span: Span
    kind: str
    items: tuple[NamedExpression, ...]


@dataclass(frozen=True, slots=True)
class ProjectReorderOperator:
    span: Span
    items: tuple[OrderedExpression, ...]


@dataclass(frozen=True, slots=True)
class SummarizeOperator:
    span: Span
    aggregates: tuple[NamedExpression, ...]
    by: tuple[NamedExpression, ...]
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class DistinctOperator:
    """distinct a, b | distinct * (a Star item)."""

    span: Span
    items: tuple[NamedExpression, ...]
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class CountOperator:
    span: Span
    name: Name | None = None  # count as N


@dataclass(frozen=True, slots=True)
class TakeOperator:
    """take, limit; sample with kind 'sample'."""

    span: Span
    kind: str
    count: Expression
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class SampleDistinctOperator:
    span: Span
    count: Expression
    of: Expression


@dataclass(frozen=True, slots=True)
class SortOperator:
    span: Span
    items: tuple[OrderedExpression, ...]
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class TopOperator:
    span: Span
    count: Expression
    by: tuple[OrderedExpression, ...]
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class TopHittersOperator:
    span: Span
    count: Expression
    of: NamedExpression
    by: Expression | None


@dataclass(frozen=True, slots=True)
class TopNestedClause:
    span: Span
    count: Expression | None
    of: NamedExpression
    others: Expression | None
    by: NamedExpression
    direction: str | None


@dataclass(frozen=True, slots=True)
class TopNestedOperator:
    span: Span
    clauses: tuple[TopNestedClause, ...]


@dataclass(frozen=True, slots=True)
class JoinOperator:
    """join and lookup (`kind_word` is the keyword); conditions as written after `on`."""

    span: Span
    keyword: str
    right: "Pipeline"
    conditions: tuple[Expression, ...]
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class UnionOperator:
    """union as an operator, and as a source (then the pipeline's source)."""

    span: Span
    legs: "tuple[Pipeline, ...]"  # a wildcard leg is a pipeline whose source is a NamePattern
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class MvExpandItem:
    span: Span
    item: NamedExpression
    to_type: Expression | None  # a TypeLiteral


@dataclass(frozen=True, slots=True)
class MvExpandOperator:
    span: Span
    items: tuple[MvExpandItem, ...]
    limit: Expression | None
    parameters: Parameters = ()
    keyword: str = "mv-expand"  # mvexpand is the old one


@dataclass(frozen=True, slots=True)
class MvApplyOperator:
    span: Span
    items: tuple[MvExpandItem, ...]
    limit: Expression | None
    subquery: "Pipeline"
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class ParsePart:
    """One part of a parse pattern: '*' (star), a literal text, or a column to fill."""

    span: Span
    kind: str  # star | text | column
    text: str = ""
    column: ColumnDeclaration | None = None


@dataclass(frozen=True, slots=True)
class ParseOperator:
    span: Span
    keyword: str  # parse | parse-where
    value: Expression
    parts: tuple[ParsePart, ...]
    parameters: Parameters = ()  # kind=simple|regex|relaxed, flags=...


@dataclass(frozen=True, slots=True)
class ParseKvOperator:
    span: Span
    value: Expression
    columns: tuple[ColumnDeclaration, ...]
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class MakeSeriesAggregate:
    span: Span
    item: NamedExpression
    default: Expression | None


@dataclass(frozen=True, slots=True)
class MakeSeriesOperator:
    span: Span
    aggregates: tuple[MakeSeriesAggregate, ...]
    axis: NamedExpression
    start: Expression | None
    stop: Expression | None
    step: Expression | None
    by: tuple[NamedExpression, ...]
    parameters: Parameters = ()
    is_range: bool = False  # in range(start, stop, step): stop is included


@dataclass(frozen=True, slots=True)
class SerializeOperator:
    span: Span
    items: tuple[NamedExpression, ...]


@dataclass(frozen=True, slots=True)
class AsOperator:
    span: Span
    name: Name
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class InvokeOperator:
    span: Span
    call: CallExpression


@dataclass(frozen=True, slots=True)
class EvaluateOperator:
    span: Span
    call: CallExpression
    schema: tuple[ColumnDeclaration, ...] | None  # : (a:long, *) ; a trailing * sets open_schema
    open_schema: bool = False
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class RenderOperator:
    span: Span
    chart: Name
    properties: Parameters = ()


@dataclass(frozen=True, slots=True)
class SearchOperator:
    """search as operator or source; tables in (A, B*)."""

    span: Span
    predicate: Expression
    tables: tuple[Expression, ...] = ()
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class FindOperator:
    span: Span
    predicate: Expression
    tables: tuple[Expression, ...]
    project: tuple[ColumnDeclaration, ...] | None
    project_smart: bool = False
    project_away: tuple[Expression, ...] = ()
    pack: bool = False
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class PartitionOperator:
    """partition [hint] by COLUMN (pipeline) or { ... }; __partitionby with keyword set accordingly."""

    span: Span
    by: Expression
    subquery: "Pipeline"
    parameters: Parameters = ()
    scope: Expression | None = None


@dataclass(frozen=True, slots=True)
class ForkOperator:
    span: Span
    branches: "tuple[tuple[Name | None, Pipeline], ...]"


@dataclass(frozen=True, slots=True)
class FacetOperator:
    span: Span
    by: tuple[Expression, ...]
    subquery: "Pipeline | None"


@dataclass(frozen=True, slots=True)
class ReduceOperator:
    span: Span
    by: NamedExpression
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class ScanStep:
    span: Span
    name: Name
    optional: bool
    output: str | None  # all | last | none
    condition: Expression
    assignments: tuple[NamedExpression, ...]


@dataclass(frozen=True, slots=True)
class ScanOperator:
    span: Span
    declarations: tuple[tuple[ColumnDeclaration, Expression | None], ...]
    steps: tuple[ScanStep, ...]
    order_by: tuple[OrderedExpression, ...] = ()
    partition_by: tuple[Expression, ...] = ()
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class SimpleOperator:
    """getschema, consume, and operators that are recognised by name with their arguments kept as tokens:
    make-graph, graph-match, graph-shortest-paths, graph-to-table, graph-merge, graph-mark-components,
    graph-where-nodes, graph-where-edges, execute-and-cache, assert-schema, macro-expand: `text` is what was written."""

    span: Span
    keyword: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class MissingOperator:
    """After a diagnostic: text between two pipes that is no operator."""

    span: Span
    text: str = ""


Source: TypeAlias = (
    ExpressionSource
    | DatatableSource
    | ExternaldataSource
    | PrintSource
    | RangeSource
    | UnionOperator
    | SearchOperator
    | FindOperator
    | EvaluateOperator
    | SimpleOperator
)

Operator: TypeAlias = (
    WhereOperator
    | ProjectOperator
    | ProjectReorderOperator
    | SummarizeOperator
    | DistinctOperator
    | CountOperator
    | TakeOperator
    | SampleDistinctOperator
    | SortOperator
    | TopOperator
    | TopHittersOperator
    | TopNestedOperator
    | JoinOperator
    | UnionOperator
    | MvExpandOperator
    | MvApplyOperator
    | ParseOperator
    | ParseKvOperator
    | MakeSeriesOperator
    | SerializeOperator
    | AsOperator
    | InvokeOperator
    | EvaluateOperator
    | RenderOperator
    | SearchOperator
    | FindOperator
    | PartitionOperator
    | ForkOperator
    | FacetOperator
    | ReduceOperator
    | ScanOperator
    | GraphOperator
    | SimpleOperator
    | MissingOperator
)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """source | operator | operator. Inside mv-apply, partition, fork and facet the source is None:
    the rows come from outside."""

    span: Span
    source: Source | None
    operators: tuple[Operator, ...] = ()
