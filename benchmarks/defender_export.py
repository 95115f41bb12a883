"""A Defender export to measure an ingest with: simulated events as the streaming API writes them."""

import json
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from bluetick.simulation import simulate

END = datetime(2026, 6, 18, 12, tzinfo=UTC)
_WRITTEN = 500_000  # events that are simulated; more are these again, which a file of any size is made of


def write_export(path: Path, events: int) -> int:
    """Writes so many events (a multiple of what the simulation gives, if they are many); gives their number."""
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder), end=END, rows=min(events, _WRITTEN), days=3, devices=200)
        files = f"{folder}/DeviceNetworkEvents/**/*.parquet"
        connection = duckdb.connect()
        connection.execute("SET TimeZone = 'UTC'")
        names = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM '{files}'").fetchall()]
        times = {"Timestamp", "InitiatingProcessCreationTime", "InitiatingProcessParentCreationTime"}
        values = ", ".join(
            f"'{name}', "
            + (
                f"strftime(\"{name}\", '%Y-%m-%dT%H:%M:%S.%f0Z')"
                if name in times
                else f"nullif(\"{name}\"::VARCHAR, '')"
                if name == "AdditionalFields"
                else f'"{name}"'
            )
            for name in names
        )
        head = json.dumps({"tenantId": "11111111-2222-3333-4444-555555555555", "operationName": "Publish"})[1:-1]
        rows = connection.execute(
            "SELECT '{\"time\":\"' || strftime(\"Timestamp\", '%Y-%m-%dT%H:%M:%S.%f0Z') || '\",' || ? || "
            '\',"category":"AdvancedHunting-DeviceNetworkEvents","properties":\' || '
            f"json_object({values}) || '}}' FROM '{files}' ORDER BY \"Timestamp\" LIMIT {events}",
            [head],
        )
        first = path.with_suffix(".first")
        count = 0
        with first.open("w", encoding="utf-8") as out:
            while batch := rows.fetchmany(10_000):
                out.writelines(line + "\n" for (line,) in batch)
                count += len(batch)
        times_over = max(1, round(events / count))
        with path.open("wb") as out:
            for _ in range(times_over):
                with first.open("rb") as source:
                    shutil.copyfileobj(source, out, 1 << 20)
        first.unlink()
    return count * times_over
