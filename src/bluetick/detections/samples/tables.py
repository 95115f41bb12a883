"""The tables of a sample: what is written in it, as Arrow tables with the columns that the rule sees."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from typing import Any, TypeAlias

import pyarrow as pa

from bluetick.detections.samples.cells import cell_value, written_type
from bluetick.detections.samples.model import GivenTable, Sample
from bluetick.diagnostics import Span
from bluetick.diagnostics import sample_codes as codes
from bluetick.diagnostics.errors import QueryError, SourceError
from bluetick.execution.result import Result
from bluetick.plan.relations import Scan
from bluetick.plan.traversal import relations_in
from bluetick.session import QueryRequest, Session, connect
from bluetick.syntax.strict_yaml import YamlMapping, YamlNode, YamlText
from bluetick.types import NUMBER, Type
from bluetick.values import Value, dynamic_text, logical_arrow_type

MOST_ROWS = 200_000
SECONDS = 60.0

Row: TypeAlias = dict[str, Value]
Columns: TypeAlias = Sequence[tuple[str, str]]
Entry: TypeAlias = tuple[YamlText, YamlNode]


@dataclass(frozen=True, slots=True)
class Face:
    """A known table as the rule sees it."""

    columns: Mapping[str, Type]
    time_column: str


@dataclass(frozen=True, slots=True)
class Faces:
    """The tables that an empty session knows, seen as the rule sees them."""

    session: Session
    is_sentinel: bool

    def request(self, text: str, sample: Sample) -> QueryRequest:
        return QueryRequest(text, now=sample.now, is_sentinel_rule=self.is_sentinel, name="query", seconds=SECONDS)

    def find(self, name: str) -> Face | None:
        """None where no schema knows the table."""
        if "'" in name or "\\" in name:
            return None
        try:
            plan, _ = self.session.plan(QueryRequest(f"['{name}']", is_sentinel_rule=self.is_sentinel), is_check=True)
        except QueryError:
            return None
        relation = plan.statements[-1].relation
        scan = next((node for node in relations_in(relation) if isinstance(node, Scan)), None)
        time = scan.time_column.name if scan is not None and scan.time_column is not None else ""
        return Face({column.name: column.type for column in relation.columns}, time)


@dataclass(slots=True)
class _Filling:
    """The rows of one table as they come together. The types of an unknown table are those of its values."""

    name: str
    face: Face | None
    query: str
    sample: Sample
    types: dict[str, Type] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    @property
    def known(self) -> Mapping[str, Type]:
        return {} if self.face is None else self.face.columns

    def add_rows(self, given: GivenTable) -> None:
        """The rows that are written as mappings."""
        every = [_entries(given.defaults) | _entries(row) for row in given.rows]
        self._learn(entry for entries in every for entry in entries.items())
        for row, entries in zip(given.rows, every, strict=True):
            self._keep({name: self._cell(name, node) for name, (_, node) in entries.items()}, row.span)

    def add_result(self, given: GivenTable, columns: Columns, rows: Iterable[tuple[Any, ...]], place: YamlText) -> None:
        """The rows of a query or a file; defaults stand where it has no such column."""
        types = {name: Type(type_) for name, type_ in columns}
        for name, type_ in types.items():
            self._check_result(name, type_, place)
        missing = {name: entry for name, entry in _entries(given.defaults).items() if name not in types}
        self._learn(missing.items())
        defaults = {name: self._cell(name, node) for name, (_, node) in missing.items()}
        for cells in rows:
            self._keep(defaults | dict(zip(types, cells, strict=True)), place.span)

    def to_arrow(self) -> pa.Table:
        """Only the columns that were given; an unknown table without any is refused."""
        if not self.types:
            return empty_table(self.face) if self.face is not None else pa.table({})
        return pa.table({name: self._array(name, type_) for name, type_ in self.types.items()})

    def _learn(self, entries: "Iterable[tuple[str, Entry]]") -> None:
        """The types of columns that are new, by the schema or else by how their values are written."""
        written: dict[str, set[Type]] = {}
        for name, (key, node) in entries:
            if name in self.known:
                self.types[name] = self.known[name]
            elif self.face is not None and not is_named(name, self.query):
                found = codes.unknown_column(key.span, self.name, name, self.known)
                raise QueryError((found,), self.sample.source)
            elif name not in self.types:
                written.setdefault(name, set()).update({type_} if (type_ := written_type(node)) else ())
        for name, types in written.items():
            self.types[name] = _one_type(types)

    def _cell(self, name: str, node: YamlNode) -> Value:
        return cell_value(node, self.types[name], name, self.sample.now, self.sample.source)

    def _check_result(self, name: str, type_: Type, place: YamlText) -> None:
        wanted = self.known.get(name) or self.types.get(name)
        if wanted is None and self.face is not None and not is_named(name, self.query):
            found = codes.unknown_column(place.span, self.name, name, self.known)
            raise QueryError((found,), self.sample.source)
        if wanted is not None and not _fits(type_, wanted):
            found = codes.wrong_column_type(place.span, self.name, name, str(wanted), str(type_))
            raise QueryError((found,), self.sample.source)
        self.types[name] = wanted or type_

    def _keep(self, row: Row, span: Span) -> None:
        time = "" if self.face is None else self.face.time_column
        if time and row.get(time) is None:
            raise QueryError((codes.row_without_time(span, self.name, time),), self.sample.source)
        if len(self.rows) == MOST_ROWS:
            raise QueryError((codes.unreadable_table(span, _too_many(self.name)),), self.sample.source)
        self.rows.append(row)

    def _array(self, name: str, type_: Type) -> "pa.Array[Any]":
        values = [row.get(name) for row in self.rows]
        if type_ is Type.DYNAMIC and name not in self.known:
            return _nested(self.name, name, values)
        return pa.array([_physical(value, type_) for value in values], logical_arrow_type(type_))


def arrow_tables(sample: Sample, faces: Faces, query: str) -> dict[str, pa.Table]:
    """The tables that a sample gives. QueryError and SourceError say what is wrong in it, and where."""
    filled: dict[str, _Filling] = {}
    for given in sample.setting.tables:
        if given.name not in filled:
            filled[given.name] = _Filling(given.name, faces.find(given.name), query, sample)
        filling = filled[given.name]
        for text in given.queries:
            filling.add_result(given, *_queried(text, sample, faces), text)
        for path in given.files:
            filling.add_result(given, *_read_file(path, given.name, sample, faces), path)
        filling.add_rows(given)
    return {name: filling.to_arrow() for name, filling in filled.items()}


def is_named(name: str, query: str) -> bool:
    """Whether the name stands in the query as a word."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", query) is not None


