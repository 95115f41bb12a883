"""A lake's table for an engine: the files of the times that a query can see, and what their rows have by partition."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from bluetick.diagnostics.errors import SourceError
from bluetick.engines.protocol import FileSource, Run, ScanColumn
from bluetick.execution.binding import Times
from bluetick.sql import tree as sql
from bluetick.types import Type

if TYPE_CHECKING:
    from bluetick.lake.snapshot import FileGroup, Selection, Snapshot

# Rows are counted though none of a file's columns is wanted.
_NOTHING: Final = ScanColumn("nothing", None, Type.LONG)


@dataclass(frozen=True, slots=True)
class LakeScan:
    """What a query wants: columns under the name of a relation, of the rows that count."""

    relation: str
    columns: list[ScanColumn]
    times: Times


def bind_snapshot(run: Run, snapshot: "Snapshot", scan: LakeScan, render: Callable[[sql.Statement], str]) -> None:
    """Makes a table's version readable as a relation."""
    found = snapshot.within(scan.times.column, scan.times.span.low, scan.times.span.high)
    if not found.files:
        absent = [ScanColumn(column.alias, None, column.type) for column in scan.columns]
        rows = pa.schema([pa.field("nothing", pa.int64())]).empty_table()
        run.bind_arrow(scan.relation, rows, absent or [_NOTHING])
        return
    wanted = {column.source for column in scan.columns}
    groups = found.parted_by(name for name in snapshot.partitions if name in wanted)
    if len(groups) == 1 and not groups[0].values:
        files = FileSource(groups[0].files, "parquet", uniform=found.uniform)
        run.bind_files(scan.relation, files, scan.columns, scan.times.within)
        return
    selects = [_bind_group(run, group, number, scan, found) for number, group in enumerate(groups)]
    run.bind_view(scan.relation, render(sql.Statement((), sql.UnionAll(tuple(selects)))))


def _bind_group(run: Run, group: "FileGroup", number: int, scan: LakeScan, found: "Selection") -> sql.Select:
    """Binds the files of one partition, and gives the select that adds to their rows what they share."""
    values = dict(group.values)
    own = [column for column in scan.columns if column.source not in values]
    relation = f"{scan.relation}_part_{number}"
    files = FileSource(group.files, "parquet", uniform=found.uniform)
    run.bind_files(relation, files, own or [_NOTHING], scan.times.within)
    items: list[tuple[str, sql.Expr]] = []
    for column in scan.columns:
        value: sql.Expr = sql.Column(column.alias)
        if column.source is not None and column.source in values:
            value = constant(values[column.source], column, group.files[0])
        items.append((column.alias, value))
    return sql.Select(tuple(items), sql.RelationRef(relation))


def constant(value: Any, column: ScanColumn, file: str) -> sql.Expr:
    """A partition's value as one of the column's type; one that does not fit is a SourceError."""
    if value is None or (value == "" and column.type is not Type.STRING):
        return sql.Cast(sql.Literal("" if column.type is Type.STRING else None, column.type), column.type)
    try:
        return sql.Cast(sql.Literal(_READ[column.type](value), column.type), column.type)
    except (ValueError, KeyError, ArithmeticError, TypeError) as error:
        name = column.source or column.alias
        message = f"'{file}': the value '{value}' of the partition column '{name}' is no {column.type}"
        raise SourceError(message, file, name, str(value)) from error


def _text(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            return _instant(value).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
        case date():
            return f"{value.isoformat()}T00:00:00.0000000Z"
        case bytes():
            return value.decode("utf-8")
        case _:
            return str(value)


def _instant(value: Any) -> datetime:
    match value:
        case datetime():
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        case date():
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        case _:
            return _instant(datetime.fromisoformat(str(value)))


def _flag(value: Any) -> bool:
    return {"true": True, "false": False, "1": True, "0": False}[str(value).lower()]


def _json(value: Any) -> str:
    return json.dumps(value if isinstance(value, bool | int | float | str) else _text(value), ensure_ascii=False)


_READ: Final[dict[Type, Callable[[Any], Any]]] = {
    Type.BOOL: _flag,
    Type.INT: lambda value: int(str(value)),
    Type.LONG: lambda value: int(str(value)),
    Type.REAL: float,
    Type.DECIMAL: lambda value: Decimal(str(value)),
    Type.STRING: _text,
    Type.DATETIME: _instant,
    Type.TIMESPAN: lambda value: int(str(value)),
    Type.DYNAMIC: _json,
}
