"""Fusing two sensors' rows of the same connections: 10^6 of an endpoint and 10^6 of a network sensor, all of a day.

Nine of ten have a partner. Beside it stands what writing those rows took, which fusing does once more.
"""

import resource
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from reporting import report

from bluetick.lake.fusion.fusing import fuse
from bluetick.lake.fusion.stored import Span
from bluetick.lake.intake import Batch, TableRows, locked, store
from bluetick.schema.packs import known_table
from bluetick.sources.arrow import arrow_schema

ROWS, BATCH = 1_000_000, 262_144
DAY = 86_400_000_000
START = int(datetime(2026, 6, 18, tzinfo=UTC).timestamp() * 1_000_000)
SHARE = ROWS * 9 // 10


def main() -> None:
    random = np.random.default_rng(7)
    for table, time_column, made in (
        ("DeviceNetworkEvents", "Timestamp", connections),
        ("VMConnection", "TimeGenerated", minutes),
    ):
        with tempfile.TemporaryDirectory(prefix="bluetick-bench-") as folder:
            measure(Path(folder), table, time_column, made(random))


def measure(lake: Path, table: str, time_column: str, sides: Sequence[dict[str, Any]]) -> None:
    written = 0.0
    for source, columns in zip(("windows", "zeek"), sides, strict=True):
        rows = full(table, columns).sort_by(time_column)
        begun = time.perf_counter()
        for number, first in enumerate(range(0, rows.num_rows, BATCH)):
            add(lake, table, time_column, source, number, rows.slice(first, BATCH))
        written += time.perf_counter() - begun
    for what in ("fuse", "fuse again, nothing to do"):
        begun = time.perf_counter()
        with locked(lake):
            done = fuse(lake, table, Span())
        took = time.perf_counter() - begun
        pairs = 0 if done is None else done.pairs.total()
        report(f"{table}: {what}", took, "s", f"{pairs:,} fused; {took / written:.2f} of writing the rows")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report(f"{table}: memory", peak, "MB", "most of the process so far, the rows' making included")


def add(lake: Path, table: str, time_column: str, source: str, number: int, rows: pa.Table) -> None:
    schema = known_table(table)
    columns = schema.columns if schema is not None else ()
    with locked(lake):
        batch = Batch(f"{source}{number}", source, (TableRows(table, rows, columns, time_column),), {})
        store(lake, batch)


def full(table: str, columns: dict[str, Any]) -> pa.Table:
    schema = known_table(table)
    target = arrow_schema(schema) if schema is not None else pa.schema([])
    count = len(next(iter(columns.values())))
    arrays = [
        pa.array(columns[field.name], field.type)
        if field.name in columns
        else pa.repeat(pa.scalar(None if field.nullable else "", field.type), count)
        for field in target
    ]
    return pa.Table.from_arrays(arrays, schema=target)


def connections(random: np.random.Generator) -> tuple[dict[str, Any], dict[str, Any]]:
    """Flows of 200 machines; the network sensor sees the first of them within 2 s."""
    host, peer = random.integers(0, 200, ROWS), random.integers(0, 20_000, ROWS)
    port, start = random.integers(49_152, 65_535, ROWS), START + random.integers(0, DAY, ROWS)
    flow = {
        "LocalIP": [f"10.0.{n // 100}.{n % 100}" for n in host],
        "LocalPort": port,
        "RemoteIP": [f"203.{n // 250}.113.{n % 250}" for n in peer],
        "RemotePort": np.full(ROWS, 443),
        "Protocol": ["Tcp"] * ROWS,
        "ActionType": ["ConnectionSuccess"] * ROWS,
    }
    hashes = [f"{n:064x}" for n in range(300)]
    mine = flow | {
        "Timestamp": start,
        "DeviceName": [f"host{n}" for n in host],
        "InitiatingProcessFileName": [f"p{n % 300}.exe" for n in peer],
        "InitiatingProcessSHA256": [hashes[n % 300] for n in peer],
    }
    theirs = flow | {
        "Timestamp": start + random.integers(-2_000_000, 2_000_000, ROWS),
        "RemotePort": np.where(np.arange(ROWS) < SHARE, 443, 80),
        "AdditionalFields": [f'{{"uid":"C{n}","orig_bytes":{n % 1000}}}' for n in range(ROWS)],
    }
    return mine, theirs


def minutes(random: np.random.Generator) -> tuple[dict[str, Any], dict[str, Any]]:
    """Minutes of as many pairs of machine and peer."""
    host, peer = random.integers(0, 200, ROWS), random.integers(0, 20_000, ROWS)
    start = START + random.integers(0, 24 * 60, ROWS) * 60_000_000
    flow = {
        "TimeGenerated": start,
        "Direction": ["outbound"] * ROWS,
        "SourceIp": [f"10.0.{n // 100}.{n % 100}" for n in host],
        "DestinationIp": [f"203.{n // 250}.113.{n % 250}" for n in peer],
        "DestinationPort": np.full(ROWS, 443),
        "Protocol": ["tcp"] * ROWS,
        "LinksEstablished": np.ones(ROWS, np.int64),
    }
    mine = flow | {"Computer": [f"host{n}" for n in host], "ProcessName": [f"p{n % 300}.exe" for n in peer]}
    theirs = flow | {
        "DestinationPort": np.where(np.arange(ROWS) < SHARE, 443, 80),
        "Computer": flow["SourceIp"],
        "BytesSent": random.integers(0, 10_000, ROWS),
    }
    return mine, theirs


if __name__ == "__main__":
    main()
