"""Operators with other tables or subqueries in them: join, union, search, find, partition, fork, facet."""

from bluetick.diagnostics import Span
from bluetick.diagnostics import syntax_codes as codes
from bluetick.syntax.cursor import Cursor
from bluetick.syntax.expression_parser import parse_expression, parse_expressions, parse_name
from bluetick.syntax.expressions import (
    CallExpression,
    ColumnDeclaration,
    Expression,
    MissingExpression,
    Name,
    NamePattern,
    NameReference,
    PathExpression,
    PipelineExpression,
)
from bluetick.syntax.item_parser import (
    accept_word,
    parse_leg,
    parse_list,
    parse_name_or_pattern,
    parse_parameters,
    peek_word,
)
from bluetick.syntax.literal_parser import parse_column, parse_dynamic
from bluetick.syntax.operators import (
    FacetOperator,
    FindOperator,
    ForkOperator,
    JoinOperator,
    PartitionOperator,
    Pipeline,
    SearchOperator,
    UnionOperator,
)

_TABLES = (NameReference, NamePattern, PathExpression, CallExpression, PipelineExpression, MissingExpression)


def parse_join(c: Cursor, start: int, keyword: str) -> JoinOperator:
    parameters = parse_parameters(c, "kind")
    right = parse_leg(c)
    parameters += parse_parameters(c, "kind")
    conditions = parse_expressions(c) if c.accept("on") else ()
    return JoinOperator(c.span_from(start), keyword, right, conditions, parameters)


def parse_union(c: Cursor, start: int, _: str) -> UnionOperator:
    parameters = parse_parameters(c, "kind", "withsource", "with_source", "isfuzzy")
    legs = parse_list(c, parse_leg)
    return UnionOperator(c.span_from(start), legs, parameters)


# --- search and find -----------------------------------------------------------------------------------------


def parse_search(c: Cursor, start: int, _: str) -> SearchOperator:
    parameters = parse_parameters(c, "kind", "datascope")
    tables = _parse_searched_tables(c)
    with c.predicate(True):
        predicate = parse_expression(c)
    return SearchOperator(c.span_from(start), predicate, tables, parameters)


def _parse_searched_tables(c: Cursor) -> tuple[Expression, ...]:
    if not (c.at("in") and c.peek().text == "("):
        return ()
    c.advance()
    opening = c.advance()
    tables = parse_list(c, _parse_searched_table)
    c.close(opening)
    return tables


def _parse_searched_table(c: Cursor) -> Expression:
    """A name, a pattern, a path or a call; a pipeline in parentheses."""
    start = c.current.start
    table = parse_name_or_pattern(c)
    if not isinstance(table, _TABLES):
        c.report(codes.expected(Span(start, max(start, c.last_end)), "a table", f"'{c.text[start : c.last_end]}'"))
    return table


def parse_find(c: Cursor, start: int, _: str) -> FindOperator:
    parameters = parse_parameters(c, "withsource", "with_source", "datascope", "kind")
    tables = _parse_searched_tables(c)
    c.accept("where")
    with c.predicate(True):
        predicate = parse_expression(c)
    smart = accept_word(c, "project-smart")
    project: tuple[ColumnDeclaration, ...] | None = None
    pack = False
    if not smart and peek_word(c) == "project":
        c.advance()
        project, pack = _parse_found_columns(c)
    away: tuple[Expression, ...] = ()
    if accept_word(c, "project-away") or c.accept("__projectAway"):
        away = parse_list(c, parse_name_or_pattern)
    return FindOperator(c.span_from(start), predicate, tables, project, smart, away, pack, parameters)


def _parse_found_columns(c: Cursor) -> tuple[tuple[ColumnDeclaration, ...], bool]:
    columns: list[ColumnDeclaration] = []
    pack = False
    while True:
        if c.current.text in {"pack", "pack_all"} and c.peek().text == "(":
            word = c.advance().text
            opening = c.advance()
            if word == "pack":
                c.expect("*")
            c.close(opening)
            pack = True
        elif c.at_name():
            columns.append(parse_column(c, typed=False))
        else:
            parse_name(c, "a column")
        if not c.accept(","):
            return tuple(columns), pack


# --- subqueries ----------------------------------------------------------------------------------------------


def parse_subquery(c: Cursor) -> Pipeline:
    """(operator | operator ...): its rows come from outside."""
    opening = c.open("(")
    if opening is None:
        return Pipeline(c.missing_span(), None)
    pipeline = c.nested_pipeline(None, c.current.start, has_source=False)
    c.close(opening)
    return pipeline


def parse_partition(c: Cursor, start: int, keyword: str) -> PartitionOperator:
    parameters = parse_parameters(c)
    if keyword == "partition":
        c.expect("by")
    by = _parse_path(c)
    scope = None
    if c.accept("in"):
        scope = parse_dynamic(c) if c.at("dynamic") and c.peek().text == "(" else parse_expression(c)
    if c.accept("__id"):
        c.advance()
    opening = c.current
    if c.accept("{"):
        subquery = c.nested_pipeline(None, c.current.start)
        c.close(opening)
    else:
        subquery = parse_subquery(c)
    return PartitionOperator(c.span_from(start), by, subquery, parameters, scope)


def _parse_path(c: Cursor) -> Expression:
    """A column, or a path into one; a parenthesis after it begins the subquery, not a call."""
    start = c.current.start
    name = parse_name(c, "a column")
    node: Expression = NameReference(name.span, name.text)
    while c.accept("."):
        member = parse_name(c, "a name after '.'")
        node = PathExpression(c.span_from(start), node, member)
    return node


def parse_fork(c: Cursor, start: int, _: str) -> ForkOperator:
    branches: list[tuple[Name | None, Pipeline]] = []
    while True:
        name = None
        if c.at_name():
            name = parse_name(c)
            c.expect("=")
        branches.append((name, parse_subquery(c)))
        if not (c.at("(") or c.at_name()):
            return ForkOperator(c.span_from(start), tuple(branches))


def parse_facet(c: Cursor, start: int, _: str) -> FacetOperator:
    c.expect("by")
    by = parse_expressions(c)
    subquery = None
    if c.accept("with"):
        subquery = parse_subquery(c) if c.at("(") else c.nested_pipeline(None, c.current.start, has_source=False)
    return FacetOperator(c.span_from(start), by, subquery)
