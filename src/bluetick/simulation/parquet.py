"""Writing one day of one table: row groups of one size, made one at a time so that memory stays bounded."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bluetick.simulation.columns import Column

ROW_GROUP = 122_880
# A dictionary larger than this is written row by row; it holds the texts of some thousand machines.
_DICTIONARY_BYTES = 16 << 20
# Rising or random numbers, where a dictionary would only cost.
_DELTA = {"Timestamp", "TimeGenerated", "ReportId"}
_PLAIN = {"ConnectionId", "LocalPort", "BytesSent", "BytesReceived", "ResponseTimeSum"}


@dataclass(frozen=True, slots=True)
class Written:
    """One file, as it lies on the disk."""

    path: Path
    rows: int
    bytes: int


def write_day(path: Path, schema: pa.Schema, rows: int, columns_of: Callable[[int, int], dict[str, Column]]) -> Written:
    """Write `rows` rows; `columns_of(first, last)` gives the columns of a half-open range of rows."""
    present = set(schema.names)
    with pq.ParquetWriter(
        path,
        _as_given(schema),
        compression="zstd",
        compression_level=1,
        use_dictionary=sorted(present - _DELTA - _PLAIN),  # type: ignore[arg-type]  # the stubs know bool only
        column_encoding={name: "DELTA_BINARY_PACKED" for name in sorted(_DELTA & present)},
        dictionary_pagesize_limit=_DICTIONARY_BYTES,
        store_schema=False,
    ) as writer:
        for first in range(0, rows, ROW_GROUP):
            columns = columns_of(first, min(first + ROW_GROUP, rows))
            writer.write_table(
                pa.Table.from_arrays([columns[name] for name in schema.names], schema=_as_given(schema)),
                row_group_size=ROW_GROUP,
            )
    return Written(path, rows, path.stat().st_size)


def _as_given(schema: pa.Schema) -> pa.Schema:
    """The schema with repeated text as dictionaries; the file itself holds plain strings."""
    coded = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [
            pa.field(field.name, coded if field.type == pa.string() and field.name not in _PLAIN else field.type)
            for field in schema
        ]
    )
