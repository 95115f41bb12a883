"""Sources that are written out: datatable, externaldata, print, range."""

from bluetick.syntax.cursor import Cursor
from bluetick.syntax.expression_parser import parse_expression, parse_name
from bluetick.syntax.expressions import Expression
from bluetick.syntax.item_parser import parse_list, parse_named, parse_parameters, parse_properties
from bluetick.syntax.literal_parser import parse_schema
from bluetick.syntax.operators import (
    DatatableSource,
    ExternaldataSource,
    PrintSource,
    RangeSource,
)


def parse_datatable(c: Cursor, start: int, _: str) -> DatatableSource:
    parameters = parse_parameters(c, "kind")
    columns, _open = parse_schema(c)
    values = _parse_values(c)
    return DatatableSource(c.span_from(start), columns, values, parameters)


def parse_externaldata(c: Cursor, start: int, _: str) -> ExternaldataSource:
    parameters = parse_parameters(c, "kind")
    columns, _open = parse_schema(c)
    uris = _parse_values(c)
    properties = parse_properties(c)
    return ExternaldataSource(c.span_from(start), columns, uris, parameters + properties)


def _parse_values(c: Cursor) -> tuple[Expression, ...]:
    """[a, b, ...] with an optional last comma."""
    opening = c.open("[")
    if opening is None:
        return ()
    values: list[Expression] = []
    while not c.at("]"):
        values.append(parse_expression(c))
        if not c.accept(","):
            break
    c.close(opening)
    return tuple(values)


def parse_print(c: Cursor, start: int, _: str) -> PrintSource:
    items = parse_list(c, parse_named)
    return PrintSource(c.span_from(start), items)


def parse_range(c: Cursor, start: int, _: str) -> RangeSource:
    name = parse_name(c)
    c.expect("from")
    first = parse_expression(c)
    c.expect("to")
    last = parse_expression(c)
    c.expect("step")
    step = parse_expression(c)
    return RangeSource(c.span_from(start), name, first, last, step)
