"""Relations of a bound plan, read as of its run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bluetick.detections.explaining.model import Cells, Grid, Heads
from bluetick.execution.program import build_program
from bluetick.execution.result import Result
from bluetick.execution.run import Execution
from bluetick.functions.registry import find_aggregate
from bluetick.plan.expressions import Column, Expr, Literal
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Limit,
    Project,
    QueryPlan,
    Relation,
    TabularStatement,
)
from bluetick.session import QueryRequest, Session
from bluetick.types import Type

_FIRST_ID: Final = 1 << 29  # of the columns that are added: above those of any plan, below those that exclusions add


@dataclass(slots=True)
class Reader:
    """Reads relations of `plan` with the parameters and the time scope of `request`."""

    session: Session
    plan: QueryPlan
    request: QueryRequest
    _next: int = field(default=_FIRST_ID, init=False)

    def column(self, name: str, type_: Type) -> Column:
        """A column that the plan does not have."""
        self._next += 1
        return Column(self._next, name, type_)

    def rows(self, relation: Relation) -> list[Cells]:
        return list(self._read(relation))

    def grid(self, relation: Relation, most: int) -> Grid:
        """The first rows of a relation in its order."""
        heads: Heads = tuple((column.name, column.type) for column in relation.columns)
        return Grid(heads, tuple(self._read(Limit(relation, Literal(most, Type.LONG)))))

    def distinct(self, relation: Relation, values: Sequence[Expr], most: int) -> list[tuple[Any, ...]]:
        """The distinct values of expressions over a relation's rows, so many at most."""
        if not values:
            return [()] if self.count(relation) else []
        groups = tuple((self.column(f"v{i}", value.type), value) for i, value in enumerate(values))
        return self.rows(Limit(Aggregate(relation, groups, ()), Literal(most, Type.LONG)))

    def values(self, relation: Relation, items: Sequence[tuple[str, Expr]], most: int) -> Grid:
        """The distinct rows of named expressions over a relation."""
        made = tuple((self.column(name, expr.type), expr) for name, expr in items)
        heads = tuple((column.name, column.type) for column, _ in made)
        projected = Project(relation, made)
        if any(column.type is Type.DYNAMIC for column, _ in made):
            return Grid(heads, tuple(self._read(Limit(projected, Literal(most, Type.LONG)))))
        return Grid(heads, tuple(self.distinct(relation, [expr for _, expr in items], most)))

    def count(self, relation: Relation) -> int:
        count = find_aggregate("count")
        if count is None:
            raise AssertionError("count is an aggregate of the language")
        found: int = self.rows(Aggregate(relation, (), (AggregateCall(self.column("n", Type.LONG), count, ()),)))[0][0]
        return found

    def _read(self, relation: Relation) -> Iterator[Cells]:
        statement = TabularStatement("Explained", relation)
        now = self.request.now
        if now is None:
            raise AssertionError("what is explained ran as of an instant")
        program = build_program(
            statement,
            self.session.flavour,
            has_lower_bound=self.request.lookback is not None,
            has_upper_bound=True,
        )
        parameters = self.session.parameters(self.plan, self.request, now)
        engine, catalog, providers = self.session.engine, self.session.catalog, self.session.providers
        work = Execution(engine, catalog, providers, parameters, self.request.seconds, statement=statement)
        yield from Result(program, work).rows()
