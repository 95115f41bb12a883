"""Names and what they stand for while a query is bound."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Protocol, TypeAlias

from bluetick.binder.schema import CatalogSchema, StoredFunction
from bluetick.diagnostics import Diagnostic, Span, codes, has_errors
from bluetick.functions.definition import Lowering, ScalarFunction
from bluetick.plan.expressions import Column, Expr, Literal, WindowCall
from bluetick.plan.graph import Graph
from bluetick.plan.relations import Assertion, Binding, QueryPlan, Reference, Relation, TabularStatement
from bluetick.plan.scan_steps import ScanSteps
from bluetick.syntax.expressions import CallExpression, Expression
from bluetick.syntax.operators import Pipeline
from bluetick.syntax.statements import FunctionDeclaration, PatternStatement
from bluetick.types import Type

MAX_OPERATORS = 1_500  # of one expanded plan; published rules stay under 200
MAX_WORK = 100_000  # expressions (a let counts anew wherever it is named) and, by fours, columns of operators


class TooLargeError(Exception):
    """The plan grows past what anybody needs: binding ends here, with a diagnostic at `span`."""

    def __init__(self, span: Span) -> None:
        super().__init__()
        self.span = span


@dataclass(frozen=True, slots=True)
class ScalarSymbol:
    """A scalar let, parameter or argument: inlined wherever it is named. `work` is what binding it took."""

    value: Expr
    work: int = 1


@dataclass(frozen=True, slots=True)
class TabularSymbol:
    """A tabular let, an `as` name or a tabular argument."""

    binding: Binding


@dataclass(frozen=True, slots=True)
class FunctionSymbol:
    """A let-bound function with the scope in which it was declared, or one that the catalog has `stored`."""

    name: str
    declaration: FunctionDeclaration
    scope: "Scope"
    stored: StoredFunction | None = None


@dataclass(frozen=True, slots=True)
class PatternSymbol:
    """A declared pattern with the scope in which it was declared."""

    declaration: PatternStatement
    scope: "Scope"


@dataclass(frozen=True, slots=True)
class GraphSymbol:
    """A let-bound graph."""

    graph: Graph


Symbol: TypeAlias = ScalarSymbol | TabularSymbol | FunctionSymbol | PatternSymbol | GraphSymbol


class Stored(Protocol):
    """The functions of the catalog, found where a query first names them."""

    def find(self, name: str) -> FunctionSymbol | None:
        """The function of exactly this name, or None."""


@dataclass(slots=True)
class Scope:
    """Names declared here, and the scope around it. With `tables` only these of the catalog are seen from here on
    (restrict access). The outermost scope has those that are `stored`."""

    parent: "Scope | None" = None
    names: dict[str, Symbol] = field(default_factory=dict)
    tables: frozenset[str] | None = None
    stored: Stored | None = None

    def find(self, name: str) -> Symbol | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            if scope.stored is not None:
                return scope.stored.find(name) if self.sees_table(name) else None
            scope = scope.parent
        return None

    def sees_table(self, name: str) -> bool:
        """Whether a table or a function of the catalog may be named here."""
        scope: Scope | None = self
        while scope is not None:
            if scope.tables is not None and name not in scope.tables:
                return False
            scope = scope.parent
        return True

    def child(self) -> "Scope":
        return Scope(self)

    def all_names(self) -> Iterator[str]:
        scope: Scope | None = self
        while scope is not None:
            yield from scope.names
            scope = scope.parent


@dataclass(slots=True)
class Row:
    """The columns that an expression may name; `qualified` holds those that stand behind a word and a dot: $left and
    $right in a join's condition, the steps of scan, the elements of a pattern. `relation` is what the row is one of,
    where that is one relation; `calls` are functions of this place; `fields` are those of nested columns, by the way
    to them."""

    columns: dict[str, Column]
    qualified: dict[str, dict[str, Column]] = field(default_factory=dict)
    fields: dict[tuple[str, ...], Column] = field(default_factory=dict)
    relation: Relation | None = None
    calls: "dict[str, Callable[[Env, CallExpression], Expr]]" = field(default_factory=dict)

    @staticmethod
    def of(relation: Relation) -> "Row":
        return Row({column.name: column for column in relation.columns}, relation=relation)


class Recursion(Protocol):
    """The mutually recursive parts of the binder, which reach each other through Env; `binder.bind` joins them."""

    def expression(self, env: "Env", node: Expression) -> Expr:
        """A scalar expression; Invalid once reported."""

    def call(self, env: "Env", node: CallExpression) -> Expr:
        """A call where a scalar stands."""

    def is_tabular(self, env: "Env", node: Expression) -> bool:
        """Whether the expression is a table: a pipeline, a table's or tabular let's name, a function that gives one."""

    def tabular(self, env: "Env", node: Expression) -> Relation | None:
        """A tabular expression; None once reported."""

    def pipeline(self, env: "Env", node: Pipeline, rows: Relation | None) -> Relation | None:
        """A pipeline; `rows` feed one that has no source of its own. None once reported."""

    def flow(self, env: "Env", node: Pipeline | Expression, rows: Relation | Graph | None) -> Relation | Graph | None:
        """The same where it may take or give a graph; and a tabular expression that may be one."""


@dataclass(frozen=True, slots=True)
class StepCall:
    """A window call that takes the state of the rows before (row_window_session): `computed` are columns of the row,
    out of which the steps compute theirs."""

    computed: tuple[tuple[Column, Expr], ...]
    steps: ScanSteps


WindowItem: TypeAlias = tuple[Column, WindowCall | StepCall]


class Observer(Protocol):
    """Runs a small plan while a query is bound: the columns of some plugins are known only from the rows."""

    def rows(self, plan: QueryPlan) -> list[tuple[Any, ...]]:
        """The rows of the plan's one statement, read with the query's own instant, parameters and time scope."""


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A stored function that is being bound, and where the query's text calls it (or what calls it)."""

    function: StoredFunction
    span: Span


