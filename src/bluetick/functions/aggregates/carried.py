"""The value that all rows of a group have: for plans that group by more than the query says, not for queries."""

from bluetick.functions.definition import AggregateFunction, BoundAggregate, param, signature
from bluetick.sql.tree import Aggregate, Expr
from bluetick.types import ANY_SCALAR, Type


def _any_value(bound: BoundAggregate) -> Expr:
    return Aggregate("any_value", (bound[0].sql,))


def _first_type(types: tuple[Type, ...]) -> Type:
    return types[0]


CARRIED = AggregateFunction(
    name="carried value",
    summary="The one value that every row of the group has.",
    signatures=(signature(param("value", *ANY_SCALAR), returns=_first_type),),
    duckdb=_any_value,
    spark=_any_value,
    examples=(),
)
