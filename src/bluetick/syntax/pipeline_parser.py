"""Pipelines: a source, then operators between pipes; and how a wrong operator is survived."""

from collections.abc import Callable

from bluetick.diagnostics import Span
from bluetick.diagnostics import syntax_codes as codes
from bluetick.syntax import graph_parser as graphs
from bluetick.syntax import join_operator_parser as joins
from bluetick.syntax import row_operator_parser as rows
from bluetick.syntax import source_parser as sources
from bluetick.syntax import value_operator_parser as values
from bluetick.syntax.cursor import Cursor
from bluetick.syntax.expression_parser import at_source, parse_expression
from bluetick.syntax.item_parser import peek_word
from bluetick.syntax.operators import (
    ExpressionSource,
    MissingOperator,
    Operator,
    Pipeline,
    SimpleOperator,
    Source,
)
from bluetick.syntax.tokens import END, NAME

OperatorParser = Callable[[Cursor, int, str], Operator]


def _parse_simple(c: Cursor, start: int, keyword: str) -> SimpleOperator:
    """An operator known by name only: its text is kept up to the next pipe."""
    c.skip_kept()
    return SimpleOperator(c.span_from(start), keyword, c.text[start + len(keyword) : max(c.last_end, start)].strip())


_SIMPLE = (
    *("getschema", "consume", "graph-merge"),
    *("assert-schema", "macro-expand"),
    *("execute-and-cache", "__executeAndCache"),
)
OPERATORS: dict[str, OperatorParser] = {
    "where": rows.parse_where,
    "filter": rows.parse_where,
    "project": rows.parse_project,
    "extend": rows.parse_project,
    "project-rename": rows.parse_project,
    "project-away": rows.parse_project_names,
    "project-keep": rows.parse_project_names,
    "project-by-names": rows.parse_project_names,
    "project-reorder": rows.parse_project_reorder,
    "summarize": rows.parse_summarize,
    "distinct": rows.parse_distinct,
    "count": rows.parse_count,
    "take": rows.parse_take,
    "limit": rows.parse_take,
    "sample": rows.parse_take,
    "sample-distinct": rows.parse_sample_distinct,
    "sort": rows.parse_sort,
    "order": rows.parse_sort,
    "top": rows.parse_top,
    "top-hitters": rows.parse_top_hitters,
    "top-nested": rows.parse_top_nested,
    "serialize": rows.parse_serialize,
    "as": rows.parse_as,
    "invoke": rows.parse_invoke,
    "join": joins.parse_join,
    "lookup": joins.parse_join,
    "union": joins.parse_union,
    "search": joins.parse_search,
    "find": joins.parse_find,
    "partition": joins.parse_partition,
    "__partitionby": joins.parse_partition,
    "fork": joins.parse_fork,
    "facet": joins.parse_facet,
    "mv-expand": values.parse_mv_expand,
    "mvexpand": values.parse_mv_expand,
    "mv-apply": values.parse_mv_apply,
    "mvapply": values.parse_mv_apply,
    "parse": values.parse_parse,
    "parse-where": values.parse_parse,
    "parse-kv": values.parse_parse_kv,
    "make-series": values.parse_make_series,
    "evaluate": values.parse_evaluate,
    "reduce": values.parse_reduce,
    "render": values.parse_render,
    "scan": values.parse_scan,
    "make-graph": graphs.parse_make_graph,
    "graph-match": graphs.parse_graph_match,
    "graph-shortest-paths": graphs.parse_graph_match,
    "graph-mark-components": graphs.parse_graph_components,
    "graph-where-nodes": graphs.parse_graph_where,
    "graph-where-edges": graphs.parse_graph_where,
    "graph-to-table": graphs.parse_graph_to_table,
    **dict.fromkeys(_SIMPLE, _parse_simple),
}
_SOURCES: dict[str, Callable[[Cursor, int, str], Source]] = {
    "datatable": sources.parse_datatable,
    "externaldata": sources.parse_externaldata,
    "external_data": sources.parse_externaldata,
    "print": sources.parse_print,
    "range": sources.parse_range,
    "union": joins.parse_union,
    "search": joins.parse_search,
    "find": joins.parse_find,
    "evaluate": values.parse_evaluate,
    "macro-expand": _parse_simple,
}


def parse_pipeline(c: Cursor, source: Source | None, start: int, has_source: bool = True) -> Pipeline:
    """source | operator | ...; without a source, operator | operator ..."""
    operators: list[Operator] = []
    if not has_source:
        operators.append(_parse_operator(c))
    elif source is None:
        source = _parse_source(c)
    while c.accept("|"):
        operators.append(_parse_operator(c))
    return Pipeline(c.span_from(start), source, tuple(operators))


def _parse_source(c: Cursor) -> Source:
    start = c.current.start
    if at_source(c):
        keyword = peek_word(c) if c.at("macro") else c.current.text
        c.advance_to(start + len(keyword))
        source = _SOURCES[keyword](c, start, keyword)
        _finish(c, start, keyword)
        return source
    expression = parse_expression(c)
    return ExpressionSource(c.span_from(start), expression)


def _parse_operator(c: Cursor) -> Operator:
    start = c.current.start
    keyword = match_keyword(c)
    if not keyword:
        return _survive(c)
    c.advance_to(start + len(keyword))
    operator = OPERATORS[keyword](c, start, keyword)
    _finish(c, start, keyword)
    return operator


def match_keyword(c: Cursor) -> str:
    """The longest operator name here: of `top-nested-x`, top-nested."""
    word = peek_word(c)
    while word and word not in OPERATORS:
        word = word.rpartition("-")[0]
    return word


def _finish(c: Cursor, start: int, keyword: str) -> None:
    """After an operator a pipe, a closing bracket, ';' or the end must come; else report, and skip to there."""
    if rows.at_end(c) or c.current.kind == END:
        return
    if _starts_new_statement(c):
        return
    word = match_keyword(c)
    if not c.is_clean_since(start):
        pass
    elif word and word not in {"count", "as"} and c.current.start > c.last_end:
        c.report(codes.missing_pipe(c.here(), word))
    else:
        c.report(codes.unexpected_text(c.here(), c.found(), f"'{keyword}'", c.tokens[c.index - 1].text))
    c.skip_to_boundary()


def _starts_new_statement(c: Cursor) -> bool:
    """A missing ';' is the statement parser's to report."""
    return c.at("let") and c.peek().kind == NAME and c.peek(2).text == "="


def _survive(c: Cursor) -> MissingOperator:
    """Report what stands where an operator should, and skip it."""
    start = c.current.start
    word = peek_word(c)
    if not word:
        c.report(
            codes.empty_operator(c.gap()) if rows.at_end(c) else codes.unknown_operator(c.here(), c.current.text, "")
        )
    elif word.lower() in OPERATORS:
        c.report(codes.operator_case(Span(start, start + len(word)), word))
    else:
        from difflib import get_close_matches  # noqa: PLC0415 - loaded when one is misspelt

        nearest = get_close_matches(word.lower(), OPERATORS, n=1, cutoff=0.7)
        c.report(codes.unknown_operator(Span(start, start + len(word)), word, nearest[0] if nearest else ""))
    text = c.skip_to_boundary()
    return MissingOperator(c.span_from(start), text)
