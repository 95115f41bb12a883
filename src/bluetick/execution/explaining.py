"""What would be done for a statement, told step by step: on the engine, in Python, by a provider."""

from collections.abc import Mapping
from dataclasses import dataclass

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
class Explanation:
    """One result of a query: its plan, the tables that are read under names of their own, and the steps to it."""

    name: str
    plan: str
    scans: tuple[tuple[str, str], ...]
    steps: tuple[ExplainedStep, ...]


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
        case ComputeStep(function=function, relation=relation):
            return f"{function.name} in Python into {relation}"
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