@dataclass(slots=True)
class State:
    """What one binding run gathers: diagnostics, column identities, assertions, how results ask to be drawn.

    Without an `observer` nothing may run (a check); `is_open` then says that a plugin has brought columns that are not
    known here, so that a column that is missing is no mistake any more. `lowering` chooses the engine's lowering of a
    function, which may refuse arguments. `options` are the request properties that are
    honoured; `foreign` holds the first column of each table that was named as one of another place, `closed` the
    bindings that are known to name no column of a row outside. `calls` are the stored functions inside which binding is
    now, `tabular_functions` those of which it is known what they give.
    """

    catalog: CatalogSchema
    bind: Recursion
    observer: Observer | None = None
    lowering: Callable[[ScalarFunction], Lowering] | None = None
    is_open: bool = False
    is_observed: bool = False
    options: dict[str, Literal] = field(default_factory=dict)
    foreign: set[int] = field(default_factory=set)
    closed: set[Binding] = field(default_factory=set)
    calls: list[StoredCall] = field(default_factory=list)
    tabular_functions: dict[str, bool] = field(default_factory=dict)
    parameters: list[tuple[str, Expr | None]] = field(default_factory=list)
    parameter_types: list[Expr] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    assertions: list[Assertion] = field(default_factory=list)
    visualization: tuple[tuple[str, str], ...] = ()
    columns_made: int = 0
    unnamed: Iterator[int] = field(default_factory=lambda: count(1))  # Column1, Column2 ... of the whole query
    hidden: set[str] = field(default_factory=set)  # names of columns that no result has
    operators_bound: int = 0
    work: int = 0

    def column(self, name: str, type_: Type) -> Column:
        self.columns_made += 1
        return Column(self.columns_made, name, type_)

    def table_names(self, scope: Scope) -> tuple[str, ...]:
        """The catalog's tables that may be named in a scope."""
        return tuple(name for name in self.catalog.names() if scope.sees_table(name))

    def report_once(self, diagnostic: Diagnostic) -> None:
        """Reports unless one with its code has been before."""
        if all(known.code != diagnostic.code for known in self.diagnostics):
            self.report(diagnostic)

    def spend(self, work: int, span: Span) -> None:
        """Counts what the plan grows by; TooLargeError past the cap, so that doubling lets and functions end early."""
        self.work += work
        if self.work > MAX_WORK:
            raise TooLargeError(span)

    def report(self, diagnostic: Diagnostic) -> None:
        if not (self.is_open and codes.is_missing_column(diagnostic)):
            told = self._told(diagnostic)
            if not (self.calls and told in self.diagnostics):  # functions are bound anew wherever they are called
                self.diagnostics.append(told)

    def place(self, span: Span) -> Span:
        """Where a span stands in the query's text: what a stored function says, at its call."""
        return self.calls[0].span if self.calls else span

    def _told(self, diagnostic: Diagnostic) -> Diagnostic:
        """The diagnostic as the query's reader needs it."""
        if not self.calls:
            return diagnostic
        inner = self.calls[-1].function
        message = f"in function '{inner.name}' ({inner.place(diagnostic.span)}): {diagnostic.message}"
        return replace(diagnostic, message=message, span=self.calls[0].span)

    def observe(self, relation: Relation) -> list[tuple[Any, ...]] | None:
        """The rows of a relation, read now; None where nothing may run, or where the query is refused already."""
        if self.observer is None or has_errors(self.diagnostics):
            return None
        self.is_observed = True
        statement = TabularStatement("Observed", relation)
        return self.observer.rows(QueryPlan((statement,), tuple(self.parameters), tuple(self.parameter_types)))


