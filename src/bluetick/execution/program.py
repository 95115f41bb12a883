"""A bound statement as a program of steps: what must be computed before the main query, and the main query.

Steps, in order: relations that are computed once (as, materialize, a provider's input), scalars (toscalar),
assertions, provider lookups, Python operators. Each is one SQL statement (or a call that takes its result) whose result
the next may use.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from bluetick.diagnostics import Span, codes
from bluetick.diagnostics.errors import QueryError
from bluetick.execution.unfolding import bindings_to_keep
from bluetick.functions.definition import ScalarFunction
from bluetick.lowering.flavour import Flavour
from bluetick.lowering.lowerer import Answers, ComputedResult, Context, Lowered, Lowerer, PythonResult, ScanUse
from bluetick.lowering.nodes import new_lowerer
from bluetick.lowering.stage import Stage, row_order
from bluetick.lowering.steps import PROVIDER_KEY
from bluetick.plan.expressions import Column, ColumnRef, Expr, InTable, Literal, ScalarQuery
from bluetick.plan.relations import (
    Binding,
    Computed,
    ComputedItem,
    ProviderLookup,
    PythonOperator,
    PythonTable,
    Reference,
    Relation,
    TabularStatement,
    expressions,
    inputs,
)
from bluetick.plan.scan_steps import ScanSteps
from bluetick.plan.table_operator import TableOperator
from bluetick.plan.traversal import queries_in, relations_in
from bluetick.sql import tree as sql
from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class RelationStep:
    """Compute a relation once and keep it under a name."""

    name: str
    statement: sql.Statement


@dataclass(frozen=True, slots=True)
class ScalarStep:
    """The first cell of the result becomes a parameter; of no row its typed null."""

    parameter: str
    type: Type
    statement: sql.Statement


@dataclass(frozen=True, slots=True)
class AssertionStep:
    """A condition that must be true, else the query fails with the message."""

    statement: sql.Statement
    message: str


@dataclass(frozen=True, slots=True)
class ProviderStep:
    """Ask a provider for the distinct non-empty keys that the statement gives; its answers become a relation."""

    provider: str
    relation: str
    key_name: str
    statement: sql.Statement


@dataclass(frozen=True, slots=True)
class PythonStep:
    """Rows that Python computes: the statement gives the columns `reads`, then `partition`, in the rows' order."""

    operator: ScanSteps
    relation: str
    reads: tuple[Column, ...]
    statement: sql.Statement


@dataclass(frozen=True, slots=True)
class ComputeCall:
    """A function that Python computes. `arguments` are all of them in order: a literal, or the type of one that each
    row gives; `parts` are those of `ComputedItem`."""

    function: ScalarFunction
    arguments: tuple[Literal | Type, ...]
    results: tuple[Type, ...]
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ComputeStep:
    """Calls of the same arguments: the statement gives the distinct values of those that are no literal. The results
    of all calls stand beside these in the step's relation."""

    calls: tuple[ComputeCall, ...]
    relation: str
    statement: sql.Statement


@dataclass(frozen=True, slots=True)
class TableStep:
    """Rows that Python computes out of whole inputs: a statement for each, with the types of its columns."""

    operator: TableOperator
    relation: str
    inputs: tuple[tuple[sql.Statement, tuple[Type, ...]], ...]
    results: tuple[Type, ...]


Step: TypeAlias = RelationStep | ScalarStep | AssertionStep | ProviderStep | PythonStep | ComputeStep | TableStep


def statements_of(step: Step) -> tuple[sql.Statement, ...]:
    """The statements that a step runs, in order."""
    if isinstance(step, TableStep):
        return tuple(statement for statement, _ in step.inputs)
    return (step.statement,)


TOO_DEEP = "expressions nested too deep: name inner parts in an extend of their own"
MAX_STAGES = 5_000  # about a second's work
MAX_PYTHON_ROWS = 1_000_000  # that Python takes of one relation: about a second a step


