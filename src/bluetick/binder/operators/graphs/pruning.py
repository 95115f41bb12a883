"""Conditions over several nodes and edges that Python can evaluate too: they cut the search for a pattern short.

The engine asks them of the matches again, so that nothing hangs on what Python knows of functions.
"""

from collections.abc import Callable, Iterable, Sequence

from bluetick.binder.operators.graphs.shape import EdgeVariable, NodeVariable, Shape
from bluetick.plan.evaluation import unknown_part
from bluetick.plan.expressions import Column, ColumnRef, Expr, walk
from bluetick.plan.graph import NODE_NUMBER
from bluetick.plan.graph_pattern import MatchColumn, MatchTest
from bluetick.plan.relations import Project, Relation

_Fixed = NodeVariable | EdgeVariable


def match_tests(
    shape: Shape, conditions: Sequence[Expr], add_input: Callable[[Relation], int]
) -> tuple[MatchTest, ...]:
    """The tests, whose values are inputs: for each variable the numbers and the columns that some test reads."""
    variables, owners = fixed_columns(shape)
    chosen = [c for c in conditions if not unknown_part(c) and all(column.id in owners for column in used_by((c,)))]
    tested: dict[int, MatchColumn] = {}
    for variable in variables:
        columns = [column for column in used_by(chosen) if owners[column.id] is variable]
        if columns:
            tested |= _tested(variable, columns, add_input)
    return tuple(MatchTest(c, tuple(tested[column.id] for column in used_by((c,)))) for c in chosen)


def beside(shape: Shape, condition: Expr, add_input: Callable[[Relation], int]) -> tuple[MatchColumn, ...]:
    """The columns of single nodes and edges in a condition over the elements of a path, with inputs of their values."""
    variables, owners = fixed_columns(shape)
    tested: dict[int, MatchColumn] = {}
    for variable in variables:
        columns = [column for column in used_by((condition,)) if owners.get(column.id) is variable]
        if columns:
            tested |= _tested(variable, columns, add_input)
    return tuple(tested.values())


def fixed_columns(shape: Shape) -> tuple[list[_Fixed], dict[int, _Fixed]]:
    """The variables that stand for one node or edge, and by their columns whose they are."""
    variables = [v for v in shape.variables.values() if isinstance(v, NodeVariable | EdgeVariable)]
    return variables, {column.id: v for v in variables for column in v.element.reference.columns}


def used_by(expressions: Iterable[Expr]) -> list[Column]:
    """The columns that are referred to, each once."""
    parts = (part for expr in expressions for part in walk(expr))
    return list(dict.fromkeys(part.column for part in parts if isinstance(part, ColumnRef)))


def _tested(variable: _Fixed, columns: list[Column], add_input: Callable[[Relation], int]) -> dict[int, MatchColumn]:
    reference = variable.element.reference
    number = reference.columns[NODE_NUMBER]
    items = tuple((column, ColumnRef(column)) for column in (number, *columns))
    source = add_input(Project(reference, items))
    is_node = isinstance(variable, NodeVariable)
    place = variable.slot if isinstance(variable, NodeVariable) else variable.edge
    return {
        column.id: MatchColumn(column, is_node, place, source, position) for position, column in enumerate(columns, 1)
    }
