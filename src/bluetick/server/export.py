"""A query's rows as a file to keep: CSV, JSON, lines of JSON, Parquet. The file is whole or there is none: it is made
before the answer begins, on the disk where it is large."""

import asyncio
import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import IO, Any, Final, TypeAlias

import orjson
import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bluetick.diagnostics.errors import Limit, LimitError
from bluetick.server.access import Right
from bluetick.server.cells import KUSTO, LOG_ANALYTICS, Encoder, RowWriter
from bluetick.server.errors import Asked, bad_request
from bluetick.server.executor import Answer, TableHead
from bluetick.server.kusto import to_request
from bluetick.server.properties import QUERY_SECONDS, read_properties
from bluetick.server.reading import Forms, unless_gone
from bluetick.server.requests import answered, json_body, text_of
from bluetick.server.service import Call, Service
from bluetick.types import Type
from bluetick.values import arrow_type, to_logical

MOST_FILE: Final = 1 << 30  # where a query lifts the limits of results
_IN_MEMORY: Final = 4 << 20
_PART: Final = 1 << 18
_GROUP_ROWS: Final = 131_072
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Rows: TypeAlias = list[list[Any]]
File: TypeAlias = IO[bytes]


def export_routes(service: Service) -> list[Route]:
    return [Route("/api/export", answered(partial(_export, service)), methods=["POST"])]


async def _export(service: Service, request: Request, asked: Asked) -> Response:
    caller = service.caller(request, Right.READ)
    body = await json_body(request)
    call = service.call(request, caller, asked, "Export", text_of(body, "query"))
    kind = body.get("format")
    form = FORMATS.get(kind) if isinstance(kind, str) else None
    if form is None:
        raise bad_request(f"'format' must be one of {', '.join(FORMATS)}")
    is_guarded = body.get("guard", True)
    if not isinstance(is_guarded, bool):
        raise bad_request("'guard' must be true or false")
    properties = {"Options": _scope(body.get("timespan"))}
    file: File = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - it is sent after this returns
    try:
        with closing(form.made(file, is_guarded)) as sink:
            await _write(service, request, call, properties, sink)
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    name = f"bluetick-{asked.at:%Y%m%dT%H%M%SZ}.{form.suffix}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "content-length": str(size)}
    return StreamingResponse(_parts(file), media_type=form.media, headers=headers)


def _scope(given: Any) -> dict[str, Any]:
    """Which rows of each table are read, as the option of a query's properties that says it."""
    if given is None:
        return {}
    if not isinstance(given, dict) or not set(given) <= {"from", "to"}:
        raise bad_request("'timespan' must be an object with 'from' and 'to'")
    return {f"query_datetimescope_{end}": moment for end, moment in given.items() if moment is not None}


async def _write(service: Service, request: Request, call: Call, given: Any, sink: "_Sink") -> None:
    properties = await asyncio.to_thread(read_properties, given, call.text, QUERY_SECONDS)
    query = to_request(call.text, properties)
    reading = await service.run(request, call, query, properties.limits, _Into(sink=sink))
    try:
        if len(reading.heads) != 1:
            reading.error = bad_request(f"the query gives {len(reading.heads)} results; a file holds one")
        else:
            await unless_gone(request, _drained(reading.tables()))
        if reading.error is None:
            await asyncio.to_thread(sink.end)
    finally:
        await reading.close()
    if reading.error is not None:
        raise reading.error


async def _drained(parts: Any) -> None:
    async for _ in parts:
        pass


def _parts(file: File) -> Iterator[bytes]:
    with file:
        while part := file.read(_PART):
            yield part


class _Sink:
    """Where the rows of the one result go on their way past the limits' count. `cells` is their form."""

    cells: Mapping[Type, Encoder] = KUSTO

    def __init__(self, file: File, is_guarded: bool) -> None:
        self._file = file
        self._is_guarded = is_guarded

    def begin(self, head: TableHead) -> None:
        """The columns."""

    def batch(self, batch: pa.RecordBatch) -> None:
        """Rows in physical types."""

    def rows(self, rows: Rows) -> None:
        """The same rows as cells, in parts."""

    def end(self) -> None:
        """All rows were given. Called in a thread."""

    def close(self) -> None:
        """Whatever happened, nothing more comes."""

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        _check_size(self._file)


def _check_size(file: File) -> None:
    if file.tell() > MOST_FILE:
        raise LimitError(f"the file would have more than {MOST_FILE >> 20} MB", Limit.RESULT)


class _Csv(_Sink):
    """As RFC 4180 has it: a line of names, then the rows. (Lines end in both characters, so that either is quoted in a
    cell.) A text that a spreadsheet would take for a formula gets an apostrophe before it."""

    cells = LOG_ANALYTICS

    def begin(self, head: TableHead) -> None:
        types = [Type(type_) for _, type_ in head.columns]
        self._dynamic = [place for place, type_ in enumerate(types) if type_ is Type.DYNAMIC]
        self._texts = [place for place, type_ in enumerate(types) if type_ in (Type.STRING, Type.DYNAMIC)]
        self._flags = [place for place, type_ in enumerate(types) if type_ is Type.BOOL]
        self._lines([[self._safe(name) for name, _ in head.columns]])

    def rows(self, rows: Rows) -> None:
        self._lines([self._row(list(row)) for row in rows])

    def _lines(self, rows: Rows) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows(rows)
        self._write(text.getvalue().encode("utf-8"))

    def _row(self, row: list[Any]) -> list[Any]:
        for place in self._flags:
            row[place] = None if row[place] is None else str(row[place]).lower()
        for place in self._dynamic:
            row[place] = _plain(row[place])
        for place in self._texts:
            row[place] = self._safe(row[place])
        return row

    def _safe(self, value: str | None) -> str | None:
        return f"'{value}" if self._is_guarded and value is not None and value.startswith(_FORMULA) else value


