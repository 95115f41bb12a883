"""One step of a SQL statement: a relation with an alias for every plan column, and the order of its rows."""

from collections.abc import Iterable
from dataclasses import dataclass

from bluetick.plan.expressions import Column
from bluetick.sql import tree as sql
from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class Stage:
    """`relation` is a CTE or a relation that the engine binds ('' for the one row of nothing that print has).

    `order` is the order that the rows have, over aliases that exist here (some hidden: no plan column has them).
    """

    relation: str
    aliases: dict[int, str]
    order: tuple[sql.Order, ...] = ()

    def column(self, column: Column, table: str = "") -> sql.Column:
        return sql.Column(self.aliases[column.id], table)

    def row(self, columns: Iterable[Column], table: str = "") -> dict[int, sql.Expr]:
        return {column.id: self.column(column, table) for column in columns}

    @property
    def hidden(self) -> tuple[str, ...]:
        """Aliases that the order needs, whatever columns are kept."""
        return tuple(dict.fromkeys(name for item in self.order for name in column_names(item.value)))


def column_names(expr: sql.Expr) -> list[str]:
    """The aliases that an order's expression reads: a column, or a NaN test of one."""
    match expr:
        case sql.Column(name=name):
            return [name]
        case sql.Case(whens=whens, otherwise=otherwise):
            inner = [part for pair in whens for part in pair] + ([otherwise] if otherwise is not None else [])
            return [name for part in inner for name in column_names(part)]
        case sql.Call(args=args):
            return [name for part in args for name in column_names(part)]
        case sql.Unary(operand=operand):
            return column_names(operand)
        case _:
            return []


def is_nan(value: sql.Expr) -> sql.Expr:
    """isnan that is null for null (Spark's own says false)."""
    return sql.when(sql.is_not_null(value), sql.call("isnan", value))


def sort_terms(value: sql.Expr, type_: Type, *, descending: bool, nulls_first: bool) -> tuple[sql.Order, ...]:
    """ORDER BY terms in Kusto's order: NaN stands beside the nulls, wherever those are."""
    plain = sql.Order(value, descending, nulls_first)
    if type_ is not Type.REAL:
        return (plain,)
    return (sql.Order(is_nan(value), descending=nulls_first, nulls_first=nulls_first), plain)


def row_order(stage: Stage, columns: Iterable[Column]) -> tuple[sql.Order, ...]:
    """A total order of the rows: the one they have, ties by all columns ascending, null first, then NaN
    (DESIGN, invariant 5). Rows that are still equal cannot be told apart. What the order has already is equal there."""
    ordered = [term.value for term in stage.order]
    ties = [
        term
        for column in columns
        if stage.column(column) not in ordered
        for term in sort_terms(stage.column(column), column.type, descending=False, nulls_first=True)
    ]
    return (*stage.order, *ties)


def smallest_row(
    columns: Iterable[tuple[str, sql.Expr, Type]],
) -> tuple[tuple[str, sql.Expr], ...]:
    """Struct fields whose minimum is the smallest row: each value behind flags that put null first, then NaN.

    The value itself stands in the field of the given name; engines differ in where null and NaN sort in a struct.
    """
    fields: list[tuple[str, sql.Expr]] = []
    for name, value, type_ in columns:
        if type_ is not Type.STRING:
            fields.append((f"{name}_set", sql.is_not_null(value)))
        if type_ is Type.REAL:
            fields.append((f"{name}_num", sql.coalesce(sql.not_(sql.call("isnan", value)), sql.FALSE)))
        fields.append((name, value))
    return tuple(fields)
