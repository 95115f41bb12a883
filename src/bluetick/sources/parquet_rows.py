"""Rows of a Parquet file as records: each row as the JSON object that its columns spell."""

import base64
import io
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from bluetick.sources.blocks import Gathering, Reading
from bluetick.sources.records import Records
from bluetick.sources.streams import ByteStream

PARQUET_MAGIC: Final = b"PAR1"
_ROWS: Final = 8_192
_OPTIONS: Final = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME  # the form is ours
# A year that Python does not know, a zone that nobody does, bytes that are no text.
_NO_VALUES: Final = (pa.ArrowException, ValueError, OverflowError, LookupError)
_PACKED_BYTES: Final = 256 << 20


def read_parquet_rows(stream: ByteStream, reading: Reading) -> Iterator[Records]:
    """Each row as a record. Its text stands for its bytes, which lie apart in the file: offsets count over the texts.
    A damaged file is one faulty record."""
    gathering, end = Gathering(reading), 0
    for raw, fault in _rows(stream):
        end += len(raw) + 1
        if end <= reading.start:
            continue
        gathering.add(raw, None if fault else raw.decode("utf-8"), end, fault)
        if gathering.is_full:
            yield gathering.take()
    if len(gathering):
        yield gathering.take()


def _rows(stream: ByteStream) -> Iterator[tuple[bytes, str]]:
    try:
        file = pq.ParquetFile(_seekable(stream))
        names = file.schema_arrow.names
        twin = next((name for name in names if names.count(name) > 1), None)
        if twin is not None:
            raise ValueError(f"two columns are called '{twin}'")
        for batch in file.iter_batches(_ROWS):
            try:
                rows = [(row, "") for row in batch.to_pylist()]
            except _NO_VALUES:
                rows = [_row(batch, place) for place in range(batch.num_rows)]
            for row, fault in rows:
                told = {name: _finite(value) for name, value in row.items() if value is not None}
                yield orjson.dumps(told, default=_plain, option=_OPTIONS), fault
    except (pa.ArrowException, OSError, ValueError) as error:
        yield b"", f"a damaged Parquet file: {str(error).splitlines()[0]}"


def _row(batch: pa.RecordBatch, place: int) -> tuple[dict[str, Any], str]:
    """A row of a batch in which some value cannot be told, and which one, where it is in this row: beside the others
    stands what is stored of it, a time as its number."""
    row: dict[str, Any] = {}
    fault = ""
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        value: Any = column[place]
        try:
            row[name] = value.as_py()
        except _NO_VALUES:
            fault = f"the value of '{name}' cannot be read"
            if isinstance(value, pa.TimestampScalar):
                row[name] = value.value
            elif isinstance(value, pa.StringScalar | pa.LargeStringScalar):
                row[name] = value.as_buffer().to_pybytes()
    return row, fault


def _seekable(stream: ByteStream) -> Any:
    """The file itself; what is packed is read whole, up to a limit."""
    if stream.is_growable:
        return Path(stream.name)
    with stream.open_at(0) as whole:
        data = whole.read(_PACKED_BYTES + 1)
    if len(data) > _PACKED_BYTES:
        raise ValueError(f"larger than {_PACKED_BYTES} bytes inside of an archive: unpack it first")
    return io.BytesIO(data)


def _finite(value: Any) -> Any:
    """NaN and its like as text, which no column of numbers takes: JSON has no form for them."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: Any) -> Any:
    """What JSON has no form for, as text."""
    match value:
        case datetime():
            moment = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
            return moment.isoformat() + "Z"
        case date() | Decimal():
            return str(value)
        case timedelta():
            return value // timedelta(microseconds=1)
        case bytes():
            return base64.b64encode(value).decode("ascii")
    return str(value)
