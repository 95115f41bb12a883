"""What a program would read, told before it runs: from the footers of Parquet files, the sizes of others.

Rows and bytes are those of the row groups that the engine cannot leave out by their statistics or by the folders in
which the files lie, and of the columns that the result depends on. A table that is read several times counts once.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from bluetick.diagnostics.errors import SourceError
from bluetick.engines.protocol import CatalogSource, FileSource
from bluetick.execution.catalog import Catalog, Table
from bluetick.execution.mappings import View
from bluetick.execution.program import Program, statements_of
from bluetick.lowering.flavour import Flavour
from bluetick.lowering.lowerer import ScanUse
from bluetick.plan.expressions import ColumnRef
from bluetick.plan.ranges import ScanRange, Span
from bluetick.sql.columns_read import columns_read
from bluetick.types import Type

if TYPE_CHECKING:
    from bluetick.lake.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class TableEstimate:
    """What is read of a table. `rows` None: known only when it is read; `files` and `groups` are (read, all).

    `is_guess`: the figure is the engine's own estimate of the whole table.
    """

    table: str
    columns: tuple[str, ...]
    rows: int | None
    bytes: int | None
    files: tuple[int, int] = (0, 0)
    groups: tuple[int, int] = (0, 0)
    is_guess: bool = False


SizeOf = Callable[[CatalogSource], int | None]


def estimate(
    programs: Sequence[Program], ranges: Sequence[ScanRange], catalog: Catalog, flavour: Flavour, size_of: SizeOf
) -> list[TableEstimate]:
    """What the programs of one query read of each table; nothing runs."""
    found = []
    for use in _wanted(programs):
        table = catalog.table(use.table)
        if table is None:
            raise SourceError(f"table '{use.table}' has no data in this session")
        spans = [dict(one.spans) for one in ranges if one.table == use.table] or [{}]
        columns = tuple(source for _, source, _ in use.columns)
        if table.view is not None:
            columns = _below(table.view, use, flavour)
            spans = [_spans_below(table.view, use, one, flavour) for one in spans]
        found.append(_estimate_table(table, columns, spans, size_of))
    return found


def lake_columns(programs: Sequence[Program], catalog: Catalog, flavour: Flavour) -> list[tuple[Path, tuple[str, ...]]]:
    """The folders of a lake's tables that the programs read, with the columns that their results depend on."""
    found = []
    for use in _wanted(programs):
        table = catalog.table(use.table)
        if table is not None and table.snapshot is not None:
            columns = tuple(dict.fromkeys(source for _, source, _ in use.columns))
            found.append((table.snapshot.folder, columns if table.view is None else _below(table.view, use, flavour)))
    return found


def _wanted(programs: Sequence[Program]) -> list[ScanUse]:
    """The tables of the catalog with the columns that are read of them, in the order of their faces."""
    found: dict[str, ScanUse] = {}
    for program in programs:
        needed: dict[str, set[str]] = {}
        for statement in [*(s for step in program.steps for s in statements_of(step)), program.result.statement]:
            for relation, names in columns_read(statement).items():
                needed.setdefault(relation, set()).update(names)
        for use in program.scans:
            if use.external is None and use.relation in needed:
                columns = tuple(column for column in use.columns if column[0] in needed[use.relation])
                earlier = found[use.table].columns if use.table in found else ()
                found[use.table] = replace(use, columns=tuple(dict.fromkeys((*earlier, *columns))))
    return list(found.values())


def _below(view: View, use: ScanUse, flavour: Flavour) -> tuple[str, ...]:
    """The columns and fields of its source that a view reads."""
    reading = view.reading(use, "source", flavour, (None, None))
    places = [".".join((column.source, *column.path)) for column in reading.columns if column.source is not None]
    return tuple(dict.fromkeys(places))


def _spans_below(view: View, use: ScanUse, spans: dict[str, Span], flavour: Flavour) -> dict[str, Span]:
    """The spans of those columns that the source has as they are."""
    found = {}
    for name, span in spans.items():
        if isinstance(view.values.get((name, Type.DATETIME)), ColumnRef):
            one = replace(use, columns=((name, name, Type.DATETIME),))
            found[_below(replace(view, where=None), one, flavour)[0]] = span
    return found


