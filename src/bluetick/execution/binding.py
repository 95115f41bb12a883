"""A table's data for an engine, under the name and with the columns that a program wants."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import pyarrow as pa

from bluetick.engines.protocol import CatalogSource, FileSource, Run, ScanColumn, TimeRange
from bluetick.execution.catalog import PlainData, Table
from bluetick.lowering.lowerer import ScanUse
from bluetick.plan.ranges import Span
from bluetick.sql.tree import Statement

Render: TypeAlias = Callable[[Statement], str]


_ALL = Span()


@dataclass(frozen=True, slots=True)
class Times:
    """The rows of a table that count: those whose `column` lies in the span. `is_alone`: nothing else is asked of the
    column."""

    column: str | None = None
    span: Span = _ALL
    is_alone: bool = False

    @property
    def within(self) -> TimeRange | None:
        """The same for an engine; None: all rows."""
        if self.column is None or self.span == _ALL:
            return None
        return TimeRange(self.column, self.span.low, self.span.high, self.is_alone)


def bind_rows(run: Run, table: Table, use: ScanUse, times: Times, render: Render) -> None:
    """The rows of a table without a view, under the name that `use` has for it; of a lake's table only the files that
    may have rows of the span."""
    have = table.column_names
    columns = [ScanColumn(alias, source if source in have else None, type_) for alias, source, type_ in use.columns]
    bind_columns(run, table, (use.relation, columns), times, render)


def bind_columns(run: Run, table: Table, wanted: tuple[str, list[ScanColumn]], times: Times, render: Render) -> None:
    """The same by the relation's name and its columns. Of what is no lake's table all files are given: the engine finds
    out which it needs for the times."""
    if isinstance(table.data, FileSource | CatalogSource | pa.Table):
        bind_data(run, *wanted, table.data, times.within)
    else:
        from bluetick.execution.lake_scan import LakeScan, bind_snapshot  # noqa: PLC0415 - for a lake's tables

        bind_snapshot(run, table.data, LakeScan(*wanted, times), render)


def _under_aliases(data: pa.Table, columns: list[ScanColumn]) -> tuple[pa.Table, list[ScanColumn]]:
    """The wanted columns under their aliases: engines fold case, and an Arrow table may have both `A` and `a`."""
    present = {c.alias: data.column(c.source) for c in columns if c.source is not None}
    if not present:
        return data, columns
    renamed = [replace(c, source=None if c.source is None else c.alias) for c in columns]
    return pa.table(present), renamed


def bind_data(
    run: Run, relation: str, columns: list[ScanColumn], data: PlainData, within: TimeRange | None = None
) -> None:
    match data:
        case FileSource():
            run.bind_files(relation, data, columns, within)
        case CatalogSource():
            run.bind_catalog(relation, data, columns)
        case _:
            run.bind_arrow(relation, *_under_aliases(data, columns))
