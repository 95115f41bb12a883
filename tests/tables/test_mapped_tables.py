"""A mapping over data gives the rows of a physically renamed copy of it, on both engines."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bluetick
from bluetick.session import QueryRequest

pytest_plugins = ["tests.spark_fixture"]
ENGINES = ("duckdb", pytest.param("local[2]", marks=pytest.mark.spark))

MAPPING = """
DeviceNetworkEvents:
  source: silver
  where: proto == 'tcp' and isnotempty(src.ip)
  columns:
    Timestamp: ts
    DeviceName: tolower(host)
    LocalIP: src.ip
    LocalPort: src.port           # a long there, an int here
    RemoteIP: "['dst.ip']"        # a column with a dot in its name
    RemotePort: dport             # text there
    RemoteUrl: "src.geo['city name']"
    ActionType: |
      iff(dport == '443',
          "ConnectionSuccess", "ConnectionAttempt")
    Protocol: "'Tcp'"
    InitiatingProcessId: 4
    AdditionalFields: tostring(tags)
Custom:
  source: silver
  columns: {at: ts, who: host, whole: src, first: "tags[0]", n: src.port, never: 'todatetime("no")'}
"""
QUERIES = (
    "DeviceNetworkEvents | summarize count(), dcount(DeviceName), sum(LocalPort) by ActionType, Protocol",
    "DeviceNetworkEvents | where RemotePort == 443 and LocalIP startswith '10.0.0' | project Timestamp, LocalIP, "
    "LocalPort, RemoteIP, RemotePort, RemoteUrl, ActionType, InitiatingProcessId, AdditionalFields | "
    "top 20 by Timestamp",
    "DeviceNetworkEvents | where Timestamp > datetime(2026-01-05) | project DeviceName, RemoteUrl, ReportId, DeviceId",
    "DeviceNetworkEvents | join kind=inner (DeviceNetworkEvents | summarize Last = max(Timestamp) by DeviceName) on "
    "DeviceName | where Timestamp == Last | project DeviceName, Last, RemoteIP",
)


def rows_of(seed: int) -> list[dict[str, Any]]:
    chance = Random(seed)  # noqa: S311 - rows, not secrets
    start = datetime(2026, 1, 1, tzinfo=UTC)
    ips = ["10.0.0.1", "10.0.0.2", "192.168.1.1", "", None]
    return [
        {
            "ts": start + timedelta(minutes=7 * number, microseconds=number) if number % 17 else None,
            "host": chance.choice(["Alpha", "BETA", "gamma", None]),
            "src": {
                "ip": chance.choice(ips),
                "port": chance.randrange(65_536),
                "geo": {"city name": chance.choice(["Ulm", "Köln", None])},
            },
            "dst.ip": f"203.0.113.{chance.randrange(256)}",
            "dport": chance.choice(["443", " 80 ", "", None]),
            "proto": chance.choice(["tcp", "udp", "tcp"]),
            "tags": chance.choice([["a", "b"], [], None]),
        }
        for number in range(300)
    ]


def renamed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The mapping's rows, computed here."""
    return [
        {
            "Timestamp": row["ts"],
            "DeviceName": (row["host"] or "").lower(),
            "LocalIP": row["src"]["ip"],
            "LocalPort": row["src"]["port"],
            "RemoteIP": row["dst.ip"],
            "RemotePort": int(row["dport"]) if (row["dport"] or "").strip() else None,
            "RemoteUrl": row["src"]["geo"]["city name"] or "",
            "ActionType": "ConnectionSuccess" if row["dport"] == "443" else "ConnectionAttempt",
            "Protocol": "Tcp",
            "InitiatingProcessId": 4,
            "AdditionalFields": "" if row["tags"] is None else json.dumps(row["tags"], separators=(",", ":")),
        }
        for row in rows
        if row["proto"] == "tcp" and row["src"]["ip"]
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mapped")
    rows = rows_of(4)
    for name, data in (("silver", rows), ("copy", renamed(rows))):
        (folder / name).mkdir()
        for part in range(3):
            pq.write_table(
                pa.Table.from_pylist(data[part::3], schema=pa.Table.from_pylist(data).schema),
                folder / name / f"{part}.parquet",
            )
    (folder / "ndjson").mkdir()
    lines = [json.dumps({**row, "ts": row["ts"].isoformat() if row["ts"] else None}) for row in rows]
    (folder / "ndjson" / "a.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    return folder


def answers(session: bluetick.Session, text: str) -> tuple[Any, list[tuple[Any, ...]]]:
    result = session.query(text)
    return result.columns, sorted(result.rows(), key=repr)


def expected(folder: Path, text: str) -> tuple[Any, list[tuple[Any, ...]]]:
    with bluetick.connect(tables={"DeviceNetworkEvents": str(folder / "copy")}) as session:
        return answers(session, text)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("source", ["silver", "ndjson", "arrow"])
def test_a_mapping_gives_the_rows_of_a_renamed_copy(folder: Path, engine: str, source: str) -> None:
    given = pq.read_table(folder / "silver") if source == "arrow" else str(folder / source)
    tables = {"DeviceNetworkEvents": given}
    with bluetick.connect(tables=tables, mapping=folder / "mapping.yaml", engine=engine) as session:
        for text in QUERIES:
            assert answers(session, text) == expected(folder, text), text


@pytest.mark.parametrize("engine", ENGINES)
def test_the_time_scope_of_a_run(folder: Path, engine: str) -> None:
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with bluetick.connect(mapping=folder / "mapping.yaml", engine=engine) as session:
        request = QueryRequest("DeviceNetworkEvents | summarize count()", now=now, lookback=timedelta(hours=5))
        found = list(session.run(request)[-1].rows())
    times = [row["Timestamp"] for row in renamed(rows_of(4)) if row["Timestamp"] is not None]
    assert found == [(sum(1 for time in times if now - timedelta(hours=5) <= time < now),)]
    assert found != [(0,)]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_custom_table(folder: Path, engine: str) -> None:
    rows = rows_of(4)
    with bluetick.connect(mapping=folder / "mapping.yaml", engine=engine) as session:
        result = session.query("Custom | where n == toscalar(Custom | summarize max(n)) | take 1")
        types = {name: type_ for name, type_ in result.columns}
        found = next(iter(result.rows()))
    row = max(rows, key=lambda row: row["src"]["port"])
    assert types == {
        "at": "datetime", "who": "string", "whole": "dynamic", "first": "dynamic", "n": "long", "never": "datetime"
    }  # fmt: skip
    first = row["tags"][0] if row["tags"] else None
    assert found == (row["ts"], row["host"] or "", row["src"], first, row["src"]["port"], None)


@pytest.mark.parametrize("engine", ENGINES)
def test_both_faces_of_a_table(tmp_path: Path, engine: str) -> None:
    pq.write_table(pa.table({"when": [datetime(2026, 1, 5, tzinfo=UTC)], "who": ["a"]}), tmp_path / "d.parquet")
    text = "DeviceNetworkEvents:\n  source: d.parquet\n  columns: {Timestamp: when, DeviceName: who}\n"
    (tmp_path / "m.yaml").write_text(text)
    with bluetick.connect(mapping=tmp_path / "m.yaml", engine=engine) as session:
        sentinel = session.query("DeviceNetworkEvents | project TimeGenerated, DeviceName, TenantId")
        assert list(sentinel.rows()) == [(datetime(2026, 1, 5, tzinfo=UTC), "a", "")]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_column_that_the_packs_type_differently(tmp_path: Path, engine: str) -> None:
    """AdditionalFields is text to Defender and a bag to Sentinel: a mapping's text is read as a copy's would be."""
    pq.write_table(pa.table({"tags": ['{"a": 1}', "plain", "", None]}), tmp_path / "d.parquet")
    pq.write_table(pa.table({"AdditionalFields": ['{"A": 1}', "PLAIN", "", ""]}), tmp_path / "copy.parquet")
    text = "DeviceNetworkEvents:\n  source: d.parquet\n  columns: {AdditionalFields: toupper(tags)}\n"
    (tmp_path / "m.yaml").write_text(text)
    found = []
    for given in (
        {"mapping": tmp_path / "m.yaml"},
        {"tables": {"DeviceNetworkEvents": str(tmp_path / "copy.parquet")}},
    ):
        with bluetick.connect(engine=engine, schemas="sentinel", **given) as session:
            result = session.query("DeviceNetworkEvents | project AdditionalFields, AdditionalFields.A")
            assert result.columns[0] == ("AdditionalFields", "dynamic")
            found.append(sorted(result.rows(), key=repr))
    assert found[0] == found[1]
    assert ({"A": 1}, 1) in found[0]


@pytest.mark.parametrize(("schemas", "port"), [("defender", 444), ("sentinel", "444")])
def test_a_computed_number_is_the_text_that_a_pack_wants(tmp_path: Path, schemas: str, port: object) -> None:
    text = "IdentityLogonEvents:\n  source: table:Raw\n  columns: {Port: toint(p + 1), DeviceName: p}\n"
    (tmp_path / "m.yaml").write_text(text)
    with bluetick.connect(tables={"Raw": pa.table({"p": [443]})}, mapping=tmp_path / "m.yaml", schemas=schemas) as s:
        assert list(s.query("IdentityLogonEvents | project Port, DeviceName").rows()) == [(port, "443")]


@pytest.mark.parametrize("engine", ENGINES)
def test_another_registered_table_is_the_source(tmp_path: Path, engine: str) -> None:
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "deep" / "a.yml").write_text("A:\n  source: table:Raw\n  columns: {y: x * 2, z: \"'k'\"}\n")
    (tmp_path / "folder" / "b.yaml").write_text("B:\n  source: table:Raw\n  columns: {one: 1}\n  where: x > 1\n")
    with bluetick.connect(tables={"Raw": pa.table({"x": [1, 2]})}, mapping=tmp_path / "folder", engine=engine) as s:
        assert sorted(s.query("A").rows()) == [(2, "k"), (4, "k")]
        assert list(s.query("B").rows()) == [(1,)]
        assert list(s.query("B | count").rows()) == [(1,)]


@pytest.mark.spark
def test_a_table_of_the_catalog_is_the_source(tmp_path: Path, spark_engine: object) -> None:
    from pyspark.sql import SparkSession  # noqa: PLC0415 - started by the fixture

    session = SparkSession.builder.getOrCreate()
    session.sql(f"CREATE DATABASE bronze LOCATION '{tmp_path}/bronze'")
    try:
        session.sql("CREATE TABLE bronze.conn USING parquet AS SELECT 1L AS a, named_struct('ip', 'x') AS src")
        (tmp_path / "m.yaml").write_text("T:\n  source: catalog:bronze.conn\n  columns: {n: a, ip: src.ip}\n")
        with bluetick.connect(mapping=tmp_path / "m.yaml", engine="local[2]") as mapped:
            assert list(mapped.query("T").rows()) == [(1, "x")]
    finally:
        session.sql("DROP DATABASE bronze CASCADE")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_example_of_the_manual(tmp_path: Path, engine: str) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "m.yaml").write_text(manual.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    data = tmp_path / "silver" / "zeek_conn" / "day=2026-01-05"
    data.mkdir(parents=True)
    row = {
        "ts": datetime(2026, 1, 5, 1, tzinfo=UTC),
        "id.orig_h": "10.0.0.1",
        "dst": {"ip": "203.0.113.5", "port": 443},
        "proto": "tcp",
        "conn_state": "SF",
        "tags": ["a"],
    }
    pq.write_table(pa.Table.from_pylist([row, {**row, "proto": "udp"}]), data / "f.parquet")
    text = (
        "DeviceNetworkEvents | project LocalIP, RemoteIP, RemotePort, Protocol, ActionType, AdditionalFields, "
        "MachineGroup, DeviceName, Timestamp"
    )
    with bluetick.connect(mapping=tmp_path / "mappings", engine=engine) as session:
        found = list(session.query(text, now=datetime(2026, 1, 5, 5, tzinfo=UTC)).rows())
        assert [str(diagnostic.code) for diagnostic, _ in session.catalog.mapping_warnings] == []
    assert found == [("10.0.0.1", "203.0.113.5", 443, "TCP", "ConnectionSuccess", '["a"]', "servers", "", row["ts"])]
