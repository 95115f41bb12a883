"""The rows of one tabular statement, in the forms that callers want."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from bluetick.engines.protocol import Stream
from bluetick.execution.program import Program
from bluetick.execution.run import Execution
from bluetick.values import arrow_type, python_values, to_logical, to_physical

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

_SHOWN = 20


class Result:
    """A query's result. Rows arrive as they are read and are kept (as Arrow), so that every form may be asked for in
    turn; `batches` and what is `passing` keep nothing, for results larger than memory.

    Attributes:
        name: what the statement is called: PrimaryResult, or the name that a branch of fork was given.
        columns: (name, KQL type name) pairs in order; names are the user's and may differ only in case.
        visualization: what `render` asked for.
        versions: of each table that is read the version, None where it has none.
    """

    def __init__(self, program: Program, execution: Execution) -> None:
        columns = program.columns
        self.name = program.name
        self.columns: tuple[tuple[str, str], ...] = tuple((c.name, str(c.type)) for c in columns)
        self.visualization = dict(program.visualization)
        self.versions = {use.table: execution.catalog.version(use.table) for use in program.scans}
        self._types = tuple(c.type for c in columns)
        self._execution = execution
        self._arriving: Iterator[pa.RecordBatch] | None = self._physical_batches(execution.start(program))
        self._kept: list[pa.RecordBatch] = []

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Python values: str int float Decimal bool datetime(UTC) timedelta UUID dict/list None."""
        for batch in self._read():
            yield from self._python_rows(batch)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Arrow batches as they arrive, in physical types, kept nowhere. Once, and before any other form."""
        if self._arriving is None or self._kept:
            raise RuntimeError("batches() must be the first and only reading of a result")
        arriving, self._arriving = self._arriving, None
        yield from arriving

    def passing_rows(self) -> Iterator[tuple[Any, ...]]:
        """The values of `rows`, kept nowhere; like `batches`, once and before any other form."""
        for batch in self.batches():
            yield from self._python_rows(batch)

    def passing_tables(self, least_rows: int = 1) -> Iterator[pa.Table]:
        """The table of `to_arrow` in parts of so many rows or more, the last one aside, kept nowhere; at least one."""
        gathered: list[pa.RecordBatch] = []
        is_first = True
        for batch in self.batches():
            gathered.append(batch)
            if sum(one.num_rows for one in gathered) >= least_rows:
                yield self._table(gathered)
                gathered, is_first = [], False
        if gathered or is_first:
            yield self._table(gathered)

    def passing_head(self, most: int) -> tuple[list[tuple[Any, ...]], int]:
        """The first rows, and how many there are; the others are kept nowhere."""
        head: list[tuple[Any, ...]] = []
        total = 0
        for batch in self.batches():
            head += self._python_rows(batch.slice(0, most - len(head)))
            total += batch.num_rows
        return head, total

    def to_arrow(self) -> pa.Table:
        """An Arrow table: datetimes in UTC, timespans as durations, dynamics as JSON text."""
        return self._table(list(self._read()))

    def _table(self, batches: list[pa.RecordBatch]) -> pa.Table:
        names = [name for name, _ in self.columns]
        arrays = []
        for index, type_ in enumerate(self._types):
            chunks = [b.column(index) for b in batches] or [pa.array([], arrow_type(type_))]
            arrays.append(to_logical(pa.chunked_array(chunks), type_))
        return pa.Table.from_arrays(arrays, names=names)

    def to_pandas(self) -> "pd.DataFrame":
        """A pandas frame (needs pandas)."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> "pl.DataFrame":
        """A Polars frame (needs polars)."""
        import polars  # noqa: PLC0415 - heavy, and only this method needs it

        frame = polars.from_arrow(self.to_arrow())
        if not isinstance(frame, polars.DataFrame):
            raise TypeError("an Arrow table gives a frame")
        return frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        capsule: object = self.to_arrow().__arrow_c_stream__(requested_schema)  # type: ignore[no-untyped-call]
        return capsule

    def __len__(self) -> int:
        return sum(batch.num_rows for batch in self._read())

    def _repr_html_(self) -> str:
        from html import escape  # noqa: PLC0415 - only a notebook asks for this

        head = "".join(f"<th title='{t}'>{escape(n)}</th>" for n, t in self.columns)
        rows = list(islice(self.rows(), _SHOWN))
        body = "".join("<tr>" + "".join(f"<td>{escape(_cell(v))}</td>" for v in row) + "</tr>" for row in rows)
        more = f"<p>{len(self)} rows, the first {_SHOWN} shown</p>" if len(self) > _SHOWN else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"

    def cancel(self) -> None:
        """Stop the query, from any thread; a reader of its rows gets QueryCancelled."""
        self._execution.cancel()

    def close(self) -> None:
        """Release what an unread result holds."""
        self._arriving = None
        self._execution.close()

    def _read(self) -> Iterator[pa.RecordBatch]:
        """What has arrived, then what arrives."""
        yield from self._kept
        while self._arriving is not None:
            batch = next(self._arriving, None)
            if batch is None:
                self._arriving = None
                return
            self._kept.append(batch)
            yield batch

    def _physical_batches(self, stream: Stream) -> Iterator[pa.RecordBatch]:
        names = [f"c{i}" for i in range(len(self._types))]
        for batch in self._execution.drain(stream):
            columns: list[Any] = [to_physical(batch.column(i), t) for i, t in enumerate(self._types)]
            yield pa.RecordBatch.from_arrays(columns, names=names)

    def _python_rows(self, batch: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
        columns = [python_values(batch.column(i), t) for i, t in enumerate(self._types)]
        return zip(*columns, strict=True)


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
