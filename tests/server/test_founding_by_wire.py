"""The founding documents' queries through the client: the rows that the command line gives."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.kusto.data import ClientRequestProperties
from founding.documents import LONG_RUNNING, RARE_COUNTRIES, founding_document

import bluetick
from bluetick.cli.main import run_command
from bluetick.simulation import simulate
from server.running import DATABASE, Served, served

END = datetime(2026, 6, 18, 12, tzinfo=UTC)
TABLES = {RARE_COUNTRIES: "VMConnection", LONG_RUNNING: "DeviceNetworkEvents"}


@dataclass(frozen=True, slots=True)
class Month:
    folder: Path
    on: Served

    @property
    def options(self) -> list[str]:
        given = [f"--table={table}={self.folder / table}" for table in TABLES.values()]
        return [*given, f"--profiles={self.folder / 'profiles.parquet'}", f"--now={END:%Y-%m-%dT%H:%M:%SZ}"]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    folder = tmp_path_factory.mktemp("month")
    simulate(folder, end=END, rows=40_000, devices=30)
    tables = {table: folder / table for table in TABLES.values()}
    with bluetick.connect(tables=tables, profiles=folder / "profiles.parquet") as session, served(session) as on:
        yield Month(folder, on)
        assert on.faults == []


@pytest.mark.parametrize("number", [RARE_COUNTRIES, LONG_RUNNING])
def test_the_same_rows_as_the_command(month: Month, number: str, capfd: pytest.CaptureFixture[str]) -> None:
    text = founding_document(number).query
    assert run_command(["query", text, "--format", "json", *month.options]) == 0
    command: dict[str, Any] = json.loads(capfd.readouterr().out)
    properties = ClientRequestProperties()  # type: ignore[no-untyped-call]
    properties.set_option("query_now", f"{END.isoformat()}")
    properties.set_option("query_datetimescope_to", f"{END.isoformat()}")
    with month.on.kusto() as client:
        (table,) = client.execute(DATABASE, text, properties).primary_results
    assert [[column.column_name, column.column_type] for column in table.columns] == command["columns"]
    assert len(command["rows"]) > 0
    assert table.raw_rows == command["rows"]