def empty_table(face: Face) -> pa.Table:
    """A known table without a row; its schema gives it all its columns."""
    name = face.time_column or next(iter(face.columns))
    return pa.table({name: pa.array([], logical_arrow_type(face.columns[name]))})


def _queried(text: YamlText, sample: Sample, faces: Faces) -> tuple[Columns, Iterable[tuple[Any, ...]]]:
    """A query over nothing (datatable, range, print), as of the sample's instant."""
    try:
        result = faces.session.run(faces.request(text.value, sample))[-1]
    except QueryError as error:
        words = "; ".join(one.message for one in error.diagnostics)
        raise QueryError((codes.unreadable_table(text.span, words),), sample.source) from None
    return result.columns, _read(result)


def _read_file(place: YamlText, table: str, sample: Sample, faces: Faces) -> tuple[Columns, Iterable[tuple[Any, ...]]]:
    """A file beside the samples, with those of its columns that have a value."""
    path = sample.folder / place.value.strip()
    try:
        with connect(tables={table: path}) as session:
            result = session.run(replace(faces.request(f"['{table}']", sample), now=None))[-1]
            rows = _read(result)
    except (SourceError, QueryError) as error:
        raise QueryError((codes.unreadable_table(place.span, str(error)),), sample.source) from None
    filled = [n for n in range(len(result.columns)) if any(row[n] not in (None, "") for row in rows)]
    columns = tuple(result.columns[n] for n in filled)
    return columns, [tuple(row[n] for n in filled) for row in rows]


def _read(result: Result) -> list[tuple[Any, ...]]:
    """The rows, or one more than there may be."""
    rows = list(islice(result.rows(), MOST_ROWS + 1))
    result.close()
    return rows


def _entries(row: YamlMapping | None) -> "dict[str, Entry]":
    return {} if row is None else {key.value: (key, node) for key, node in row.entries}


def _one_type(types: set[Type]) -> Type:
    """Of values that are written in several ways: numbers are reals, anything else is text."""
    if len(types) == 1:
        return next(iter(types))
    return Type.REAL if types == {Type.LONG, Type.REAL} else Type.STRING


def _fits(given: Type, wanted: Type) -> bool:
    """Whether a query's column can stand for that of the table without a change of meaning."""
    return given is wanted or (given in NUMBER and wanted in NUMBER and NUMBER.index(given) <= NUMBER.index(wanted))


def _physical(value: Value, type_: Type) -> Any:
    if value is None:
        return "" if type_ is Type.STRING else None
    match type_:
        case Type.DYNAMIC:
            return dynamic_text(value)  # type: ignore[arg-type]
        case Type.GUID:
            return str(value)
        case Type.DECIMAL:
            return Decimal(str(value))
        case Type.REAL:
            return float(value)  # type: ignore[arg-type]
        case _:
            return value


def _nested(table: str, column: str, values: Sequence[Value]) -> "pa.Array[Any]":
    """A dynamic column of a table that no schema knows: its shape is that of its values."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        raise SourceError(
            f"the values of '{column}' have several shapes, and no schema knows the table '{table}': name its columns "
            "in a file for --schemas",
            column=column,
        ) from None


def _too_many(table: str) -> str:
    return f"'{table}' has more than {MOST_ROWS:,} rows, the most that a sample may give"
