"""`bluetick ingest --table` and `--map`: the user says what records are."""

import json
from pathlib import Path

import pytest

from bluetick.cli.main import run_command


def ingest(capfd: pytest.CaptureFixture[str], *arguments: str) -> dict[str, int]:
    assert run_command(["ingest", *arguments, "--format", "json"]) == 0
    counts: dict[str, int] = json.loads(capfd.readouterr().out)
    return counts


def rows(capfd: pytest.CaptureFixture[str], lake: Path, query: str) -> list[str]:
    assert run_command(["query", query, "--lake", str(lake), "--format", "csv"]) == 0
    return capfd.readouterr().out.splitlines()


def test_a_tables_rows_keep_what_they_have_beside_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    record = {"Timestamp": "2026-01-01T00:00:00Z", "RemoteIP": "203.0.113.4", "RemotePort": 80, "Odd": "kept"}
    wrong = {**record, "RemotePort": "eighty"}
    (tmp_path / "log").write_text(json.dumps(record) + "\n" + json.dumps(wrong) + "\n", "utf-8")
    lake = tmp_path / "lake"
    told = ingest(capfd, str(tmp_path / "log"), "--lake", str(lake), "--table", "DeviceNetworkEvents")
    assert told == {"input": 2, "stored": 1, "quarantined": 1, "duplicates": 0}
    found = rows(capfd, lake, "DeviceNetworkEvents | project RemoteIP, RemotePort, Odd")
    assert found == ["RemoteIP,RemotePort,Odd", "203.0.113.4,80,kept"]


def test_a_mapping_is_for_every_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "map.yaml").write_text(
        "DeviceNetworkEvents:\n  columns: {Timestamp: unixtime_seconds_todatetime(tolong(at)), RemoteIP: peer}\n",
        "utf-8",
    )
    (tmp_path / "log.csv").write_text("at,peer\n1767225600,203.0.113.4\n1767225601,203.0.113.5\n", "utf-8")
    lake = tmp_path / "lake"
    arguments = [str(tmp_path / "log.csv"), "--lake", str(lake), "--map", str(tmp_path / "map.yaml")]
    assert ingest(capfd, *arguments) == {"input": 2, "stored": 2, "quarantined": 0, "duplicates": 0}
    found = rows(capfd, lake, "DeviceNetworkEvents | project Timestamp, RemoteIP | sort by Timestamp asc")
    assert found[1:] == ["2026-01-01T00:00:00.0000000Z,203.0.113.4", "2026-01-01T00:00:01.0000000Z,203.0.113.5"]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--table", "Nope"], 2, "no known table is called 'Nope'"),
        (["--table", "DeviceNetworkEvents", "--map", "map.yaml"], 2, "give one"),
        (["--map", "none.yaml"], 1, "cannot be read"),
        (["--map", "wrong.yaml"], 1, "BTK0254"),
        ([], 1, "no known log format"),
    ],
)
def test_what_cannot_be_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("log").write_text('{"a": 1}\n', "utf-8")
    Path("map.yaml").write_text("DeviceNetworkEvents:\n  columns: {RemoteIP: a}\n", "utf-8")
    Path("wrong.yaml").write_text("DeviceNetworkEvents:\n  columns: {Timestamp: 'strcat(a, 1)'}\n", "utf-8")
    assert run_command(["ingest", "log", "--lake", "lake", *options]) == code
    assert said in capfd.readouterr().err
    assert not Path("lake", "DeviceNetworkEvents").exists()
