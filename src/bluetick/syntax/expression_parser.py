"""Scalar expressions: operators by precedence, without recursion along a chain."""

import re
from typing import NamedTuple

from bluetick.diagnostics import Span
from bluetick.diagnostics import syntax_codes as codes
from bluetick.syntax import binary_operators as binary
from bluetick.syntax.binary_operators import FOREIGN, NOT_ASSOCIATIVE, OPERATORS, Operator
from bluetick.syntax.cursor import MAX_CHAIN, Cursor
from bluetick.syntax.expressions import (
    Argument,
    BetweenExpression,
    BinaryExpression,
    CallExpression,
    ElementExpression,
    Expression,
    ListExpression,
    Literal,
    MissingExpression,
    Name,
    NameReference,
    PathExpression,
    PipelineExpression,
    Star,
    UnaryExpression,
)
from bluetick.syntax.literal_parser import LITERAL_KINDS, decode_strings, parse_dynamic, parse_literal, parse_type
from bluetick.syntax.literals import LONG_MAX, TYPED_NAMES
from bluetick.syntax.operators import ExpressionSource
from bluetick.syntax.tokens import LONG, NAME, PUNCTUATION, Token
from bluetick.types import Type

_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_SIGNS = frozenset({"-", "+"})
_RESERVED = frozenset({"and", "or", "in", "between", "contains", "has", "has_any", "has_all", "startswith", "endswith"})
_SOURCE_KEYWORDS = frozenset(
    {"datatable", "externaldata", "external_data", "print", "range", "union", "search", "find", "evaluate", "macro"}
)
_PLACES = frozenset({"database", "workspace", "app", "resource"})
_STAR_NAME = re.compile(r"[\w*]*")
_WORDS = frozenset(text for text in OPERATORS if text[0].isalpha()) | {"matches"}


class _Pending(NamedTuple):
    """An operator that waits for its right operand."""

    operator: Operator
    span: Span
    left: Expression
    start: int


def parse_expression(c: Cursor) -> Expression:
    """One scalar expression. Where there is none, MissingExpression, reported."""
    pending: list[_Pending] = []
    length = 0
    while True:
        start = c.current.start
        node = parse_operand(c) if c.current.text in _SIGNS else parse_postfix(c)
        built = 0
        while True:
            operator = _peek_operator(c)
            precedence = operator.precedence if operator else 0
            while pending and pending[-1].operator.precedence >= precedence:
                top = pending.pop()
                node = BinaryExpression(c.span_from(top.start), top.operator.name, top.span, top.left, node)
                start, built = top.start, top.operator.precedence
            if operator is None:
                return node
            length += 1
            if length > MAX_CHAIN:
                c.report(codes.chain_too_long(c.here(), MAX_CHAIN))
                c.abandon()
                return node
            if built == precedence and precedence in NOT_ASSOCIATIVE:
                c.report(codes.chained_comparison(c.here(), c.current.text))
            span = _consume_operator(c)
            if operator.shape == "binary":
                pending.append(_Pending(operator, span, node, start))
                break
            node = _parse_right_side(c, operator, span, node, start)
            built = precedence


def _peek_operator(c: Cursor) -> Operator | None:
    token = c.current
    operator = OPERATORS.get(token.text)
    if operator is not None:
        if token.text == "in" and c.peek().text == "range":  # make-series ... in range(...)
            return None
        return operator
    if token.text == "matches" and c.peek().text == "regex":
        return OPERATORS["matches regex"]
    if token.kind == PUNCTUATION:
        return _mistaken_symbol(c, token)
    if token.kind == NAME:
        return _mistaken_word(c, token)
    return None


def _mistaken_symbol(c: Cursor, token: Token) -> Operator | None:
    if token.text in FOREIGN:
        c.report(codes.other_language_operator(c.here(), token.text, FOREIGN[token.text]))
        return OPERATORS[FOREIGN[token.text]]
    if token.text == "=" and c.in_predicate:
        c.report(codes.single_equals(c.here()))
        return OPERATORS["=="]
    if token.text.startswith("!") and len(token.text) > 1:
        c.report(codes.unexpected_text(c.here(), c.found(), "an operand"))
        return Operator(token.text, binary.TEXT)
    return None


def _mistaken_word(c: Cursor, token: Token) -> Operator | None:
    word = token.text.lower()
    negated = f"!{c.peek().text}"
    if word == "not" and negated in OPERATORS:
        c.report(codes.other_language_operator(c.here(), f"not {c.peek().text}", negated))
        c.advance()
        return OPERATORS[negated]
    if word not in _WORDS or token.text.islower():
        return None
    c.report(codes.keyword_case(c.here(), token.text))
    return OPERATORS.get(word)


