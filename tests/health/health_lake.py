"""Lakes to be assessed."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from bluetick.lake.fill import fill_rows
from bluetick.lake.intake import Batch, TableRows, locked, store
from bluetick.types import Type

HOUR = timedelta(hours=1)
TIME = ("Timestamp", Type.DATETIME)


def add(lake: Path, batch: str, times: Sequence[datetime], texts: Mapping[str, Sequence[str]], table: str) -> None:
    """One commit of a row for each time, with how full its columns are, as an ingest makes it."""
    columns = {name: pa.array(values, pa.string()) for name, values in texts.items()}
    data = pa.table({TIME[0]: pa.array(times, pa.timestamp("us", "UTC")), **columns})
    rows = TableRows(table, data, (TIME, *((name, Type.STRING) for name in texts)), TIME[0])
    fill = fill_rows([rows], "edr")
    assert fill is not None
    with locked(lake):
        store(lake, Batch(batch, "edr", (rows, fill), {batch: "stored"}))


def add_commits(folder: Path, made: Sequence[datetime], newest: Sequence[datetime | None], first: int = 1) -> None:
    """Commits behind version first - 1 whose records say when they were made and what their newest row is."""
    for number, (moment, high) in enumerate(zip(made, newest, strict=True), first):
        stats: dict[str, object] = {"numRecords": 10}
        if high is not None:
            stats |= {"minValues": {TIME[0]: iso(high)}, "maxValues": {TIME[0]: iso(high)}, "nullCount": {TIME[0]: 0}}
        path = f"bluetick-{number}.parquet"
        added = {
            "path": path,
            "partitionValues": {"LakeDay": f"{(high or moment):%Y-%m-%d}"},
            "size": 1,
            "modificationTime": 0,
            "dataChange": True,
            "stats": json.dumps(stats),
        }
        info = {"timestamp": int(moment.timestamp() * 1000)}
        lines = [json.dumps({"commitInfo": info}), json.dumps({"add": added})]
        (folder / "_delta_log" / f"{number:020}.json").write_text("\n".join(lines) + "\n")


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
