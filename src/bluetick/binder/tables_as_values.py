"""Values that are made of a whole table before a row is read: toscalar, column_names_of."""

from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal, ScalarQuery, walk
from bluetick.plan.relations import Relation, expressions
from bluetick.plan.traversal import relations_in
from bluetick.syntax.expressions import CallExpression
from bluetick.types import Type


def bind_toscalar(env: Env, node: CallExpression) -> Expr:
    """Evaluated once before the query; it may not see the row it stands in."""
    if len(node.arguments) != 1:
        env.report(codes.wrong_argument_count(node.span, "toscalar", "1 argument", len(node.arguments)))
        return Invalid()
    value = node.arguments[0].value
    outside = env.without_row()
    if not env.is_tabular(value):
        return outside.expression(value)
    relation = outside.tabular(value)
    if relation is None:
        return Invalid()
    foreign = _foreign_column(relation)
    if foreign is not None:
        env.report(codes.row_context(node.span, foreign.name))
        return Invalid()
    return ScalarQuery(relation, relation.columns[0].type)


def _foreign_column(relation: Relation) -> Column | None:
    """A column that no node of the relation has: one of the row outside, that a function's parameter stands for."""
    nodes = list(relations_in(relation))
    own = {column.id for node in nodes for column in node.columns}
    for node in nodes:
        for expr in expressions(node):
            for part in walk(expr):
                if isinstance(part, ColumnRef) and part.column.id not in own:
                    return part.column
    return None


def bind_column_names_of(env: Env, node: CallExpression) -> Expr:
    """https://learn.microsoft.com/kusto/query/column-names-of-function"""
    if len(node.arguments) != 1:
        env.report(codes.wrong_argument_count(node.span, "column_names_of", "1 argument", len(node.arguments)))
        return Invalid()
    relation = env.without_row().tabular(node.arguments[0].value)
    return Invalid() if relation is None else Literal([column.name for column in relation.columns], Type.DYNAMIC)
