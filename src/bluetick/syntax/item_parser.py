"""What operators are made of: named and ordered expressions, name patterns, parameters, table references."""

import re
from collections.abc import Callable
from typing import TypeVar

from bluetick.diagnostics import Span
from bluetick.syntax.cursor import Cursor
from bluetick.syntax.expression_parser import (
    missing,
    parse_expression,
    parse_name,
    parse_operand,
    parse_postfix,
)
from bluetick.syntax.expressions import (
    Expression,
    Literal,
    Name,
    NamedExpression,
    NamePattern,
    NameReference,
    OrderedExpression,
    PathExpression,
    PipelineExpression,
)
from bluetick.syntax.literal_parser import LITERAL_KINDS
from bluetick.syntax.operators import (
    ExpressionSource,
    OperatorParameter,
    Parameters,
    Pipeline,
)
from bluetick.syntax.tokens import LONG, NAME, STRING
from bluetick.types import Type

Item = TypeVar("Item")

_HYPHENATED = re.compile(r"[A-Za-z_]\w*(?:-[A-Za-z]+)*")
_PATTERN = re.compile(r"[\w*]*")


def parse_list(c: Cursor, parse: Callable[[Cursor], Item]) -> tuple[Item, ...]:
    """Items between commas, at least one."""
    items = [parse(c)]
    while c.accept(","):
        items.append(parse(c))
    return tuple(items)


# --- words ---------------------------------------------------------------------------------------------------


def peek_word(c: Cursor) -> str:
    """The keyword here with its hyphens (project-away), or nothing."""
    if c.current.kind != NAME:
        return ""
    match = _HYPHENATED.match(c.text, c.current.start)
    return match.group() if match else c.current.text


def accept_word(c: Cursor, word: str) -> bool:
    """Consume this keyword, hyphens included."""
    if peek_word(c) != word:
        return False
    c.advance_to(c.current.start + len(word))
    return True


# --- expressions with a name or an order ---------------------------------------------------------------------


def parse_named(c: Cursor) -> NamedExpression:
    """expression, name = expression, or (a, b) = expression"""
    start = c.current.start
    names: tuple[Name, ...] = ()
    tuple_form = False
    if c.at_name() and c.peek(1 if c.current.kind == NAME else 3).text == "=":
        names = (parse_name(c),)
        c.advance()
    elif c.at("(") and _at_name_tuple(c):
        names, tuple_form = _parse_name_tuple(c), True
    value = parse_expression(c)
    return NamedExpression(c.span_from(start), value, names, tuple_form)


def _at_name_tuple(c: Cursor) -> bool:
    ahead = 1
    while (token := c.peek(ahead)).kind in {NAME, STRING} or token.text in {",", "[", "]"}:
        ahead += 1
    return ahead > 1 and token.text == ")" and c.peek(ahead + 1).text == "="


def _parse_name_tuple(c: Cursor) -> tuple[Name, ...]:
    opening = c.advance()
    names = parse_list(c, parse_name)
    c.close(opening)
    c.expect("=")
    return names


def parse_ordered(c: Cursor) -> OrderedExpression:
    """expression [asc|desc] [nulls first|last]"""
    start = c.current.start
    value = parse_expression(c)
    direction = parse_direction(c)
    nulls = None
    if c.at("nulls") and c.peek().text in {"first", "last"}:
        c.advance()
        nulls = c.advance().text
    return OrderedExpression(c.span_from(start), value, direction, nulls)


def parse_direction(c: Cursor) -> str | None:
    word = peek_word(c)
    for direction in ("asc", "desc", "granny-asc", "granny-desc"):
        if word == direction:
            accept_word(c, word)
            return direction
    return None


def parse_ordered_list(c: Cursor) -> tuple[OrderedExpression, ...]:
    return parse_list(c, parse_ordered)


# --- names with wildcards ------------------------------------------------------------------------------------


