"""What a query sees of a table: two faces of one, absent and extra columns, schemas by choice."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bluetick
from bluetick.diagnostics.errors import QueryError, SourceError
from bluetick.session import QueryRequest, Session

MAY = datetime(2024, 5, 1, 12, tzinfo=UTC)


def network(time_column: str) -> pa.Table:
    return pa.table(
        {
            time_column: pa.array([MAY.replace(tzinfo=None)], pa.timestamp("us")),
            "DeviceName": ["ws1"],
            "RemotePort": pa.array([443], pa.int64()),
            "Sensor": ["north"],
        }
    )


def names(session: Session, query: str, **request: object) -> list[str]:
    (result,) = session.run(QueryRequest(query, **request))  # type: ignore[arg-type]
    return [name for name, _ in result.columns]


@pytest.mark.parametrize("stored", ["Timestamp", "TimeGenerated"])
@pytest.mark.parametrize("asked", ["Timestamp", "TimeGenerated"])
def test_both_faces_read_the_same_time(stored: str, asked: str) -> None:
    with bluetick.connect(tables={"DeviceNetworkEvents": network(stored)}) as session:
        result = session.query(f"DeviceNetworkEvents | project {asked}, DeviceName")
        assert list(result.rows()) == [(MAY, "ws1")]


def test_a_query_that_names_timegenerated_sees_the_sentinel_face() -> None:
    with bluetick.connect(tables={"DeviceNetworkEvents": network("Timestamp")}) as session:
        sentinel = names(session, "DeviceNetworkEvents | where TimeGenerated > datetime(2024-01-01)")
        defender = names(session, "DeviceNetworkEvents")
    assert "TimeGenerated" in sentinel
    assert "Timestamp" in defender
    assert "TimeGenerated" not in defender


def test_a_sentinel_rule_sees_the_sentinel_face() -> None:
    with bluetick.connect(tables={"DeviceNetworkEvents": network("Timestamp")}) as session:
        assert "TimeGenerated" in names(session, "DeviceNetworkEvents", is_sentinel_rule=True)


@pytest.mark.parametrize(("schemas", "time_column"), [("sentinel", "TimeGenerated"), ("defender", "Timestamp")])
def test_chosen_schemas_win_over_the_text(schemas: str, time_column: str) -> None:
    with bluetick.connect(tables={"DeviceNetworkEvents": network("Timestamp")}, schemas=schemas) as session:
        assert time_column in names(session, "DeviceNetworkEvents // TimeGenerated or Timestamp")
        assert time_column in names(session, "DeviceNetworkEvents", is_sentinel_rule=True)


def test_a_request_may_choose_too() -> None:
    with bluetick.connect(tables={"DeviceNetworkEvents": network("Timestamp")}) as session:
        assert "TimeGenerated" in names(session, "DeviceNetworkEvents", schemas="sentinel")


def test_absent_columns_are_typed_nulls_and_extra_ones_stay() -> None:
    with bluetick.connect(tables={"DeviceNetworkEvents": network("Timestamp")}) as session:
        result = session.query("DeviceNetworkEvents | project LocalPort, RemoteIP, Sensor, RemotePort")
        assert result.columns == (
            ("LocalPort", "int"),
            ("RemoteIP", "string"),
            ("Sensor", "string"),
            ("RemotePort", "int"),
        )
        assert list(result.rows()) == [(None, "", "north", 443)]
        assert names(session, "DeviceNetworkEvents")[-1] == "Sensor"


def test_a_column_may_come_from_some_files_only(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1], "y": ["a"]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"x": [2]}), tmp_path / "2.parquet")
    with bluetick.connect(tables={"T": tmp_path / "*.parquet"}) as session:
        assert list(session.query("T | project x, y").rows()) == [(1, "a"), (2, "")]


def test_a_lake_is_a_folder_of_tables(tmp_path: Path) -> None:
    (tmp_path / "Mine").mkdir()
    pq.write_table(pa.table({"x": [1]}), tmp_path / "Mine" / "1.parquet")
    with bluetick.connect(lake=tmp_path) as session:
        assert list(session.query("Mine | count").rows()) == [(1,)]


def test_a_schema_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "schemas.json"
    path.write_text(json.dumps({"Mine": [["Timestamp", "datetime"], ["Who", "string"]]}))
    table = pa.table({"Timestamp": pa.array([MAY.replace(tzinfo=None)], pa.timestamp("us"))})
    with bluetick.connect(tables={"Mine": table}, schemas=path, now=MAY) as session:
        assert session.query("Mine").columns == (("Timestamp", "datetime"), ("Who", "string"))
        assert len(session.query("Mine")) == 0  # the scope ends before now


def test_a_schema_file_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "schemas.json"
    path.write_text('{"Mine": [["Who", "strong"]]}')
    with pytest.raises(SourceError, match="unknown type 'strong'"):
        bluetick.connect(schemas=path)


def test_a_name_given_twice() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(SourceError, match="two columns named 'a'"):
        bluetick.connect(tables={"T": table})


def test_names_mind_case() -> None:
    with bluetick.connect(tables={"T": pa.table({"a": [1], "A": ["x"]})}) as session:
        assert list(session.query("T | where A == 'x' | project A, a").rows()) == [("x", 1)]
        with pytest.raises(QueryError, match="failed to resolve table"):
            session.query("t")


def test_types_of_registered_tables() -> None:
    table = pa.table(
        {
            "small": pa.array([1], pa.int32()),
            "unsigned": pa.array([4_000_000_000], pa.uint32()),
            "big": pa.array([1], pa.int64()),
            "real": pa.array([1.5], pa.float32()),
            "time": pa.array([MAY], pa.timestamp("ms", tz="UTC")),
            "span": pa.array([90], pa.duration("s")),
            "nested": pa.array([{"a": [1]}]),
            "flag": pa.array([True]),
            "text": pa.array(["x"], pa.large_string()),
        }
    )
    with bluetick.connect(tables={"T": table}) as session:
        result = session.query("T | project small, unsigned, big, real, tostring(span), nested.a[0], flag, text, time")
        assert [type_ for _, type_ in result.columns] == [
            "int",
            "long",
            "long",
            "real",
            "string",
            "dynamic",
            "bool",
            "string",
            "datetime",
        ]
        assert list(result.rows()) == [(1, 4_000_000_000, 1, 1.5, "00:01:30", 1, True, "x", MAY)]


@pytest.mark.parametrize("name", ["", "1x", "a;b", 'a"b', "a\nb"])
def test_a_table_name_that_cannot_be(name: str) -> None:
    with pytest.raises(SourceError, match="cannot be a table name"):
        bluetick.connect(tables={name: pa.table({"a": [1]})})


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        bluetick.connect(tables={"T": tmp_path / "none-*.parquet"})
    with pytest.raises(SourceError, match="no folder"):
        bluetick.connect(lake=tmp_path / "none")


def test_check_knows_tables_without_data() -> None:
    with bluetick.connect() as session:
        check = session.check("DeviceProcessEvents | project Timestamp, FileName")
        assert check.ok
        assert check.columns == (("Timestamp", "datetime"), ("FileName", "string"))
        refused = session.check("DeviceProcessEvents | project FileNmae")
        assert not refused.ok
        assert refused.columns == ()
        assert "did you mean 'FileName'?" in refused.diagnostics[0].hint
