"""Files as relations of DuckDB: what to read, under which names and types."""

import re
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from bluetick.diagnostics.errors import SourceError
from bluetick.engines.csv_header import read_csv_header
from bluetick.engines.duckdb_casts import Conversion, absent, conversion
from bluetick.engines.duckdb_fields import field_of
from bluetick.engines.parquet_footers import FileSchema, Footer
from bluetick.engines.protocol import FileSource, ScanColumn, TimeRange
from bluetick.sql.dialect import DUCKDB
from bluetick.types import Type

if TYPE_CHECKING:
    import duckdb

Describe = Callable[[str], Sequence[tuple[str, str]]]
"""The columns of a FROM item, name and DuckDB type."""

_JSON_OBJECT_BYTES: Final = 64 << 20
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FullColumns:
    """The columns that have a value in every row of files, but those that stand in folders' names."""

    footers: tuple[Footer, ...]
    folders: frozenset[str]

    def __contains__(self, column: object) -> bool:
        is_own = isinstance(column, str) and column not in self.folders
        return is_own and bool(self.footers) and all(footer.is_full(str(column)) for footer in self.footers)


@dataclass(frozen=True, slots=True)
class Leg:
    """Files that are read in one way, and what their columns are. Every value of a `safe` column has its type; a `full`
    one has no null; in the place of a `fixed` one's values stands an instant."""

    reader: str
    types: tuple[tuple[str, str], ...]
    safe: tuple[tuple[str, Type], ...] = ()
    full: Container[str] = frozenset()
    fixed: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """Finds a value of a column that does not fit."""

    reader: str
    column: str
    value: str
    type: Type
    offends: str


@dataclass(frozen=True, slots=True)
class Scan:
    """A relation's SELECT, and how to name the value that broke it."""

    sql: str
    checks: tuple[Check, ...]


def partition_option(source: FileSource) -> str:
    """Nothing is guessed: the columns in the folders' names are those that were found there, as text."""
    if not source.partitions:
        return "hive_partitioning=false"
    types = ", ".join(f"{DUCKDB.quote_text(name)}: VARCHAR" for name, _ in source.partitions)
    return f"hive_partitioning=true, hive_types={{{types}}}"