def _estimate_table(
    table: Table, columns: tuple[str, ...], spans: Sequence[dict[str, Span]], size_of: SizeOf
) -> TableEstimate:
    names = [column.name for column in table.nested] or [name for name, _ in table.columns]
    have = {name.casefold(): name for name in names}
    read = tuple(found for column in columns if (found := _stored(column, have)))
    match table.data:
        case FileSource(format="parquet"):
            return _estimate_parquet(table.name, table.data, read, spans)
        case FileSource(files=files):
            size = sum(os.stat(file).st_size for file in files)
            return TableEstimate(table.name, read, None, size, (len(files), len(files)))
        case CatalogSource():
            return TableEstimate(table.name, read, None, size_of(table.data), is_guess=True)
        case pa.Table():
            whole = {name for name in names for column in read if column == name or column.startswith(f"{name}.")}
            return TableEstimate(table.name, read, table.data.num_rows, table.data.select(list(whole)).nbytes)
        case _:
            kept = FileSource(_kept_by_log(table.data, spans), "parquet")
            of_kept = _estimate_parquet(table.name, kept, read, spans)
            return replace(of_kept, files=(of_kept.files[0], len(table.data.files)))


def _kept_by_log(snapshot: "Snapshot", spans: Sequence[dict[str, Span]]) -> tuple[str, ...]:
    """The files of a lake's table that its log does not rule out."""
    found: dict[str, None] = {}
    for one in spans:
        kept = [set(snapshot.within(column, span.low, span.high).files) for column, span in one.items()]
        found |= dict.fromkeys(file for file in snapshot.files if all(file in files for files in kept))
    return tuple(found)


def _stored(column: str, have: Mapping[str, str]) -> str:
    """A column or field as the data names it; empty where the data has none."""
    if column.casefold() in have:
        return have[column.casefold()]
    root, _, rest = column.partition(".")
    return f"{have[root.casefold()]}.{rest}" if rest and root.casefold() in have else ""


# --- Parquet ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Sum:
    rows: int = 0
    bytes: int = 0
    files: int = 0
    groups: int = 0
    all_groups: int = 0


def _estimate_parquet(
    name: str, source: FileSource, columns: tuple[str, ...], spans: Sequence[dict[str, Span]]
) -> TableEstimate:
    total = _Sum()
    partitions = {key for key, _ in source.partitions}
    stored = tuple(column for column in columns if column not in partitions)
    for file in source.files:
        _add_file(total, file, stored, [one for one in spans if _may_hold(file, partitions, one)])
    counts = (total.files, len(source.files)), (total.groups, total.all_groups)
    return TableEstimate(name, columns, total.rows, total.bytes, *counts)


def _may_hold(file: str, partitions: set[str], spans: dict[str, Span]) -> bool:
    """Whether the folders of a file allow rows in the spans."""
    values = {unquote(key): unquote(value) for key, _, value in (p.partition("=") for p in file.split(os.sep))}
    for column, span in spans.items():
        if column in partitions:
            day = _day(values.get(column))
            if day is not None and not span.meets(day, day):
                return False
    return True


def _add_file(total: _Sum, file: str, columns: Sequence[str], spans: Sequence[dict[str, Span]]) -> None:
    metadata = _metadata(file)
    leaves = _leaves(metadata)
    wanted = [i for column in columns for i in _places(leaves, column)]
    total.all_groups += metadata.num_row_groups
    is_read = False
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        if not any(_meets(group, leaves, one) for one in spans):
            continue
        is_read = True
        total.groups += 1
        total.rows += group.num_rows
        total.bytes += sum(group.column(i).total_compressed_size for i in wanted)
    total.files += is_read


def _metadata(file: str) -> Any:
    try:
        return pq.read_metadata(file)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"'{file}': its footer cannot be read", file=file) from error


def _leaves(metadata: Any) -> list[str]:
    return [metadata.schema.column(i).path for i in range(metadata.num_columns)]


def _places(leaves: Sequence[str], column: str) -> Iterator[int]:
    """The leaves of a column or field; a nested one has several."""
    name = column.casefold()
    return (i for i, leaf in enumerate(leaves) if leaf.casefold() == name or leaf.casefold().startswith(f"{name}."))


def _meets(group: Any, leaves: Sequence[str], spans: dict[str, Span]) -> bool:
    """Whether the statistics of a row group allow a row in all the spans."""
    for column, span in spans.items():
        places = [i for i in _places(leaves, column) if leaves[i].casefold() == column.casefold()]
        ends = _ends(group.column(places[0]).statistics) if places else None
        if ends is not None and not span.meets(*ends):
            return False
    return True


def _ends(statistics: Any) -> tuple[datetime, datetime] | None:
    """The least and the greatest instant of a row group; None where that is not told, as for times in a text."""
    if statistics is None or not statistics.has_min_max:
        return None
    try:
        least, most = statistics.min, statistics.max
    except ValueError:  # nanoseconds that Python has no value for
        return None
    if not isinstance(least, date) or not isinstance(most, date):
        return None
    return _utc(least), _utc(most)


def _utc(value: date) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _day(value: str | None) -> datetime | None:
    """The text of a folder as an instant; None for one that is none."""
    try:
        return None if value is None else _utc(datetime.fromisoformat(value))
    except ValueError:
        return None
