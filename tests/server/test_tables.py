"""What the server tells of tables: columns and their help, rows, times, how full the columns are."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bluetick
from bluetick.cli.main import run_command
from bluetick.execution.table_facts import TableFacts
from bluetick.schema.packs import known_table, load_pack
from bluetick.server import tables
from server.running import Served, served

FIRST, LAST = datetime(2026, 6, 18, 12, tzinfo=UTC), datetime(2026, 6, 18, 13, tzinfo=UTC)


def get(on: Served, path: str) -> dict[str, Any]:
    with on.http() as client:
        answer = client.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def one(on: Served, name: str) -> dict[str, dict[str, Any]]:
    """A table's columns by name."""
    return {column["name"]: column for column in get(on, f"/api/tables/{name}")["columns"]}


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    folder = tmp_path / "Plain"
    folder.mkdir()
    times = pa.array([FIRST, LAST], pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"Timestamp": times, "Name": ["a", ""], "Size": [None, 5]}), folder / "a.parquet")
    return folder


def test_tables_of_files_are_told_from_their_footers(plain: Path) -> None:
    with bluetick.connect(tables={"Plain": plain}) as session, served(session) as on:
        (table,) = get(on, "/api/tables")["tables"]
        assert table == {
            "name": "Plain",
            "kind": "table",
            "rows": 2,
            "bytes": (plain / "a.parquet").stat().st_size,
            "first": "2026-06-18T12:00:00.0000000Z",
            "last": "2026-06-18T13:00:00.0000000Z",
            "timeColumn": "Timestamp",
            "columns": [
                {"name": "Timestamp", "type": "datetime", "help": None},
                {"name": "Name", "type": "string", "help": None},
                {"name": "Size", "type": "long", "help": None},
            ],
            "error": None,
        }
        columns = one(on, "Plain")
        assert {name: (column["fill"], column["fillRows"]) for name, column in columns.items()} == {
            "Timestamp": (1.0, 2),
            "Name": (0.5, 2),
            "Size": (0.5, 2),
        }


def test_fill_rates_are_measured_once_for_each_version(plain: Path) -> None:
    with bluetick.connect(tables={"Plain": plain}) as session, served(session) as on:
        for _ in range(2):
            assert one(on, "Plain")["Size"]["fill"] == 0.5
        asked = on.query("BluetickAudit | where Operation == 'Tables' | count").json()
        assert asked[2]["Rows"] == [[1]]
        times = pa.array([FIRST, LAST, LAST], pa.timestamp("us", "UTC"))
        more = pa.table({"Timestamp": times, "Name": ["", "", ""], "Size": [None, 5, 6]})
        pq.write_table(more, plain / "a.parquet")
        assert one(on, "Plain")["Size"] == {
            "name": "Size",
            "type": "long",
            "help": None,
            "fill": pytest.approx(2 / 3),
            "fillRows": 3,
        }


def test_of_large_tables_a_bounded_number_of_recent_rows_is_measured(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MEASURED_ROWS", 3)
    old = pa.array([datetime(2020, 1, 1, tzinfo=UTC)] * 50, pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"Timestamp": old, "Name": ["x"] * 50, "Size": [1] * 50}), plain / "b.parquet")
    with bluetick.connect(tables={"Plain": plain}) as session, served(session) as on:
        assert one(on, "Plain")["Name"] | {"help": None} == {
            "name": "Name",
            "type": "string",
            "help": None,
            "fill": 0.5,
            "fillRows": 2,
        }


def test_a_row_of_a_wrong_clock_does_not_hide_the_others(plain: Path) -> None:
    late = pa.array([datetime(9999, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"Timestamp": late, "Name": ["x"], "Size": [1]}), plain / "b.parquet")
    with bluetick.connect(tables={"Plain": plain}) as session, served(session) as on:
        asked = datetime(2026, 6, 18, 14, tzinfo=UTC)
        assert tables._since(TableFacts(3, 0, FIRST, datetime.max.replace(tzinfo=UTC)), asked) == datetime(
            2026, 6, 18, 12
        )
        assert get(on, "/api/tables/Plain")["last"] == "9999-01-01T00:00:00.0000000Z"


def test_a_lake_tells_fill_rates_by_itself(tmp_path: Path) -> None:
    notes = ("x", "", None, "y")
    source, lake = tmp_path / "events.ndjson", tmp_path / "lake"
    with source.open("w") as out:
        for second, note in enumerate(notes):
            row = {"Timestamp": f"2026-06-18T12:00:0{second}Z", "DeviceName": "h", "ActionType": note}
            out.write(json.dumps({name: value for name, value in row.items() if value is not None}) + "\n")
    assert run_command(["ingest", str(source), "--table", "DeviceEvents", "--lake", str(lake)]) == 0
    with bluetick.connect(lake=lake) as session, served(session, lake=lake) as on:
        (table,) = get(on, "/api/tables")["tables"]
        assert (table["rows"], table["first"], table["last"]) == (
            4,
            "2026-06-18T12:00:00.0000000Z",
            "2026-06-18T12:00:03.0000000Z",
        )
        columns = one(on, "DeviceEvents")
        told = {
            name: (columns[name]["fill"], columns[name]["fillRows"]) for name in ("ActionType", "Timestamp", "SHA1")
        }
        assert told == {"ActionType": (0.5, 4), "Timestamp": (1.0, 4), "SHA1": (0.0, 4)}
        audit = (lake / "_settings" / "audit.ndjson").read_text() if (lake / "_settings").exists() else ""
        assert '"Tables"' not in audit


