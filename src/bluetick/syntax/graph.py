"""Nodes of the graph operators, as written.

https://learn.microsoft.com/kusto/query/graph-operators
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from bluetick.diagnostics import Span
from bluetick.syntax.expressions import Expression, Name, NamedExpression

if TYPE_CHECKING:
    from bluetick.syntax.operators import Parameters, Pipeline


@dataclass(frozen=True, slots=True)
class GraphNodes:
    """One table of nodes and the column that identifies them: with T on key."""

    span: Span
    table: "Pipeline"
    key: Name


@dataclass(frozen=True, slots=True)
class MakeGraphOperator:
    """`subquery` runs over the graph of each value of `partition`; it has no source of its own."""

    span: Span
    source: Name
    target: Name
    is_directed: bool
    nodes: tuple[GraphNodes, ...] = ()
    node_id: Name | None = None
    partition: Name | None = None
    subquery: "Pipeline | None" = None
    parameters: "Parameters" = ()


@dataclass(frozen=True, slots=True)
class PatternNode:
    """(n), or () without a name."""

    span: Span
    name: Name | None


@dataclass(frozen=True, slots=True)
class PatternEdge:
    """-[e]->, <-[e]- or -[e]-, where `arrow` is -->, <-- or --; with bounds, an edge of variable length."""

    span: Span
    arrow: str
    name: Name | None = None
    least: Expression | None = None
    most: Expression | None = None


PatternElement: TypeAlias = PatternNode | PatternEdge


@dataclass(frozen=True, slots=True)
class PatternSequence:
    """Nodes with edges between them."""

    span: Span
    elements: tuple[PatternElement, ...]


@dataclass(frozen=True, slots=True)
class GraphMatchOperator:
    """graph-match and graph-shortest-paths: `keyword` says which."""

    span: Span
    keyword: str
    sequences: tuple[PatternSequence, ...]
    predicate: Expression | None
    items: tuple[NamedExpression, ...] | None
    parameters: "Parameters" = ()


@dataclass(frozen=True, slots=True)
class GraphComponentsOperator:
    """graph-mark-components."""

    span: Span
    parameters: "Parameters" = ()


@dataclass(frozen=True, slots=True)
class GraphWhereOperator:
    """graph-where-nodes and graph-where-edges."""

    span: Span
    keyword: str
    predicate: Expression


@dataclass(frozen=True, slots=True)
class GraphOutput:
    """One table out of a graph: `kind` is nodes or edges."""

    span: Span
    kind: str
    name: Name | None = None
    parameters: "Parameters" = ()


@dataclass(frozen=True, slots=True)
class GraphToTableOperator:
    span: Span
    outputs: tuple[GraphOutput, ...]


GraphOperator: TypeAlias = (
    MakeGraphOperator | GraphMatchOperator | GraphComponentsOperator | GraphWhereOperator | GraphToTableOperator
)
