"""One small enterprise over 30 days, made once and read by all tests."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bluetick.simulation import SimulationReport, simulate

# A Thursday, part of the way into a minute, so that every edge of day, hour and minute is crossed.
END = datetime(2026, 6, 18, 12, 0, 30, tzinfo=UTC)
DAYS = 30
DEVICES = 20
ROWS = 60_000


@dataclass(frozen=True, slots=True)
class Made:
    """The generated data, with a connection that has views `events`, `buckets` and `profiles`."""

    out: Path
    report: SimulationReport
    sql: duckdb.DuckDBPyConnection
    truth: dict[str, Any]

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self.sql.execute(query, list(parameters)).fetchall()

    def story(self, story_id: str) -> dict[str, Any]:
        found: dict[str, Any] = next(story for story in self.truth["stories"] if story["id"] == story_id)
        return found


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    out = tmp_path_factory.mktemp("simulated")
    report = simulate(out, end=END, days=DAYS, devices=DEVICES, rows=ROWS)
    sql = duckdb.connect()
    sql.execute("SET TimeZone = 'UTC'")
    for view, files in (
        ("events", out / "DeviceNetworkEvents" / "*.parquet"),
        ("buckets", out / "VMConnection" / "*.parquet"),
        ("profiles", out / "profiles.parquet"),
    ):
        sql.read_parquet(str(files)).create_view(view)
    yield Made(out, report, sql, json.loads((out / "ground_truth.json").read_text()))
    sql.close()