def test_a_table_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    lake, source = tmp_path / "lake", tmp_path / "events.ndjson"
    for table in ("DeviceEvents", "DeviceInfo"):
        source.write_text(json.dumps({"Timestamp": "2026-06-18T12:00:00Z", "DeviceName": table}) + "\n")
        assert run_command(["ingest", str(source), "--table", table, "--lake", str(lake)]) == 0
    for log in (lake / "DeviceInfo" / "_delta_log").glob("*.json"):
        log.write_text("{}\n")
    with bluetick.connect(lake=lake) as session, served(session, lake=lake) as on:
        found = {table["name"]: table for table in get(on, "/api/tables")["tables"]}
        assert (found["DeviceEvents"]["rows"], found["DeviceEvents"]["error"]) == (1, None)
        assert (found["DeviceInfo"]["rows"], found["DeviceInfo"]["columns"]) == (None, [])
        assert found["DeviceInfo"]["error"]
        assert str(tmp_path) not in found["DeviceInfo"]["error"]
        assert one(on, "DeviceEvents")["DeviceName"]["fill"] == 1.0
        with on.http() as client:
            assert client.get("/api/tables/DeviceInfo").status_code == 400
        assert on.query(".show tables", "/v1/rest/mgmt").json()["Tables"][0]["Rows"] == [
            ["DeviceEvents", "hunt", "", ""]
        ]
        assert on.query("DeviceEvents | count").json()[2]["Rows"] == [[1]]


def test_functions_and_watchlists_are_listed_too(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "Mine.kql").write_text("let Mine = () { print x = 1 };\n")
    (tmp_path / "f" / "Needs.kql").write_text("let Needs = (a: long) { print x = a };\n")
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "Admins.csv").write_text("SearchKey,Why\nana,on call\n")
    connected = bluetick.connect(functions=tmp_path / "f", watchlists=tmp_path / "w")
    with connected as session, served(session) as on:
        found = {table["name"]: table for table in get(on, "/api/tables")["tables"]}
        assert [(column["name"], column["type"]) for column in one(on, "Mine").values()] == [("x", "long")]
        assert one(on, "Needs") == {}
        assert one(on, "Admins")["Why"] == {"name": "Why", "type": "string", "help": None, "fill": None, "fillRows": 0}
    assert found["Mine"]["kind"] == "function"
    assert found["Admins"]["kind"] == "watchlist"
    assert "Why" in {column["name"] for column in found["Admins"]["columns"]}
    assert found["Admins"]["rows"] is None


def test_known_columns_have_help() -> None:
    data = pa.table({"Timestamp": pa.array([FIRST], pa.timestamp("us", "UTC")), "DeviceName": ["a"]})
    with bluetick.connect(tables={"DeviceNetworkEvents": data, "Own": data}) as session, served(session) as on:
        assert one(on, "DeviceNetworkEvents")["RemoteIP"]["help"] == "The address at the other end."
        assert one(on, "DeviceNetworkEvents")["RemoteIP"]["fill"] == 0.0
        assert one(on, "Own")["DeviceName"]["help"] is None


def test_help_is_of_columns_that_there_are() -> None:
    packs = [load_pack("sentinel"), load_pack("defender")]
    names = {column for pack in packs for table in pack.values() for column, _ in table.columns}
    for line in (Path(bluetick.__file__).parent / "schema/data/column_help.txt").read_text("utf-8").splitlines():
        name, sentence = line.split("\t")
        table, dot, column = name.rpartition(".")
        schema = known_table(table) if dot else None
        assert column in ({known for known, _ in schema.columns} if schema is not None else names), name
        assert sentence.endswith((".", "...")), name


def test_a_table_that_is_not_there(on: Served) -> None:
    with on.http() as client:
        answer = client.get("/api/tables/Nothing")
    assert answer.status_code == 404
    assert "'Nothing'" in answer.json()["error"]["@message"]


def test_odd_names_of_columns_do_no_harm() -> None:
    odd = pa.table({"it's": ["a"], "back\\slash": [""], "a b": [None], 'quo"te': ["x"]}).cast(
        pa.schema([(name, pa.string()) for name in ("it's", "back\\slash", "a b", 'quo"te')])
    )
    with bluetick.connect(tables={"Odd": odd}) as session, served(session) as on:
        assert {name: column["fill"] for name, column in one(on, "Odd").items()} == {
            "it's": 1.0,
            "back\\slash": 0.0,
            "a b": 0.0,
            'quo"te': 1.0,
        }
