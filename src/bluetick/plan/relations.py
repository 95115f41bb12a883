"""The relational nodes of the logical plan. Frozen; a rewrite builds new nodes.

Every node has `columns`, its output in order. A node's expressions refer to columns of its inputs. `span`, where a node
has one, is where it was written; nodes that no text stands for have none.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from bluetick.diagnostics import Span
from bluetick.functions.definition import AggregateFunction, ScalarFunction
from bluetick.plan.expressions import Column, ColumnRef, Expr, WindowCall
from bluetick.plan.scan_steps import ScanSteps
from bluetick.plan.table_operator import TableOperator

Columns: TypeAlias = tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """A table of the catalog, symbolic: the engine binds files to it when the query runs.

    `sources` are the names that the columns have in the table (a face may rename them); `time_column` is what the
    query's time scope applies to.
    """

    table: str
    columns: Columns
    sources: tuple[str, ...]
    time_column: Column | None
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Values:
    """Constant rows in written order: print (one row), datatable."""

    columns: Columns
    rows: tuple[tuple[Expr, ...], ...]


@dataclass(frozen=True, slots=True)
class Range:
    """start, start + step .. while not past stop; in that order."""

    column: Column
    start: Expr
    stop: Expr
    step: Expr

    @property
    def columns(self) -> Columns:
        return (self.column,)


@dataclass(frozen=True, slots=True)
class External:
    """Records of files that the query names (externaldata), all columns text; read only from copies that are allowed.

    `format` is csv, tsv, psv, scsv, lines, raw or json.
    """

    columns: Columns
    uris: tuple[str, ...]
    format: str
    skips_first: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """Rows for which every predicate is true (null counts as false). `spans` say where each predicate was written."""

    input: "Relation"
    predicates: tuple[Expr, ...]
    spans: tuple[Span, ...] = ()

    @property
    def columns(self) -> Columns:
        return self.input.columns


@dataclass(frozen=True, slots=True)
class Project:
    """Output columns, each with the expression over the input's columns that fills it."""

    input: "Relation"
    items: tuple[tuple[Column, Expr], ...]

    @property
    def columns(self) -> Columns:
        return tuple(column for column, _ in self.items)


@dataclass(frozen=True, slots=True)
class AggregateCall:
    """One aggregate with one result column."""

    column: Column
    function: AggregateFunction
    args: tuple[Expr, ...]

    @property
    def columns(self) -> Columns:
        return (self.column,)


@dataclass(frozen=True, slots=True)
class PickRow:
    """arg_max, arg_min, take_any: of each group one row, and expressions over it.

    The row with the largest (smallest) `by` that is not null, of several the smallest row by the input's columns in
    order (DESIGN, invariant 5); without `by` just the smallest row. `condition` limits the rows (take_anyif).
    """

    by: Expr | None
    descending: bool
    items: tuple[tuple[Column, Expr], ...]
    condition: Expr | None = None

    @property
    def columns(self) -> Columns:
        return tuple(column for column, _ in self.items)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Groups first, then aggregates. No groups: exactly one row. No aggregates: the distinct groups."""

    input: "Relation"
    groups: tuple[tuple[Column, Expr], ...]
    items: tuple[AggregateCall | PickRow, ...]
    span: Span | None = field(default=None, compare=False)

    @property
    def columns(self) -> Columns:
        return tuple(c for c, _ in self.groups) + tuple(c for item in self.items for c in item.columns)


class JoinKind(Enum):
    INNERUNIQUE = "innerunique"
    INNER = "inner"
    LEFTOUTER = "leftouter"
    RIGHTOUTER = "rightouter"
    FULLOUTER = "fullouter"
    LEFTSEMI = "leftsemi"
    LEFTANTI = "leftanti"
    RIGHTSEMI = "rightsemi"
    RIGHTANTI = "rightanti"


@dataclass(frozen=True, slots=True)
class Join:
    """`keys` pair expressions over left and right; null keys match each other. `left_items` and `right_items` are
    (output column, input column) in output order: the left's first."""

    kind: JoinKind
    left: "Relation"
    right: "Relation"
    keys: tuple[tuple[Expr, Expr], ...]
    left_items: tuple[tuple[Column, Column], ...]
    right_items: tuple[tuple[Column, Column], ...]
    span: Span | None = field(default=None, compare=False)

    @property
    def columns(self) -> Columns:
        return tuple(c for c, _ in self.left_items) + tuple(c for c, _ in self.right_items)


