"""Columns of a rewrite's own, and expressions over them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bluetick.plan.expressions import Column, ColumnRef, Expr
from bluetick.plan.rebuilding import rebuilt_expression, with_children
from bluetick.plan.relations import Binding, Columns, Project, Reference, Relation
from bluetick.types import Type


@dataclass(slots=True)
class FreshColumns:
    """Gives columns whose numbers lie below all that the plan has: no binder gives numbers below zero."""

    last: int = 0

    def column(self, name: str, type_: Type) -> Column:
        self.last = min(self.last, 0) - 1
        return Column(self.last, name, type_)

    def like(self, columns: Iterable[Column]) -> Columns:
        return tuple(self.column(column.name, column.type) for column in columns)

    def reference(self, binding: Binding) -> Reference:
        """One more use of a binding, under columns of its own."""
        return Reference(binding, self.like(binding.relation.columns))


def fresh_for(nodes: Iterable[Relation]) -> FreshColumns:
    """For a plan of these nodes, in which an earlier rewrite may have put columns of its own."""
    return FreshColumns(min((column.id for node in nodes for column in node.columns), default=0))


def over(expr: Expr, columns: Mapping[int, Expr]) -> Expr:
    """The expression with other expressions in the place of columns, by the columns' ids."""

    def anew(part: Expr, inner: list[Expr]) -> Expr:
        if isinstance(part, ColumnRef):
            return columns.get(part.column.id, part)
        return with_children(part, inner) if inner else part

    return rebuilt_expression(expr, anew)


def is_renaming(relation: Project) -> bool:
    """Whether each column is one of the input's as it is."""
    return all(isinstance(expr, ColumnRef) for _, expr in relation.items)


def renamed(relation: Relation, columns: Columns) -> Project:
    """The relation's columns, in their order, under other identities."""
    pairs = zip(columns, relation.columns, strict=True)
    return Project(relation, tuple((column, ColumnRef(below)) for column, below in pairs))
