"""The tables of a session: what data stands behind a name, and the face that a query sees."""

import os
import re
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pyarrow as pa

from bluetick.binder.schema import WATCHLIST_COLUMNS, StoredFunction, TableFace
from bluetick.diagnostics import Diagnostic, SourceText, has_errors
from bluetick.diagnostics import mapping_codes as codes
from bluetick.diagnostics.errors import BluetickError, QueryError, SourceError
from bluetick.diagnostics.nearest import did_you_mean, nearest
from bluetick.engines.catalog_names import CATALOG, parse_catalog_name
from bluetick.engines.files import expand_pattern
from bluetick.engines.protocol import CatalogSource, Engine, FileSource, SourceColumn
from bluetick.enrichment.watchlists import Watchlists
from bluetick.execution.service_functions import OWN_TABLES, service_function, service_names
from bluetick.lake.layout import RECEIVED, RESERVED, UNLISTED, has_log, is_delta
from bluetick.schema.files import CustomSchemas
from bluetick.schema.packs import TableSchema, load_pack, stored_name
from bluetick.types import Type

if TYPE_CHECKING:
    from bluetick.execution.function_library import FunctionLibrary
    from bluetick.execution.mapping import TableMapping
    from bluetick.execution.mappings import View
    from bluetick.lake.folder import AsOf, DeltaFolder
    from bluetick.lake.snapshot import Snapshot

SchemasName: TypeAlias = Literal["sentinel", "defender"]
TIME_COLUMNS = ("TimeGenerated", "Timestamp")
PlainData: TypeAlias = FileSource | CatalogSource | pa.Table
TableData: TypeAlias = "PlainData | Snapshot"


@dataclass(frozen=True, slots=True)
class Table:
    """A registered table: its data, and the columns found there; `nested` are those with their fields. With a `view`
    the columns are computed out of the data's. A query sees the `hidden` ones only if it asks for them."""

    name: str
    data: TableData
    columns: tuple[tuple[str, Type], ...]
    nested: tuple[SourceColumn, ...] = ()
    view: "View | None" = None
    hidden: tuple[tuple[str, Type], ...] = ()

    @property
    def column_names(self) -> frozenset[str]:
        return frozenset(name for name, _ in (*self.columns, *self.hidden))

    @property
    def origin(self) -> str:
        """Where the table is from, if not from files or rows of its own."""
        parts = [str(self.data)] if isinstance(self.data, CatalogSource) else []
        return ", ".join([*parts, f"mapping {self.view.document}"] if self.view is not None else parts)

    @property
    def files(self) -> tuple[str, ...]:
        if isinstance(self.data, CatalogSource | pa.Table):
            return ()
        return self.data.files

    @property
    def snapshot(self) -> "Snapshot | None":
        """Of a lake's table, the version that is read."""
        return None if isinstance(self.data, FileSource | CatalogSource | pa.Table) else self.data

    def seen_by(self, text: str) -> "Table":
        """The table as a query of this text sees it: with the hidden columns that it names, and the time of receipt
        where it calls ingestion_time()."""
        shown = tuple(pair for pair in self.hidden if pair[0] in text)
        asked = tuple(p for p in self.hidden if p[0] == RECEIVED and p not in shown and "ingestion_time" in text)
        return replace(self, columns=self.columns + shown + asked, hidden=asked)


