"""`bluetick ingest` with what the user brings: countries in the rows, and their edition in the history."""

import json
from pathlib import Path

import pytest

from bluetick.cli.main import run_command
from bluetick.enrichment.geo import load_range_countries


def test_countries_are_filled_and_their_edition_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "countries.csv").write_text("9.9.0.0,9.9.255.255,Norway\n", "utf-8")
    record = {"Type": "VMConnection", "TimeGenerated": "2026-01-02T03:04:05Z", "RemoteIp": "9.9.1.1", "Computer": "a"}
    private = {**record, "RemoteIp": "10.0.0.1"}
    (tmp_path / "log").write_text(json.dumps(record) + "\n" + json.dumps(private) + "\n", "utf-8")
    lake = str(tmp_path / "lake")
    options = ["--countries", str(tmp_path / "countries.csv"), "--format", "json"]
    assert run_command(["ingest", str(tmp_path / "log"), "--lake", lake, *options]) == 0
    assert json.loads(capfd.readouterr().out) == {"input": 2, "stored": 2, "quarantined": 0, "duplicates": 0}

    query = "VMConnection | project RemoteIp, RemoteCountry | sort by RemoteIp asc"
    assert run_command(["query", query, "--lake", lake, "--format", "csv"]) == 0
    assert capfd.readouterr().out.splitlines()[1:] == ["10.0.0.1,", "9.9.1.1,Norway"]

    assert run_command(["lake", "history", "VMConnection", "--lake", lake, "--format", "json"]) == 0
    newest = json.loads(capfd.readouterr().out.splitlines()[0])
    assert newest["provenance"]["country"] == load_range_countries(tmp_path / "countries.csv").version
