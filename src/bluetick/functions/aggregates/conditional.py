"""The `if` forms of aggregates: one body, with or without a predicate."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from bluetick.functions.definition import AggregateLowering, Argument, BoundAggregate
from bluetick.sql.tree import Aggregate, Expr, all_of, is_not_null

# The aggregate over the rows that the condition lets in; None lets all in.
Body: TypeAlias = Callable[[BoundAggregate, Expr | None], Expr]


def plain(body: Body) -> AggregateLowering:
    """The aggregate over all rows."""
    return lambda bound: body(bound, None)


def conditional(body: Body, predicate: int = 1) -> AggregateLowering:
    """The aggregate over the rows where argument number `predicate` is true; the body does not see that argument."""

    def lower(bound: BoundAggregate) -> Expr:
        others = (*bound.args[:predicate], *bound.args[predicate + 1 :])
        return body(replace(bound, args=others), bound.args[predicate].sql)

    return lower


def aggregate(name: str, *args: Expr, where: Expr | None = None) -> Aggregate:
    """Call the engine's aggregate on the rows let in."""
    return Aggregate(name, args, filter=where)


def not_null(arg: Argument, where: Expr | None) -> Expr:
    """The condition that also leaves nulls of the argument out."""
    present = is_not_null(arg.sql)
    return present if where is None else all_of(where, present)
