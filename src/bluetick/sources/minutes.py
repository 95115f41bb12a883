"""Flows as rows of VMConnection: one row for each minute in which a process talked to a peer."""

import base64
import json
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_MINUTE: Final = 60_000_000
MAX_MINUTES: Final = 7 * 24 * 60  # of one flow; a longer one ends there
MINUTES_TABLE: Final = "VMConnection"
HELD_MINUTES: Final = 5  # behind the newest flow of a block
MOST_AT_ONCE: Final = 50_000  # minutes that flows become rows of
MOST_HELD: Final = 100_000  # rows
_UNTIL: Final = "#until"
_TIME: Final = "TimeGenerated"
# What is summed over the flows of a row, and whether it belongs to the first or the last minute of its flow.
_FIRST: Final = ("LinksEstablished", "LinksFailed")
_LAST: Final = ("BytesSent", "BytesReceived", "Responses", "LinksTerminated")
_KEY: Final = (
    *("Computer", "Machine", "Direction", "ProcessName", "Process", "SourceIp", "DestinationIp", "DestinationPort"),
    *("Protocol", "RemoteIp"),
)


def minute_rows(flows: pa.Table, until: Any) -> pa.Table:
    """The minutes in which each flow was alive, one row a minute for flows alike in computer, process, ends, port and
    protocol. A flow's links count in its first minute, its bytes in its last; other columns are those of the first.

    `flows` has all columns of VMConnection, the start as TimeGenerated; `until` says when each ended (null: at once).
    """
    start, end = _span(flows, until)
    minutes = np.minimum(end - start + 1, MAX_MINUTES)
    flow = np.repeat(np.arange(len(minutes)), minutes)
    nth = np.arange(len(flow)) - np.repeat(np.cumsum(minutes) - minutes, minutes)
    rows = flows.take(flow)
    times = pa.array((start[flow] + nth) * _MINUTE, pa.timestamp("us", "UTC"))
    rows = rows.set_column(rows.column_names.index(_TIME), _TIME, times)
    rows = _only_where(rows, _FIRST, nth == 0)
    rows = _only_where(rows, _LAST, nth == np.repeat(minutes, minutes) - 1)
    return _merged(rows)


def _only_where(
    rows: pa.Table, columns: tuple[str, ...], where: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> pa.Table:
    """Sums that stand in one minute of a flow are 0 in its others; one that is not known is null in all."""
    mask = pa.array(where)
    for name in columns:
        if name in rows.column_names:
            column = rows.column(name)
            zero = pa.scalar(0, column.type)
            elsewhere = pc.if_else(pc.is_valid(column), zero, pa.scalar(None, column.type))
            rows = rows.set_column(rows.column_names.index(name), name, pc.if_else(mask, column, elsewhere))
    return rows


def _merged(rows: pa.Table) -> pa.Table:
    sums = [name for name in (*_FIRST, *_LAST) if name in rows.column_names]
    keys = [_TIME, *(name for name in _KEY if name in rows.column_names)]
    others = [name for name in rows.column_names if name not in (*sums, *keys)]
    grouped = rows.group_by(keys, use_threads=False).aggregate(
        [(name, "sum") for name in sums] + [(name, "first") for name in others]
    )
    suffixed = {**{f"{n}_sum": n for n in sums}, **{f"{n}_first": n for n in others}}
    named = grouped.rename_columns([suffixed.get(name, name) for name in grouped.column_names])
    return named.select(rows.column_names).cast(rows.schema)


def _micros(times: Any) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.asarray(times.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy(), np.int64)


class Minutes:
    """Minute rows over the blocks of an ingest: a minute that may still grow is held back, so that flows in order of
    time give the same rows in whatever blocks they come.

    Long flows wait as flows and become rows a part at a time: what `add`, `more` and `rest` give is bounded.
    `held` is what another held back at the point from which this one goes on.
    """

    def __init__(self, held: str = "") -> None:
        self._rows: pa.Table | None = None
        self._flows: pa.Table | None = None  # that wait, each with its end
        self._newest = 0  # start of a flow of the last block
        if held:
            self._rows, self._flows = (_read_table(text) if text else None for text in json.loads(held))

    @property
    def held(self) -> str:
        """The rows and the flows that are held back, as text; "" for none."""
        texts = [_table_text(table) for table in (self._rows, self._flows)]
        return json.dumps(texts) if any(texts) else ""

    def add(self, flows: pa.Table, until: Any) -> pa.Table:
        """Takes flows as `minute_rows` does; gives the rows of minutes that are over."""
        new = flows.append_column(_UNTIL, until.cast(pa.timestamp("us", "UTC")))
        self._flows = new if self._flows is None else pa.concat_tables([self._flows, new])
        self._newest = int(_micros(new.column(_TIME)).max())
        return self._over()

    def more(self) -> pa.Table | None:
        """Further rows of flows that were taken, as `add` gives them; None when no flow waits."""
        return self._over() if self._flows is not None and self._flows.num_rows else None

    def _over(self) -> pa.Table:
        rows = self._expanded()
        over = _micros(rows.column(_TIME)) < self._newest - HELD_MINUTES * _MINUTE
        if len(over) - int(over.sum()) > MOST_HELD:
            over[:] = True
        self._rows = rows.filter(pa.array(~over))
        return rows.filter(pa.array(over))

    def rest(self) -> pa.Table | None:
        """What was held back, or a part of it, which is let go; None when there is nothing any more."""
        if self._flows is not None and self._flows.num_rows:
            rows = self._expanded()
            self._rows = None
            return rows
        rest, self._rows, self._flows = self._rows, None, None
        return rest if rest is not None and rest.num_rows else None

    def _expanded(self) -> pa.Table:
        """The rows held back with those of the flows that have waited longest; others wait on."""
        assert self._flows is not None  # noqa: S101 - asked for where there are some
        count = _within_limit(self._flows)
        part, self._flows = self._flows.slice(0, count), self._flows.slice(count)
        rows = minute_rows(part.drop_columns([_UNTIL]), part.column(_UNTIL))
        return rows if self._rows is None else _merged(pa.concat_tables([self._rows, rows]))


def _within_limit(flows: pa.Table) -> int:
    """How many of the first flows are at most so many minutes together; one at least."""
    start, end = _span(flows, flows.column(_UNTIL))
    total = np.cumsum(np.minimum(end - start + 1, MAX_MINUTES))
    return max(int(np.searchsorted(total, MOST_AT_ONCE, side="right")), 1)


def _table_text(table: pa.Table | None) -> str:
    if table is None or not table.num_rows:
        return ""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return base64.b64encode(sink.getvalue()).decode("ascii")


def _read_table(text: str) -> pa.Table:
    return pa.ipc.open_stream(base64.b64decode(text)).read_all()


def _span(flows: pa.Table, until: Any) -> tuple[Any, Any]:
    """The first and the last minute of each flow, counted from 1970."""
    start = _micros(flows.column(_TIME)) // _MINUTE
    end = _micros(pc.coalesce(until.cast(pa.timestamp("us", "UTC")), flows.column(_TIME))) // _MINUTE
    return start, np.maximum(end, start)
