"""Blocks of records, as the containers would give them, and the rows that came of several blocks."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from bluetick.sources.records import Normalised, Records

Row = dict[str, Any]


def block_of(records: Sequence[dict[str, Any] | bytes], number: int = 1) -> Records:
    """A block of JSON lines; bytes are a line as they are."""
    raw = [record if isinstance(record, bytes) else json.dumps(record).encode() for record in records]
    ends = [0]
    for line in raw:
        ends.append(ends[-1] + len(line) + 1)
    lines = pa.array(raw, pa.large_binary())
    texts: Any = lines.cast(pa.large_string())
    return Records(number, lines, texts, pa.array(ends, pa.int64()))


def rows_of(parts: Iterable[Normalised], table: str) -> list[Row]:
    """The rows of a table over several blocks."""
    return [row for part in parts if table in part.tables for row in part.tables[table].to_pylist()]
