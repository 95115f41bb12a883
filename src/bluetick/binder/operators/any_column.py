"""Predicates over every column: a text alone, and `*`, in search, find and where.

A bare text looks in every string and dynamic column. Whether Kusto compares a number, a time or a guid by its text is
not documented, so a text that could be one is refused where a table has such a column.
"""

import re
from functools import reduce

from bluetick.binder.calls import call_operator
from bluetick.binder.expressions import bind_predicate
from bluetick.binder.scope import Env
from bluetick.diagnostics import Span, codes
from bluetick.functions.scalar import regex
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal
from bluetick.syntax import expressions as syntax
from bluetick.syntax.expressions import Expression
from bluetick.types import Type

_TEXTS = (Type.STRING, Type.DYNAMIC)
# What the text of a value can look like, whole or in part.
_LOOKS = {
    Type.INT: re.compile(r"-?\d+"),
    Type.LONG: re.compile(r"-?\d+"),
    Type.REAL: re.compile(r"(?!.*\..*\.)[-+]?[\d.e+-]+|nan|[-+]?inf\w*", re.IGNORECASE),
    Type.DECIMAL: re.compile(r"(?!.*\..*\.)-?[\d.]+"),
    Type.BOOL: re.compile(r"t?r?u?e?|f?a?l?s?e?|[01]", re.IGNORECASE),
    Type.DATETIME: re.compile(r"[TZ]|(?=.*\d)(?!.*\..*\.)[\dTZ:. /-]+", re.IGNORECASE),
    Type.TIMESPAN: re.compile(r"(?!.*\.[^:]*\.)[-\d:.]+"),
    Type.GUID: re.compile(r"[0-9a-f-]+", re.IGNORECASE),
}


def any_column_predicate(env: Env, node: Expression, columns: tuple[Column, ...], *, exact: bool) -> Expr:
    """A predicate in which a text alone, and `*`, stand for every column; Invalid once reported."""
    match node:
        case syntax.Literal(value=str() as text, type=Type.STRING):
            return _any_has(env, text, columns, node.span, exact=exact)
        case syntax.Star():
            return Literal(True, Type.BOOL)
        case syntax.BinaryExpression(operator="and" | "or" as operator, left=left, right=right):
            sides = [any_column_predicate(env, side, columns, exact=exact) for side in (left, right)]
            return call_operator(env, operator, sides, node.span)
        case syntax.BinaryExpression(operator=":", left=left, right=syntax.Literal(value=str() as text)):
            return _column_has(env, left, text, columns, node.span, exact=exact)
        case syntax.BinaryExpression(operator=operator, left=syntax.Star(), right=right):
            return _any_compares(env, operator, env.expression(right), columns, node.span)
        case syntax.CallExpression(name=syntax.Name(text="not"), arguments=(argument,), base=None):
            inner = any_column_predicate(env, argument.value, columns, exact=exact)
            return call_operator(env, "not", (inner,), node.span)
        case _:
            return bind_predicate(env, node, "the predicate")


def has_star(node: Expression) -> bool:
    """Whether `*` stands for every column somewhere in a predicate."""
    match node:
        case syntax.BinaryExpression(operator="and" | "or", left=left, right=right):
            return has_star(left) or has_star(right)
        case syntax.BinaryExpression(left=syntax.Star()):
            return True
        case syntax.CallExpression(name=syntax.Name(text="not"), arguments=(argument,)):
            return has_star(argument.value)
        case _:
            return False


def names_every_column(node: Expression) -> bool:
    """Whether a text alone, or `*`, stands somewhere in a predicate."""
    match node:
        case syntax.Literal(type=Type.STRING) | syntax.Star() | syntax.BinaryExpression(left=syntax.Star()):
            return True
        case syntax.BinaryExpression(operator="and" | "or", left=left, right=right):
            return names_every_column(left) or names_every_column(right)
        case syntax.CallExpression(name=syntax.Name(text="not"), arguments=(argument,), base=None):
            return names_every_column(argument.value)
        case _:
            return False


