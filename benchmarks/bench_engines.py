"""Both founding documents on each engine over 1, 2 and 4 times the data: `python benchmarks/bench_engines.py`.

Each engine has a process of its own, in which the sizes take turns, so that none finds it warmer than another. A
figure is the best of the runs after the first. Where the founding documents do not lie beside the repository, its own
two take their place. `tools/scale_model.py` counts with the bytes and the processor time for each event.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reporting import report

import bluetick
from bluetick.detections.documents.reading import read_document
from bluetick.detections.model import Detection
from bluetick.detections.runs import query_request
from bluetick.session import QueryRequest, TableInput
from bluetick.simulation import simulate

ROOT = Path(__file__).resolve().parents[1]
FOUNDING = ROOT.parent / "shared" / "seeds"
OWN = ROOT / "content"
TABLES = ("VMConnection", "DeviceNetworkEvents")
ENGINES = ("duckdb", "local[2]")
SIZES = (1, 2, 4)
WARM_RUNS = 3
END = datetime(2026, 6, 18, 12, tzinfo=UTC)


def main() -> int:
    options = _options()
    if options.measure:
        print(json.dumps(_measure(options.measure, Path(options.data))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        disk = {size: _simulate(Path(folder) / str(size), size * options.rows) for size in SIZES}
        engines = {engine: _in_a_process(engine, folder) for engine in ENGINES}
    for table in TABLES:
        for engine in ENGINES:
            _report_growth(table, engine, [Point(*disk[n][table], **engines[engine][f"{n} {table}"]) for n in SIZES])
        rows, size = disk[SIZES[-1]][table]
        read = engines["duckdb"][f"{SIZES[-1]} {table}"]["read"]
        note = f"Parquet, zstd, simulated; {read / rows:.3g} of them are read"
        report(f"{table}, on disk", size / rows, "B/event", note)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000, help="rows of each table at the first size")
    parser.add_argument("--data", default="", help=argparse.SUPPRESS)
    parser.add_argument("--measure", default="", metavar="ENGINE", help=argparse.SUPPRESS)
    return parser.parse_args()


@dataclass(frozen=True, slots=True)
class Point:
    """One document on one engine over one size: rows, bytes, rows found; seconds of the first run, and the least
    seconds and processor seconds of the later ones; the bytes that it is to read."""

    rows: float
    bytes: float
    found: float
    cold: float
    seconds: float
    cpu: float
    read: float


def _simulate(folder: Path, rows: int) -> dict[str, tuple[int, int]]:
    """A month of so many rows; the rows and bytes of each table."""
    made = simulate(folder, end=END, rows=rows, devices=200)
    return {
        table: (made.rows[table], sum(file.stat().st_size for file in (folder / table).iterdir())) for table in TABLES
    }


def _in_a_process(engine: str, folder: str) -> dict[str, dict[str, float]]:
    command = [sys.executable, __file__, "--data", folder, "--measure", engine]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _report_growth(table: str, engine: str, points: list[Point]) -> None:
    first, last = points[0], points[-1]
    if not first.found:
        raise SystemExit(f"the document over {table} found nothing on {engine}: its time says little")
    name = f"{table}, {engine}"
    for size, point in zip(SIZES, points, strict=True):
        note = f"{point.rows:,.0f} rows, {point.seconds / first.seconds:.2f} times the first; cold {point.cold:.2f} s"
        report(f"{name}, {size}x", point.seconds, "s", note)
    growth, times = last.seconds / first.seconds, last.rows / first.rows
    report(f"{name}, growth", growth, "x", f"over {times:.2f} times the rows: linear where it is not above that")
    report(f"{name}, exponent", math.log(growth) / math.log(times), "", "1 is linear")
    slope = (last.cpu - first.cpu) / (last.rows - first.rows)
    report(f"{name}, processor growth", last.cpu / first.cpu, "x", f"{first.cpu:.2f} s to {last.cpu:.2f} s")
    report(f"{name}, processor", 1e6 * slope, "us/event", "what one more event costs, between the sizes")
    report(f"{name}, fixed", max(0.0, first.cpu - first.rows * slope), "cpu s", "of a run, whatever the rows")


# --- in a process of its own ------------------------------------------------------------------------------------------


def _measure(engine: str, folder: Path) -> dict[str, dict[str, float]]:
    """The figures of one engine by size and table."""
    found: dict[str, dict[str, float]] = {}
    with ExitStack() as stack:
        sessions = {size: stack.enter_context(_session(folder / str(size), engine)) for size in SIZES}
        for table, detection in _documents().items():
            request = query_request(detection, END)
            runs: dict[int, list[tuple[int, float, float]]] = {size: [] for size in SIZES}
            for _ in range(1 + WARM_RUNS):
                for size, session in sessions.items():
                    runs[size].append(_one(session, request))
            for size, session in sessions.items():
                read = sum(one.bytes or 0 for one in session.estimate(request))
                found[f"{size} {table}"] = {**_best(runs[size]), "read": read}
    return found


def _session(folder: Path, engine: str) -> bluetick.Session:
    tables: dict[str, TableInput] = {table: str(folder / table / "*.parquet") for table in TABLES}
    return bluetick.connect(tables=tables, profiles=folder / "profiles.parquet", engine=engine)


def _best(runs: list[tuple[int, float, float]]) -> dict[str, float]:
    (found, cold, _), *later = runs
    return {
        "found": found,
        "cold": cold,
        "seconds": min(s for _, s, _ in later),
        "cpu": min(cpu for _, _, cpu in later),
    }


def _one(session: bluetick.Session, request: QueryRequest) -> tuple[int, float, float]:
    """Rows found, seconds, processor seconds."""
    begun, used = time.perf_counter(), _processor_seconds()
    found = session.run(request)[-1].to_arrow().num_rows
    return found, time.perf_counter() - begun, _processor_seconds() - used


def _documents() -> dict[str, Detection]:
    """By the table that each reads."""
    paths = sorted(FOUNDING.glob("*.txt")) or sorted(path for path in OWN.iterdir() if path.suffix in (".kql", ".md"))
    detections = [detection for path in paths for detection in read_document(path).detections]
    return {table: next(d for d in detections if table in d.query) for table in TABLES}


def _processor_seconds() -> float:
    """Of this process and of those that it started, Java's among them (Linux)."""
    parents, ticks = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                cells = (entry / "stat").read_text("utf-8").rpartition(")")[2].split()
            except OSError:
                continue  # it has ended
            parents[int(entry.name)], ticks[int(entry.name)] = int(cells[1]), int(cells[11]) + int(cells[12])
    ours, found = {os.getpid()}, 1
    while found:
        more = {pid for pid, parent in parents.items() if parent in ours} - ours
        ours, found = ours | more, len(more)
    return sum(ticks.get(pid, 0) for pid in ours) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
