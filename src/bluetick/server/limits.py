"""How much of a result goes out: by Kusto's limits, which are errors, and a caller's `query_take_max_records`.

https://learn.microsoft.com/kusto/concepts/query-limits
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from bluetick.diagnostics.errors import Limit, LimitError
from bluetick.server.cells import RowWriter, dump
from bluetick.server.executor import Answer

MOST_ROWS = 500_000
MOST_BYTES = 64 * 1024 * 1024
TOO_LARGE = "E_QUERY_RESULT_SET_TOO_LARGE"


@dataclass(frozen=True, slots=True)
class ResultLimits:
    """Of each table of a result: `rows` and `bytes` (of the rows' JSON text, without the commas between them), beyond
    which it is an error; None: any. `take` rows are given of each, the others are left out in silence, because the
    caller said so."""

    rows: int | None = MOST_ROWS
    bytes: int | None = MOST_BYTES
    take: int | None = None


@dataclass(slots=True)
class Counted:
    """What went out of one table."""

    rows: int = 0
    bytes: int = 0


class LimitedRows:
    """An answer's rows as text under limits, table by table. `tables` counts what went out."""

    def __init__(self, answer: Answer, writers: list[RowWriter], limits: ResultLimits) -> None:
        self._answer = answer
        self._writers = writers
        self._limits = limits
        self.tables = [Counted() for _ in writers]

    @property
    def row_count(self) -> int:
        return sum(one.rows for one in self.tables)

    async def chunks(self) -> AsyncIterator[tuple[int, bytes]]:
        """(index of the table, text of some rows). Ends in the LimitError of a limit, after the last row within it."""
        async for index, batch in self._answer.batches():
            for rows in self._writers[index].rows(batch):
                for text in self._within(self.tables[index], rows):
                    yield index, text
                await asyncio.sleep(0)  # a batch has many such parts, and others have their turn between two

    def _within(self, table: Counted, rows: list[object]) -> Iterator[bytes]:
        if self._limits.take is not None:
            rows = rows[: max(self._limits.take - table.rows, 0)]
        room = len(rows) if self._limits.rows is None else max(self._limits.rows - table.rows, 0)
        if rows[:room]:
            yield from self._sized(table, rows[:room])
        if len(rows) > room:
            raise too_many_rows(self._limits.rows or 0)

    def _sized(self, table: Counted, rows: list[object]) -> Iterator[bytes]:
        text = dump(rows)
        size = len(text) - (len(rows) - 1)
        if self._limits.bytes is None or table.bytes + size <= self._limits.bytes:
            table.rows += len(rows)
            table.bytes += size
            yield text
            return
        if len(rows) == 1:
            raise too_many_bytes(self._limits.bytes)
        for row in rows:
            yield from self._sized(table, [row])


def too_many_rows(most: int) -> LimitError:
    words = f"Query result set has exceeded the internal record count limit {most} ({TOO_LARGE})."
    return LimitError(f"{words} See https://aka.ms/kustoquerylimits", Limit.RESULT)


def too_many_bytes(most: int) -> LimitError:
    words = f"Query result set has exceeded the internal data size limit {most} ({TOO_LARGE})."
    return LimitError(f"{words} See https://aka.ms/kustoquerylimits", Limit.RESULT)