def _column_has(env: Env, left: Expression, text: str, columns: tuple[Column, ...], span: Span, *, exact: bool) -> Expr:
    if isinstance(left, syntax.Star):
        return _any_has(env, text, columns, span, exact=exact)
    value = env.expression(left)
    if isinstance(value, Invalid):
        return value
    if value.type not in _TEXTS:
        env.report(codes.form_not_supported(span, f"':' with a column of type {value.type}", "use '=='"))
        return Invalid()
    return _wildcard(env, value, text, span, exact=exact)


def _any_has(env: Env, text: str, columns: tuple[Column, ...], span: Span, *, exact: bool) -> Expr:
    texts = _text_columns(env, text.strip("*"), columns, span)
    if texts is None:
        return Invalid()
    return _any_of(env, [_wildcard(env, ColumnRef(c), text, span, exact=exact) for c in texts], span)


def _any_compares(env: Env, operator: str, value: Expr, columns: tuple[Column, ...], span: Span) -> Expr:
    if isinstance(value, Invalid):
        return value
    if not isinstance(value, Literal) or value.type is not Type.STRING:
        env.report(codes.form_not_supported(span, "'*' compared with anything but a constant text"))
        return Invalid()
    if operator.startswith("!"):
        env.report(codes.form_not_supported(span, f"'*' with '{operator}'"))
        return Invalid()
    texts = _text_columns(env, str(value.value), columns, span)
    if texts is None:
        return Invalid()
    tests = [call_operator(env, operator, (_as_text(env, ColumnRef(c), span), value), span) for c in texts]
    return _any_of(env, tests, span)


def _text_columns(env: Env, text: str, columns: tuple[Column, ...], span: Span) -> list[Column] | None:
    """The columns to look in; None once reported that the text could be the value of another one."""
    for column in columns:
        look = _LOOKS.get(column.type)
        if text and look is not None and look.fullmatch(text):
            what = f"a search for '{text}' in column '{column.name}' of type {column.type}"
            env.report(codes.form_not_supported(span, what, "search the columns that you mean, by name"))
            return None
    return [c for c in columns if c.type in _TEXTS]


def _as_text(env: Env, value: Expr, span: Span) -> Expr:
    return value if value.type is Type.STRING else call_operator(env, "tostring", (value,), span)


def _wildcard(env: Env, value: Expr, text: str, span: Span, *, exact: bool) -> Expr:
    """A word; with `*` at an end the beginning, the end or a part of one."""
    bare = text.strip("*")
    if "*" in bare:
        return _matches(env, value, text, span, exact=exact)
    if not bare:
        return Literal(True, Type.BOOL)
    match text.startswith("*"), text.endswith("*"):
        case True, True:
            operator = "contains"
        case True, False:
            operator = "hassuffix"
        case False, True:
            operator = "hasprefix"
        case _:
            operator = "has"
    name = f"{operator}_cs" if exact else operator
    return call_operator(env, name, (_as_text(env, value, span), Literal(bare, Type.STRING)), span)


def _matches(env: Env, value: Expr, text: str, span: Span, *, exact: bool) -> Expr:
    """A word with `*` inside, as a regular expression: its parts in turn, its ends those of words."""
    first, last = ("" if text.startswith("*") else r"\b"), ("" if text.endswith("*") else r"\b")
    middle = ".*".join(regex.quote(part) for part in text.strip("*").split("*"))
    pattern = f"{'' if exact else '(?i)'}{first}{middle}{last}"
    return call_operator(env, "matches regex", (_as_text(env, value, span), Literal(pattern, Type.STRING)), span)


def _any_of(env: Env, tests: list[Expr], span: Span) -> Expr:
    if not tests:
        return Literal(False, Type.BOOL)
    return reduce(lambda one, other: call_operator(env, "or", (one, other), span), tests)