def _with_partitions(source: FileSource, types: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The types with those of the folders' columns, which win over a file's own of the same name."""
    return tuple({**dict(types), **{name: "VARCHAR" for name, _ in source.partitions}}.items())


def read_parquet(source: FileSource, describe: Describe, footers: Sequence[Footer] | None = None) -> list[Leg]:
    """Files of one schema go by their first one; else each is opened to plan, and columns go by name."""
    shared = {footer.schema for footer in footers or ()}
    is_one = source.uniform or len(source.files) == 1 or len(shared) == 1
    files = f"read_parquet({file_list(source.files)}, union_by_name={str(not is_one).lower()}"
    schema = shared.pop() if len(shared) == 1 else FileSchema()
    schema.types = types = schema.types or tuple(describe(f"{files}, hive_partitioning=false)"))
    refuse_case_twins((name for name, _ in types), source)
    refuse_partition_twins((name for name, _ in types), source)
    full = FullColumns(tuple(footers or ()), frozenset(name for name, _ in source.partitions))
    return [Leg(f"{files}, {partition_option(source)})", _with_partitions(source, types), source.safe, full)]


def _native_leg(source: FileSource, columns: Iterable[ScanColumn]) -> Leg:
    """Nothing is asked of the files: what they have is known."""
    own = [(column.source, column.type) for column in columns if column.source is not None]
    strings = frozenset(name for name, type_ in own if type_ is Type.STRING)
    types = tuple((name, DUCKDB.types[type_]) for name, type_ in own)
    return Leg(f"read_parquet({file_list(source.files)}, {partition_option(source)})", types, full=strings)


def read_within(
    source: FileSource, describe: Describe, footers: Sequence[Footer] | None, within: TimeRange | None
) -> list[Leg]:
    """The files whose rows may lie in the range. Those that lie in it whole are a leg of their own where any instant
    may stand for theirs: to count a month of rows takes twice as long with their time as without (measured)."""
    if within is None or footers is None or within.column in {name for name, _ in source.partitions}:
        return read_parquet(source, describe, footers)
    whole, part = [], []
    for file, footer in zip(source.files, footers, strict=True):
        ends = footer.ends(within.column)
        if ends is not None and within.is_alone and within.holds(ends):
            whole.append((file, footer))
        elif ends is None or within.meets(ends):
            part.append((file, footer))
    if not whole and not part:  # the types are still wanted
        part = [(source.files[0], footers[0])]
    legs = []
    for files in (whole, part):
        if files:
            some = replace(source, files=tuple(file for file, _ in files))
            legs += read_parquet(some, describe, [footer for _, footer in files])
    if whole:
        legs[0] = replace(legs[0], fixed=((within.column, _instant_in(within)),))
    return legs


def _instant_in(within: TimeRange) -> datetime:
    if within.low is not None:
        return within.low
    return _EPOCH if within.high is None else within.high - timedelta(microseconds=1)


def read_json(source: FileSource, columns: Iterable[ScanColumn]) -> list[Leg]:
    """Every wanted field is read as text, and as JSON where JSON is wanted or leads to it: the casts are ours then."""
    folders = {name for name, _ in source.partitions}
    types: dict[str, str] = {}
    for column in columns:
        if column.source is not None and column.source not in folders:
            is_json = column.type is Type.DYNAMIC or column.path or types.get(column.source) == "JSON"
            types[column.source] = "JSON" if is_json else "VARCHAR"
    refuse_partition_twins(types, source)
    folded = [name.casefold() for name in types]
    for name in types:
        if folded.count(name.casefold()) > 1:
            raise _twins(name, source)
    if not types:
        types = {"_": "VARCHAR"}  # rows are counted though no field is read
    spelled = ", ".join(f"{DUCKDB.quote_text(name)}: '{type_}'" for name, type_ in types.items())
    form = "newline_delimited" if source.format == "ndjson" else "auto"
    reader = (
        f"read_json({file_list(source.files)}, format='{form}', columns={{{spelled}}}, records='true', "
        f"maximum_object_size={_JSON_OBJECT_BYTES}, {partition_option(source)})"
    )
    return [Leg(reader, _with_partitions(source, types.items()), source.safe)]


def read_csv(source: FileSource) -> list[Leg]:
    """One leg for each different header: columns go by name, never by place."""
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for file in source.files:
        header = read_csv_header(file)
        groups.setdefault((header.delimiter, header.names), []).append(file)
    for _, names in groups:
        refuse_partition_twins(names, source)
    return [_csv_leg(source, files, delimiter, names) for (delimiter, names), files in groups.items()]


def _csv_leg(source: FileSource, files: Sequence[str], delimiter: str, names: tuple[str, ...]) -> Leg:
    spelled = ", ".join(f"{DUCKDB.quote_text(name)}: 'VARCHAR'" for name in names)
    reader = (
        f"read_csv({file_list(files)}, auto_detect=false, header=true, strict_mode=true, delim='{delimiter}', "
        f"quote='\"', escape='\"', columns={{{spelled}}}, {partition_option(source)})"
    )
    return Leg(reader, _with_partitions(source, ((name, "VARCHAR") for name in names)), source.safe)


def plan_scan(
    source: FileSource,
    columns: Sequence[ScanColumn],
    describe: Describe,
    footers: Sequence[Footer] | None = None,
    within: TimeRange | None = None,
) -> Scan:
    """The SELECT that reads the files as the columns say. `footers` are those of the files, where they are known; then
    rows that are not `within` the range may be left out."""
    match source.format:
        case "parquet" if source.native:
            legs = [_native_leg(source, columns)]
        case "parquet":
            legs = read_within(source, describe, footers, within)
        case "csv":
            legs = read_csv(source)
        case "ndjson" | "json":
            legs = read_json(source, columns)
    return select_columns(legs, columns, source.files[0], native=source.native)


def select_columns(legs: Sequence[Leg], columns: Sequence[ScanColumn], place: str, *, native: bool = False) -> Scan:
    """`place` names the source in a message."""
    selects: list[str] = []
    checks: list[Check] = []
    for leg in legs:
        items: list[str] = []
        for column in columns:
            item, check = _select_column(leg, column, place, native)
            items.append(f"{item} AS {DUCKDB.quote_name(column.alias)}")
            checks += [check] if check is not None else []
        selects.append(f"SELECT {', '.join(items) or '1 AS _'} FROM {leg.reader}")  # noqa: S608 quoted above
    return Scan(" UNION ALL ".join(selects), tuple(checks))


def _select_column(leg: Leg, column: ScanColumn, place: str, native: bool) -> tuple[str, Check | None]:
    found = _find(leg, column.source)
    if found is None:
        return absent(column.type), None
    name, duckdb_type = found
    if not column.path and (instant := dict(leg.fixed).get(name)) is not None:
        return DUCKDB.print_literal(instant, Type.DATETIME), None
    if name in leg.full and duckdb_type == "VARCHAR" and column.type is Type.STRING:
        return DUCKDB.quote_name(name), None
    value, duckdb_type = field_of(DUCKDB.quote_name(name), duckdb_type, column.path, column.type)
    done = conversion(value, duckdb_type, column.type, native=native)
    if done is None:
        raise SourceError(
            f"the column '{column.place}' of '{place}' holds {duckdb_type}, which is no {column.type}",
            file=place,
            column=column.place,
        )
    if (name, column.type) in leg.safe:
        done = Conversion(done.plain)
    check = Check(leg.reader, column.place, value, column.type, done.offends) if done.offends else None
    return done.expression, check


def _find(leg: Leg, source: str | None) -> tuple[str, str] | None:
    """The column of this very name, else the one that differs in case only."""
    if source is None:
        return None
    alike = [pair for pair in leg.types if pair[0].casefold() == source.casefold()]
    return next((pair for pair in alike if pair[0] == source), alike[0] if alike else None)


def file_list(files: Iterable[str]) -> str:
    return "[" + ", ".join(DUCKDB.quote_text(_literal_path(file)) for file in files) + "]"


def _literal_path(file: str) -> str:
    """A path that DuckDB does not take for a pattern."""
    return re.sub(r"[\[*?]", lambda found: f"[{found[0]}]", file)


def refuse_case_twins(names: Iterable[str], source: FileSource) -> None:
    """DuckDB folds case and renames the second of `A` and `a` to `a_1`: two columns that cannot be told apart."""
    given = list(names)
    folded = {name.casefold() for name in given}
    for name in given:
        stem, _, number = name.rpartition("_")
        if number.isdigit() and stem.casefold() in folded and stem not in given:
            raise _twins(stem, source)


def refuse_partition_twins(names: Iterable[str], source: FileSource) -> None:
    """A folder's column that differs from a file's own in case only: DuckDB would read one for the other."""
    folders = {name.casefold(): name for name, _ in source.partitions}
    for name in names:
        if folders.get(name.casefold(), name) != name:
            raise _twins(name, source)


def _twins(name: str, source: FileSource) -> SourceError:
    place = source.files[0]
    return SourceError(
        f"'{place}' has columns that differ from '{name}' in case only; rename one of them", file=place, column=name
    )


def describe_with(connection: "duckdb.DuckDBPyConnection") -> Describe:
    def describe(item: str) -> list[tuple[str, str]]:
        rows = connection.execute(f"DESCRIBE SELECT * FROM {item}").fetchall()  # noqa: S608 a reader of ours
        return [(str(row[0]), str(row[1])) for row in rows]

    return describe
