"""Window expressions of each partition by itself."""

from dataclasses import replace

from bluetick.sql import tree as sql


def partitioned(expr: sql.Expr, keys: tuple[sql.Expr, ...]) -> sql.Expr:
    """The expression with every window in it cut by these keys."""
    if not keys:
        return expr
    match expr:
        case sql.Window(partition=own):
            return replace(expr, partition=(*keys, *own))
        case sql.Cast(value=value):
            return replace(expr, value=partitioned(value, keys))
        case sql.Binary(left=left, right=right):
            return replace(expr, left=partitioned(left, keys), right=partitioned(right, keys))
        case sql.Unary(operand=operand):
            return replace(expr, operand=partitioned(operand, keys))
        case sql.Call(args=args, named=()):
            return replace(expr, args=tuple(partitioned(arg, keys) for arg in args))
        case sql.Case(whens=whens, otherwise=otherwise):
            cut = tuple((partitioned(test, keys), partitioned(then, keys)) for test, then in whens)
            return sql.Case(cut, None if otherwise is None else partitioned(otherwise, keys))
        case sql.Literal() | sql.Bare() | sql.Column() | sql.Parameter() | sql.Bound():
            return expr
        case _:
            raise AssertionError(f"{type(expr).__name__} around a window is not known here")
