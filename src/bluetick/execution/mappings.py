"""Mapped tables: what a mapping says, bound over its source once, and the view that a query reads.

A view is a statement over the source's own columns, so the engine pushes filters through it to the files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bluetick.binder.schema import CatalogSchema
from bluetick.binder.views import Field, SourceRow, as_text
from bluetick.diagnostics import Diagnostic
from bluetick.diagnostics import mapping_codes as codes
from bluetick.diagnostics.errors import SourceError
from bluetick.engines.partitions import partition_values
from bluetick.engines.protocol import FileSource, ScanColumn, SourceColumn
from bluetick.execution.mapping import TableMapping, Written
from bluetick.execution.partition_scope import Partition, partition_condition, written
from bluetick.lowering.flavour import Flavour
from bluetick.lowering.lowerer import Context, ScanUse
from bluetick.lowering.nodes import new_lowerer
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal, walk
from bluetick.plan.relations import Filter, Project, Relation, Scan
from bluetick.schema.packs import TIME_COLUMNS, TableSchema
from bluetick.sql import tree as sql
from bluetick.syntax.expressions import NameReference
from bluetick.types import Type

_CONVERSIONS: Mapping[Type, str] = {type_: f"to{type_}" for type_ in Type} | {
    Type.DYNAMIC: "todynamic",
    Type.REAL: "toreal",
}
_SOURCE, _IN_SCOPE = "source", "in_scope"
_FIRST_ID = 1 << 30  # of the columns that a view gives: above those of its source


@dataclass(frozen=True, slots=True)
class Reading:
    """What a query takes of a view: columns of the source, and the statement over them."""

    columns: tuple[ScanColumn, ...]
    statement: sql.Statement


@dataclass(frozen=True, slots=True)
class View:
    """A table that is computed out of a source. `values` holds each column's expression by name and type."""

    document: str
    row: SourceRow
    columns: tuple[tuple[str, Type], ...]
    values: Mapping[tuple[str, Type], Expr]
    where: Expr | None
    partition: Partition | None

    def reading(
        self, use: ScanUse, source: str, flavour: Flavour, scope: tuple[datetime | None, datetime | None]
    ) -> Reading:
        """The columns that a scan wants, out of the relation `source`; with a scope, of its partitions alone."""
        items = tuple(
            (Column(_FIRST_ID + place, alias, type_), self._value(name, type_))
            for place, (alias, name, type_) in enumerate(use.columns)
        )
        read = _columns_in((*(value for _, value in items), *(() if self.where is None else (self.where,))))
        hinted = self.partition.columns if self.partition is not None and scope != (None, None) else ()
        aliases = {column.id: f"c{place}" for place, column in enumerate(dict.fromkeys((*read, *hinted)))}
        given = tuple(dict.fromkeys((*read, *hinted)))
        condition = partition_condition(self.partition, aliases, *scope) if self.partition is not None else None
        below = _IN_SCOPE if condition is not None else source
        scan: Relation = Scan(_SOURCE, given, tuple(aliases.values()), None)
        rows = scan if self.where is None else Filter(scan, (self.where,))
        context = Context(flavour)
        context.scans[_SOURCE] = ScanUse(below, _SOURCE, tuple((aliases[c.id], aliases[c.id], c.type) for c in given))
        statement = _named(context, Project(rows, items))
        if condition is not None:
            cut = sql.Select((), sql.RelationRef(source), star=True, where=condition)
            statement = replace(statement, ctes=(sql.Cte(_IN_SCOPE, cut, False), *statement.ctes))
        return Reading(tuple(self._scan_column(column, aliases[column.id]) for column in given), statement)

    def time_source(self, name: str | None) -> str | None:
        """The source's column that a column of times is, unchanged."""
        value = None if name is None else self.values.get((name, Type.DATETIME))
        if not isinstance(value, ColumnRef):
            return None
        way = self.row.field_of(value.column).way
        return way[0] if len(way) == 1 else None

    def _value(self, name: str, type_: Type) -> Expr:
        """A column's expression; what is not mapped is absent."""
        if name not in dict(self.columns):
            return Literal("" if type_ is Type.STRING else None, type_)
        if (name, type_) not in self.values:
            raise SourceError(f"the mapped column '{name}' is no {type_}", column=name)
        return self.values[name, type_]

    def _scan_column(self, column: Column, alias: str) -> ScanColumn:
        way = self.row.field_of(column).way
        return ScanColumn(alias, way[0], column.type, way[1:])


def _columns_in(exprs: Sequence[Expr]) -> tuple[Column, ...]:
    found = (part.column for expr in exprs for part in walk(expr) if isinstance(part, ColumnRef))
    return tuple(dict.fromkeys(found))


def _named(context: Context, relation: Project) -> sql.Statement:
    """The statement of a projection, under the very names of its columns."""
    lowered = new_lowerer(context).statement(relation, ordered=False)
    body = lowered.statement.body
    if isinstance(body, sql.Select):
        names = (column.name for column in relation.columns)
        items = tuple((name, sql.Column(alias)) for name, alias in zip(names, lowered.aliases, strict=True))
        return replace(lowered.statement, body=replace(body, items=items))
    return lowered.statement


