"""The hunt that ships with the project finds what it looks for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

import bluetick
from bluetick.detections.hunts.files import hunt_paths, read_file
from bluetick.detections.hunts.running import run_cell

FOLDER = Path(__file__).parents[2] / "content" / "hunts"
NOW = datetime(2026, 6, 18, 12, tzinfo=UTC)


@pytest.mark.parametrize("path", hunt_paths(FOLDER), ids=lambda path: path.name)
def test_complete(path: Path) -> None:
    hunt = read_file(path).hunt
    assert hunt.problems == ()
    assert hunt.hypothesis
    assert hunt.tags
    assert hunt.techniques
    assert all(not cell.id.startswith("cell-") for cell in hunt.queries)
    with bluetick.connect() as session:
        for cell in hunt.queries:
            assert session.check(cell.text, hunt.schemas).ok, cell.id


def connections() -> pa.Table:
    """One implant that calls two places on four days; a browser of one machine that goes everywhere; an updater that
    two machines have; one that calls on two days only; one that calls its own network."""
    rows = [("pc1", "implant", f"203.0.113.{day % 2 + 1}", day) for day in range(4)]
    rows += [("pc1", "browser", f"198.51.100.{number}", number % 5) for number in range(30)]
    rows += [(machine, "updater", "198.51.100.7", day) for machine in ("pc1", "pc2") for day in range(5)]
    rows += [("pc2", "visitor", "198.51.100.8", day) for day in range(2)]
    rows += [("pc2", "agent", "10.0.0.1", day) for day in range(5)]
    computers, processes, places, days = zip(*rows, strict=True)
    return pa.table(
        {
            "TimeGenerated": pa.array([NOW - timedelta(days=day, hours=1) for day in days], pa.timestamp("us", "UTC")),
            "Computer": list(computers),
            "ProcessName": list(processes),
            "Direction": ["outbound"] * len(rows),
            "RemoteIp": list(places),
            "RemoteCountry": ["Panama"] * len(rows),
            "DestinationPort": pa.array([443] * len(rows), pa.int32()),
            "LinksEstablished": pa.array([2] * len(rows), pa.int32()),
        }
    )


def test_few_places_often(tmp_path: Path) -> None:
    hunt = read_file(FOLDER / "few_places_often.md").hunt
    with bluetick.connect(tables={"VMConnection": connections()}) as session:
        first, second = (run_cell(session, tmp_path / "h.md", hunt, cell, NOW) for cell in hunt.queries)
    assert first.rows == (["implant", "pc1", 2, 4, 8],)
    assert second.rows == (
        ["pc1", "implant", "203.0.113.1", 443, "Panama"],
        ["pc1", "implant", "203.0.113.2", 443, "Panama"],
        ["pc2", "visitor", "198.51.100.8", 443, "Panama"],
    )
