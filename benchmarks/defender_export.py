"""A Defender export to measure an ingest with: simulated events as the streaming API writes them."""

import json
import shutil
import tempfile
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from bluetick.simulation import simulate

END = datetime(2026, 6, 18, 12, tzinfo=UTC)
MOST_SIMULATED = 300_000  # a larger file is made of these, again and again with another port


# What a rule on connections asks for.
LEAN = frozenset(
    (
        *("Timestamp", "DeviceId", "DeviceName", "ActionType", "RemoteIP", "RemotePort", "RemoteUrl", "LocalIP"),
        *("LocalPort", "Protocol", "RemoteIPType", "InitiatingProcessFileName", "InitiatingProcessSHA256"),
        *("InitiatingProcessId", "InitiatingProcessCreationTime", "ReportId"),
    )
)


def write_export(path: Path, events: int, columns: Collection[str] = ()) -> int:
    """Writes about so many events of DeviceNetworkEvents, one JSON object a line, of all columns or of these; gives
    their number."""
    with tempfile.TemporaryDirectory(prefix="bluetick-bench-") as folder:
        simulate(Path(folder), end=END, rows=min(events, MOST_SIMULATED), days=3, devices=200)
        first = path.with_name(path.name + ".part")
        with first.open("w", encoding="utf-8") as out:
            count = sum(out.write(line) > 0 for line in _lines(Path(folder) / "DeviceNetworkEvents", columns))
    times = max(1, round(events / count))
    with path.open("wb") as out, first.open("rb") as source:
        for _ in range(times):
            source.seek(0)
            shutil.copyfileobj(source, out, 1 << 20)
    first.unlink()
    return count * times


def _lines(folder: Path, columns: Collection[str]) -> Iterator[str]:
    for batch in ds.dataset(folder, format="parquet").to_batches():
        for row in batch.to_pylist():
            event = {name: _told(value) for name, value in row.items() if not columns or name in columns}
            outer = {
                "time": event["Timestamp"],
                "tenantId": "11111111-2222-3333-4444-555555555555",
                "operationName": "Publish",
                "category": "AdvancedHunting-DeviceNetworkEvents",
                "properties": event,
            }
            yield json.dumps(outer, separators=(",", ":")) + "\n"


def _told(value: Any) -> Any:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z" if isinstance(value, datetime) else value