class Catalog:
    """Registered tables by exact name. `external` holds local copies of files that queries name by address, `functions`
    and `watchlists` are folders of them; `engine` is asked for the tables of its own catalog. `as_of` is the version or
    the instant of the lake's tables, of all or by name."""

    def __init__(
        self,
        external: Mapping[str, str | Path] | None = None,
        functions: str | Path | None = None,
        watchlists: str | Path | None = None,
        engine: Engine | None = None,
        as_of: "AsOf | Mapping[str, AsOf] | None" = None,
    ) -> None:
        self.as_of = as_of
        self._engine = engine
        self.external = {address: Path(path) for address, path in (external or {}).items()}
        self.functions = None if functions is None else _library(Path(functions))
        self.watchlists = Watchlists(None if watchlists is None else Path(watchlists))
        self.mapping_warnings: list[tuple[Diagnostic, SourceText]] = []
        self._tables: dict[str, Table] = {}
        self._lake: dict[str, DeltaFolder] = {}
        self._views: dict[str, View] = {}  # of tables over a lake's
        self._held: dict[str, Table] | None = None
        self._watchlist_tables: dict[str, Table] = {}
        self._folders: tuple[Path, ...] = ()

    def register(self, name: str, data: str | Path | list[str] | pa.Table) -> None:
        """Puts a table behind a name: an Arrow table, `catalog:` and a table's name in the engine's catalog, a folder
        that is a Delta table, or files. A pattern is expanded here, once; an unreadable file is a SourceError."""
        if not _NAME.fullmatch(name):
            raise SourceError(f"'{name}' cannot be a table name: letters, digits, '_', '-' and spaces are allowed")
        self._keep(self.describe(name, data))

    def map_table(self, mapping: "TableMapping", packs: Sequence[Mapping[str, TableSchema]]) -> None:
        """Puts a mapping's view behind its name. QueryError says what is wrong with it; warnings are kept."""
        from bluetick.execution.mappings import bind_view  # noqa: PLC0415 - few sessions have one

        if not _NAME.fullmatch(mapping.table):
            refused = codes.bad_source(mapping.span, f"'{mapping.table}' cannot be a table name")
            raise QueryError((refused,), mapping.text)
        source = self._source_of(mapping)
        faces = Faces(self, tuple(packs))
        view, found = bind_view(mapping, source.nested, source.data, packs, faces)
        if has_errors(found):
            raise QueryError(sorted(found, key=lambda d: d.span.start), mapping.text)
        self.mapping_warnings += [(diagnostic, mapping.text) for diagnostic in found]
        self._keep(Table(mapping.table, source.data, view.columns, source.nested, view))

    def _source_of(self, mapping: "TableMapping") -> Table:
        """What is registered under the mapping's own name comes before the source that it names."""
        own = self._registered(mapping.table)
        try:
            return own or self._named_source(mapping)
        except SourceError as error:
            raise QueryError((codes.bad_source(mapping.source_span, str(error)),), mapping.text) from error

    def _named_source(self, mapping: "TableMapping") -> Table:
        given = mapping.source
        if not given:
            raise SourceError(
                f"there is no data for '{mapping.table}': give the mapping a source, or --table {mapping.table}=PATH"
            )
        if len(given) == 1 and given[0].startswith(TABLE):
            name = given[0].removeprefix(TABLE).strip()
            table = self._registered(name)
            if table is None or table.view is not None:
                what = "is itself mapped" if table is not None else "is not registered"
                raise SourceError(f"the table '{name}' {what}")
            return table
        folder = Path(mapping.text.name).parent
        places = [text if text.startswith(CATALOG) else str(folder / Path(text).expanduser()) for text in given]
        return self.describe(mapping.table, places[0] if len(places) == 1 else places)

    def describe(self, name: str, data: str | Path | list[str] | pa.Table) -> Table:
        """A table of this name over the data, without registering it."""
        if isinstance(data, str | Path) and is_delta(Path(data).expanduser()):
            return _lake_table(name, self._folder(name, Path(data).expanduser()).snapshot(), None)
        if self.as_of is not None and not isinstance(self.as_of, Mapping) and not isinstance(data, pa.Table):
            raise SourceError(f"'{name}' is no Delta table, so it has no versions to go back to")
        source = _table_data(data)
        columns = self._columns(source)
        return Table(name, source, tuple((column.name, column.type) for column in columns), columns)

    def _columns(self, data: PlainData) -> tuple[SourceColumn, ...]:
        if isinstance(data, pa.Table):
            twice = next((name for name in data.column_names if data.column_names.count(name) > 1), None)
            if twice is not None:
                raise SourceError(f"the table has two columns named '{twice}'", column=twice)
            return tuple(_arrow_column(field) for field in data.schema)
        if isinstance(data, CatalogSource):
            if self._engine is None:
                raise SourceError(f"'{data}' needs an engine that has a catalog")
            return self._engine.describe_table(data)
        if self._engine is not None:
            return self._engine.describe_files(data)
        from bluetick.engines.describe import describe_columns  # noqa: PLC0415 - loads the driver

        return describe_columns(data)

    def register_folder(self, folder: Path) -> None:
        """Each subfolder that is a Delta table or holds data files becomes the table of its name, and so does one that
        becomes a Delta table later."""
        if not folder.is_dir():
            raise SourceError(f"'{folder}' is no folder", file=str(folder))
        for entry in sorted(folder.iterdir()):
            if not entry.is_dir() or entry.name in RESERVED or not _NAME.fullmatch(entry.name):
                continue
            if is_delta(entry):
                self._lake[entry.name] = self._folder(entry.name, entry)
            elif not has_log(entry) and any(p.is_file() for p in entry.rglob("*.*")):
                self.register(entry.name, entry)
        self._folders = (*self._folders, folder)

    def _look_again(self) -> None:
        """Takes in the Delta tables that were made since. Who goes through the tables meanwhile sees the old ones."""
        made = {
            entry.name: Path(entry.path)
            for folder in self._folders
            if folder.is_dir()
            for entry in os.scandir(folder)
            if entry.name not in self._lake and entry.name not in self._tables and entry.name not in RESERVED
        }
        new = {n: self._folder(n, path) for n, path in made.items() if _NAME.fullmatch(n) and is_delta(path)}
        if new:
            self._lake = {**self._lake, **new}

    def check_as_of(self) -> None:
        """Refuses a version of a table that has none."""
        for name in self.as_of if isinstance(self.as_of, Mapping) else ():
            if name not in self._lake:
                raise SourceError(f"there is no Delta table '{name}' here, and nothing else has versions")

    def pinned(self) -> "Catalog":
        """The same tables, each of the lake's held at the version that it has when it is first asked for."""
        if self._held is not None:
            return self
        self._look_again()
        held = copy(self)
        held._held = {}
        return held

    def beside(self, tables: Mapping[str, pa.Table]) -> "Catalog":
        """The same tables and these, which come before others of their names."""
        wider = copy(self)
        wider._tables, wider._lake, wider._views = dict(self._tables), dict(self._lake), dict(self._views)
        for name, data in tables.items():
            wider.register(name, data)
        return wider

    def has_versions(self, name: str) -> bool:
        return name in self._lake

    def version(self, name: str) -> int | None:
        """The version of a lake's table that is read; None of any other."""
        table = self._registered(name)
        return None if table is None or table.snapshot is None else table.snapshot.version

    def keep_files(self, name: str, files: Sequence[str]) -> None:
        """Leaves only these of a table's files; its columns stay those that all of them have."""
        table = self.table(name)
        if table is not None and table.snapshot is not None:
            self._lake.pop(name, None)
            self._tables[name] = replace(table, data=table.snapshot.keeping(files))
        elif table is not None and isinstance(table.data, FileSource):
            self._tables[name] = replace(table, data=replace(table.data, files=tuple(files)))

    def table(self, name: str) -> Table | None:
        """A registered table, or a watchlist by the name that its table has."""
        return self._registered(name) or self._watchlist_tables.get(name)

    def _registered(self, name: str) -> Table | None:
        return self._lake_table(name) or self._tables.get(name)

    def _lake_table(self, name: str) -> Table | None:
        if self._held is not None and name in self._held:
            return self._held[name]
        folder = self._lake.get(name)
        if folder is None:
            return None
        table = _lake_table(name, folder.snapshot(), self._views.get(name))
        if self._held is not None:
            self._held[name] = table
        return table

    def _folder(self, name: str, folder: Path) -> "DeltaFolder":
        from bluetick.lake.folder import DeltaFolder  # noqa: PLC0415 - deltalake is loaded only where there is a table

        return DeltaFolder(folder, self.as_of.get(name) if isinstance(self.as_of, Mapping) else self.as_of)

    def _keep(self, table: Table) -> None:
        """Registers a table in the place of one of the same name; one of a lake is looked up anew for each query."""
        for known in (self._tables, self._lake, self._views):
            known.pop(table.name, None)
        if table.snapshot is None:
            self._tables[table.name] = table
            return
        self._lake[table.name] = self._folder(table.name, table.snapshot.folder)
        if table.view is not None:
            self._views[table.name] = table.view

    def watchlist(self, alias: str) -> Table | None:
        """A watchlist's rows, as the table `_GetWatchlist('alias')`."""
        name = f"_GetWatchlist('{alias}')"
        if name not in self._watchlist_tables:
            rows = self.watchlists.rows(alias)
            if rows is None:
                return None
            columns = dict(WATCHLIST_COLUMNS)
            types = tuple((column, columns.get(column, Type.STRING)) for column in rows.column_names)
            self._watchlist_tables[name] = Table(name, rows, types)
        return self._watchlist_tables[name]

    def function(self, name: str) -> StoredFunction | None:
        """A function of the folder, else one of the service's own."""
        found = None if self.functions is None else self.functions.function(name)
        return found or service_function(name, self.watchlists.names)

    def function_names(self) -> tuple[str, ...]:
        return (*(() if self.functions is None else self.functions.names()), *service_names())

    def names(self) -> tuple[str, ...]:
        """Without those that a lake keeps for itself: a query reads such a one by its name alone."""
        return (*(name for name in self._lake if name not in UNLISTED), *self._tables)


