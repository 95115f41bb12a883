"""Scalar expressions of the plan to SQL."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bluetick.functions.definition import NOT_CONSTANT, Argument, BoundCall
from bluetick.functions.registry import find_scalar
from bluetick.lowering.flavour import Flavour
from bluetick.plan.expressions import (
    Call,
    ColumnRef,
    Expr,
    InTable,
    Literal,
    Parameter,
    Promote,
    ScalarQuery,
)
from bluetick.plan.relations import Relation
from bluetick.sql import tree as sql
from bluetick.types import Type

NOW = sql.Parameter("now", Type.DATETIME)

Row = Mapping[int, sql.Expr]


@dataclass(frozen=True, slots=True)
class Expressions:
    """Lowers expressions for one statement. `table` gives (relation, column alias) of a relation to look values up in;
    `scalar` the parameter that holds the result of a scalar step."""

    flavour: Flavour
    table: Callable[[Relation, bool], tuple[str, str]]
    scalar: Callable[[ScalarQuery], str]

    def lower(self, expr: Expr, row: Row, *, truth_only: bool = False) -> sql.Expr:
        """`row` maps column ids to SQL; `truth_only`: null may stand for false in the result."""
        match expr:
            case Literal():
                return literal(expr.value, expr.type)
            case ColumnRef(column=column):
                return row[column.id]
            case Parameter(name=name, type=type_):
                return sql.Parameter(name, type_)
            case Call():
                return self._call(expr, row, truth_only=truth_only)
            case Promote(value=value, type=type_):
                return self._promote(value, type_, row)
            case ScalarQuery(type=type_):
                return sql.Parameter(self.scalar(expr), type_)
            case InTable():
                return self._in_table(expr, row, truth_only=truth_only)
            case _:
                raise AssertionError(f"{type(expr).__name__} does not reach lowering")

    def argument(self, expr: Expr, row: Row, *, truth_only: bool = False) -> Argument:
        constant: Any = expr.value if isinstance(expr, Literal) else NOT_CONSTANT
        return Argument(self.lower(expr, row, truth_only=truth_only), expr.type, constant)

    def _call(self, expr: Call, row: Row, *, truth_only: bool) -> sql.Expr:
        if expr.function.name in ("and", "or"):
            return self._chain(expr, row, truth_only=truth_only)
        args = tuple(self.argument(arg, row) for arg in expr.args)
        bound = BoundCall(expr.function.name, args, expr.type, NOW, truth_only)
        return self.flavour.scalar(expr.function)(bound)

    def _chain(self, expr: Call, row: Row, *, truth_only: bool) -> sql.Expr:
        """and/or lean left, thousands long in generated rules: the spine is walked. SQL's own are three-valued too."""
        name = expr.function.name
        operands: list[Expr] = []
        left: Expr = expr
        while isinstance(left, Call) and left.function.name == name:
            operands.append(left.args[1])
            left = left.args[0]
        operands.append(left)
        lowered = [self._condition(operand, row, truth_only) for operand in reversed(operands)]
        return sql.all_of(*lowered) if name == "and" else sql.any_of(*lowered)

    def _condition(self, expr: Expr, row: Row, truth_only: bool) -> sql.Expr:
        if expr.type is Type.DYNAMIC:
            return self._convert("tobool", self.argument(expr, row), Type.BOOL)
        return self.lower(expr, row, truth_only=truth_only)

    def _promote(self, value: Expr, type_: Type, row: Row) -> sql.Expr:
        inner = self.argument(value, row)
        if type_ is Type.DYNAMIC:
            return self._convert("to_dynamic", inner, type_)
        if type_ is Type.DECIMAL:  # which not every real fits
            return self._convert("todecimal", inner, type_)
        return sql.Cast(inner.sql, type_)

    def _convert(self, name: str, value: Argument, type_: Type) -> sql.Expr:
        function = find_scalar(name)
        if function is None:
            raise AssertionError(f"the catalogue has {name}")
        return self.flavour.scalar(function)(BoundCall(name, (value,), type_, NOW))

    def _in_table(self, expr: InTable, row: Row, *, truth_only: bool) -> sql.Expr:
        """Strings have no null, so SQL's IN is exact; of other types a null value is in no table."""
        value = self.lower(expr.value, row)
        relation, column = self.table(expr.relation, expr.fold)
        found: sql.Expr = sql.InRelation(sql.call("lower", value) if expr.fold else value, relation, column)
        if expr.value.type is not Type.STRING and not (truth_only and not expr.negated):
            found = sql.coalesce(found, sql.FALSE)
        return sql.not_(found) if expr.negated else found


def literal(value: Any, type_: Type) -> sql.Literal:
    """A constant; a dynamic one becomes canonical JSON text."""
    if type_ is Type.DYNAMIC and value is not None:
        return sql.Literal(json.dumps(value, separators=(",", ":"), ensure_ascii=False), type_)
    return sql.Literal(value, type_)
