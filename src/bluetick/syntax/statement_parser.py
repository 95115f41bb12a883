"""Statements: let, set, declare and the queries themselves."""

from collections.abc import Callable

from bluetick.diagnostics import Span
from bluetick.diagnostics import syntax_codes as codes
from bluetick.syntax.cursor import Cursor
from bluetick.syntax.expression_parser import at_source, parse_expression, parse_name, parse_tabular
from bluetick.syntax.expressions import Expression, MissingExpression, PipelineExpression
from bluetick.syntax.item_parser import as_pipeline, parse_list, parse_name_or_pattern, parse_parameter_value
from bluetick.syntax.literal_parser import parse_declared_type, parse_schema
from bluetick.syntax.operators import ExpressionSource, Pipeline
from bluetick.syntax.pipeline_parser import match_keyword
from bluetick.syntax.statements import (
    AliasStatement,
    FunctionDeclaration,
    FunctionParameter,
    LetStatement,
    PatternMatch,
    PatternStatement,
    QueryParametersStatement,
    QueryStatement,
    RestrictStatement,
    SetStatement,
    Statement,
)
from bluetick.syntax.tokens import END, NAME


def parse_statements(c: Cursor, closing: str) -> tuple[Statement, ...]:
    """Statements between semicolons up to a closing bracket, or to the end where `closing` is empty."""
    statements: list[Statement] = []
    while c.current.kind != END and not (closing and c.at(closing)):
        if c.accept(";"):
            continue
        before, start = c.index, c.current.start
        statements.append(_parse_statement(c))
        _finish(c, start, closing)
        if c.index == before:
            c.advance()
    return tuple(statements)


def _finish(c: Cursor, start: int, closing: str) -> None:
    """After a statement: ';', the end, or the closing bracket. Anything else is reported and skipped."""
    if c.current.kind == END or c.accept(";") or (closing and c.at(closing)):
        return
    if c.current.text in {")", "]", "}"}:
        c.report(codes.unexpected_closing(c.here(), c.current.text))
        c.advance()
        if c.accept("|"):
            c.skip_to_boundary()
        return
    word = match_keyword(c)
    if not c.is_clean_since(start):
        pass
    elif word and not at_source(c) and c.peek().text not in {"|", ";", ""}:
        c.report(codes.missing_pipe(c.here(), word))
    elif c.current.kind == NAME and "\n" in c.text[c.last_end : c.current.start]:
        c.report(codes.missing_semicolon(c.gap(), c.found()))
        return
    else:
        c.report(codes.unexpected_text(c.here(), c.found(), "the statement"))
    _skip_statement(c)


def _skip_statement(c: Cursor) -> None:
    while c.current.kind != END and not c.at(";"):
        c.skip_to_boundary()
        if c.current.kind == NAME or c.at(";"):
            break
        c.advance()


def _parse_statement(c: Cursor) -> Statement:
    token, following = c.current, c.peek()
    if token.text == "let" and (following.kind == NAME or following.text == "["):
        return _parse_let(c)
    if token.text == "set" and following.kind == NAME:
        return _parse_set(c)
    if token.text == "declare" and following.text == "query_parameters":
        return _parse_query_parameters(c)
    declaration = _DECLARATIONS.get((token.text, following.text))
    if declaration is not None:
        return declaration(c)
    if token.text == ".":
        c.report(codes.management_command(c.here()))
        c.abandon()
    start = token.start
    pipeline = as_pipeline(c, parse_tabular(c), start)
    return QueryStatement(c.span_from(start), pipeline)


# --- let -----------------------------------------------------------------------------------------------------


def _parse_let(c: Cursor) -> LetStatement:
    start = c.advance().start
    name = parse_name(c)
    value: FunctionDeclaration | Expression
    if not c.expect("="):
        value = MissingExpression(c.missing_span())
    elif _at_function(c):
        value = _parse_function(c)
    else:
        value = parse_tabular(c)
    return LetStatement(c.span_from(start), name, value)


def _at_function(c: Cursor) -> bool:
    """Whether (parameters) { ... } stands here, with or without `view`."""
    ahead = 1 if c.at("view") and c.peek().text == "(" else 0
    if c.peek(ahead).text != "(":
        return False
    depth = 0
    for index in range(c.index + ahead, len(c.tokens)):
        text = c.tokens[index].text
        depth += (text == "(") - (text == ")")
        if depth == 0:
            return index + 1 < len(c.tokens) and c.tokens[index + 1].text == "{"
    return False


def _parse_function(c: Cursor) -> FunctionDeclaration:
    start = c.current.start
    is_view = c.accept("view")
    opening = c.advance()
    parameters = () if c.at(")") else parse_list(c, _parse_parameter)
    c.close(opening)
    return _parse_body(c, start, parameters, is_view)


