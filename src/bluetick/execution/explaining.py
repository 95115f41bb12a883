"""What would be done for a statement, told step by step: on the engine, in Python, by a provider; what of it is read,
and how long it took to plan, or to run."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from bluetick.execution.estimate import TableEstimate, estimate
from bluetick.execution.program import (
    MAX_PYTHON_ROWS,
    AssertionStep,
    ComputeStep,
    Program,
    ProviderStep,
    PythonStep,
    RelationStep,
    ScalarStep,
    Step,
    TableStep,
    statements_of,
)
from bluetick.execution.run import Execution
from bluetick.lowering.flavour import Flavour
from bluetick.plan.printer import print_plan
from bluetick.plan.ranges import Span, scan_ranges
from bluetick.plan.relations import QueryPlan
from bluetick.sql.dialect import Dialect, LiteralValue
from bluetick.sql.render import render_statement
from bluetick.sql.tree import Statement


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """`does` says what a step gives, `place` where that is computed; `statements` are the SQL that the engine gets."""

    does: str
    place: str
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ran:
    """A run to its end: rows of the result, and seconds. `steps` are those of the explanation, `tables` what came
    before them: the engine opened the files."""

    rows: int
    tables: float
    steps: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One result of a query: its plan, the tables that are read under names of their own, and the steps to it.

    `reads` is what of each table would be read, files that are left out counted; of none where a table has no data.
    `stages` are the seconds that planning took, by stage; `ran` is there where it ran as well. `rewrites` were made of
    the plan, which is shown as it was before.
    """

    name: str
    plan: str
    scans: tuple[tuple[str, str], ...]
    steps: tuple[ExplainedStep, ...]
    reads: tuple[TableEstimate, ...] = ()
    stages: tuple[tuple[str, float], ...] = ()
    ran: Ran | None = None
    rewrites: tuple[str, ...] = ()


@dataclass(slots=True)
class Stages:
    """The seconds of each stage, in the order in which they came."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = time.perf_counter() - begun


def run_through(work: Execution, program: Program) -> Ran:
    """Runs a program and lets its rows go."""
    stream = work.start(program)
    begun = time.perf_counter()
    rows = sum(batch.num_rows for batch in work.drain(stream))
    tables, *steps = work.spent
    return Ran(rows, tables, (*steps[:-1], steps[-1] + time.perf_counter() - begun))


def explain_statement(plan: QueryPlan, program: Program, work: Execution, flavour: Flavour, scope: Span) -> Explanation:
    """How the plan's one statement would be computed. What it reads is told where all of its tables have data."""
    dialect, parameters, catalog = work.engine.dialect, work.parameters, work.catalog
    told = explain_program(program, print_plan(plan), dialect, parameters)
    kept = {name: f"what is kept of {part.table.name}" for name, part in work.parts.items()}
    told = replace(told, scans=tuple((relation, kept.get(table, table)) for relation, table in told.scans))
    if any(use.external is None and catalog.table(use.table) is None for use in program.scans):
        return told
    ranges = scan_ranges(plan.statements[0], parameters["now"], scope, parameters)
    return replace(told, reads=tuple(estimate([program], ranges, catalog, flavour, work.engine.table_bytes)))


def explain_program(
    program: Program, plan: str, dialect: Dialect, parameters: Mapping[str, LiteralValue]
) -> Explanation:
    """The program in the engine's SQL. Nothing has run, so a null stands for what a scalar step would give."""
    given = {**parameters, **{s.parameter: None for s in program.steps if isinstance(s, ScalarStep)}}
    steps = [
        ExplainedStep(
            describe_step(step),
            _place(step, dialect.name),
            tuple(statement_lines(statement, dialect, given) for statement in statements_of(step)),
        )
        for step in program.steps
    ]
    result = statement_lines(program.result.statement, dialect, given)
    steps.append(ExplainedStep("result", dialect.name, (result,)))
    scans = tuple((use.relation, use.table) for use in program.scans)
    return Explanation(program.name, plan, scans, tuple(steps))


def describe_step(step: Step) -> str:
    """What a step gives, under the name that later ones have for it."""
    match step:
        case RelationStep(name=name):
            return f"relation {name}"
        case ScalarStep(parameter=name, type=type_):
            return f"scalar {name}:{type_}"
        case AssertionStep(message=message):
            return f"assertion {message}"
        case ProviderStep(provider=provider, relation=relation, key_name=key):
            return f"provider {provider} asked for {key} into {relation}"
        case PythonStep(relation=relation):
            return f"Python into {relation}"
        case ComputeStep(calls=calls, relation=relation):
            return f"{', '.join(call.function.name for call in calls)} in Python into {relation}"
        case TableStep(operator=operator, relation=relation):
            return f"{operator.name} in Python into {relation}"


def _place(step: Step, engine: str) -> str:
    match step:
        case ProviderStep():
            return f"keys on {engine}, answers by the provider"
        case ComputeStep():
            return f"Python on the driver, over at most {MAX_PYTHON_ROWS:,} different arguments from {engine}"
        case PythonStep() | TableStep():
            return f"Python on the driver, over at most {MAX_PYTHON_ROWS:,} rows from {engine}"
        case _:
            return engine


def statement_lines(statement: Statement, dialect: Dialect, parameters: Mapping[str, LiteralValue]) -> str:
    """A statement's text with a line for each stage."""
    text = render_statement(statement, dialect, parameters)
    quote = "`" if "`" in text else '"'
    for cte in statement.ctes:
        text = text.replace(f", {quote}{cte.name}{quote} AS ", f",\n  {quote}{cte.name}{quote} AS ", 1)
    return text
