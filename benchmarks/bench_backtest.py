"""A replay of a month against its single runs: `python benchmarks/bench_backtest.py [--rows N] [--runs N]`.

The first founding document, each hour of a month, over two simulated months. A cold run opens its session first.
Single runs are measured both as bare queries and as `bluetick run` does them, with their account: some of them, spread
over the month, since all take long. The documents lie beside the repository.
"""

import argparse
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reporting import report

import bluetick
from bluetick.detections.backtest.replay import replay
from bluetick.detections.backtest.windows import scheduled_instants
from bluetick.detections.documents.reading import read_document
from bluetick.detections.model import Detection
from bluetick.detections.runs import query_request, run_detection
from bluetick.session import Session
from bluetick.simulation import simulate

SEEDS = Path(__file__).resolve().parents[2] / "shared" / "seeds"
END = datetime(2026, 6, 18, 12, tzinfo=UTC)
HOURS = 720


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows to simulate, of two months")
    parser.add_argument("--runs", type=int, default=90, help="single runs to measure; 720: all")
    parser.add_argument("--data", default="", help="a folder that `simulate` has written, instead of making one")
    options = parser.parse_args()
    found = sorted(SEEDS.glob("000_*.txt"))
    if not found:
        print("the founding documents are not here: ../shared/seeds, beside the repository", file=sys.stderr)
        return 1
    (detection,) = read_document(found[0]).detections
    if options.data:
        measure(Path(options.data), detection, options.runs)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder), end=END, days=60, rows=options.rows, devices=50)
        measure(Path(folder), detection, options.runs)
    return 0


def measure(folder: Path, detection: Detection, runs: int) -> None:
    files = str(folder / "VMConnection" / "*.parquet")
    windows = scheduled_instants(END - HOURS * timedelta(hours=1), END, timedelta(hours=1))
    with bluetick.connect(tables={"VMConnection": files}) as session:
        rows = next(session.query("VMConnection | count").rows())[0]
        begun = time.perf_counter()
        results = list(replay(session, detection, windows))
        replayed = time.perf_counter() - begun
        chosen = results[:: max(1, len(windows) // runs)]
        singly, told = (
            _each(session, detection, [r.now for r in chosen], is_told=is_told) for is_told in (False, True)
        )
        for result in chosen:
            single = tuple(session.run(query_request(detection, result.now))[-1].rows())
            if single != result.rows:
                raise SystemExit(f"the rows as of {result.now} differ")
    cold = statistics.median(_cold(files, detection) for _ in range(5))
    report("720 windows, replayed", replayed, "s", f"{rows:,} rows")
    report("one cold run", cold, "s")
    report("720 windows, in cold runs", replayed / cold, "x")
    for name, seconds in (("single runs", singly), ("single runs with their account", told)):
        whole = seconds / len(chosen) * len(windows)
        note = "" if len(chosen) == len(windows) else f"of {len(chosen)} of them"
        report(f"720 {name}", whole, "s", note)
        report(f"720 {name}, ratio", whole / replayed, "x")


def _cold(files: str, detection: Detection) -> float:
    begun = time.perf_counter()
    with bluetick.connect(tables={"VMConnection": files}) as session:
        session.run(query_request(detection, END))[-1].to_arrow()
    return time.perf_counter() - begun


def _each(session: Session, detection: Detection, windows: list[datetime], *, is_told: bool) -> float:
    begun = time.perf_counter()
    for now in windows:
        if is_told:
            run_detection(session, detection, now=now)
        else:
            session.run(query_request(detection, now))[-1].to_arrow()
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