def _parse_body(
    c: Cursor, start: int, parameters: tuple[FunctionParameter, ...], is_view: bool = False
) -> FunctionDeclaration:
    """{ statements; expression }"""
    brace = c.current
    if not c.expect("{") or not c.enter(3):
        missing = MissingExpression(c.missing_span())
        return FunctionDeclaration(c.span_from(start), parameters, (), missing, is_view)
    statements = parse_statements(c, "}")
    body: Expression
    if statements and isinstance(last := statements[-1], QueryStatement):
        statements, body = statements[:-1], _as_expression(last.pipeline)
    else:
        c.report(codes.missing_result(Span(brace.start, brace.end)))
        body = MissingExpression(c.missing_span())
    c.close(brace)
    c.leave(3)
    return FunctionDeclaration(c.span_from(start), parameters, statements, body, is_view)


def _as_expression(pipeline: Pipeline) -> Expression:
    if isinstance(pipeline.source, ExpressionSource) and not pipeline.operators:
        return pipeline.source.expression
    return PipelineExpression(pipeline.span, pipeline)


def _parse_parameter(c: Cursor) -> FunctionParameter:
    start = c.current.start
    name = parse_name(c, "a parameter as name:type")
    if c.at(":") and c.peek().text == "(":
        c.advance()
        columns, is_open = parse_schema(c)
        return FunctionParameter(c.span_from(start), name, None, columns, is_open)
    type_span_start = c.current.start
    type_, text = parse_declared_type(c)
    if type_ is None and text:
        c.report(codes.expected(Span(type_span_start, c.last_end), "the name of a type", f"'{text}'"))
    default = parse_parameter_value(c) if c.accept("=") else None
    return FunctionParameter(c.span_from(start), name, type_, None, False, default)


# --- the others ----------------------------------------------------------------------------------------------


def _parse_set(c: Cursor) -> SetStatement:
    start = c.advance().start
    name = parse_name(c)
    value = parse_parameter_value(c) if c.accept("=") else None
    return SetStatement(c.span_from(start), name, value)


def _parse_query_parameters(c: Cursor) -> QueryParametersStatement:
    start = c.advance().start
    c.advance()
    opening = c.open("(")
    parameters: tuple[FunctionParameter, ...] = ()
    if opening is not None:
        parameters = () if c.at(")") else parse_list(c, _parse_parameter)
        c.close(opening)
    return QueryParametersStatement(c.span_from(start), parameters)


def _parse_pattern(c: Cursor) -> PatternStatement:
    """declare pattern name [= (parameters)[path] { (values).[path] = { ... }; ... }]"""
    start = c.advance().start
    c.advance()
    name = parse_name(c)
    if not c.accept("="):
        return PatternStatement(c.span_from(start), name)
    opening = c.open("(")
    parameters: tuple[FunctionParameter, ...] = ()
    if opening is not None:
        parameters = parse_list(c, _parse_parameter)
        c.close(opening)
    path = None
    bracket = c.current
    if c.accept("["):
        path = _parse_parameter(c)
        c.close(bracket)
    brace = c.open("{")
    matches: list[PatternMatch] = []
    while brace is not None and c.at("("):
        matches.append(_parse_match(c))
        c.accept(";")
    if brace is not None:
        c.close(brace)
    return PatternStatement(c.span_from(start), name, parameters, path, tuple(matches))


def _parse_match(c: Cursor) -> PatternMatch:
    opening = c.advance()
    start = opening.start
    values = parse_list(c, parse_expression)
    c.close(opening)
    path = None
    if c.accept("."):
        bracket = c.open("[")
        if bracket is not None:
            path = parse_expression(c)
            c.close(bracket)
    c.expect("=")
    body = _parse_body(c, c.current.start, ())
    return PatternMatch(c.span_from(start), values, path, body)


def _parse_restrict(c: Cursor) -> RestrictStatement:
    """restrict access to (entities)"""
    start = c.advance().start
    c.advance()
    c.expect("to")
    opening = c.open("(")
    entities: tuple[Expression, ...] = ()
    if opening is not None:
        entities = parse_list(c, parse_name_or_pattern)
        c.close(opening)
    return RestrictStatement(c.span_from(start), entities)


def _parse_alias(c: Cursor) -> AliasStatement:
    """alias database name = expression"""
    start = c.advance().start
    c.advance()
    name = parse_name(c)
    value: Expression = parse_expression(c) if c.expect("=") else MissingExpression(c.missing_span())
    return AliasStatement(c.span_from(start), name, value)


_DECLARATIONS: dict[tuple[str, str], Callable[[Cursor], Statement]] = {
    ("declare", "pattern"): _parse_pattern,
    ("restrict", "access"): _parse_restrict,
    ("alias", "database"): _parse_alias,
}
