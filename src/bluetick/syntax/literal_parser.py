"""Literals at the cursor: tokens to Literal, DynamicLiteral and TypeLiteral nodes."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from bluetick.diagnostics import Span
from bluetick.diagnostics import syntax_codes as codes
from bluetick.syntax.cursor import Cursor
from bluetick.syntax.expressions import (
    ColumnDeclaration,
    DynamicLiteral,
    Json,
    Literal,
    LiteralValue,
    Name,
    TypeLiteral,
)
from bluetick.syntax.literals import (
    EscapeProblem,
    LiteralProblem,
    decode_string,
    format_datetime,
    format_timespan,
    is_finer_than_kept,
    nanoseconds_cut,
    parse_long,
    parse_real,
    parse_timespan,
    parse_typed,
)
from bluetick.syntax.tokens import LONG, NAME, REAL, STRING, TIMESPAN, TYPED
from bluetick.types import ALIASES, Type

LITERAL_KINDS = frozenset({LONG, REAL, STRING, TIMESPAN, TYPED})
_PARSERS: dict[str, tuple[Type, Callable[[str], LiteralValue]]] = {
    LONG: (Type.LONG, parse_long),
    REAL: (Type.REAL, parse_real),
    TIMESPAN: (Type.TIMESPAN, parse_timespan),
}


def parse_literal(c: Cursor) -> Literal:
    """The literal token here (adjacent strings become one). A bad one is reported, and its value is null."""
    token = c.current
    if token.kind == STRING:
        text = decode_strings(c)
        return Literal(c.span_from(token.start), Type.STRING, text)
    c.advance()
    span = Span(token.start, token.end)
    type_ = ALIASES[token.text.partition("(")[0].strip()] if token.kind == TYPED else _PARSERS[token.kind][0]
    try:
        value = parse_typed(token.text)[1] if token.kind == TYPED else _PARSERS[token.kind][1](token.text)
    except LiteralProblem as problem:
        report = codes.literal_out_of_range if problem.out_of_range else codes.bad_literal
        c.report(report(span, type_.value, _inside(token.text)))
        value = None
    if type_ in (Type.DATETIME, Type.TIMESPAN) and is_finer_than_kept(token.text):
        c.report(codes.finer_than_microsecond(span))
    return Literal(span, type_, value, nanoseconds_cut(token.text) if type_ is Type.DATETIME else 0)


def _inside(text: str) -> str:
    return text[text.find("(") + 1 : -1] if text.endswith(")") else text


def decode_strings(c: Cursor) -> str:
    """The string token here joined with those that follow it."""
    parts = []
    while (token := c.current).kind == STRING:
        try:
            parts.append(decode_string(token.text))
        except EscapeProblem as problem:
            start = token.start + problem.offset
            c.report(codes.bad_escape(Span(start, start + len(problem.escape)), problem.escape))
        c.advance()
    return "".join(parts)


# --- dynamic(...) --------------------------------------------------------------------------------------------


def parse_dynamic(c: Cursor) -> DynamicLiteral:
    start = c.advance().start
    opening = c.advance()
    value = _parse_json(c)
    c.close(opening)
    return DynamicLiteral(c.span_from(start), value)


def _parse_json(c: Cursor) -> Json:
    token = c.current
    if token.text in {"[", "{", "("} or token.text == "dynamic":
        return _parse_container(c)
    if token.kind in LITERAL_KINDS:
        return _json_value(parse_literal(c))
    if token.text in {"-", "+"} and c.peek().kind in {LONG, REAL, TIMESPAN}:
        c.advance()
        value = parse_literal(c)
        number = value.value if isinstance(value.value, int | float) else 0
        return _json_value(Literal(value.span, value.type, -number if token.text == "-" else number))
    if token.kind == NAME and token.text.lower() in {"true", "false", "null"}:
        c.advance()
        return None if token.text.lower() == "null" else token.text.lower() == "true"
    c.report(codes.bad_dynamic(c.here(), c.found()))
    return None


def _json_value(literal: Literal) -> Json:
    match literal.value:
        case int() if literal.type is Type.TIMESPAN:
            return format_timespan(literal.value)
        case datetime():
            return format_datetime(literal.value)
        case UUID() | Decimal():
            return str(literal.value)
        case value:
            return value


def _parse_container(c: Cursor) -> Json:
    if not c.enter():
        return None
    value: Json
    opening = c.current
    if opening.text == "dynamic":
        c.advance()
        opening = c.current
        value = _parse_json(c) if c.accept("(") else None
    elif opening.text == "[":
        c.advance()
        value = _parse_array(c)
    elif opening.text == "{":
        c.advance()
        value = _parse_bag(c)
    else:
        c.report(codes.bad_dynamic(c.here(), c.found()))
        value = None
    if opening.text in {"(", "[", "{"} and c.last_end > opening.start:
        c.close(opening)
    c.leave()
    return value


def _parse_array(c: Cursor) -> Json:
    values: list[Json] = []
    while not c.at("]"):
        values.append(_parse_json(c))
        if not c.accept(","):
            break
    return values


def _parse_bag(c: Cursor) -> Json:
    pairs: dict[str, Json] = {}
    while not c.at("}"):
        if c.current.kind != STRING:
            c.report(codes.expected(c.gap(), "a key in quotes", c.found()))
            break
        key = decode_strings(c)
        if not c.expect(":"):
            break
        pairs[key] = _parse_json(c)
        if not c.accept(","):
            break
    return pairs


# --- typeof(...) and schemas ---------------------------------------------------------------------------------


def parse_type(c: Cursor) -> TypeLiteral:
    """typeof(long) or typeof(a:long, b:string)"""
    start = c.advance().start
    opening = c.open("(")
    if opening is None:
        return TypeLiteral(c.span_from(start), None)
    if c.current.kind == NAME and c.peek().text == ")":
        token = c.advance()
        type_ = ALIASES.get(token.text)
        if type_ is None:
            c.report(codes.expected(Span(token.start, token.end), "the name of a type", f"'{token.text}'"))
        c.close(opening)
        return TypeLiteral(c.span_from(start), type_)
    columns, _ = parse_columns(c)
    c.close(opening)
    return TypeLiteral(c.span_from(start), None, columns)


def parse_schema(c: Cursor) -> tuple[tuple[ColumnDeclaration, ...], bool]:
    """(a:long, *): the columns, and whether a star stands among them."""
    opening = c.open("(")
    if opening is None:
        return (), False
    columns, is_open = parse_columns(c)
    c.close(opening)
    return columns, is_open


def parse_columns(c: Cursor) -> tuple[tuple[ColumnDeclaration, ...], bool]:
    """Declarations up to a closing bracket; a trailing comma is allowed."""
    columns: list[ColumnDeclaration] = []
    is_open = False
    while not c.at(")"):
        if c.accept("*"):
            is_open = True
        elif c.at_name():
            columns.append(parse_column(c))
        else:
            c.report(codes.expected(c.gap(), "a column as name:type", c.found()))
            break
        if not c.accept(","):
            break
    return tuple(columns), is_open


def parse_column(c: Cursor, *, typed: bool = True) -> ColumnDeclaration:
    """name:type; with `typed` False the type may be left out."""
    start = c.current.start
    if c.at("["):
        c.advance()
        text = decode_strings(c)
        c.advance()
    else:
        text = c.advance().text
    name = Name(c.span_from(start), text)
    if not typed and not c.at(":"):
        return ColumnDeclaration(name.span, name, None)
    type_, type_text = parse_declared_type(c)
    return ColumnDeclaration(c.span_from(start), name, type_, type_text)


def parse_declared_type(c: Cursor) -> tuple[Type | None, str]:
    """: type, with the type as it was written."""
    if not c.expect(":"):
        return None, ""
    token = c.current
    if token.kind != NAME:
        c.report(codes.expected(c.gap(), "the name of a type", c.found()))
        return None, ""
    c.advance()
    return ALIASES.get(token.text), token.text