@dataclass(frozen=True, slots=True)
class Union:
    """All rows of every leg: `legs` hold one expression (over the leg's columns) for each output column."""

    columns: Columns
    legs: "tuple[tuple[Relation, tuple[Expr, ...]], ...]"


@dataclass(frozen=True, slots=True)
class SortKey:
    value: Expr
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Sort:
    input: "Relation"
    keys: tuple[SortKey, ...]
    span: Span | None = field(default=None, compare=False)

    @property
    def columns(self) -> Columns:
        return self.input.columns


@dataclass(frozen=True, slots=True)
class Serialize:
    """Fixes the order of the input's rows: as it is where it has one, else by all its columns."""

    input: "Relation"

    @property
    def columns(self) -> Columns:
        return self.input.columns


@dataclass(frozen=True, slots=True)
class Limit:
    """The first rows in the input's order; of an unordered input the smallest by all columns.

    With `partition`, the first rows of each group of rows that are equal in these columns.
    """

    input: "Relation"
    count: Expr
    partition: Columns = ()
    span: Span | None = field(default=None, compare=False)

    @property
    def columns(self) -> Columns:
        return self.input.columns


@dataclass(frozen=True, slots=True)
class Window:
    """Adds columns computed over the serialized rows of the input, of each `partition` by itself.

    `ties_are_alike`, which only a rewrite says: rows that the order does not tell apart need not keep their places, and
    nothing above sees the order.
    """

    input: "Relation"
    items: tuple[tuple[Column, WindowCall], ...]
    partition: Columns = ()
    ties_are_alike: bool = False

    @property
    def columns(self) -> Columns:
        return self.input.columns + tuple(column for column, _ in self.items)


@dataclass(frozen=True, slots=True)
class ExpandItem:
    """One expanded dynamic value; `column` receives the elements: a dynamic one as they are, a string one the text
    that tostring gives them. Of a long value it is a long, and receives the whole numbers from 0 to that, at
    most as many as range() gives."""

    column: Column
    value: Expr


@dataclass(frozen=True, slots=True)
class Expand:
    """mv-expand: a row for each element; several items side by side, padded with null. The input's columns, then the
    elements, then the element's number from 0 where it is asked for. `limit` is of each input row.

    Null gives one row and a value that is neither array nor bag gives one too; an empty array or bag gives none.
    """

    input: "Relation"
    items: tuple[ExpandItem, ...]
    index: Column | None = None
    limit: Expr | None = None
    as_pairs: bool = False  # a bag's entries as [key, value] rather than {key: value}

    @property
    def columns(self) -> Columns:
        added = tuple(item.column for item in self.items)
        return self.input.columns + added + (() if self.index is None else (self.index,))


@dataclass(frozen=True, slots=True)
class ProviderLookup:
    """Rows with columns that a provider adds by a key (FileProfile): a step of its own.

    The first `limit` distinct non-empty keys in ordinal order are asked for. `added` follow the input's columns;
    `fields` are the provider's names for them.
    """

    input: "Relation"
    provider: str
    key: Column
    limit: int
    added: Columns
    fields: tuple[str, ...]

    @property
    def columns(self) -> Columns:
        return self.input.columns + self.added


@dataclass(frozen=True, slots=True)
class PythonOperator:
    """Rows that Python computes out of the input's serialized rows: a step of its own.

    `operator` sees the columns `reads` of each row, of every `partition` by itself. A row of the output is a row of the
    input (which may come several times or not at all) with the columns that the operator adds.
    """

    input: "Relation"
    operator: ScanSteps
    reads: Columns
    partition: Columns = ()

    @property
    def columns(self) -> Columns:
        return self.input.columns + self.operator.columns


@dataclass(frozen=True, slots=True)
class ComputedItem:
    """A call that Python computes: one column, or one for each of the function's parts; where not all of these are
    wanted, `parts` are the places of those that are."""

    columns: Columns
    function: ScalarFunction
    args: tuple[Expr, ...]
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Computed:
    """Adds columns that Python computes, once for each distinct tuple of arguments: a step of its own.

    No binder makes it: a rewrite takes such calls out of the expressions in which they stand.
    """

    input: "Relation"
    items: tuple[ComputedItem, ...]

    @property
    def columns(self) -> Columns:
        return self.input.columns + tuple(column for item in self.items for column in item.columns)


