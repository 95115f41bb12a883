"""Rules checked where no data is: what a lake's schema file says is what the lake says."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bluetick
from bluetick.cli.main import run_command

QUERIES = {
    "own": "App_CL | where TimeGenerated > ago(1h) and User_s has 'x' and Count_d > 1.5",
    "own wrong": "App_CL | where Usr_s has 'x'",
    "known": "VMConnection | where TimeGenerated > ago(1h) and Direction == 'outbound'",
    "known elsewhere": "SigninLogs | where UserPrincipalName has 'x'",
    "beside": "DeviceNetworkEvents | where Timestamp > ago(1h) and OurTag_s == 'x'",
    "beside, by the other time": "DeviceNetworkEvents | where TimeGenerated > ago(1h) and OurTag_s == 'x'",
    "unknown": "NoSuch_CL | take 1",
    "received": "App_CL | where ingestion_time() > ago(1h)",
    "all columns": "App_CL | summarize arg_max(TimeGenerated, *) by User_s",
}
"""What rules on a lake of two tables ask for."""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    time = pa.array([datetime(2026, 5, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    tables = {
        "App_CL": pa.table({"TimeGenerated": time, "User_s": ["a"], "Count_d": [1.0]}),
        "DeviceNetworkEvents": pa.table({"Timestamp": time, "DeviceId": ["d"], "OurTag_s": ["x"]}),
    }
    lake = tmp_path / "lake"
    for name, table in tables.items():
        (lake / name).mkdir(parents=True)
        pq.write_table(table, lake / name / "1.parquet")
    rules = tmp_path / "rules"
    rules.mkdir()
    for name, query in QUERIES.items():
        (rules / f"{name}.kql").write_text(f"// Name: {name}\n{query}\n", "utf-8")
    return {"lake": lake, "rules": rules, "schema": tmp_path / "schema.json"}


def verdicts(capfd: pytest.CaptureFixture[str], rules: Path, *options: object) -> dict[str, tuple[bool, list[str]]]:
    run_command(["check", str(rules), "--format", "json", *map(str, options)])
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    return {line["name"]: (line["ok"], [one["code"] for one in line["diagnostics"]]) for line in lines}


def test_a_written_schema_gives_the_verdicts_of_its_lake(
    files: dict[str, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["tables", "--lake", str(files["lake"]), "--write-schema", str(files["schema"])]) == 0
    out, err = capfd.readouterr()
    assert (out, err.split(" in ")[0]) == ("", "2 tables")
    by_lake = verdicts(capfd, files["rules"], "--lake", files["lake"])
    assert {name for name, (ok, _) in by_lake.items() if not ok} == {"own wrong", "unknown"}
    assert verdicts(capfd, files["rules"], "--schemas", files["schema"]) == by_lake
    bare = verdicts(capfd, files["rules"])
    assert {name for name, (ok, _) in bare.items() if ok} == {"known", "known elsewhere"}


def test_known_columns_that_a_file_repeats_keep_their_types(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    column = {"Name": "RemotePort", "Type": "string"}
    path.write_text(json.dumps({"Name": "DeviceNetworkEvents", "Properties": [column]}), "utf-8")
    with bluetick.connect(schemas=path) as session:
        found = dict(session.check("DeviceNetworkEvents").columns)
    assert found["RemotePort"] == "int"
    assert "RemoteUrl" in found
