"""Values that are made of a whole table before a row is read: toscalar, column_names_of."""

from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Expr, Invalid, Literal, ScalarQuery
from bluetick.plan.traversal import foreign_column
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
    foreign = foreign_column(relation, env.state.closed)
    if foreign is not None:
        env.report(codes.row_context(node.span, foreign.name))
        return Invalid()
    return ScalarQuery(relation, relation.columns[0].type)


def bind_column_names_of(env: Env, node: CallExpression) -> Expr:
    """https://learn.microsoft.com/kusto/query/column-names-of-function"""
    if len(node.arguments) != 1:
        env.report(codes.wrong_argument_count(node.span, "column_names_of", "1 argument", len(node.arguments)))
        return Invalid()
    relation = env.without_row().tabular(node.arguments[0].value)
    return Invalid() if relation is None else Literal([column.name for column in relation.columns], Type.DYNAMIC)