@dataclass(frozen=True, slots=True)
class Program:
    """Steps, then the result of `statement`. Scans stay symbolic; parameters are given when it runs."""

    steps: tuple[Step, ...]
    result: Lowered
    columns: tuple[Column, ...]
    scans: tuple[ScanUse, ...]
    statement: TabularStatement
    name: str = "PrimaryResult"
    visualization: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """A relation of the plan that a statement gives, as the step `name`, with its columns under these aliases."""

    relation: Relation
    name: str
    statement: sql.Statement
    aliases: dict[int, str]


@dataclass(slots=True)
class Builder:
    """Gathers the steps that a plan needs. `keeps` says which bindings become steps of their own."""

    context: Context
    keeps: Callable[[Binding], bool]
    steps: list[Step] = field(default_factory=list)
    names: int = 0
    prepared: set[int] = field(default_factory=set)

    def name(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}_{self.names}"

    def prepare(self, relation: Relation) -> None:
        """Adds the steps that must come before this relation can be lowered, innermost first."""
        pending: list[tuple[Relation, bool]] = [(relation, False)]
        while pending:
            node, is_ready = pending.pop()
            if is_ready:
                self._finish(node)
                continue
            pending.append((node, True))
            for expr in expressions(node):
                self.prepare_expression(expr)
            if isinstance(node, Reference):
                if id(node.binding) in self.prepared:
                    continue
                self.prepared.add(id(node.binding))
            pending.extend((inner, False) for inner in reversed(inputs(node)))

    def prepare_expression(self, expr: Expr) -> None:
        for part in queries_in(expr):
            if isinstance(part, InTable):
                self.prepare(part.relation)
            elif id(part) not in self.context.scalars:
                self.prepare(part.relation)
                self._scalar(part)

    def _finish(self, node: Relation) -> None:
        if isinstance(node, Reference):
            binding = node.binding
            if id(binding) not in self.context.computed and self.keeps(binding):
                self._compute(binding, binding.relation)
        elif isinstance(node, ProviderLookup):
            self._provider(node)
        elif isinstance(node, PythonOperator) and id(node) not in self.context.python:
            self._python(node)
        elif isinstance(node, Computed) and id(node) not in self.context.calls:
            self._calls(node)
        elif isinstance(node, PythonTable) and id(node) not in self.context.tables:
            self._table(node)

    def _compute(self, owner: Binding | Relation, relation: Relation) -> None:
        lowered = new_lowerer(self.context).statement(relation, ordered=False)
        name = self.name("step")
        self.steps.append(RelationStep(name, lowered.statement))
        self.context.remember(owner, Stage(name, lowered.stage.aliases, lowered.stage.order))

    def _scalar(self, query: ScalarQuery) -> None:
        lowered = new_lowerer(self.context).statement(query.relation, ordered=True)
        body = lowered.statement.body
        if isinstance(body, sql.Select):
            first = sql.Select(body.items[:1], body.source, order_by=body.order_by, limit=sql.Bare(1))
            statement = sql.Statement(lowered.statement.ctes, first)
            parameter = self.name("scalar")
            self.steps.append(ScalarStep(parameter, query.type, statement))
            self.context.scalars[id(query)] = parameter
            self.context.keep.append(query)

    def _provider(self, node: ProviderLookup) -> None:
        """The input is computed once: its keys are asked for, and its rows wait for the answers."""
        source = node.input
        is_kept = isinstance(source, Reference) and id(source.binding) in self.context.computed
        if not is_kept and id(source) not in self.context.computed:
            self._compute(source, source)
        lowerer = new_lowerer(self.context)
        stage = lowerer.lower_whole(source)
        key = stage.column(node.key)
        keys = sql.Select(
            ((PROVIDER_KEY, key),),
            sql.RelationRef(stage.relation),
            where=sql.Binary("<>", key, sql.EMPTY),
            order_by=(sql.Order(sql.Column(PROVIDER_KEY)),),
            limit=sql.Bare(node.limit),
            distinct=True,
        )
        name = self.name("profiles")
        statement = sql.Statement(tuple(lowerer.ctes), keys)
        self.steps.append(ProviderStep(node.provider, name, node.key.name, statement))
        self.context.providers[id(node)] = name
        self.context.keep.append(node)

    def _python(self, node: PythonOperator) -> None:
        """The input is computed once, its rows numbered in their order: Python reads some columns of it, and what it
        gives is joined to the rest by the number."""
        lowerer = new_lowerer(self.context)
        stage = lowerer.lower_whole(node.input)
        number = lowerer.fresh_alias("row_number")
        items: list[tuple[str, sql.Expr]] = [(name, sql.Column(name)) for name in dict.fromkeys(stage.aliases.values())]
        items.append((number, sql.Window(sql.Call("row_number"), (), row_order(stage, node.input.columns))))
        name = self.name("step")
        select = sql.Select(tuple(items), lowerer.source(stage))
        self.steps.append(RelationStep(name, sql.Statement(tuple(lowerer.ctes), select)))
        rows = Stage(name, dict(stage.aliases))
        wanted = [(f"c{i}", rows.column(c)) for i, c in enumerate((*node.reads, *node.partition))]
        asked = sql.Select(
            tuple(wanted) or (("c0", sql.long(0)),),  # rows without a column: SQL wants one
            sql.RelationRef(name),
            order_by=(sql.Order(sql.Column(number)),),
            limit=sql.Bare(MAX_PYTHON_ROWS + 1),
        )
        result = self.name("rows")
        self.steps.append(PythonStep(node.operator, result, node.reads, sql.Statement((), asked)))
        self.context.python[id(node)] = PythonResult(rows, number, result)
        self.context.keep.append(node)

    def _calls(self, node: Computed) -> None:
        """The input is computed once, with the calls' arguments beside it; the calls are asked for their distinct
        values, and the results wait under these."""
        lowerer = new_lowerer(self.context)
        stage = lowerer.lower_whole(node.input)
        row = stage.row(node.input.columns)
        names = dict.fromkeys((*stage.aliases.values(), *stage.hidden))
        items: list[tuple[str, sql.Expr]] = [(name, sql.Column(name)) for name in names]
        asked = _of_same_columns(node.items)
        arguments = []
        for calls in asked:
            args = (arg for arg in calls[0].args if not isinstance(arg, Literal))
            found = [(lowerer.fresh_alias("argument"), arg) for arg in args]
            items += [(name, lowerer.expressions.lower(arg, row)) for name, arg in found]
            arguments.append(tuple((name, arg.type) for name, arg in found))
        source = self._kept(lowerer, stage, items)
        answers = []
        for calls, given in zip(asked, arguments, strict=True):
            answers.append(Answers(self._ask(calls, source, given), given, tuple(calls)))
        rows = Stage(source, dict(stage.aliases), stage.order)
        self.context.calls[id(node)] = ComputedResult(rows, tuple(answers))
        self.context.keep.append(node)

    def _kept(self, lowerer: Lowerer, stage: Stage, items: list[tuple[str, sql.Expr]]) -> str:
        """A step that keeps these columns of a stage."""
        name = self.name("step")
        select = sql.Select(tuple(items) or (("nothing", sql.long(0)),), lowerer.source(stage))
        self.steps.append(RelationStep(name, sql.Statement(tuple(lowerer.ctes), select)))
        return name

    def _ask(self, items: Sequence[ComputedItem], source: str, arguments: tuple[tuple[str, Type], ...]) -> str:
        """The step of calls over the kept rows; gives the relation of their answers."""
        columns: list[tuple[str, sql.Expr]] = [(f"c{i}", sql.Column(name)) for i, (name, _) in enumerate(arguments)]
        asked = sql.Select(
            tuple(columns) or (("nothing", sql.long(0)),),
            sql.RelationRef(source),
            limit=sql.Bare(MAX_PYTHON_ROWS + 1 if columns else 1),
            distinct=True,
        )
        relation = self.name("answers")
        calls = tuple(
            ComputeCall(
                item.function,
                tuple(arg if isinstance(arg, Literal) else arg.type for arg in item.args),
                tuple(column.type for column in item.columns),
                item.parts,
            )
            for item in items
        )
        self.steps.append(ComputeStep(calls, relation, sql.Statement((), asked)))
        return relation

    def _table(self, node: PythonTable) -> None:
        """Each input is read whole, in its order."""
        statements = []
        for source in node.sources:
            lowered = new_lowerer(self.context).statement(source, ordered=True)
            body = lowered.statement.body
            if isinstance(body, sql.Select):
                places = [(f"c{i}", sql.Column(alias)) for i, alias in enumerate(lowered.aliases)]
                items = tuple(places) or (("nothing", sql.long(0)),)
                cut = sql.Select(items, body.source, order_by=body.order_by, limit=sql.Bare(MAX_PYTHON_ROWS + 1))
                statement = sql.Statement(lowered.statement.ctes, cut)
                statements.append((statement, tuple(c.type for c in source.columns)))
        relation = self.name("rows")
        results = tuple(column.type for column in node.columns)
        self.steps.append(TableStep(node.operator, relation, tuple(statements), results))
        self.context.tables[id(node)] = relation
        self.context.keep.append(node)

    def assertion(self, condition: Expr, message: str) -> None:
        self.prepare_expression(condition)
        lowerer = new_lowerer(self.context)
        value = lowerer.expressions.lower(condition, {})
        statement = sql.Statement(tuple(lowerer.ctes), sql.Select((("holds", value),)))
        self.steps.append(AssertionStep(statement, message))


