"""What a commit leaves: files that prune well, and a log that any Delta reader opens."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from lake_rows import COLUMNS, NOON, add, answer, every, rows

import bluetick
from bluetick.diagnostics.errors import SourceError
from bluetick.lake.columns import with_system
from bluetick.lake.data_files import ROW_GROUP, write_data
from bluetick.lake.folder import DeltaFolder
from bluetick.types import Type

pytest_plugins = ["tests.spark_fixture"]
ENGINES = ("duckdb", pytest.param("local[2]", marks=pytest.mark.spark))


def log(folder: Path, version: int) -> list[dict[str, Any]]:
    text = (folder / "_delta_log" / f"{version:020}.json").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_any_delta_reader_opens_the_table(tmp_path: Path) -> None:
    add(tmp_path, "Events", rows([NOON]), "one")
    table = DeltaTable(str(tmp_path / "Events"))
    assert (table.protocol().min_reader_version, table.protocol().reader_features) == (1, None)
    schema = {field.name: field.type.to_json() for field in table.schema().fields}
    assert schema["Timestamp"] == '"timestamp"'  # in UTC: no feature timestampNtz
    read = pa.table(table.to_pyarrow_table())
    assert read.column("Timestamp").to_pylist() == [NOON]


def test_files_are_of_one_day_sorted_and_zstd(tmp_path: Path) -> None:
    times = every(timedelta(hours=5), 8)
    add(tmp_path, "Events", rows(times[::-1]), "one")
    adds = [line["add"] for line in log(tmp_path / "Events", 1) if "add" in line]
    assert sorted(add["partitionValues"]["LakeDay"] for add in adds) == ["2026-06-18", "2026-06-19"]
    for action in adds:
        file = pq.ParquetFile(tmp_path / "Events" / action["path"])
        assert file.metadata.row_group(0).column(0).compression == "ZSTD"
        assert "LakeDay" not in file.schema_arrow.names
        found: list[Any] = file.read().column("Timestamp").to_pylist()
        assert found == sorted(found)
        assert {str(moment.date()) for moment in found} == {action["partitionValues"]["LakeDay"]}


def test_row_groups_and_files_have_their_sizes(tmp_path: Path) -> None:
    count = ROW_GROUP * 2 + 1
    data = pa.table({"Timestamp": pa.array([NOON] * count, pa.timestamp("us", "UTC"))})
    columns = with_system((("Timestamp", Type.DATETIME),))
    files = write_data(tmp_path, data, columns, "Timestamp", file_rows=ROW_GROUP * 2)
    metadata = [pq.read_metadata(tmp_path / file.path) for file in files]
    assert [m.num_rows for m in metadata] == [ROW_GROUP * 2, 1]
    assert [metadata[0].row_group(n).num_rows for n in range(2)] == [ROW_GROUP, ROW_GROUP]


def test_rows_without_a_time_are_kept(tmp_path: Path) -> None:
    add(tmp_path, "Events", rows([NOON, None]), "one")
    with bluetick.connect(lake=tmp_path) as session:
        assert answer(session, "Events | summarize count(), countif(isnull(Timestamp))") == [(2, 1)]
        assert answer(session, "Events | where Timestamp > datetime(2026-01-01) | count") == [(1,)]


@pytest.mark.parametrize("micros", [0, 1, 999, 999_999])
def test_a_time_behind_the_cut_of_the_statistics_is_found(tmp_path: Path, micros: int) -> None:
    """Delta's statistics have milliseconds: a file's greatest time may be up to one later."""
    moment = NOON + timedelta(microseconds=micros)
    add(tmp_path, "Events", rows([moment]), "one")
    stats = json.loads(next(line["add"] for line in log(tmp_path / "Events", 1) if "add" in line)["stats"])
    assert stats["maxValues"]["Timestamp"] == f"2026-06-18T12:00:00.{micros // 1000:03}Z"
    text = f"Events | where Timestamp >= datetime({moment:%Y-%m-%d %H:%M:%S.%f}) | count"
    with bluetick.connect(lake=tmp_path) as session:
        assert answer(session, text) == [(1,)]


def test_the_time_column_keeps_statistics_however_many_columns_stand_before_it(tmp_path: Path) -> None:
    """Delta indexes 32 columns unless told which."""
    data = pa.table({**{f"c{n:02}": ["x"] for n in range(40)}, "Timestamp": rows([NOON]).column("Timestamp")})
    columns = tuple((name, Type.DATETIME if name == "Timestamp" else Type.STRING) for name in data.column_names)
    add(tmp_path, "Wide", data, "one", columns)
    folder = tmp_path / "Wide"
    another = pa.table(DeltaTable(str(folder)).to_pyarrow_table())
    from deltalake import write_deltalake  # noqa: PLC0415 - another writer

    write_deltalake(folder, another, mode="append")
    actions = pa.table(DeltaTable(str(folder)).get_add_actions(flatten=True))
    assert actions.column("max.Timestamp").to_pylist() == [NOON, NOON]


@pytest.mark.parametrize("engine", ENGINES)
def test_columns_are_added_and_old_files_have_nulls(tmp_path: Path, engine: str) -> None:
    add(tmp_path, "Events", rows([NOON]), "one")
    wider = rows([NOON + timedelta(hours=1)]).append_column("Port", pa.array([443], pa.int32()))
    wider = wider.append_column("Path", pa.array(["/x"], pa.string()))
    add(tmp_path, "Events", wider, "two", (*COLUMNS, ("Port", Type.INT), ("Path", Type.STRING)))
    with bluetick.connect(lake=tmp_path, engine=engine) as session:
        found = answer(session, "Events | sort by Timestamp asc | project Port, Path, Bag.n")
        assert found == [(None, "", 0), (443, "/x", 0)]
        old = f"Events | where Timestamp <= datetime({NOON:%Y-%m-%d %H:%M}) | project Port, Path"
        assert answer(session, old) == [(None, "")]
        assert answer(session, "Events | where Timestamp > ago(1h) | summarize count(), sum(Port)") == [(0, 0)]
        assert answer(session, "Events | summarize by _Source") == [("test",)]


def test_a_column_of_another_type_is_refused_and_nothing_stays(tmp_path: Path) -> None:
    add(tmp_path, "Events", rows([NOON]), "one")
    other = pa.table({"Timestamp": rows([NOON]).column("Timestamp"), "Host": pa.array([5], pa.int64())})
    with pytest.raises(SourceError, match=r"'Host' of .* holds string, where 'Host' of the new rows holds long"):
        add(tmp_path, "Events", other, "two", (("Timestamp", Type.DATETIME), ("Host", Type.LONG)))
    folder = tmp_path / "Events"
    assert DeltaFolder(folder).snapshot().rows == 1
    assert len(list(folder.rglob("*.parquet"))) == 1
    add(tmp_path, "Events", rows([NOON]), "three")
    assert DeltaFolder(folder).snapshot().rows == 2


def test_a_column_in_another_case_is_stored_as_the_lake_spells_it(tmp_path: Path) -> None:
    """Engines fold the case of a file's columns; of another type it is a column of its own."""
    add(tmp_path, "Events", rows([NOON]), "one")
    other = rows([NOON], host="b").select(["Timestamp", "Host"]).rename_columns(["Timestamp", "HOST"])
    add(tmp_path, "Events", other, "two", (("Timestamp", Type.DATETIME), ("HOST", Type.STRING)))
    number = pa.table({"Timestamp": other.column("Timestamp"), "HOST": pa.array([7], pa.int64())})
    add(tmp_path, "Events", number, "three", (("Timestamp", Type.DATETIME), ("HOST", Type.LONG)))
    with bluetick.connect(lake=tmp_path) as session:
        found = answer(session, "Events | project Host, HOST_twin | sort by Host asc")
    assert found == [("", 7), ("a", None), ("b", None)]


