"""Operators that make columns or rows out of values: parse, mv-expand, make-series, evaluate, scan and others."""

from bluetick.diagnostics import Span
from bluetick.diagnostics import syntax_codes as codes
from bluetick.syntax.cursor import Cursor
from bluetick.syntax.expression_parser import parse_expression, parse_expressions, parse_name
from bluetick.syntax.expressions import (
    ColumnDeclaration,
    Expression,
    MissingExpression,
    NamedExpression,
    OrderedExpression,
    TypeLiteral,
)
from bluetick.syntax.item_parser import (
    parse_list,
    parse_named,
    parse_ordered_list,
    parse_parameters,
    parse_properties,
    parse_property,
)
from bluetick.syntax.join_operator_parser import parse_subquery
from bluetick.syntax.literal_parser import (
    decode_strings,
    parse_column,
    parse_declared_type,
    parse_schema,
    parse_type,
)
from bluetick.syntax.operators import (
    EvaluateOperator,
    MakeSeriesAggregate,
    MakeSeriesOperator,
    MvApplyOperator,
    MvExpandItem,
    MvExpandOperator,
    OperatorParameter,
    Parameters,
    ParseKvOperator,
    ParseOperator,
    ParsePart,
    ReduceOperator,
    RenderOperator,
    ScanOperator,
    ScanStep,
)
from bluetick.syntax.row_operator_parser import at_end, parse_call
from bluetick.syntax.tokens import NAME, STRING

# --- parse ---------------------------------------------------------------------------------------------------


def parse_parse(c: Cursor, start: int, keyword: str) -> ParseOperator:
    parameters = parse_parameters(c, "kind", "flags")
    value = parse_expression(c)
    c.expect("with")
    parts: list[ParsePart] = []
    while (part := _parse_part(c)) is not None:
        parts.append(part)
    if not parts:
        c.report(codes.expected(c.gap(), "a pattern: text in quotes, a column or '*'", c.found()))
    return ParseOperator(c.span_from(start), keyword, value, tuple(parts), parameters)


def _parse_part(c: Cursor) -> ParsePart | None:
    token = c.current
    if token.text == "*":
        c.advance()
        return ParsePart(Span(token.start, token.end), "star")
    if token.kind == STRING:
        text = decode_strings(c)
        return ParsePart(c.span_from(token.start), "text", text)
    if c.at_name():
        column = parse_column(c, typed=False)
        return ParsePart(column.span, "column", "", column)
    return None


def parse_parse_kv(c: Cursor, start: int, _: str) -> ParseKvOperator:
    value = parse_expression(c)
    c.expect("as")
    columns, _open = parse_schema(c)
    properties = parse_properties(c)
    return ParseKvOperator(c.span_from(start), value, columns, properties)


# --- mv-expand, mv-apply, make-series ------------------------------------------------------------------------


def parse_mv_expand(c: Cursor, start: int, keyword: str) -> MvExpandOperator:
    parameters = parse_parameters(c, "bagexpansion", "kind", "with_itemindex")
    items = parse_list(c, _parse_expanded)
    limit = parse_expression(c) if c.accept("limit") else None
    return MvExpandOperator(c.span_from(start), items, limit, parameters, keyword)


def _parse_expanded(c: Cursor) -> MvExpandItem:
    start = c.current.start
    item = parse_named(c)
    to_type: TypeLiteral | None = None
    if c.accept("to"):
        if c.at("typeof"):
            to_type = parse_type(c)
        else:
            c.report(codes.expected(c.gap(), "'typeof(...)'", c.found()))
    return MvExpandItem(c.span_from(start), item, to_type)


def parse_mv_apply(c: Cursor, start: int, _: str) -> MvApplyOperator:
    parameters = parse_parameters(c, "bagexpansion", "kind", "with_itemindex")
    items = parse_list(c, _parse_expanded)
    limit = parse_expression(c) if c.accept("limit") else None
    if c.accept("id"):
        c.advance()
    c.expect("on")
    subquery = parse_subquery(c)
    return MvApplyOperator(c.span_from(start), items, limit, subquery, parameters)


def parse_make_series(c: Cursor, start: int, _: str) -> MakeSeriesOperator:
    parameters = parse_parameters(c, "kind")
    aggregates = parse_list(c, _parse_series_aggregate)
    c.expect("on")
    axis = parse_named(c)
    is_range = c.at("in")
    first, last, step = _parse_series_range(c)
    by = parse_list(c, parse_named) if c.accept("by") else ()
    return MakeSeriesOperator(c.span_from(start), aggregates, axis, first, last, step, by, parameters, is_range)


def _parse_series_aggregate(c: Cursor) -> MakeSeriesAggregate:
    start = c.current.start
    item = parse_named(c)
    default = None
    if c.accept("default"):
        c.expect("=")
        default = parse_expression(c)
    return MakeSeriesAggregate(c.span_from(start), item, default)


