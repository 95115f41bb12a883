"""Expressions over a record's fields, bound and compiled once: a set of named values to one statement.

Whatever name stands in an expression is a field of the record, or one of the document's own names for an expression.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from bluetick.binder.nested_fields import way_of
from bluetick.binder.schema import NO_TABLES
from bluetick.binder.views import Field, SourceRow
from bluetick.diagnostics import Diagnostic, SourceText, has_errors
from bluetick.diagnostics import mapping_codes as codes
from bluetick.diagnostics.errors import QueryError
from bluetick.engines.duckdb_records import FAULT, NUMBER, RecordView, records_view
from bluetick.engines.protocol import ScanColumn
from bluetick.execution.mapping import Written
from bluetick.ingest.sharing import shared_steps
from bluetick.lowering.flavour import FLAVOURS
from bluetick.lowering.lowerer import Context, ScanUse
from bluetick.lowering.nodes import new_lowerer
from bluetick.plan.expressions import Column, ColumnRef, Expr, walk
from bluetick.plan.relations import Project, Scan
from bluetick.sql import tree as sql
from bluetick.sql.dialect import DUCKDB
from bluetick.sql.render import render_statement
from bluetick.sql.tree import Statement
from bluetick.syntax import expressions as syntax
from bluetick.syntax.expressions import Expression
from bluetick.types import Type

_NUMBER: Final = Field((NUMBER,), Type.LONG)
_FAULT: Final = Field((FAULT,), Type.STRING)
_FIRST_ID: Final = 1 << 30  # of the columns that a statement gives: above those of the record
_MAX_DEPTH: Final = 50
_TWO_TIMES: Final = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value by name, as a type; a type of None is that of the expression."""

    name: str
    written: Written
    type: Type | None


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement over records that gives NUMBER, FAULT and these names; `columns` is what it reads of a record, and
    `view` the relation that has them. `timed` is the statement where it depends on when records are received."""

    columns: tuple[ScanColumn, ...]
    view: RecordView
    sql: str
    names: tuple[str, ...]
    timed: Statement | None = None

    def sql_at(self, now: datetime) -> str:
        return self.sql if self.timed is None else render_statement(self.timed, DUCKDB, {"now": now})


def compile_values(wanted: Sequence[Wanted], names: Mapping[str, Written], text: SourceText) -> Compiled:
    """The values of a record, in one statement. QueryError says what is wrong with an expression, and where."""
    nodes = [(item, _substituted(item.written.node, names)) for item in wanted]
    ways = dict.fromkeys(way for _, node in nodes for way in _ways(node))
    above = dict.fromkeys(way[:length] for way in ways for length in range(1, len(way)))
    row = SourceRow(tuple(Field(way, Type.STRING) for way in {**ways, **above}), NO_TABLES)
    diagnostics: list[Diagnostic] = []
    items: list[tuple[str, Expr]] = []
    for item, node in nodes:
        value, found = row.bind(node, item.written.span)
        diagnostics += found
        items.append((item.name, _converted(row, item, value, diagnostics)))
    if has_errors(diagnostics):
        raise QueryError(sorted(diagnostics, key=lambda d: d.span.start), text)
    return _compiled(row, items)


def field_value(way: tuple[str, ...], at: Written) -> Written:
    """The expression that is a field by itself, standing where `at` stands."""
    node: Expression = syntax.NameReference(at.span, way[0])
    for name in way[1:]:
        node = syntax.PathExpression(at.span, node, syntax.Name(at.span, name))
    return Written(node, at.span)


def with_names(written: Written, names: Mapping[str, Written]) -> Written:
    """The expression in which the document's own names are no longer names, whatever fields a record has."""
    return Written(_substituted(written.node, names), written.span)