def _plain(text: str | None) -> str | None:
    """A dynamic value as its JSON; one that is a text as that text."""
    if text is None or not text.startswith('"'):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) and _is_writable(value) else text


def _is_writable(value: str) -> bool:
    """Half of a surrogate pair, which JSON can spell, is no character of a file."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


class _Lines(_Sink):
    """An object a line."""

    opening, comma, ending = b"", b"\n", b""

    def begin(self, head: TableHead) -> None:
        self._names = [name for name, _ in head.columns]
        self._is_first = True
        self._write(self.opening)

    def rows(self, rows: Rows) -> None:
        for row in rows:
            before = b"" if self._is_first else self.comma
            self._write(before + orjson.dumps(dict(zip(self._names, row, strict=True))))
            self._is_first = False

    def end(self) -> None:
        self._write((b"" if self._is_first else b"\n") + self.ending)


class _Array(_Lines):
    """An array of objects, one a line."""

    opening, comma, ending = b"[\n", b",\n", b"]\n"


class _Parquet(_Sink):
    """Batches wait in Arrow's own form, which costs little, and are packed when all of them are there."""

    def __init__(self, file: File, is_guarded: bool) -> None:
        super().__init__(file, is_guarded)
        self._waiting: Any = tempfile.TemporaryFile()  # noqa: SIM115 - `close` closes it
        self._writer: pa.ipc.RecordBatchStreamWriter | None = None
        self._columns: list[tuple[str, Type]] = []

    def begin(self, head: TableHead) -> None:
        self._columns = [(name, Type(type_)) for name, type_ in head.columns]

    def batch(self, batch: pa.RecordBatch) -> None:
        if self._writer is None:
            self._writer = pa.ipc.new_stream(self._waiting, batch.schema)
        self._writer.write_batch(batch)
        _check_size(self._waiting)

    def end(self) -> None:
        import pyarrow.parquet as pq  # noqa: PLC0415 - only this form needs it

        tables = self._tables()
        first = next(tables)
        with pq.ParquetWriter(self._file, first.schema, compression="zstd") as writer:
            for table in chain((first,), tables):
                writer.write_table(table)

    def close(self) -> None:
        self._waiting.close()

    def _tables(self) -> Iterator[pa.Table]:
        """One for each group of rows; at least one, be it without rows."""
        if self._writer is None:
            yield self._table([])
            return
        self._writer.close()
        self._waiting.seek(0)
        with pa.ipc.open_stream(self._waiting) as reader:
            gathered: list[pa.RecordBatch] = []
            for batch in reader:
                gathered.append(batch)
                if sum(one.num_rows for one in gathered) >= _GROUP_ROWS:
                    yield self._table(gathered)
                    gathered = []
            if gathered:
                yield self._table(gathered)

    def _table(self, batches: list[pa.RecordBatch]) -> pa.Table:
        arrays = []
        for place, (_, type_) in enumerate(self._columns):
            chunks = [batch.column(place) for batch in batches] or [pa.array([], arrow_type(type_))]
            arrays.append(to_logical(pa.chunked_array(chunks), type_))
        return pa.Table.from_arrays(arrays, names=[name for name, _ in self._columns])


@dataclass(frozen=True, slots=True)
class Format:
    """How files of a form end and are called; what writes one, given the file and whether formulas are guarded."""

    suffix: str
    media: str
    made: Callable[[File, bool], _Sink]


FORMATS: Final[Mapping[str, Format]] = {
    "csv": Format("csv", "text/csv; charset=utf-8", _Csv),
    "json": Format("json", "application/json", _Array),
    "ndjson": Format("ndjson", "application/x-ndjson", _Lines),
    "parquet": Format("parquet", "application/vnd.apache.parquet", _Parquet),
}


class _Tee(RowWriter):
    """Rows are counted as those of any query, and go to the sink on the way."""

    def __init__(self, head: TableHead, sink: _Sink) -> None:
        super().__init__(head.columns, sink.cells)
        sink.begin(head)
        self._sink = sink

    def rows(self, batch: pa.RecordBatch) -> Iterator[list[Any]]:
        self._sink.batch(batch)
        for rows in super().rows(batch):
            self._sink.rows(rows)
            yield rows


@dataclass(frozen=True, slots=True)
class _Into(Forms):
    sink: _Sink | None = None

    def writers(self, answer: Answer) -> list[RowWriter]:
        """Several results go nowhere: they are refused."""
        if self.sink is None or len(answer.heads) != 1:
            return Forms.writers(self, answer)
        return [_Tee(head, self.sink) for head in answer.heads]