@dataclass(frozen=True, slots=True)
class PythonTable:
    """Rows that Python computes out of all rows of its inputs, which come in their order: a step of its own.

    The operator sees every column of each input, and gives `columns` in an order of its own.
    """

    sources: "tuple[Relation, ...]"
    operator: TableOperator
    columns: Columns


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """A named relation (let, as): bound once, referred to any number of times.

    `materialized` says that it must be computed once (materialize(), hint.materialized, as + use in a step), `apart`
    that it is a step of its own however often it is used.
    """

    name: str
    relation: "Relation"
    materialized: bool = False
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """One use of a binding; `columns` are this use's own identities, in the order of the binding's columns."""

    binding: Binding
    columns: Columns


Relation: TypeAlias = (
    Scan
    | Values
    | Range
    | External
    | Filter
    | Project
    | Aggregate
    | Join
    | Union
    | Sort
    | Serialize
    | Limit
    | Window
    | Expand
    | ProviderLookup
    | PythonOperator
    | Computed
    | PythonTable
    | Reference
)


@dataclass(frozen=True, slots=True)
class Assertion:
    """assert(condition, message): evaluated before the statement it stands in; false or null fails the query."""

    condition: Expr
    message: str


@dataclass(frozen=True, slots=True)
class TabularStatement:
    """One result table: its plan, what must hold first, and how it asked to be drawn (render)."""

    name: str
    relation: Relation
    assertions: tuple[Assertion, ...] = ()
    visualization: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """A whole query: its tabular statements and the query parameters it declares (name -> default or None).

    `is_observed`: rows were read to bind it, so that for other rows, or another instant, it may be another plan.
    `is_open`: bound by a check, and there may be columns that only a run would know.
    """

    statements: tuple[TabularStatement, ...]
    parameters: tuple[tuple[str, Expr | None], ...] = ()
    parameter_types: tuple[Expr, ...] = ()
    is_observed: bool = False
    is_open: bool = False


def inputs(relation: Relation) -> tuple[Relation, ...]:
    """The relations that feed this one (a reference's binding included)."""
    match relation:
        case Scan() | Values() | Range() | External():
            return ()
        case Join(left=left, right=right):
            return (left, right)
        case Union(legs=legs):
            return tuple(leg for leg, _ in legs)
        case PythonTable(sources=sources):
            return sources
        case Reference(binding=binding):
            return (binding.relation,)
        case _:
            return (relation.input,)


def expressions(relation: Relation) -> tuple[Expr, ...]:  # noqa: C901, PLR0911, PLR0912 - one match over all nodes
    """The expressions that stand in this node itself."""
    match relation:
        case Values(rows=rows):
            return tuple(cell for row in rows for cell in row)
        case Range(start=start, stop=stop, step=step):
            return (start, stop, step)
        case Filter(predicates=predicates):
            return predicates
        case Project(items=items):
            return tuple(expr for _, expr in items)
        case Window(items=calls, partition=partition):
            return (*(expr for _, expr in calls), *(ColumnRef(column) for column in partition))
        case Aggregate():
            return _aggregate_expressions(relation)
        case Join(keys=keys):
            return tuple(side for pair in keys for side in pair)
        case Union(legs=legs):
            return tuple(expr for _, exprs in legs for expr in exprs)
        case Sort(keys=sort_keys):
            return tuple(key.value for key in sort_keys)
        case Limit(count=count, partition=partition):
            return (count, *(ColumnRef(column) for column in partition))
        case Expand(items=expanded, limit=limit):
            return tuple(item.value for item in expanded) + (() if limit is None else (limit,))
        case PythonOperator(reads=reads, partition=partition):
            return tuple(ColumnRef(column) for column in (*reads, *partition))
        case Computed(items=computed):
            return tuple(arg for item in computed for arg in item.args)
        case Scan() | External() | Serialize() | ProviderLookup() | PythonTable() | Reference():
            return ()


def _aggregate_expressions(relation: Aggregate) -> tuple[Expr, ...]:
    found: list[Expr] = [expr for _, expr in relation.groups]
    for item in relation.items:
        if isinstance(item, AggregateCall):
            found.extend(item.args)
            continue
        found.extend(expr for _, expr in item.items)
        found.extend(e for e in (item.by, item.condition) if e is not None)
    return tuple(found)
