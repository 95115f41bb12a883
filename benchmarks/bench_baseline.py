"""The next hourly run of the founding documents, with what earlier runs kept: `bench_baseline.py [ROWS]`.

Days are files, the last day's hours are; each run is an hour after the one before, with one more file. `by hand` is the
best SQL for DuckDB in a process of its own, its first run with the opening of the data. `new process` opens a session
(which is told apart) and runs once, imports aside; `same process` is the run of the next hour, in a session of its own
in the same process. `300 days` has the same rows of VMConnection ten times, shifted, and document 1 asks for all
of it.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from query_data import data_of
from query_peers import BY_HAND
from query_set import END, Query, query_named
from reporting import report

DOCUMENTS = ("document_1", "document_2")
TABLES = {"DeviceNetworkEvents": "Timestamp", "VMConnection": "TimeGenerated"}
HOURS = 4  # runs before the one that counts


def main() -> None:
    if len(sys.argv) > 2:
        print(json.dumps(run_once(*sys.argv[1:])))
        return
    data = data_of(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000)
    with tempfile.TemporaryDirectory(prefix="bluetick-bench-") as place:
        folder = Path(place) / "30"
        lay_out(data, folder)
        short = [measure(name, folder, 30) for name in DOCUMENTS]
        longer(folder, Path(place) / "300")
        long = measure(DOCUMENTS[0], Path(place) / "300", 300)
        report(f"{DOCUMENTS[0]}, 300 days", long / short[0], "times", "the run in the same process over 30 days")


def lay_out(data: Path, folder: Path) -> None:
    """Whole days as they are, and the last day by the hour."""
    for table, column in TABLES.items():
        (folder / table).mkdir(parents=True)
        *days, last = sorted((data / table).glob("*.parquet"))
        for day in days:
            (folder / table / day.name).symlink_to(day.resolve())
        start = END.replace(hour=0)
        for hour in range(END.hour):
            ends = [f"{start + timedelta(hours=hour + more):%Y-%m-%d %H:%M:%S}+00" for more in (0, 1)]
            target = folder / table / f"{last.stem}-{hour:02}.parquet"
            where = f"{column} >= '{ends[0]}' AND {column} < '{ends[1]}'"
            copy(f"FROM read_parquet('{last}') WHERE {where}", target)
    (folder / "profiles.parquet").symlink_to((data / "profiles.parquet").resolve())


def longer(folder: Path, target: Path) -> None:
    """The days of VMConnection, and nine times as many before them."""
    for table in TABLES:
        (target / table).mkdir(parents=True)
        for file in (folder / table).iterdir():
            (target / table / file.name).symlink_to(file.resolve())
    (target / "profiles.parquet").symlink_to((folder / "profiles.parquet").resolve())
    days = [file for file in sorted((folder / "VMConnection").iterdir()) if file.stem.count("-") == 2][-30:]
    for number in range(1, 10):
        for day in days:
            shifted = f"SELECT * REPLACE (TimeGenerated - INTERVAL {30 * number} DAY AS TimeGenerated)"
            copy(f"{shifted} FROM read_parquet('{day}')", target / "VMConnection" / f"before-{number}-{day.name}")


def copy(select: str, target: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY ({select}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")


def measure(name: str, folder: Path, days: int) -> float:
    """Reports a document's times; gives that of the run in the same process."""
    kept = folder.parent / f"kept-{name}-{days}"
    for hours in range(HOURS, 0, -1):
        child("ours", name, folder, days, kept, END - timedelta(hours=hours))
    cold = min(child("by hand", name, folder, 30, kept, END)["first"] for _ in range(3))
    off = min(child("ours", name, folder, days, Path("off"), END)["first"] for _ in range(3))
    ours = [child("ours", name, folder, days, kept, END) for _ in range(3)]
    opened, first, second = (min(one[key] for one in ours) for key in ("open", "first", "second"))
    bytes_kept = sum(file.stat().st_size for file in kept.iterdir())
    what = f"{name}, {days} days"
    if days == 30:
        report(f"{what}, by hand", 1000 * cold, "ms", "first run")
    report(f"{what}, nothing kept", 1000 * off, "ms", "new process")
    report(f"{what}, opening", 1000 * opened, "ms", "new process")
    report(f"{what}, new process", 1000 * first, "ms", f"{first / cold:.2f} of by hand")
    report(f"{what}, same process", 1000 * second, "ms", f"{second / cold:.2f} of by hand")
    report(f"{what}, kept", bytes_kept / 1e6, "MB")
    return second


def child(who: str, name: str, folder: Path, days: int, kept: Path, now: datetime) -> dict[str, float]:
    given = [who, name, str(folder), str(days), now.isoformat()]
    environment = {**os.environ, "BLUETICK_CACHE": str(kept)}
    done = subprocess.run(
        [sys.executable, __file__, *given], stdout=subprocess.PIPE, text=True, check=True, env=environment
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def run_once(who: str, name: str, folder: str, days: str, now: str) -> dict[str, float]:
    """Seconds of the runs of two hours, each with the opening of the data; nothing is left to be imported, and nothing
    is known of the files."""
    query, place, moment = query_named(name), Path(folder), datetime.fromisoformat(now)
    if who != "ours":
        return {"first": timed(lambda: BY_HAND.opened(query, place)().num_rows)}
    from bluetick.engines.parquet_footers import footers_of  # noqa: PLC0415 - the other does not need these
    from bluetick.execution.given import baseline_in  # noqa: PLC0415

    run_ours(query, place.parent / "30", 30, moment - timedelta(days=90))  # loads what is loaded once
    footers_of.cache_clear()
    baseline_in.cache_clear()
    runs = []
    for hour in (moment - timedelta(hours=1), moment):
        files = {table: files_until(place / table, hour) for table in TABLES}
        runs.append(run_ours(query, place, int(days), hour, files))
    first, second = runs
    return {"open": first[0], "first": first[1], "second": second[1]}


def run_ours(
    query: Query, folder: Path, days: int, now: datetime, files: dict[str, list[str]] | None = None
) -> tuple[float, float]:
    """Seconds of opening a session, and of the run."""
    from dataclasses import replace  # noqa: PLC0415 - the other does not need these

    import bluetick  # noqa: PLC0415
    from bluetick.detections.documents.reading import read_document  # noqa: PLC0415
    from bluetick.detections.runs import query_request  # noqa: PLC0415
    from bluetick.session import TableInput  # noqa: PLC0415

    tables: dict[str, TableInput] = {table: str(folder / table / "*.parquet") for table in TABLES}
    if files is not None:
        tables.update(files)
    if query.document is None:
        raise ValueError("the founding documents are measured")
    (detection,) = read_document(query.document).detections
    request = query_request(detection, now)
    if days != 30:
        request = replace(
            request, text=request.text.replace("ago(30d)", f"ago({days}d)"), lookback=timedelta(days=days)
        )
    begun = time.perf_counter()
    with bluetick.connect(tables=tables, profiles=folder / "profiles.parquet") as session:
        opened = time.perf_counter()
        session.run(request)[-1].to_arrow()
        return opened - begun, time.perf_counter() - opened


def files_until(folder: Path, now: datetime) -> list[str]:
    """The files of hours that were over by then."""
    last = f"{now:%Y-%m-%d-%H}.parquet"
    files = sorted(folder.iterdir())
    return [str(file) for file in files if len(file.name) != len(last) or file.name < last]


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