def test_types_that_delta_lacks_come_back(tmp_path: Path) -> None:
    data = pa.table(
        {
            "Timestamp": rows([NOON]).column("Timestamp"),
            "Id": ["6f2b4dbb-7d0a-4bd2-9d5b-0c3f6a3a1111"],
            "Took": pa.array([90_000_000], pa.int64()),
            "Bag": ['{"a":[1,null]}'],
        }
    )
    columns = (
        ("Timestamp", Type.DATETIME),
        ("Id", Type.GUID),
        ("Took", Type.TIMESPAN),
        ("Bag", Type.DYNAMIC),
    )
    add(tmp_path, "Custom", data, "one", columns)
    with bluetick.connect(lake=tmp_path) as session:
        result = session.query("Custom | project-away Timestamp")
        assert result.columns == (("Id", "guid"), ("Took", "timespan"), ("Bag", "dynamic"))
        ((identity, took, bag),) = result.rows()
    assert (str(identity), took, bag) == (
        "6f2b4dbb-7d0a-4bd2-9d5b-0c3f6a3a1111",
        timedelta(seconds=90),
        {"a": [1, None]},
    )


def test_ingestion_time_is_the_commits_and_no_result_shows_how(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    add(tmp_path, "Events", rows([NOON, NOON]), "one")
    after = datetime.now(UTC)
    with bluetick.connect(lake=tmp_path) as session:
        assert [name for name, _ in session.query("Events").columns] == ["Timestamp", "Host", "Bag"]
        text = "Events | where ingestion_time() > datetime(2020-01-01) | extend Arrived = ingestion_time()"
        result = session.query(text)
        assert [name for name, _ in result.columns] == ["Timestamp", "Host", "Bag", "Arrived"]
        arrived = {row[3] for row in result.rows()}
        assert len(arrived) == 1
        assert before - timedelta(milliseconds=1) <= arrived.pop() <= after
        assert answer(session, "Events | summarize by _Source") == [("test",)]
        warned = session.check("Events | where ingestion_time() > ago(1d)").warnings
        assert not warned


def test_the_days_column_is_none_of_the_tables(tmp_path: Path) -> None:
    add(tmp_path, "Events", rows([NOON]), "one")
    with bluetick.connect(lake=tmp_path) as session:
        found = session.check("Events | where isnotempty(LakeDay)").diagnostics
        assert [d.code for d in found] == ["SEM0100"]


def test_a_file_that_is_not_committed_is_not_read(tmp_path: Path) -> None:
    add(tmp_path, "Events", rows([NOON]), "one")
    write_data(tmp_path / "Events", rows([NOON]), with_system(COLUMNS), "Timestamp")
    with bluetick.connect(lake=tmp_path) as session:
        assert answer(session, "Events | count") == [(1,)]


def test_rows_of_every_year_are_stored(tmp_path: Path) -> None:
    ends = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)]
    add(tmp_path, "Events", rows(list(ends)), "one")
    with bluetick.connect(lake=tmp_path) as session:
        assert answer(session, "Events | summarize min(Timestamp), max(Timestamp)") == [tuple(ends)]
        assert answer(session, "Events | where Timestamp > datetime(9999-12-31 23:59:59.999998) | count") == [(1,)]
    first = DeltaFolder(tmp_path / "Events").snapshot().span("Timestamp")
    assert first is not None
    assert first[0] == ends[0]
