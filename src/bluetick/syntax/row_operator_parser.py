"""Operators that choose, order and count rows, and those that choose columns."""

from bluetick.diagnostics import Span
from bluetick.diagnostics import syntax_codes as codes
from bluetick.syntax.cursor import Cursor
from bluetick.syntax.expression_parser import parse_expression, parse_name, parse_postfix
from bluetick.syntax.expressions import CallExpression, Name, NamedExpression, OrderedExpression, Star
from bluetick.syntax.item_parser import (
    accept_word,
    parse_direction,
    parse_list,
    parse_name_or_pattern,
    parse_named,
    parse_ordered_list,
    parse_parameters,
)
from bluetick.syntax.operators import (
    AsOperator,
    CountOperator,
    DistinctOperator,
    InvokeOperator,
    ProjectOperator,
    ProjectReorderOperator,
    SampleDistinctOperator,
    SerializeOperator,
    SortOperator,
    SummarizeOperator,
    TakeOperator,
    TopHittersOperator,
    TopNestedClause,
    TopNestedOperator,
    TopOperator,
    WhereOperator,
)


def at_end(c: Cursor) -> bool:
    """Whether the operator's text is over."""
    return c.current.text in {"", "|", ";", ")", "]", "}"}


def parse_where(c: Cursor, start: int, _: str) -> WhereOperator:
    parameters = parse_parameters(c)
    with c.predicate(True):
        predicate = parse_expression(c)
    return WhereOperator(c.span_from(start), predicate, parameters)


def parse_project(c: Cursor, start: int, keyword: str) -> ProjectOperator:
    items = () if keyword == "project" and at_end(c) else parse_list(c, parse_named)
    return ProjectOperator(c.span_from(start), keyword, items)


def parse_project_names(c: Cursor, start: int, keyword: str) -> ProjectOperator:
    """project-away and project-keep take names and patterns; project-by-names also expressions."""
    items = parse_list(c, parse_named if keyword == "project-by-names" else _parse_pattern_item)
    return ProjectOperator(c.span_from(start), keyword, items)


def _parse_pattern_item(c: Cursor) -> NamedExpression:
    start = c.current.start
    value = parse_name_or_pattern(c)
    return NamedExpression(c.span_from(start), value)


def parse_project_reorder(c: Cursor, start: int, _: str) -> ProjectReorderOperator:
    items = parse_list(c, _parse_reorder_item)
    return ProjectReorderOperator(c.span_from(start), items)


def _parse_reorder_item(c: Cursor) -> OrderedExpression:
    start = c.current.start
    value = parse_name_or_pattern(c)
    direction = parse_direction(c)
    return OrderedExpression(c.span_from(start), value, direction)


def parse_summarize(c: Cursor, start: int, _: str) -> SummarizeOperator:
    parameters = parse_parameters(c)
    aggregates = () if c.at("by") or at_end(c) else parse_list(c, parse_named)
    by = parse_list(c, parse_named) if c.accept("by") else ()
    return SummarizeOperator(c.span_from(start), aggregates, by, parameters)


def parse_distinct(c: Cursor, start: int, _: str) -> DistinctOperator:
    parameters = parse_parameters(c)
    items = parse_list(c, _parse_distinct_item)
    return DistinctOperator(c.span_from(start), items, parameters)


def _parse_distinct_item(c: Cursor) -> NamedExpression:
    token = c.current
    if token.text == "*" and c.peek().text in {"", "|", ";", ")", "}", ","}:
        c.advance()
        span = Span(token.start, token.end)
        return NamedExpression(span, Star(span))
    return parse_named(c)


def parse_count(c: Cursor, start: int, _: str) -> CountOperator:
    name = parse_name(c) if c.accept("as") else None
    return CountOperator(c.span_from(start), name)


def parse_take(c: Cursor, start: int, keyword: str) -> TakeOperator:
    parameters = parse_parameters(c)
    count = parse_expression(c)
    return TakeOperator(c.span_from(start), "sample" if keyword == "sample" else "take", count, parameters)


def parse_sample_distinct(c: Cursor, start: int, _: str) -> SampleDistinctOperator:
    parse_parameters(c)
    count = parse_expression(c)
    c.expect("of")
    of = parse_expression(c)
    return SampleDistinctOperator(c.span_from(start), count, of)


def parse_sort(c: Cursor, start: int, _: str) -> SortOperator:
    parameters = parse_parameters(c)
    c.expect("by")
    items = parse_ordered_list(c)
    return SortOperator(c.span_from(start), items, parameters)


def parse_top(c: Cursor, start: int, _: str) -> TopOperator:
    parameters = parse_parameters(c)
    count = parse_expression(c)
    c.expect("by")
    by = parse_ordered_list(c)
    return TopOperator(c.span_from(start), count, by, parameters)


def parse_top_hitters(c: Cursor, start: int, _: str) -> TopHittersOperator:
    count = parse_expression(c)
    c.expect("of")
    of = parse_named(c)
    by = parse_expression(c) if c.accept("by") else None
    return TopHittersOperator(c.span_from(start), count, of, by)


def parse_top_nested(c: Cursor, start: int, _: str) -> TopNestedOperator:
    clauses = [_parse_top_nested_clause(c, start)]
    while c.accept(","):
        clause_start = c.current.start
        if not accept_word(c, "top-nested"):
            c.expect("top-nested")
        clauses.append(_parse_top_nested_clause(c, clause_start))
    return TopNestedOperator(c.span_from(start), tuple(clauses))


def _parse_top_nested_clause(c: Cursor, start: int) -> TopNestedClause:
    count = None if c.at("of") else parse_expression(c)
    c.expect("of")
    of = parse_named(c)
    others = None
    if c.accept("with"):
        c.expect("others")
        c.expect("=")
        others = parse_expression(c)
    c.expect("by")
    by = parse_named(c)
    direction = parse_direction(c)
    return TopNestedClause(c.span_from(start), count, of, others, by, direction)


def parse_serialize(c: Cursor, start: int, _: str) -> SerializeOperator:
    items = () if at_end(c) else parse_list(c, parse_named)
    return SerializeOperator(c.span_from(start), items)


def parse_as(c: Cursor, start: int, _: str) -> AsOperator:
    parameters = parse_parameters(c)
    name = parse_name(c)
    return AsOperator(c.span_from(start), name, parameters)


def parse_invoke(c: Cursor, start: int, _: str) -> InvokeOperator:
    call = parse_call(c, "a function call")
    return InvokeOperator(c.span_from(start), call)


def parse_call(c: Cursor, wanted: str) -> CallExpression:
    """name(arguments); without parentheses, a call with none, reported."""
    start = c.current.start
    node = parse_postfix(c) if c.at_name() else None
    if isinstance(node, CallExpression):
        return node
    c.report(codes.expected(Span(start, max(start, c.last_end)), wanted, c.found() if node is None else "a name"))
    return CallExpression(c.span_from(start), Name(c.span_from(start), ""), ())