def _converted(row: SourceRow, item: Wanted, value: Expr, diagnostics: list[Diagnostic]) -> Expr:
    if item.type is None:
        return value
    converted = row.converted(value, item.type)
    if converted is None:
        what, hint = f"'{item.name}'", f"write to{item.type}(...)"
        diagnostics.append(codes.wrong_result(item.written.span, what, str(item.type), str(value.type), hint))
        return value
    return converted


def _compiled(row: SourceRow, items: Sequence[tuple[str, Expr]]) -> Compiled:
    given = [(NUMBER, row.column(_NUMBER)), (FAULT, row.column(_FAULT))]
    ids = count(_FIRST_ID + len(given) + len(items))
    steps, over = shared_steps([value for _, value in items], lambda type_: Column(next(ids), "shared", type_))
    names = [name for name, _ in given] + [name for name, _ in items]
    values = [*(ColumnRef(column) for _, column in given), *over]
    wanted: list[Expr] = [*(ColumnRef(column) for _, column in given), *(value for _, value in items)]
    read = dict.fromkeys(part.column for value in wanted for part in walk(value) if isinstance(part, ColumnRef))
    aliases = {column.id: f"c{place}" for place, column in enumerate(read)}
    columns = tuple(_scan_column(row, column, aliases[column.id]) for column in read)
    view = records_view(columns)
    source: Scan | Project = Scan(view.name, tuple(read), tuple(aliases.values()), None)
    kept = list(read)
    for step in steps:
        source = Project(source, (*((column, ColumnRef(column)) for column in kept), *step))
        kept += [column for column, _ in step]
    pairs = enumerate(zip(names, values, strict=True))
    named = tuple((Column(_FIRST_ID + place, name, value.type), value) for place, (name, value) in pairs)
    context = Context(FLAVOURS["duckdb"])
    uses = tuple((aliases[c.id], aliases[c.id], c.type) for c in read)
    context.scans[view.name] = ScanUse(view.name, view.name, uses)
    lowered = new_lowerer(context).statement(Project(source, named), ordered=False)
    body = lowered.statement.body
    assert isinstance(body, sql.Select)  # noqa: S101 - what a projection is lowered to
    renamed = tuple((f"v{place}", sql.Column(alias)) for place, alias in enumerate(lowered.aliases))
    statement = replace(lowered.statement, body=replace(body, items=renamed))
    one, other = (render_statement(statement, DUCKDB, {"now": now}) for now in _TWO_TIMES)
    return Compiled(columns, view, one, tuple(names), None if one == other else statement)


def _scan_column(row: SourceRow, column: Column, alias: str) -> ScanColumn:
    way = row.field_of(column).way
    return ScanColumn(alias, way[0], column.type, way[1:])


# --- names -------------------------------------------------------------------------------------------------------


def _substituted(node: Any, names: Mapping[str, Written], depth: int = 0) -> Any:
    """The expression with the document's own names replaced by what they stand for; names within names too."""
    if isinstance(node, syntax.NameReference) and node.name in names and depth < _MAX_DEPTH:
        return _substituted(names[node.name].node, {k: v for k, v in names.items() if k != node.name}, depth + 1)
    if isinstance(node, tuple):
        return tuple(_substituted(item, names, depth) for item in node)
    if not is_dataclass(node) or isinstance(node, type | syntax.Name):
        return node
    parts = {part.name: getattr(node, part.name) for part in fields(node)}
    changed = {name: _substituted(value, names, depth) for name, value in parts.items()}
    return node if all(changed[name] is parts[name] for name in parts) else replace(node, **changed)


def _ways(node: Any) -> Iterator[tuple[str, ...]]:
    """The fields that an expression reads, by the longest path that stands there."""
    if isinstance(node, syntax.NameReference | syntax.PathExpression | syntax.ElementExpression):
        way = way_of(node)
        if way:
            yield way
            return
    if isinstance(node, tuple):
        for item in node:
            yield from _ways(item)
    elif is_dataclass(node) and not isinstance(node, type | syntax.Name):
        for part in fields(node):
            yield from _ways(getattr(node, part.name))