def _consume_operator(c: Cursor) -> Span:
    token = c.advance()
    if token.text == "matches":
        return Span(token.start, c.advance().end)
    return Span(token.start, token.end)


def _parse_right_side(c: Cursor, operator: Operator, span: Span, left: Expression, start: int) -> Expression:
    """The parenthesised right side of in, has_any, between and their kin."""
    opening = c.current
    if not c.accept("("):
        c.report(codes.list_needs_parentheses(c.gap(), operator.name))
        value = MissingExpression(c.missing_span()) if c.at("|") else parse_operand(c)
        return ListExpression(c.span_from(start), operator.name, span, left, (value,))
    c.enter()
    node: Expression
    if operator.shape == "between":
        low = parse_expression(c)
        c.expect("..")
        high = parse_expression(c)
        c.close(opening)
        node = BetweenExpression(c.span_from(start), operator.name, span, left, low, high)
    else:
        items = () if c.at(")") else parse_expressions(c, tabular=True)
        c.close(opening)
        node = ListExpression(c.span_from(start), operator.name, span, left, items)
    c.leave()
    return node


def parse_expressions(c: Cursor, *, tabular: bool = False) -> tuple[Expression, ...]:
    """Expressions between commas, at least one; with `tabular` each may be a pipeline."""
    parse = parse_tabular if tabular else parse_expression
    items = [parse(c)]
    while c.accept(","):
        items.append(parse(c))
    return tuple(items)


# --- tabular where an expression may stand -------------------------------------------------------------------


def parse_tabular(c: Cursor) -> Expression:
    """A scalar expression, or a pipeline as PipelineExpression."""
    start = c.current.start
    if at_source(c):
        pipeline = c.nested_pipeline(None, start)
        return PipelineExpression(c.span_from(start), pipeline)
    node = parse_expression(c)
    if not c.at("|"):
        return node
    source = ExpressionSource(c.span_from(start), node)
    pipeline = c.nested_pipeline(source, start)
    return PipelineExpression(c.span_from(start), pipeline)


def at_source(c: Cursor) -> bool:
    """Whether an operator that needs no input starts here, rather than a name spelled like it."""
    token = c.current
    if token.kind != NAME or token.text not in _SOURCE_KEYWORDS:
        return False
    following = c.peek()
    if token.text in {"datatable", "externaldata", "external_data"}:
        return following.text == "(" or c.peek(2).text == "="
    if token.text == "range":
        return c.peek(2).text == "from" or (following.text == "[" and c.peek(4).text == "from")
    if token.text == "macro":
        return following.text == "-" and c.peek(2).text == "expand"
    if token.text == "evaluate":
        return following.kind == NAME
    return _starts_operand(following, token.text)


def _starts_operand(token: Token, keyword: str) -> bool:
    if token.kind == NAME:
        return token.text not in _WORDS or (token.text == "in" and keyword in {"search", "find"})
    return token.kind in LITERAL_KINDS or token.text in {"(", "*", "["} or (token.text == "-" and keyword == "print")


# --- operands ------------------------------------------------------------------------------------------------


def parse_operand(c: Cursor) -> Expression:
    """An operand with its signs, calls, paths and elements."""
    token = c.current
    if token.text not in _SIGNS:
        return parse_postfix(c)
    if token.text == "-" and c.peek().kind == LONG and c.peek().text == str(LONG_MAX + 1):
        c.advance()
        c.advance()
        return Literal(c.span_from(token.start), Type.LONG, -LONG_MAX - 1)
    signs = []
    while c.current.text in _SIGNS and c.enter():
        signs.append(c.advance())
    node = parse_postfix(c)
    c.leave(len(signs))
    for sign in reversed(signs):
        node = UnaryExpression(c.span_from(sign.start), sign.text, node)
    return node


def parse_postfix(c: Cursor) -> Expression:
    """A primary with its paths, elements and method calls."""
    start = c.current.start
    node = _parse_primary(c)
    steps = 0
    while (text := c.current.text) in {".", "["} and c.enter():
        steps += 1
        if text == "." and not (c.peek().text == "[" and not _bracketed_name_after_dot(c)):
            c.advance()
            node = _parse_member(c, node, start)
        else:
            c.accept(".")
            opening = c.advance()
            index = parse_expression(c)
            c.close(opening)
            node = ElementExpression(c.span_from(start), node, index)
    c.leave(steps)
    return node