def _parse_series_range(c: Cursor) -> tuple[Expression | None, Expression | None, Expression | None]:
    if c.at("in") and c.peek().text == "range":
        c.advance()
        c.advance()
        opening = c.open("(")
        if opening is None:
            return None, None, None
        values = parse_expressions(c)
        if len(values) != 3:
            c.report(codes.expected(c.gap(), "start, stop and step", f"{len(values)} values"))
        c.close(opening)
        padded = (*values, None, None, None)
        return padded[0], padded[1], padded[2]
    first = parse_expression(c) if c.accept("from") else None
    last = parse_expression(c) if c.accept("to") else None
    step = parse_expression(c) if c.expect("step") else None
    return first, last, step


# --- evaluate, reduce, render --------------------------------------------------------------------------------


def parse_evaluate(c: Cursor, start: int, _: str) -> EvaluateOperator:
    parameters = parse_parameters(c)
    call = parse_call(c, "a plugin call")
    if not c.accept(":"):
        return EvaluateOperator(c.span_from(start), call, None, False, parameters)
    columns, is_open = parse_schema(c)
    return EvaluateOperator(c.span_from(start), call, columns, is_open, parameters)


def parse_reduce(c: Cursor, start: int, _: str) -> ReduceOperator:
    parameters = parse_parameters(c, "kind")
    c.expect("by")
    by = parse_named(c)
    if c.accept("with"):
        found = [p for item in parse_list(c, parse_property) for p in item]
        parameters += tuple(found)
    return ReduceOperator(c.span_from(start), by, parameters)


def parse_render(c: Cursor, start: int, _: str) -> RenderOperator:
    chart = parse_name(c, "a kind of chart")
    has_brackets = c.at("with") and c.peek().text == "("
    properties = parse_properties(c) if has_brackets else _parse_old_properties(c)
    return RenderOperator(c.span_from(start), chart, properties)


def _parse_old_properties(c: Cursor) -> Parameters:
    """The form without parentheses: kind=stacked title="x" by a, b"""
    found: list[OperatorParameter] = []
    while not at_end(c):
        start = c.current.start
        if c.current.text in {"by", "with"}:
            name = c.advance().text
            values = parse_expressions(c)
            found.extend(OperatorParameter(c.span_from(start), name, value) for value in values)
        elif c.current.kind == NAME and c.peek().text == "=":
            found.extend(parse_property(c))
        else:
            break
        c.accept(",")
    return tuple(found)


# --- scan ----------------------------------------------------------------------------------------------------


def parse_scan(c: Cursor, start: int, _: str) -> ScanOperator:
    parameters = parse_parameters(c, "kind", "with_match_id", "with_step_name")
    order_by: tuple[OrderedExpression, ...] = ()
    partition_by: tuple[Expression, ...] = ()
    declarations: tuple[tuple[ColumnDeclaration, Expression | None], ...] = ()
    if c.accept("order"):
        c.expect("by")
        order_by = parse_ordered_list(c)
    if c.accept("partition"):
        c.expect("by")
        partition_by = parse_expressions(c)
    if c.accept("declare"):
        declarations = _parse_declarations(c)
    c.expect("with")
    steps = _parse_steps(c)
    return ScanOperator(c.span_from(start), declarations, steps, order_by, partition_by, parameters)


def _parse_declarations(c: Cursor) -> tuple[tuple[ColumnDeclaration, Expression | None], ...]:
    opening = c.open("(")
    if opening is None:
        return ()
    found = parse_list(c, _parse_declaration)
    c.close(opening)
    return found


def _parse_declaration(c: Cursor) -> tuple[ColumnDeclaration, Expression | None]:
    start = c.current.start
    name = parse_name(c, "a column as name:type")
    type_, text = parse_declared_type(c)
    column = ColumnDeclaration(c.span_from(start), name, type_, text)
    return column, parse_expression(c) if c.accept("=") else None


def _parse_steps(c: Cursor) -> tuple[ScanStep, ...]:
    opening = c.open("(")
    if opening is None:
        return ()
    steps: list[ScanStep] = []
    while c.at("step"):
        steps.append(_parse_step(c))
        if not c.accept(";"):
            break
    c.close(opening)
    return tuple(steps)


def _parse_step(c: Cursor) -> ScanStep:
    start = c.advance().start
    name = parse_name(c, "the name of the step")
    optional = c.accept("optional")
    output = None
    if c.accept("output"):
        c.expect("=")
        output = parse_name(c, "all, last or none").text
    condition: Expression = MissingExpression(c.missing_span())
    if c.expect(":"):
        condition = parse_expression(c)
    assignments: tuple[NamedExpression, ...] = parse_list(c, parse_named) if c.accept("=>") else ()
    return ScanStep(c.span_from(start), name, optional, output, condition, assignments)
