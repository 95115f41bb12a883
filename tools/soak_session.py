"""One session that is asked the same questions for a long time: the rows must be the same every time, and the process
may not keep growing."""

import resource
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


def soak_session(seconds: float) -> list[str]:
    """What went wrong in this time."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report = simulate(folder, end=END, rows=ROWS)
        tables = {table: str(folder / table / "**" / "*.parquet") for table in report.rows}
        profiles = str(folder / "profiles.parquet")
        with bluetick.connect(tables=tables, profiles=profiles) as session:
            return _ask(session, seconds)


def _ask(session: bluetick.Session, seconds: float) -> list[str]:
    asked = _queries()
    expected = {name: list(session.query(text, now=END).rows()) for name, text in asked.items()}
    begun, rounds, settled = time.monotonic(), 0, 0
    while time.monotonic() - begun < seconds:
        rounds += 1
        for name, text in asked.items():
            if list(session.query(text, now=END).rows()) != expected[name]:
                return [f"{name} gave other rows in round {rounds}"]
        if rounds == WARM_UP:
            settled = _peak_memory()
    print(f"session: {rounds} rounds of {len(asked)} queries, peak memory {_peak_memory() / 1024:,.0f} MB", flush=True)
    if settled and _peak_memory() > MAX_GROWTH * settled:
        return [f"peak memory grew from {settled / 1024:,.0f} to {_peak_memory() / 1024:,.0f} MB"]
    return []


def _queries() -> dict[str, str]:
    """This project's own rules, by name."""
    paths = sorted(path for path in CONTENT.iterdir() if path.suffix in (".kql", ".md"))
    return {path.name: detection.query for path in paths for detection in read_document(path).detections}


def _peak_memory() -> int:
    """KB on Linux."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
