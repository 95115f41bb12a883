"""Files by the day: a query reads of each no more than its filters on time ask, and gives the rows of the whole."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bluetick
from bluetick.session import QueryRequest, Session

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
QUERIES = (
    "T | where TimeGenerated > ago(3d) | summarize count() by k",
    "T | where TimeGenerated between (ago(5d) .. ago(1d)) | summarize count() by k",
    "T | where TimeGenerated between (ago(5d) .. 2d) | summarize sum(n) by k",
    "T | where TimeGenerated > ago(6d) and TimeGenerated <= ago(2d) and n > 2 | summarize count(), dcount(n) by k",
    "T | where TimeGenerated > ago(6d) | where n > 2 | where TimeGenerated < ago(2d) | count",
    "T | where TimeGenerated > ago(6d) and hourofday(TimeGenerated) < 7 | count",
    "T | where TimeGenerated > ago(6d) | summarize count() by bin(TimeGenerated, 1d)",
    "T | where TimeGenerated > ago(6d) | summarize min(TimeGenerated), max(TimeGenerated)",
    "T | where TimeGenerated > ago(6d) | extend d = startofday(TimeGenerated) | where d < ago(4d) | count",
    "T | where TimeGenerated > ago(6d) | sort by TimeGenerated asc | take 3 | project k",
    "T | where TimeGenerated > ago(6d) | take 3 | project n",
    "T | where TimeGenerated > ago(6d) or n == 1 | count",
    "T | where not(TimeGenerated > ago(6d)) | count",
    "T | where TimeGenerated > ago(6d) | join kind=inner (T | where TimeGenerated < ago(6d)) on k | count",
    "T | where TimeGenerated > ago(3d) | join kind=leftanti (T | where TimeGenerated < ago(4d) and n > 3) on n | count",
    "T | join kind=inner (T | where n == 1) on k | where TimeGenerated > ago(2d) and TimeGenerated1 < ago(2d) | count",
    "let R = T | where TimeGenerated > ago(8d); R | where TimeGenerated < ago(3d) | summarize a = count() by k"
    " | join kind=inner (R | where TimeGenerated > ago(3d) | summarize b = count() by k) on k",
    "let R = T | where n > 1; union (R | where TimeGenerated > ago(1d)), (R | where TimeGenerated < ago(7d)) | count",
    "union (T | where TimeGenerated > ago(1d) | project k), (T | where TimeGenerated < ago(7d) | project k)"
    " | summarize count() by k",
    "T | where TimeGenerated > toscalar(T | where TimeGenerated < ago(4d) | summarize max(TimeGenerated)) | count",
    "T | project-rename when = TimeGenerated | where when > ago(3d) | summarize count() by k",
    "T | extend when = TimeGenerated | where when > ago(3d) | summarize count() by k",
    "T | extend when = TimeGenerated - 1d | where when > ago(3d) | summarize count() by k",
    "T | where TimeGenerated > ago(3d) | mv-expand e = pack_array(n, 1) | count",
    "T | where TimeGenerated > ago(40d) | summarize count() by k",
    "T | where TimeGenerated > ago(-4d) | summarize count() by k",
    "T | where TimeGenerated > datetime(null) | count",
    "T | where TimeGenerated <= datetime(9999-12-31 23:59:59.9999999) | count",
    "T | where TimeGenerated == datetime(2026-03-05) | count",
    "T | where isnotnull(TimeGenerated) and TimeGenerated < ago(3d) | summarize count() by k",
)


@pytest.fixture(scope="module", params=["whole days", "a day has nulls", "days overlap"])
def sessions(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Session, Session]]:
    """The same rows as files by the day, and as one table in memory."""
    folder, tables = tmp_path_factory.mktemp("days"), []
    random = Random(7)  # noqa: S311 - seeded, so that it can be had again
    for day in range(1, 13):
        hours = 40 if request.param == "days overlap" else 24
        times = [
            datetime(2026, 3, day, tzinfo=UTC) + timedelta(minutes=random.randrange(hours * 60)) for _ in range(50)
        ]
        if request.param == "a day has nulls" and day == 6:
            times[3] = None  # type: ignore[call-overload]
        columns = {
            "TimeGenerated": pa.array(times, pa.timestamp("us", "UTC")),
            "k": random.choices(["a", "b", "", None], k=50),
            "n": pa.array(random.choices([None, 1, 2, 3, 4], k=50), pa.int64()),
        }
        tables.append(pa.table(columns))
        pq.write_table(tables[-1], folder / f"{day:02}.parquet", row_group_size=20)
    with (
        bluetick.connect(tables={"T": folder}) as files,
        bluetick.connect(tables={"T": pa.concat_tables(tables)}) as rows,
    ):
        yield files, rows


@pytest.mark.parametrize("text", QUERIES)
@pytest.mark.parametrize("lookback", [None, timedelta(days=5)])
def test_the_rows_are_those_of_the_whole(
    sessions: tuple[Session, Session], text: str, lookback: timedelta | None
) -> None:
    answers = []
    for session in sessions:
        for without in (frozenset[str](), frozenset({"unread-columns"})):
            for now in (NOW, datetime(2026, 3, 7, tzinfo=UTC)):
                request = QueryRequest(text, now=now, lookback=lookback, without_rewrites=without)
                answers.append([repr(row) for row in session.run(request)[0].rows()])
    assert answers[0::2] == [answers[0]] * 4
    assert answers[1::2] == [answers[1]] * 4


def _of_days(folder: Path, column: str) -> None:
    """Five days, an event at six in the morning of each."""
    for day in range(5, 10):
        times = pa.array([datetime(2026, 3, day, 6, tzinfo=UTC)], pa.timestamp("us", "UTC"))
        pq.write_table(pa.table({column: times, "DeviceName": [f"d{day}"]}), folder / f"{day}.parquet")


def test_a_column_that_has_two_names_is_read_for_the_other(tmp_path: Path) -> None:
    """Sentinel's face has Timestamp and TimeGenerated, the data one of them."""
    _of_days(tmp_path, "Timestamp")
    text = "DeviceEvents | where TimeGenerated > ago(3d) | summarize min(Timestamp), max(Timestamp), count()"
    with bluetick.connect(tables={"DeviceEvents": tmp_path}, schemas="sentinel", now=NOW) as session:
        ((first, last, count),) = session.query(text).rows()
    assert (first.day, last.day, count) == (8, 9, 2)


def test_what_a_mapping_makes_of_the_time_is_read(tmp_path: Path) -> None:
    (tmp_path / "days").mkdir()
    _of_days(tmp_path / "days", "TimeGenerated")
    mapping = tmp_path / "map.yaml"
    columns = "{TimeGenerated: TimeGenerated, Day: startofday(TimeGenerated)}"
    mapping.write_text(f"Events:\n  source: days\n  columns: {columns}\n", "utf-8")
    text = "Events | where TimeGenerated > ago(3d) | summarize by Day | order by Day asc"
    with bluetick.connect(mapping=mapping, now=NOW) as session:
        assert [day.day for (day,) in session.query(text).rows()] == [8, 9]
