"""What is to be read, told beforehand: held to the data itself, and to what an engine does without."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bluetick
from bluetick.cli.main import run_command
from bluetick.execution.estimate import TableEstimate
from bluetick.session import QueryRequest, Session

NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GROUP = 24


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten files of two days each, a row an hour and a row group a day; the last row is an hour before noon."""
    for number in range(10):
        first = NOON - (20 - 2 * number) * DAY
        times = [first + hour * HOUR for hour in range(48)]
        table = pa.table(
            {
                "Timestamp": pa.array(times, pa.timestamp("us", "UTC")),
                "Name": [f"host{hour % 7}" for hour in range(48)],
                "Size": list(range(48)),
                "Text": [f"line {hour} of {number}" for hour in range(48)],
                "Bag": [{"a": hour, "b": str(hour)} for hour in range(48)],
            }
        )
        pq.write_table(table, tmp_path / f"{number}.parquet", row_group_size=GROUP, compression="zstd")
    return tmp_path


def opened(folder: Path) -> Session:
    return bluetick.connect(tables={"Log": str(folder / "*.parquet")})


def estimated(folder: Path, text: str, lookback: timedelta | None = None, now: datetime | None = NOON) -> TableEstimate:
    with opened(folder) as session:
        (found,) = session.estimate(QueryRequest(text, now=now, lookback=lookback))
    return found


def rows_between(folder: Path, low: datetime, high: datetime) -> tuple[int, int]:
    """(row groups, rows in them) that hold a time from low to before high: by reading the times."""
    groups = rows = 0
    for path in folder.glob("*.parquet"):
        file = pq.ParquetFile(path)
        for number in range(file.num_row_groups):
            times: Any = file.read_row_group(number, columns=["Timestamp"]).column(0).to_pylist()
            if any(low <= time < high for time in times):
                groups += 1
                rows += len(times)
    return groups, rows


START = datetime(1, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "lookback", "low", "high"),
    [
        ("Log", None, START, NOON),
        ("Log", 3 * DAY, NOON - 3 * DAY, NOON),
        ("Log | where Timestamp > ago(1d)", None, NOON - DAY + timedelta(microseconds=1), NOON),
        ("Log | where Timestamp >= ago(36h) and Size > 3", None, NOON - 36 * HOUR, NOON),
        ("Log | where ago(2d) <= Timestamp | where Timestamp < ago(1d)", None, NOON - 2 * DAY, NOON - DAY),
        (
            "let from = now() - 5d; Log | where Timestamp between (from .. ago(4d))",
            None,
            NOON - 5 * DAY,
            NOON - 4 * DAY + HOUR,
        ),
        ("let w = 2d; let t = Log | where Size > 1; t | where Timestamp > ago(w)", None, NOON - 2 * DAY + HOUR, NOON),
        ("Log | extend When = Timestamp | project When | where When > ago(1d)", None, NOON - DAY + HOUR, NOON),
        (
            "Log | where Timestamp > ago(9d) | union (Log | where Timestamp > ago(1d))",
            None,
            NOON - 9 * DAY + HOUR,
            NOON,
        ),
        ("Log | summarize Timestamp = max(Timestamp) by Name | where Timestamp > ago(1d)", None, START, NOON),
        ("Log | where Timestamp > ago(1d) or Size == 1", None, START, NOON),
        ("Log | take 3 | where Timestamp > ago(1d)", None, START, NOON),
    ],
)
def test_row_groups_in_the_time_asked_for(
    folder: Path, text: str, lookback: timedelta | None, low: datetime, high: datetime
) -> None:
    found = estimated(folder, text, lookback)
    assert (found.groups, found.rows) == ((rows_between(folder, low, high)[0], 20), rows_between(folder, low, high)[1])


def test_the_time_that_cuts_a_table_is_read(folder: Path) -> None:
    assert estimated(folder, "Log | summarize max(Size)", 3 * DAY).columns == ("Timestamp", "Size")
    assert estimated(folder, "Log | summarize max(Size)", now=None).columns == ("Size",)


def test_without_an_instant_nothing_is_cut(folder: Path) -> None:
    assert estimated(folder, "Log | where Size == 1", now=None).groups == (20, 20)


# With each query, the days before noon from and to which it reads.
QUERIES = (
    ("Log | count", 99, 0),
    ("Log | where Timestamp > ago(3d) | summarize count(), max(Size) by Name", 3, 0),
    ("Log | where Timestamp > ago(3d) | where Name == 'host1' | project Bag.a, Size | top 3 by Size", 3, 0),
    ("Log | where Timestamp between (ago(5d) .. (ago(4d) - 1s)) | distinct Name", 5, 4),
    (
        "let a = Log | where Timestamp > ago(2d) | summarize n = count() by Name; "
        "Log | where Timestamp > ago(2d) | join kind=inner a on Name | summarize sum(Size), max(n)",
        2,
        0,
    ),
    (
        "let most = toscalar(Log | where Timestamp > ago(1d) | summarize max(Size)); "
        "Log | where Timestamp > ago(2d) | where Size == most | project Size",
        2,
        0,
    ),
    (
        "Log | where Timestamp > ago(2d) and Name in ((Log | where Timestamp > ago(1d) | summarize by Name)) | count",
        2,
        0,
    ),
    (
        "union (Log | where Timestamp > ago(2d) | project n = Size), (Log | where Timestamp > ago(1d) | project n = 1) "
        "| summarize sum(n)",
        2,
        0,
    ),
)