def _library(folder: Path) -> "FunctionLibrary":
    from bluetick.execution.function_library import FunctionLibrary  # noqa: PLC0415 - few sessions have one

    return FunctionLibrary(folder)


def _lake_table(name: str, snapshot: "Snapshot", view: "View | None") -> Table:
    columns = tuple((c.name, c.type) for c in snapshot.columns if not c.is_hidden)
    hidden = tuple((c.name, c.type) for c in snapshot.columns if c.is_hidden)
    nested = tuple(SourceColumn(c, t) for c, t in columns)
    if view is not None:
        return Table(name, snapshot, view.columns, nested, view)
    return Table(name, snapshot, columns, nested, hidden=hidden)


def _table_data(data: str | Path | list[str] | pa.Table) -> PlainData:
    if isinstance(data, pa.Table):
        return data
    if isinstance(data, str) and data.startswith(CATALOG):
        return parse_catalog_name(data)
    if isinstance(data, list) and any(str(item).startswith(CATALOG) for item in data):
        raise SourceError("a table of the catalog stands alone: it cannot be one of several paths")
    return expand_pattern(data)


def _arrow_column(field: "pa.Field[Any]") -> SourceColumn:
    inner = tuple(_arrow_column(part) for part in field.type) if pa.types.is_struct(field.type) else ()
    return SourceColumn(field.name, _arrow_type(field.type), inner)