def parse_name_or_pattern(c: Cursor) -> Expression:
    """A column or table name that may hold stars; also a path such as database('x').T*"""
    pattern = _accept_pattern(c)
    if pattern is not None:
        return pattern
    if not c.at_name() and not c.at("("):
        return missing(c, "a name")
    start = c.current.start
    node = parse_postfix(c)
    # T* after a path: the star touches the name that was just read.
    if c.at("*") and c.current.start == c.last_end and isinstance(node, PathExpression):
        match = _PATTERN.match(c.text, node.name.span.start)
        text = match.group() if match else ""
        c.advance_to(node.name.span.start + len(text))
        name = Name(c.span_from(node.name.span.start), text)
        return PathExpression(c.span_from(start), node.base, name)
    return node


def _accept_pattern(c: Cursor) -> NamePattern | None:
    start = c.current.start
    if c.current.kind not in {NAME, LONG} and not c.at("*"):
        return None
    match = _PATTERN.match(c.text, start)
    text = match.group() if match else ""
    if "*" not in text:
        return None
    c.advance_to(start + len(text))
    return NamePattern(Span(start, start + len(text)), text)


def parse_leg(c: Cursor) -> Pipeline:
    """A table where a join, union or the like expects one: a name, a call, a pattern, or (pipeline)."""
    start = c.current.start
    return as_pipeline(c, parse_name_or_pattern(c), start)


def as_pipeline(c: Cursor, node: Expression, start: int) -> Pipeline:
    """The pipeline that an expression is, or one with the expression as its source."""
    if isinstance(node, PipelineExpression):
        return node.pipeline
    span = c.span_from(start)
    return Pipeline(span, ExpressionSource(span, node))


# --- operator parameters -------------------------------------------------------------------------------------


def parse_parameters(c: Cursor, *names: str) -> Parameters:
    """name=value pairs that stand before an operator's own text; hint.* is known to every operator."""
    parameters: list[OperatorParameter] = []
    while (width := _parameter_width(c, names)) > 0:
        start = c.current.start
        name = "".join(c.advance().text for _ in range(width))
        c.advance()
        value = parse_parameter_value(c)
        parameters.append(OperatorParameter(c.span_from(start), name.lower(), value))
    return tuple(parameters)


def _parameter_width(c: Cursor, names: tuple[str, ...]) -> int:
    """How many tokens the parameter's name takes; 0 where none stands here."""
    text = c.current.text
    if text == "hint" and c.peek().text == "." and c.peek(3).text == "=":
        return 3
    known = text in names or (text.startswith("__") and c.current.kind == NAME)
    return 1 if known and c.peek().text == "=" else 0


def parse_parameter_value(c: Cursor) -> Expression:
    """A word or a literal; a parenthesis after it belongs to the operator, not to a call."""
    token = c.current
    if token.kind == NAME and token.text in {"dynamic", "typeof"} and c.peek().text == "(":
        return parse_operand(c)
    if token.kind == NAME and token.text.lower() in {"true", "false"}:
        c.advance()
        return Literal(Span(token.start, token.end), Type.BOOL, token.text.lower() == "true")
    if c.at_name():
        name = parse_name(c)
        return NameReference(name.span, name.text)
    if token.kind in LITERAL_KINDS or token.text in {"-", "+"}:
        return parse_operand(c)
    return missing(c, "a value")


def parse_properties(c: Cursor) -> Parameters:
    """with (name = value, ...), where `with` may be absent."""
    if not c.accept("with"):
        return ()
    opening = c.open("(")
    if opening is None:
        return ()
    properties: list[OperatorParameter] = []
    while not c.at(")"):
        properties.extend(parse_property(c))
        if not c.accept(","):
            break
    c.close(opening)
    return tuple(properties)


def parse_property(c: Cursor) -> list[OperatorParameter]:
    """name = value; a list of names (ycolumns = a, b) is one parameter for each."""
    start = c.current.start
    name = parse_name(c, "a property")
    if not name.text or not c.expect("="):
        return []
    value = parse_expression(c)
    found = [OperatorParameter(c.span_from(start), name.text.lower(), value)]
    while c.at(",") and c.peek().kind == NAME and c.peek(2).text in {",", ")"}:
        c.advance()
        value = parse_expression(c)
        found.append(OperatorParameter(value.span, name.text.lower(), value))
    return found