@pytest.mark.parametrize(("text", "from_days", "to_days"), QUERIES)
def test_what_is_not_counted_is_not_read(folder: Path, text: str, from_days: int, to_days: int) -> None:
    """Everything that the estimate leaves out is overwritten; the rows stay the same."""
    found = estimated(folder, text)
    low, high = NOON - from_days * DAY, NOON - to_days * DAY

    def is_spoiled(group: Any, leaf: str) -> bool:
        times = group.column(0).statistics
        is_in_time = times.max >= low and times.min < high
        return not (is_in_time and leaf.split(".", maxsplit=1)[0] in found.columns)

    with opened(folder) as session:
        before = list(session.query(text, now=NOON).rows())
    assert spoil(folder, is_spoiled) == found.bytes
    with opened(folder) as session:
        assert list(session.query(text, now=NOON).rows()) == before
    assert before


@pytest.mark.parametrize("column", ["Name", "Size", "Timestamp"])
def test_each_column_that_is_counted_is_read(folder: Path, column: str) -> None:
    text = "Log | where Timestamp > ago(3d) | summarize count(), max(Size) by Name"
    assert column in estimated(folder, text).columns
    spoil(folder, lambda _, leaf: leaf == column)
    with opened(folder) as session, pytest.raises(bluetick.BluetickError):
        list(session.query(text, now=NOON).rows())


def spoil(folder: Path, is_spoiled: Callable[[Any, str], bool]) -> int:
    """Overwrites column chunks, and gives the bytes of the others."""
    left = 0
    for path in folder.glob("*.parquet"):
        metadata, content = pq.read_metadata(path), bytearray(path.read_bytes())
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            for place in range(group.num_columns):
                chunk = group.column(place)
                start = chunk.dictionary_page_offset or chunk.data_page_offset
                if is_spoiled(group, chunk.path_in_schema):
                    content[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
                else:
                    left += chunk.total_compressed_size
        path.write_bytes(content)
    return left


# --- other data -------------------------------------------------------------------------------------------------------


def test_text_files_are_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Name,Size\na,1\n", "utf-8")
    with bluetick.connect(tables={"Log": str(tmp_path / "a.csv")}) as session:
        (found,) = session.estimate(QueryRequest("Log | project Size"))
    assert (found.bytes, found.rows, found.files) == (14, None, (1, 1))


def test_an_arrow_table_counts_its_columns() -> None:
    table = pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    with bluetick.connect(tables={"Log": table}) as session:
        (found,) = session.estimate(QueryRequest("Log | summarize sum(a)"))
    assert (found.bytes, found.rows) == (3 * 8, 3)


def test_folders_of_other_days_are_left_out(tmp_path: Path) -> None:
    for day in range(1, 5):
        path = tmp_path / f"day=2026-06-{day:02}" / "a.parquet"
        path.parent.mkdir()
        pq.write_table(pa.table({"a": [day]}), path)
    with bluetick.connect(tables={"Log": str(tmp_path)}) as session:
        (found,) = session.estimate(QueryRequest("Log | where day >= datetime(2026-06-03) | summarize sum(a)"))
    assert (found.files, found.rows) == ((2, 4), 2)


def test_a_mapped_table_reads_what_its_expressions_need(folder: Path) -> None:
    mapping = folder / "mapping.yaml"
    mapping.write_text(
        f"""
Events:
  source: {folder}/*.parquet
  where: Size >= 0
  columns: {{At: Timestamp, Who: toupper(Name), What: Bag.b, Unused: Text}}
"""
    )
    with bluetick.connect(mapping=mapping) as session:
        (found,) = session.estimate(QueryRequest("Events | where At > ago(1d) | summarize max(What) by Who", now=NOON))
        (whole,) = session.estimate(QueryRequest("Events | summarize count()", now=NOON))
    assert sorted(found.columns) == ["Bag.b", "Name", "Size", "Timestamp"]
    assert (found.groups, whole.groups) == ((1, 20), (20, 20))
    assert whole.bytes == spoil(folder, lambda _, leaf: leaf != "Size")


def test_a_table_without_data_is_told() -> None:
    with bluetick.connect() as session, pytest.raises(bluetick.BluetickError, match="VMConnection"):
        session.estimate(QueryRequest("VMConnection | count"))


# --- the command line -------------------------------------------------------------------------------------------------


def test_run_and_query_tell_and_run_nothing(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rule = tmp_path / "rule.kql"
    rule.write_text("// Name: R\n// Id: 11111111-1111-1111-1111-111111111111\n// Severity: Low\nLog | where Size > 1\n")
    spoil(folder, lambda _, leaf: True)
    options = ["--estimate", "--table", f"Log={folder}/*.parquet", "--now", NOON.isoformat(), "--format", "json"]
    assert run_command(["run", str(rule), *options]) == 0
    line = json.loads(capfd.readouterr().out)
    assert (line["name"], line["tables"][0]["rows"], line["bytes"]) == ("R", 480, line["tables"][0]["bytes"])
    assert run_command(["query", "Log | where Timestamp > ago(2h)", *options]) == 0
    assert json.loads(capfd.readouterr().out)["tables"][0]["row_groups"] == [1, 20]
    assert run_command(["query", "Log | where Length > 1", *options]) == 1
