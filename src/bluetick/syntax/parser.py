"""The way in: text to a syntax tree and what is wrong with it."""

from bluetick.diagnostics import Diagnostic, Span
from bluetick.diagnostics import syntax_codes as codes
from bluetick.syntax.cursor import MAX_DEPTH, Cursor
from bluetick.syntax.expression_parser import parse_expression
from bluetick.syntax.expressions import Expression, MissingExpression
from bluetick.syntax.lexer import MAX_TOKENS, lex
from bluetick.syntax.pipeline_parser import parse_pipeline
from bluetick.syntax.statement_parser import parse_statements
from bluetick.syntax.statements import Query
from bluetick.syntax.tokens import END, NAME

MAX_BYTES = 256 * 1024


def parse(text: str) -> tuple[Query, tuple[Diagnostic, ...]]:
    """The tree of a whole text, and its diagnostics in the order of the text. Never raises, whatever the text."""
    whole = Span(0, len(text))
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        return Query(whole, ()), (codes.text_too_long(Span(0, 0), size, MAX_BYTES),)
    lexed = lex(text)
    if len(lexed.tokens) > MAX_TOKENS:
        return Query(whole, ()), (codes.too_many_tokens(Span(0, 0), MAX_TOKENS),)
    cursor = Cursor(text, lexed, parse_pipeline)
    if _is_sql(cursor):
        return Query(whole, ()), (codes.looks_like_sql(cursor.here()),)
    try:
        statements = parse_statements(cursor, "")
    except RecursionError:  # the caller's stack was nearly full: our own depth is capped
        return Query(whole, ()), (codes.too_deep(cursor.here(), MAX_DEPTH),)
    diagnostics = tuple(sorted(cursor.diagnostics, key=lambda d: d.span.start))
    return Query(whole, statements, tuple(lexed.directives)), diagnostics


def parse_scalar(text: str) -> tuple[Expression, tuple[Diagnostic, ...]]:
    """The tree of a text that is one scalar expression. Never raises."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        size = len(text.encode("utf-8", "surrogatepass"))
        return MissingExpression(Span(0, 0)), (codes.text_too_long(Span(0, 0), size, MAX_BYTES),)
    lexed = lex(text)
    cursor = Cursor(text, lexed, parse_pipeline)
    try:
        node = parse_expression(cursor)
    except RecursionError:
        return MissingExpression(Span(0, 0)), (codes.too_deep(cursor.here(), MAX_DEPTH),)
    if cursor.current.kind != END and not cursor.diagnostics:
        cursor.report(codes.unexpected_text(cursor.here(), cursor.current.text, "the expression"))
    return node, tuple(sorted(cursor.diagnostics, key=lambda d: d.span.start))


def _is_sql(c: Cursor) -> bool:
    first = c.current
    if first.kind != NAME or first.text.lower() != "select" or c.peek().kind == END or c.peek().text in {"|", ";", "("}:
        return False
    return any(token.kind == NAME and token.text.lower() == "from" for token in c.tokens)
