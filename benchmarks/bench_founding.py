"""Both founding documents against SQL written by hand for DuckDB: `python benchmarks/bench_founding.py [--rows N]`.

Each figure is of a process of its own, over the same simulated month: the first run in it (cold), the best of the
runs after it (warm), and the most memory it ever held. The documents lie beside the repository.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from reporting import report

import bluetick
from bluetick.detections.documents.reading import read_document
from bluetick.detections.runs import query_request
from bluetick.simulation import simulate

ROOT = Path(__file__).resolve().parents[1]
SEEDS = ROOT.parent / "shared" / "seeds"
BY_HAND = ROOT / "tests" / "founding" / "by_hand"
DOCUMENTS = {"000": "rare_countries.sql", "004": "long_running.sql"}
TABLES = ("VMConnection", "DeviceNetworkEvents")
END = datetime(2026, 6, 18, 12, tzinfo=UTC)
WARM_RUNS = 5


def main() -> int:
    options = _options()
    if not SEEDS.is_dir():
        print("the founding documents are not here: ../shared/seeds, beside the repository", file=sys.stderr)
        return 1
    if options.measure:
        subject, number = options.measure
        print(json.dumps(_measure(_subject(subject, number, Path(options.data)))))
        return 0
    if options.data:
        _compare(options.data, f"data in {options.data}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        made = simulate(Path(folder), end=END, rows=options.rows, devices=200)
        _compare(folder, f"{min(made.rows.values()):,} rows a table")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000, help="rows to simulate in each table")
    parser.add_argument("--data", default="", help="a folder that `simulate` has written, instead of making one")
    parser.add_argument("--measure", nargs=2, metavar=("SUBJECT", "DOCUMENT"), help=argparse.SUPPRESS)
    return parser.parse_args()


def _compare(folder: str, note: str) -> None:
    for number in DOCUMENTS:
        ours, by_hand = (_in_a_process(subject, number, folder) for subject in ("bluetick", "by-hand"))
        if ours["rows"] != by_hand["rows"]:
            raise SystemExit(f"document {number}: {ours['rows']} rows, by hand {by_hand['rows']}")
        for what in ("cold", "warm"):
            report(f"document {number}, {what}", ours[what], "s", note)
            report(f"document {number}, {what}, by hand", by_hand[what], "s")
            report(f"document {number}, {what}, ratio", ours[what] / by_hand[what], "x", f"{ours['rows']} rows found")
        report(f"document {number}, peak memory", ours["peak"], "MB", f"by hand {by_hand['peak']:,.0f} MB")


def _in_a_process(subject: str, number: str, folder: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--data", folder, "--measure", subject, number]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _measure(run: Callable[[], int]) -> dict[str, float]:
    """Seconds of the first run and the best of the next, the rows found, and the process's peak memory in MB."""
    times = []
    for _ in range(1 + WARM_RUNS):
        begun = time.perf_counter()
        rows = run()
        times.append(time.perf_counter() - begun)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cold": times[0], "warm": min(times[1:]), "rows": rows, "peak": peak}


def _subject(name: str, number: str, folder: Path) -> Callable[[], int]:
    return _bluetick(number, folder) if name == "bluetick" else _by_hand(number, folder)


def _bluetick(number: str, folder: Path) -> Callable[[], int]:
    """Parsing, binding and lowering included, every time."""
    (path,) = SEEDS.glob(f"{number}_*.txt")
    (detection,) = read_document(path).detections
    tables: dict[str, str | Path] = {table: str(folder / table / "*.parquet") for table in TABLES}
    session = bluetick.connect(tables=tables, profiles=folder / "profiles.parquet")
    request = query_request(detection, END)
    return lambda: session.run(request)[-1].to_arrow().num_rows


def _by_hand(number: str, folder: Path) -> Callable[[], int]:
    text = (BY_HAND / DOCUMENTS[number]).read_text("utf-8")
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    views = {"buckets": "VMConnection/*.parquet", "events": "DeviceNetworkEvents/*.parquet"}
    for view, files in {**views, "profiles": "profiles.parquet"}.items():
        connection.read_parquet(str(folder / files)).create_view(view)
    return lambda: connection.sql(text, params={"now": END}).to_arrow_table().num_rows


if __name__ == "__main__":
    sys.exit(main())
