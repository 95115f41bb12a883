"""What a commit pays for first sights and fill rates, beside writing its rows; and what merging their parts gives.

The rows are simulated: 200 devices, 262,144 events a commit, all columns of DeviceNetworkEvents.
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
from reporting import median_ms, report

import bluetick
from bluetick.lake.columns import with_system
from bluetick.lake.data_files import discard, write_data
from bluetick.lake.fill import fill_rows
from bluetick.lake.folder import DeltaFolder
from bluetick.lake.intake import Batch, TableRows, locked, store
from bluetick.lake.layout import SEEN
from bluetick.lake.merging import tidy
from bluetick.lake.seen import seen_rows
from bluetick.schema.packs import known_table
from bluetick.simulation import simulate

ROWS, PARTS = 262_144, 50
NAME, TIME = "DeviceNetworkEvents", "Timestamp"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bluetick-bench-") as folder:
        rows = simulated(Path(folder))
        commit(rows, Path(folder))
        reading(rows, Path(folder) / "lake")


def simulated(folder: Path) -> TableRows:
    simulate(folder / "logs", end=datetime(2026, 6, 18, 12, tzinfo=UTC), rows=2 * ROWS, days=1, devices=200)
    data = ds.dataset(sorted((folder / "logs" / NAME).rglob("*.parquet"))).to_table().sort_by(TIME).slice(0, ROWS)
    schema = known_table(NAME)
    known = dict(schema.columns) if schema is not None else {}
    data = data.select([name for name in data.column_names if name in known])
    return TableRows(NAME, data, tuple((name, known[name]) for name in data.column_names), TIME)


def commit(table: TableRows, folder: Path) -> None:
    columns = with_system(table.columns)
    target = folder / "written"
    written = median_ms(lambda: discard(target, write_data(target, table.rows, columns, TIME)), repeat=5, warm_up=1)
    seen = median_ms(lambda: seen_rows([table]), repeat=9, warm_up=1)
    fill = median_ms(lambda: fill_rows([table], "bench"), repeat=9, warm_up=1)
    count = table.rows.num_rows
    found = seen_rows([table])
    keys = 0 if found is None else found.rows.num_rows
    report("write the rows", written, "ms", f"{count:,} rows, {table.rows.num_columns} columns")
    report("first sights", seen, "ms", f"{keys:,} keys; {seen / written:.2f} of writing")
    report("fill rates", fill, "ms", f"{fill / written:.2f} of writing")


def reading(table: TableRows, lake: Path) -> None:
    """`Prevalence` over the parts of many commits, and over one row a key."""
    each = table.rows.num_rows // PARTS
    for number in range(PARTS):
        part = TableRows(NAME, table.rows.slice(number * each, each), table.columns, TIME)
        told = seen_rows([part])
        with locked(lake):
            store(lake, Batch(str(number), "bench", () if told is None else (told,), {}))
    parts = median_ms(lambda: prevalence(lake), repeat=5, warm_up=1)
    rows = DeltaFolder(lake / SEEN).snapshot().rows
    merged: list[object] = []
    took = median_ms(lambda: merged.append(tidy(lake / SEEN)), repeat=1, warm_up=0)
    keys = DeltaFolder(lake / SEEN).snapshot().rows
    whole = median_ms(lambda: prevalence(lake), repeat=5, warm_up=1)
    report(f"Prevalence over {PARTS} commits", parts, "ms", f"{rows:,} parts")
    report("merge them", took, "ms", f"into {keys:,} rows")
    report("Prevalence over the merged", whole, "ms", f"{parts / whole:.1f} times as fast")


def prevalence(lake: Path) -> pa.Table:
    with bluetick.connect(lake=lake) as session:
        return session.query("Prevalence | where Kind == 'hash' and Hosts == 1 | count").to_arrow()


if __name__ == "__main__":
    main()
