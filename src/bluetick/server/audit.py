"""Who asked what: a line of JSON for each request that ran or was refused, and `BluetickAudit` made of them."""

import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa

AUDIT: Final = "BluetickAudit"
_FILE: Final = "audit.ndjson"
_MOST_BYTES: Final = 64 * 1024 * 1024
_MOST_TEXT: Final = 32 * 1024
_MEMORY_LINES: Final = 10_000

_TYPES: Final[Mapping[str, pa.DataType]] = {
    "TimeGenerated": pa.timestamp("us"),
    "Caller": pa.string(),
    "Operation": pa.string(),
    "Database": pa.string(),
    "Text": pa.string(),
    "Outcome": pa.string(),
    "Rows": pa.int64(),
    "DurationMs": pa.float64(),
    "ClientRequestId": pa.string(),
    "ActivityId": pa.string(),
    "Application": pa.string(),
}
_SCHEMA: Final = pa.schema([pa.field(name, type_) for name, type_ in _TYPES.items()])


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `outcome` is Completed, or the code of its error."""

    at: datetime
    caller: str
    operation: str
    database: str
    text: str
    outcome: str
    rows: int
    seconds: float
    client_request_id: str
    activity_id: str
    application: str

    def line(self) -> dict[str, Any]:
        return {
            "TimeGenerated": self.at.replace(tzinfo=None).isoformat(timespec="microseconds"),
            "Caller": self.caller,
            "Operation": self.operation,
            "Database": self.database,
            "Text": self.text[:_MOST_TEXT],
            "Outcome": self.outcome,
            "Rows": self.rows,
            "DurationMs": round(self.seconds * 1000, 3),
            "ClientRequestId": self.client_request_id,
            "ActivityId": self.activity_id,
            "Application": self.application,
        }


class AuditLog:
    """Lines in a file of the settings folder, which is put aside as `.1` when it is full; without a folder the last
    ones, in memory. A line that cannot be written fails its request: what is done is on record."""

    def __init__(self, folder: Path | None) -> None:
        self._file = None if folder is None else folder / _FILE
        self._lines: list[bytes] = []
        self._lock = threading.Lock()

    def write(self, entry: Entry) -> None:
        line = orjson.dumps(_clean(entry.line()))
        with self._lock:
            if self._file is None:
                self._lines.append(line)
                del self._lines[:-_MEMORY_LINES]
                return
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._file.exists() and self._file.stat().st_size >= _MOST_BYTES:
                self._file.replace(self._file.with_suffix(".ndjson.1"))
            handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, line + b"\n")
            finally:
                os.close(handle)

    def table(self) -> pa.Table:
        """All lines that are kept, in the order in which requests ended."""
        return pa.Table.from_pylist([_row(line) for line in self._all() if line.strip()], _SCHEMA)

    def _all(self) -> Iterator[bytes]:
        if self._file is None:
            yield from list(self._lines)
            return
        for file in (self._file.with_suffix(".ndjson.1"), self._file):
            if file.exists():
                yield from file.read_bytes().split(b"\n")


def _row(line: bytes) -> dict[str, Any]:
    """A line that a crash cut short is a row too."""
    try:
        row: dict[str, Any] = orjson.loads(line)
        return {**row, "TimeGenerated": datetime.fromisoformat(row["TimeGenerated"])}
    except (ValueError, KeyError, TypeError):
        return {"Text": line.decode("utf-8", "replace"), "Outcome": "Unreadable"}


def _clean(line: dict[str, Any]) -> dict[str, Any]:
    """A lone surrogate, which JSON text may bring and UTF-8 cannot hold, as '?'."""
    return {k: v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for k, v in line.items()}
