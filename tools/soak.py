"""Ask one session the same questions for a long time: `python tools/soak.py [MINUTES]`.

The rows must be the same every time, and the process may not keep growing.
"""

import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import bluetick
from bluetick.detections.documents import read_document
from bluetick.simulation import simulate

CONTENT = Path(__file__).parents[1] / "content"
END = datetime(2026, 6, 18, 12, tzinfo=UTC)
ROWS = 200_000
WARM_UP = 20
MAX_GROWTH = 1.25


def queries() -> dict[str, str]:
    """This project's own rules, by name."""
    paths = sorted(path for path in CONTENT.iterdir() if path.suffix in (".kql", ".md"))
    return {path.name: detection.query for path in paths for detection in read_document(path).detections}


def soak(session: bluetick.Session, seconds: float) -> list[str]:
    """What went wrong in this time."""
    asked = queries()
    expected = {name: list(session.query(text, now=END).rows()) for name, text in asked.items()}
    begun, rounds, settled = time.monotonic(), 0, 0
    while time.monotonic() - begun < seconds:
        rounds += 1
        for name, text in asked.items():
            if list(session.query(text, now=END).rows()) != expected[name]:
                return [f"{name} gave other rows in round {rounds}"]
        if rounds == WARM_UP:
            settled = peak_memory()
    print(f"{rounds} rounds of {len(asked)} queries, peak memory {peak_memory() / 1024:,.0f} MB")
    if settled and peak_memory() > MAX_GROWTH * settled:
        return [f"peak memory grew from {settled / 1024:,.0f} to {peak_memory() / 1024:,.0f} MB"]
    return []


def peak_memory() -> int:
    """KB on Linux."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(arguments: list[str]) -> int:
    minutes = float(arguments[0]) if arguments else 10.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report = simulate(folder, end=END, rows=ROWS)
        tables = {table: str(folder / table / "**" / "*.parquet") for table in report.rows}
        profiles = str(folder / "profiles.parquet")
        problems = soak(bluetick.connect(tables=tables, profiles=profiles), 60 * minutes)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