def _of_same_columns(items: Sequence[ComputedItem]) -> list[list[ComputedItem]]:
    """Calls whose arguments are the same columns together; literals stand in each call itself."""
    found: dict[object, list[ComputedItem]] = {}
    for item in items:
        args = [arg for arg in item.args if not isinstance(arg, Literal)]
        columns = tuple(arg.column.id for arg in args if isinstance(arg, ColumnRef))
        found.setdefault(columns if len(columns) == len(args) else id(item), []).append(item)
    return list(found.values())


def build_program(
    statement: TabularStatement,
    flavour: Flavour,
    *,
    has_lower_bound: bool = False,
    has_upper_bound: bool = False,
    given: Sequence[Given] = (),
    scans: dict[str, ScanUse] | None = None,
    by_reading: bool = False,
) -> Program:
    """The program of one tabular statement. The bounds say whether it has a time scope (`scope_start`, `scope_end`);
    `given` are relations of it that have a statement of their own already, which may have read `scans`: these keep
    their names. `by_reading`: a table is bound for each reading of it, rather than once.

    Raises QueryError where lets have nested expressions deeper than can be walked, or are used so often that the
    statements together are too long.
    """
    try:
        known = {} if scans is None else scans
        context = Context(flavour, has_lower_bound, has_upper_bound, MAX_STAGES, by_reading, scans=known)
        return _program(statement, context, given)
    except RecursionError:
        raise QueryError((codes.plan_too_large(Span(0, 0), TOO_DEEP),)) from None