def _bracketed_name_after_dot(c: Cursor) -> bool:
    return c.peek(2).kind == "string" and c.peek(3).text == "]"


def _parse_member(c: Cursor, base: Expression, start: int) -> Expression:
    name = _parse_star_name(c) if c.at("*") and _is_place(base) else parse_name(c, "a name after '.'")
    if c.at("(") and name.text:
        arguments = parse_arguments(c)
        return CallExpression(c.span_from(start), name, arguments, base)
    return PathExpression(c.span_from(start), base, name)


def _is_place(node: Expression) -> bool:
    """database('x') and its kin, behind which a pattern of names may stand."""
    return isinstance(node, CallExpression) and node.name.text in _PLACES


def _parse_star_name(c: Cursor) -> Name:
    """The pattern of names behind database('x'). that begins with a star."""
    start = c.current.start
    match = _STAR_NAME.match(c.text, start)
    text = match.group() if match else ""
    c.advance_to(start + len(text))
    return Name(c.span_from(start), text)


def parse_name(c: Cursor, wanted: str = "a name") -> Name:
    """An identifier, ['...'] or ["..."]; empty where there is none, reported."""
    token = c.current
    if token.kind == NAME:
        c.advance()
        return Name(Span(token.start, token.end), token.text)
    if c.at_bracketed_name():
        c.advance()
        text = decode_strings(c)
        c.advance()
        return Name(c.span_from(token.start), text)
    c.report(codes.expected(c.gap(), wanted, c.found()))
    return Name(c.missing_span(), "")


def _parse_primary(c: Cursor) -> Expression:
    token = c.current
    if token.kind == NAME:
        return _parse_call(c, token) if c.peek().text == "(" else _parse_named(c, token)
    if token.kind in LITERAL_KINDS:
        return parse_literal(c)
    if token.text == "(":
        return _parse_parenthesised(c)
    if token.text == "[" and c.at_bracketed_name():
        name = parse_name(c)
        if c.at("("):
            arguments = parse_arguments(c)
            return CallExpression(c.span_from(token.start), name, arguments)
        return NameReference(name.span, name.text)
    if token.text == "*":
        c.advance()
        return Star(Span(token.start, token.end))
    return missing(c)


def missing(c: Cursor, wanted: str = "an expression") -> MissingExpression:
    """Report that nothing usable stands here."""
    if c.at("!"):
        c.report(codes.other_language_operator(c.here(), "!", "not(...)"))
    c.report(codes.expected(c.gap(), wanted, c.found()))
    return MissingExpression(c.missing_span())


def _parse_named(c: Cursor, token: Token) -> Expression:
    text = token.text
    if text in _BOOLEANS:
        c.advance()
        return Literal(Span(token.start, token.end), Type.BOOL, _BOOLEANS[text])
    if text in {"toscalar", "totable"} and c.peek().text == "kind":
        c.advance()
        c.advance_to(c.peek(3).start)
        arguments = parse_arguments(c)
        return CallExpression(c.span_from(token.start), _name_of(token), arguments)
    if text in _RESERVED:
        return missing(c)
    c.advance()
    return NameReference(Span(token.start, token.end), text)


def _parse_call(c: Cursor, token: Token) -> Expression:
    if token.text == "dynamic":
        return parse_dynamic(c)
    if token.text == "typeof":
        return parse_type(c)
    if token.text in TYPED_NAMES:
        c.report(codes.literal_wants_constant(c.here(), token.text))
    if token.text in {"and", "or"}:
        return missing(c)
    c.advance()
    arguments = parse_arguments(c)
    return CallExpression(c.span_from(token.start), _name_of(token), arguments)


def _name_of(token: Token) -> Name:
    return Name(Span(token.start, token.end), token.text)


def parse_arguments(c: Cursor) -> tuple[Argument, ...]:
    """(a, b = c, *, T | count)"""
    opening = c.open("(")
    if opening is None:
        return ()
    arguments: list[Argument] = []
    more = not c.at(")") and c.enter()
    is_open = more
    while more:
        start = c.current.start
        name = None
        if c.current.kind == NAME and c.peek().text == "=":
            name = _name_of(c.advance())
            c.advance()
        value = parse_tabular(c)
        arguments.append(Argument(c.span_from(start), value, name))
        more = c.accept(",")
    if is_open:
        c.leave()
    c.close(opening)
    return tuple(arguments)


def _parse_parenthesised(c: Cursor) -> Expression:
    opening = c.advance()
    if not c.enter():
        return MissingExpression(c.missing_span())
    node = parse_tabular(c)
    c.close(opening)
    c.leave()
    return node