# --- binding -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class ViewBinder:
    """Binds one mapping over its source; what is wrong gathers in `diagnostics`."""

    mapping: TableMapping
    nested: tuple[SourceColumn, ...]
    data: object
    schemas: tuple[TableSchema, ...]  # of the packs that know the table
    row: SourceRow
    diagnostics: list[Diagnostic]

    def view(self) -> View:
        columns: list[tuple[str, Type]] = []
        values: dict[tuple[str, Type], Expr] = {}
        for name, expression in self.mapping.columns:
            value = self._bind(expression)
            wanted = tuple(dict.fromkeys(t for schema in self.schemas if (t := dict(schema.columns).get(name))))
            if self.schemas and not wanted:
                known = [column for schema in self.schemas for column, _ in schema.columns]
                self.diagnostics.append(codes.unknown_mapped_column(expression.span, self.mapping.table, name, known))
            values[name, (wanted or (value.type,))[0]] = self._converted(name, expression, value, wanted[:1])
            for type_ in wanted[1:]:  # of the pack that comes second; a face that cannot be is told when it is used
                other = self.row.converted(value, type_) or (as_text(value) if type_ is Type.STRING else None)
                values |= {} if other is None else {(name, type_): other}
            columns.append((name, (wanted or (value.type,))[0]))
        where = None if self.mapping.where is None else self._condition(self.mapping.where)
        return View(self.mapping.text.name, self.row, tuple(columns), values, where, self._partition())

    def _bind(self, written: Written) -> Expr:
        value, found = self.row.bind(written.node, written.span)
        self.diagnostics += [_with_quotes(diagnostic, written) for diagnostic in found]
        return value

    def _condition(self, written: Written) -> Expr:
        value = self._bind(written)
        if value.type is not Type.BOOL and not isinstance(value, Invalid):
            self.diagnostics.append(codes.wrong_result(written.span, "'where'", "bool", str(value.type), ""))
        return value

    def _converted(self, name: str, written: Written, value: Expr, types: tuple[Type, ...]) -> Expr:
        wanted = types[0] if types else value.type
        converted = self.row.converted(value, wanted)
        if converted is not None:
            return converted
        text = self.mapping.text.text[written.span.start : written.span.end].strip()
        hint = f"write {_CONVERSIONS[wanted]}({text})"
        what = f"the column '{name}' of '{self.mapping.table}'"
        self.diagnostics.append(codes.wrong_result(written.span, what, str(wanted), str(value.type), hint))
        return Invalid(wanted)

    # --- partitions ---

    def _partition(self) -> Partition | None:
        hint = self.mapping.partition
        if hint is None:
            return None
        mapped = {name for name, _ in self.mapping.columns}
        times = [name for name in TIME_COLUMNS if name in mapped]
        if times != [hint.of]:
            self._refuse(f"the partition is of '{hint.of}', which is not the table's one mapped time column")
            return None
        columns = []
        for _, name in hint.columns:
            source = next((column for column in self.nested if column.name == name), None)
            if source is None:
                self._refuse(f"the source has no column '{name}'", ", ".join(c.name for c in self.nested[:20]))
                return None
            type_ = self._compared_type(source)
            if type_ is None:
                return None
            columns.append(self.row.column(Field((name,), type_)))
        return Partition(hint, tuple(columns))

    def _compared_type(self, source: SourceColumn) -> Type | None:
        """The type in which a partition's column is compared; None where it is no period, once reported."""
        hint = self.mapping.partition
        safe = self.data.safe if isinstance(self.data, FileSource) else ()
        if hint is None:
            return None
        if hint.has_parts and (source.type in (Type.INT, Type.LONG) or (source.name, Type.LONG) in safe):
            return Type.LONG
        if not hint.has_parts and source.type in (Type.INT, Type.LONG):
            return Type.LONG
        if not hint.has_parts and source.type in (Type.DATETIME, Type.STRING):
            return source.type if source.type is Type.DATETIME or self._has_format(source.name) else None
        wanted = "a whole number" if hint.has_parts else "a date, a text or a whole number"
        self._refuse(f"the partition's column '{source.name}' is {source.type}, not {wanted}")
        return None

    def _has_format(self, name: str) -> bool:
        """Whether every text of a folder's column is of the hint's format."""
        hint = self.mapping.partition
        if hint is None or not isinstance(self.data, FileSource) or name not in dict(self.data.partitions):
            return True
        wrong = next((value for value in partition_values(self.data, name) if not _is_of(value, hint.format)), None)
        if wrong is not None:
            self._refuse(f"the partition '{name}={wrong}' is not of the format '{hint.format}'", "give its format")
        return wrong is None

    def _refuse(self, problem: str, hint: str = "") -> None:
        if self.mapping.partition is not None:
            self.diagnostics.append(codes.bad_partition(self.mapping.partition.span, problem, hint))


def _with_quotes(diagnostic: Diagnostic, written: Written) -> Diagnostic:
    """A word by itself that is no column was perhaps meant as a text: YAML has taken its quotes."""
    if diagnostic.hint or not isinstance(written.node, NameReference):
        return diagnostic
    return replace(diagnostic, hint=f"a text needs quotes of its own: \"'{written.node.name}'\"")


def _is_of(value: str, form: str) -> bool:
    try:
        return written(datetime.strptime(value, form), form) == value
    except ValueError:
        return False


def source_fields(columns: Sequence[SourceColumn], above: tuple[str, ...] = ()) -> tuple[Field, ...]:
    """The columns and the fields of structs, each with the way to it."""
    found: list[Field] = []
    for column in columns:
        way = (*above, column.name)
        found += [Field(way, column.type), *source_fields(column.fields, way)]
    return tuple(found)


def bind_view(
    mapping: TableMapping,
    nested: tuple[SourceColumn, ...],
    data: object,
    packs: Sequence[Mapping[str, TableSchema]],
    catalog: CatalogSchema,
) -> tuple[View, tuple[Diagnostic, ...]]:
    """The view that a mapping is over a source with these columns, and what is to be said of it."""
    schemas = tuple(pack[mapping.table] for pack in packs if mapping.table in pack)
    binder = ViewBinder(mapping, nested, data, schemas, SourceRow(source_fields(nested), catalog), [])
    return binder.view(), tuple(binder.diagnostics)