def _arrow_type(type_: pa.DataType) -> Type:
    """The KQL type that holds an Arrow type without loss; anything nested is dynamic."""
    tests = (
        (pa.types.is_boolean, Type.BOOL),
        (lambda t: pa.types.is_integer(t) and t.bit_width <= _INT_BITS and t != pa.uint32(), Type.INT),
        (pa.types.is_integer, Type.LONG),
        (pa.types.is_floating, Type.REAL),
        (pa.types.is_decimal, Type.DECIMAL),
        (lambda t: pa.types.is_timestamp(t) or pa.types.is_date(t), Type.DATETIME),
        (lambda t: pa.types.is_duration(t) or pa.types.is_time(t), Type.TIMESPAN),
        (pa.types.is_nested, Type.DYNAMIC),
    )
    return next((kql for test, kql in tests if test(type_)), Type.STRING)


_INT_BITS = 32
TABLE = "table:"  # before the name of a registered table, where a mapping names its source
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_ .-]{0,1022}")


@dataclass(frozen=True, slots=True)
class Faces:
    """What one query sees of a catalog (the binder's CatalogSchema).

    A registered table that bears a known name has that table's whole schema, and what its files have beside it.
    `is_check`: known tables bind without data. `prefers` is the pack that wins where both know a table. `text` is the
    query's, which may ask for hidden columns. `beside` are columns that known tables without data have in a check.
    """

    catalog: Catalog
    prefers: tuple[Mapping[str, TableSchema], ...]
    is_check: bool = False
    text: str = ""
    beside: Mapping[str, TableSchema] = field(default_factory=dict)

    def find(self, name: str) -> TableFace | None:
        table = self.catalog.table(name)
        table = None if table is None else table.seen_by(self.text)
        if table is None and not self.is_check:
            return None
        schema = next((pack[name] for pack in self.prefers if name in pack), None)
        if schema is None and table is not None:
            return _with_hidden(_own_face(table), table)
        if schema is None:
            return _known_face(OWN_TABLES[name].schema, None) if name in OWN_TABLES else None
        return _with_hidden(_known_face(schema, table or self.beside.get(name)), table)

    def names(self) -> tuple[str, ...]:
        """The tables with data; in a check also those that are known."""
        known = [name for pack in self.prefers for name in pack] if self.is_check else []
        return tuple(dict.fromkeys((*self.catalog.names(), *known)))

    def readable(self, unread: dict[str, BluetickError] | None) -> list[TableFace]:
        """Those of `names`. One that cannot be read is raised, or put into `unread`, so that it hides no other."""
        found: list[TableFace] = []
        for name in self.names():
            try:
                face = self.find(name)
            except BluetickError as error:
                if unread is None:
                    raise
                unread[name] = error
            else:
                found += [] if face is None else [face]
        return found

    def function(self, name: str) -> StoredFunction | None:
        return self.catalog.function(name)

    def function_names(self) -> tuple[str, ...]:
        return self.catalog.function_names()

    def watchlist(self, alias: str) -> TableFace | None:
        table = self.catalog.watchlist(alias)
        return None if table is None else TableFace(table.name, table.columns, tuple(n for n, _ in table.columns), None)

    def watchlist_hint(self, alias: str) -> str:
        return self.catalog.watchlists.hint(alias)

    def hint(self, name: str) -> str:
        """What to do about a table that is not there."""
        if any(name in pack for pack in self.prefers):
            return f"'{name}' is a known table without data here: give it some, as in --table {name}=PATH"
        if name in OWN_TABLES:
            return OWN_TABLES[name].hint
        registered = nearest(name, self.catalog.names())
        known = registered or next((near for pack in self.prefers if (near := nearest(name, pack))), "")
        return did_you_mean(known)


