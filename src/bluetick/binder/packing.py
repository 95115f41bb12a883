"""Bags of columns under their own names: pack_all, bag_pack_columns."""

from collections.abc import Iterable

from bluetick.binder.calls import call_operator
from bluetick.binder.scope import Env
from bluetick.diagnostics import Span, codes
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal
from bluetick.syntax.expressions import CallExpression
from bluetick.types import Type


def bind_pack_all(env: Env, node: CallExpression) -> Expr:
    """pack_all([ignore_null_empty]): every column of the row as one bag."""
    if len(node.arguments) > 1:
        env.report(codes.wrong_argument_count(node.span, "pack_all", "0 to 1 arguments", len(node.arguments)))
        return Invalid()
    ignored: Expr = env.expression(node.arguments[0].value) if node.arguments else Literal(False, Type.BOOL)
    if isinstance(ignored, Invalid):
        return ignored
    if not isinstance(ignored, Literal) or ignored.type is not Type.BOOL:
        env.report(codes.constant_expected(node.span, "the argument of pack_all"))
        return Invalid()
    columns = env.row.columns.values() if env.row is not None else ()
    return packed(env, "bag_pack of what is there" if ignored.value else "bag_pack", columns, node.span)


def bind_pack_columns(env: Env, node: CallExpression) -> Expr:
    """bag_pack_columns(a, b): these columns as one bag."""
    if not node.arguments:
        env.report(codes.wrong_argument_count(node.span, "bag_pack_columns", "at least 1 argument", 0))
        return Invalid()
    columns: list[Column] = []
    for argument in node.arguments:
        value = env.expression(argument.value)
        if isinstance(value, Invalid):
            return value
        if not isinstance(value, ColumnRef):
            env.report(codes.bad_argument(argument.span, "bag_pack_columns", "a column's name is expected here"))
            return Invalid()
        columns.append(value.column)
    return packed(env, "bag_pack", columns, node.span)


def packed(env: Env, function: str, columns: Iterable[Column], span: Span) -> Expr:
    """The columns as one bag, by bag_pack or its like."""
    args: list[Expr] = []
    for column in columns:
        env.state.spend(2, span)
        args += [Literal(column.name, Type.STRING), ColumnRef(column)]
    return call_operator(env, function, args, span) if args else Literal({}, Type.DYNAMIC)