@dataclass(frozen=True, slots=True)
class Env:
    """Where an expression stands: the run's state, the scope of names, the row, and where window calls gather.

    `windows` is a list only where rows are serialized; `hidden` names columns of a row outside, which may not be seen,
    `ungrouped` those that summarize has grouped away.
    """

    state: State
    scope: Scope
    row: Row | None = None
    windows: list[WindowItem] | None = None
    hidden: Row | None = None
    ungrouped: Row | None = None

    def report(self, diagnostic: Diagnostic) -> None:
        self.state.report(diagnostic)

    def expression(self, node: Expression) -> Expr:
        return self.state.bind.expression(self, node)

    def call(self, node: CallExpression) -> Expr:
        return self.state.bind.call(self, node)

    def is_tabular(self, node: Expression) -> bool:
        return self.state.bind.is_tabular(self, node)

    def tabular(self, node: Expression) -> Relation | None:
        return self.state.bind.tabular(self, node)

    def pipeline(self, node: Pipeline, rows: Relation | None = None) -> Relation | None:
        return self.state.bind.pipeline(self, node, rows)

    def flow(self, node: Pipeline | Expression, rows: Relation | Graph | None = None) -> Relation | Graph | None:
        return self.state.bind.flow(self, node, rows)

    def over(self, relation: Relation) -> "Env":
        """The same place with the columns of this relation in sight."""
        return replace(self, row=Row.of(relation), windows=None)

    def columns(self, columns: dict[str, Column]) -> "Env":
        """The same place with just these columns in sight."""
        return replace(self, row=Row(columns), windows=None)

    def with_row(self, row: Row) -> "Env":
        return replace(self, row=row, windows=None)

    def query_scope(self) -> Scope:
        """The outermost scope below the query's own: where lets of the text live."""
        scope = self.scope
        while scope.parent is not None and scope.parent.stored is None:
            scope = scope.parent
        return scope

    def serialized(self, windows: list[WindowItem]) -> "Env":
        """The same place where window functions may stand; their calls gather in `windows`."""
        return replace(self, windows=windows)

    def without_row(self) -> "Env":
        return replace(self, row=None, windows=None, hidden=self.row or self.hidden)

    def inside(self, scope: Scope) -> "Env":
        return replace(self, scope=scope)

    def refer(self, binding: Binding) -> Reference:
        """A use of a binding, with column identities of its own."""
        return Reference(binding, tuple(self.state.column(c.name, c.type) for c in binding.relation.columns))

    def count_operator(self, span: Span) -> bool:
        """False, once reported, when the expanded plan has grown past the cap."""
        self.state.operators_bound += 1
        if self.state.operators_bound == MAX_OPERATORS + 1:
            self.report(codes.plan_too_large(span, f"more than {MAX_OPERATORS:,} operators"))
        return self.state.operators_bound <= MAX_OPERATORS