def _with_hidden(face: TableFace, table: Table | None) -> TableFace:
    return face if table is None else replace(face, hidden=frozenset(name for name, _ in table.hidden))


def _own_face(table: Table) -> TableFace:
    """A table of the user's own: as its files are."""
    time = next((c for c in TIME_COLUMNS if (c, Type.DATETIME) in table.columns), None)
    return TableFace(table.name, table.columns, tuple(name for name, _ in table.columns), time)


def _known_face(schema: TableSchema, table: Table | TableSchema | None) -> TableFace:
    have = table.column_names if isinstance(table, Table) else frozenset(n for n, _ in (table or schema).columns)
    sources = [_source(schema.name, name, have) for name, _ in schema.columns]
    columns = list(schema.columns)
    taken = {name for name, _ in schema.columns} | set(sources)
    for name, type_ in table.columns if table is not None else ():
        if name not in taken:
            columns.append((name, type_))
            sources.append(name)
    return TableFace(schema.name, tuple(columns), tuple(sources), schema.time_column)


def _source(table: str, name: str, have: frozenset[str]) -> str:
    """The column of the data for a column of the schema: it may be kept under another name, and the two faces' time
    columns stand for each other."""
    if name not in have and name in TIME_COLUMNS:
        return next((other for other in TIME_COLUMNS if other in have), name)
    return name if name in have else stored_name(table, name)


def packs_for(
    schemas: str | None, text: str, *, is_sentinel: bool, custom: CustomSchemas | None
) -> tuple[Mapping[str, TableSchema], ...]:
    """The schema packs of a query, the preferred first: the user's own; then by an explicit choice; else Sentinel's for
    a Sentinel rule or a query that names TimeGenerated; else Defender's."""
    own = () if custom is None else (custom.tables,)
    if custom is not None and custom.is_alone:
        return own
    sentinel = schemas == "sentinel" or (schemas is None and (is_sentinel or "TimeGenerated" in text))
    order: tuple[SchemasName, ...] = ("sentinel", "defender") if sentinel else ("defender", "sentinel")
    return (*own, *(load_pack(name) for name in order))