def _program(statement: TabularStatement, context: Context, given: Sequence[Given]) -> Program:
    roots = _roots(statement)
    kept = bindings_to_keep(roots, count_uses(roots))
    builder = Builder(context, lambda binding: id(binding) in kept)
    for one in given:
        builder.steps.append(RelationStep(one.name, one.statement))
        context.remember(one.relation, Stage(one.name, one.aliases))
    for assertion in statement.assertions:
        builder.assertion(assertion.condition, assertion.message)
    builder.prepare(statement.relation)
    result = new_lowerer(context).statement(statement.relation, ordered=True)
    return Program(
        tuple(builder.steps),
        result,
        statement.relation.columns,
        tuple(context.scans.values()),
        statement,
        statement.name,
        statement.visualization,
    )


def _roots(statement: TabularStatement) -> list[Relation]:
    """The statement's relation, and those of the queries in its assertions."""
    queries = [query for assertion in statement.assertions for query in queries_in(assertion.condition)]
    return [statement.relation, *(query.relation for query in queries)]


def count_uses(roots: Sequence[Relation]) -> Counter[int]:
    """How often each binding is referred to, scalar steps included."""
    uses: Counter[int] = Counter()
    for root in roots:
        uses.update(id(node.binding) for node in relations_in(root, scalars=True) if isinstance(node, Reference))
    return uses
