"""How many rows a second the generator writes: `python benchmarks/bench_simulate.py [ROWS] [DEVICES]`."""

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bluetick.simulation import simulate


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    devices = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        report = simulate(Path(folder), end=datetime(2026, 6, 18, 12, tzinfo=UTC), rows=rows, devices=devices)
        seconds = time.perf_counter() - begun
    written = sum(report.rows.values())
    print(f"{report.rows} {report.bytes / 1e6:,.1f} MB in {seconds:.2f} s: {written / seconds:,.0f} rows/s")


if __name__ == "__main__":
    main()
