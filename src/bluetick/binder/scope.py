"""Names and what they stand for while a query is bound."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Protocol, TypeAlias

from bluetick.binder.schema import CatalogSchema
from bluetick.diagnostics import Diagnostic, Span, codes, has_errors
from bluetick.plan.expressions import Column, Expr, WindowCall
from bluetick.plan.relations import Assertion, Binding, QueryPlan, Reference, Relation, TabularStatement
from bluetick.plan.scan_steps import ScanSteps
from bluetick.syntax.expressions import CallExpression, Expression
from bluetick.syntax.operators import Pipeline
from bluetick.syntax.statements import FunctionDeclaration
from bluetick.types import Type

MAX_OPERATORS = 2_000  # of one expanded plan; published rules stay under 200


@dataclass(frozen=True, slots=True)
class ScalarSymbol:
    """A scalar let, parameter or argument: inlined wherever it is named."""

    value: Expr


@dataclass(frozen=True, slots=True)
class TabularSymbol:
    """A tabular let, an `as` name or a tabular argument."""

    binding: Binding


@dataclass(frozen=True, slots=True)
class FunctionSymbol:
    """A let-bound function with the scope in which it was declared."""

    name: str
    declaration: FunctionDeclaration
    scope: "Scope"


Symbol: TypeAlias = ScalarSymbol | TabularSymbol | FunctionSymbol


@dataclass(slots=True)
class Scope:
    """Names declared here, and the scope around it."""

    parent: "Scope | None" = None
    names: dict[str, Symbol] = field(default_factory=dict)

    def find(self, name: str) -> Symbol | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

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
    $right in a join's condition, the steps of scan."""

    columns: dict[str, Column]
    qualified: dict[str, dict[str, Column]] = field(default_factory=dict)

    @staticmethod
    def of(relation: Relation) -> "Row":
        return Row({column.name: column for column in relation.columns})


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


@dataclass(slots=True)
class State:
    """What one binding run gathers: diagnostics, column identities, assertions, how results ask to be drawn.

    Without an `observer` nothing may run (a check); `is_open` then says that a plugin has brought columns that are not
    known here, so that a column that is missing is no mistake any more.
    """

    catalog: CatalogSchema
    bind: Recursion
    observer: Observer | None = None
    is_open: bool = False
    parameters: list[tuple[str, Expr | None]] = field(default_factory=list)
    parameter_types: list[Expr] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    assertions: list[Assertion] = field(default_factory=list)
    visualization: tuple[tuple[str, str], ...] = ()
    columns_made: int = 0
    unnamed: Iterator[int] = field(default_factory=lambda: count(1))  # Column1, Column2 ... of the whole query
    operators_bound: int = 0

    def column(self, name: str, type_: Type) -> Column:
        self.columns_made += 1
        return Column(self.columns_made, name, type_)

    def report(self, diagnostic: Diagnostic) -> None:
        if not (self.is_open and codes.is_missing_column(diagnostic)):
            self.diagnostics.append(diagnostic)

    def observe(self, relation: Relation) -> list[tuple[Any, ...]] | None:
        """The rows of a relation, read now; None where nothing may run, or where the query is refused already."""
        if self.observer is None or has_errors(self.diagnostics):
            return None
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
        while scope.parent is not None:
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
            self.report(codes.plan_too_large(span, MAX_OPERATORS))
        return self.state.operators_bound <= MAX_OPERATORS
