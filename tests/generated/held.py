"""Checks against the reference evaluator: projections of expressions, and whole pipelines with their order."""

from collections.abc import Mapping, Sequence
from functools import cache, partial
from random import Random

from generated import tree
from generated.checks import Answer, Check, full_text, same_rows
from generated.expressions import Expressions
from generated.generator import Pipelines
from generated.reference.evaluator import Evaluator
from generated.tables import NOW, POOLS, Table
from generated.tree import Pipeline

EXPRESSIONS = 10  # in one projection
_TYPES = (*POOLS, *("bool",) * 6, "string", "string", "long", "datetime")


def against_reference(kind: str, query: Pipeline, tables: Mapping[str, Table], size: int = 1) -> Check:
    """The query's rows, in their order, beside those of the evaluator. (mv-apply promises no order.)"""
    ordered = not any(isinstance(operator, tree.Apply) for operator in query.operators)

    @cache
    def expected() -> Answer:
        relation = Evaluator(tables, NOW).relation(query)
        return Answer(relation.columns, relation.tuples())

    def judge(answers: Sequence[Answer]) -> str:
        return same_rows(answers[0], expected(), ordered=ordered)

    return Check(kind, (full_text(query, tables),), judge, size, partial(_smaller, kind, query, tables))


def _smaller(kind: str, query: Pipeline, tables: Mapping[str, Table]) -> list[Check]:
    """Each expression by itself, or the pipeline without its last operators."""
    match query.operators:
        case (tree.Project(items=items),) if len(items) > 1:
            parts = [Pipeline(query.table, (tree.Project((item,)),)) for item in items]
        case _:
            parts = [Pipeline(query.table, query.operators[:length]) for length in range(1, len(query.operators))]
    return [against_reference(kind, part, tables) for part in parts]


def expressions(random: Random, tables: Mapping[str, Table]) -> Check:
    """A projection of expressions over one table."""
    table = random.choice([table for table in tables.values() if table.rows])
    draw = Expressions(random, table.columns)
    drawn = [
        draw.any_call() if random.random() < 0.6 else draw.expression(random.choice(_TYPES), random.choice((1, 2, 3)))
        for _ in range(EXPRESSIONS)
    ]
    items = tuple((f"x{place}", value) for place, value in enumerate(drawn))
    return against_reference("expressions", Pipeline(table.name, (tree.Project(items),)), tables, EXPRESSIONS)


def pipelines(random: Random, tables: Mapping[str, Table]) -> Check:
    query = Pipelines(random, tables).pipeline(random.choice((1, 2, 2, 3, 3, 4)))
    return against_reference("pipelines", query, tables)
