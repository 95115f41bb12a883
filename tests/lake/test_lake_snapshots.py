"""Which files a query opens, and that it sees one version all through."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from lake_rows import COLUMNS, NOON, add, answer, every, rows

import bluetick
from bluetick.engines.duckdb import DuckDbRun
from bluetick.engines.protocol import FileSource, ScanColumn, TimeRange
from bluetick.session import QueryRequest
from bluetick.types import Type

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that the engine was given, each once."""
    files: list[str] = []
    bind = DuckDbRun.bind_files

    def recording(
        run: DuckDbRun, relation: str, source: FileSource, columns: Sequence[ScanColumn], within: TimeRange | None
    ) -> None:
        files.extend(file for file in source.files if file not in files)
        bind(run, relation, source, columns, within)

    monkeypatch.setattr(DuckDbRun, "bind_files", recording)
    return files


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """365 days, a row an hour, a file a day."""
    lake = tmp_path_factory.mktemp("year")
    add(lake, "Events", rows(every(HOUR, 365 * 24, NOON - 365 * DAY)), "year")
    return lake


CASES = [
    ("where Timestamp >= ago(1h)", 1, 1),
    ("where Timestamp > ago(2h) and Host == 'a'", 1, 1),
    ("where Host == 'a' | where Timestamp between (ago(1h) .. now())", 1, 1),
    ("where Timestamp between (datetime(2026-01-05 03:00) .. 1h)", 1, 2),
    ("where datetime(2026-01-05) <= Timestamp | where Timestamp < datetime(2026-01-06)", 1, 24),
    ("where Timestamp == datetime(2026-01-05 03:00)", 1, 1),
    ("where Timestamp >= startofday(ago(1d)) and Timestamp < startofday(now())", 1, 24),
    ("extend T2 = Timestamp | project Host, T2 | where T2 >= ago(1h)", 1, 1),
    ("sort by Host asc | where Timestamp >= ago(1h)", 1, 1),
    ("where Timestamp >= datetime(2020-01-01)", 366, 365 * 24),
    ("where Timestamp < datetime(2020-01-01)", 0, 0),
    # A range above what cuts, groups or numbers rows is none of the table's own.
    ("take 100000 | where Timestamp >= ago(1h)", 366, 1),
    ("serialize N = row_number() | where Timestamp >= ago(1h)", 366, 1),
    ("summarize Timestamp = max(Timestamp) by Host | where Timestamp >= ago(1h)", 366, 1),
    ("where Timestamp >= ago(1h) or Host == 'b'", 366, 1),
    ("where not(Timestamp < ago(1h))", 366, 1),
]


@pytest.mark.parametrize(("tail", "files", "count"), CASES)
def test_a_query_opens_the_files_of_its_times_only(
    year: Path, opened: list[str], tail: str, files: int, count: int
) -> None:
    with bluetick.connect(lake=year, now=NOON) as session:
        assert answer(session, f"Events | {tail} | count") == [(count,)]
    assert len(opened) == files


def test_several_places_of_a_table_need_all_their_times(year: Path, opened: list[str]) -> None:
    lets = "let Near = Events | where Timestamp > ago(2h); let Far = Events | where Timestamp > ago(3d);"
    with bluetick.connect(lake=year, now=NOON) as session:
        assert answer(session, f"{lets} Near | join kind=inner Far on Timestamp | count") == [(1,)]
        assert len(opened) == 4  # 15 June noon to 18 June noon
        opened.clear()
        assert answer(session, f"{lets} union Near, (Events | take 100000) | count") == [(1 + 365 * 24,)]
        assert len(opened) == 366
        opened.clear()
        named = "let All = Events; union (All | where Timestamp > ago(2h)), (All | where Timestamp > ago(1d)) | count"
        assert answer(session, named) == [(1 + 23,)]
        assert len(opened) == 2
        opened.clear()
        newest = "Events | where Timestamp == toscalar(Events | summarize max(Timestamp)) | count"
        assert answer(session, newest) == [(1,)]
        assert len(opened) == 366


def test_a_lookups_limit_is_over_the_rows_of_all_times(year: Path, opened: list[str], tmp_path: Path) -> None:
    (tmp_path / "profiles.csv").write_text(f"SHA1,GlobalPrevalence\n{'a' * 40},7\n")
    text = "Events | extend SHA1 = Host | invoke FileProfile('SHA1', 1) | where Timestamp >= ago(1h) | count"
    with bluetick.connect(lake=year, now=NOON, profiles=tmp_path / "profiles.csv") as session:
        assert answer(session, text) == [(1,)]
    assert len(opened) == 366


def test_a_documents_scope_is_a_range(year: Path, opened: list[str]) -> None:
    with bluetick.connect(lake=year) as session:
        request = QueryRequest("Events | count", now=NOON, lookback=timedelta(hours=2))
        assert list(session.run(request)[-1].rows()) == [(2,)]
    assert len(opened) == 1


def test_a_query_parameter_is_a_constant(year: Path, opened: list[str]) -> None:
    text = "declare query_parameters (since:datetime); Events | where Timestamp >= since | count"
    with bluetick.connect(lake=year, now=NOON) as session:
        assert list(session.query(text, {"since": NOON - HOUR}).rows()) == [(1,)]
    assert len(opened) == 1


def test_the_other_faces_time_column_bounds_the_same_files(tmp_path: Path, opened: list[str]) -> None:
    add(tmp_path, "DeviceNetworkEvents", rows(every(DAY, 5)).select(["Timestamp"]), "one", COLUMNS[:1])
    with bluetick.connect(lake=tmp_path) as session:
        found = answer(session, "DeviceNetworkEvents | where TimeGenerated >= datetime(2026-06-22) | count")
    assert found == [(1,)]
    assert len(opened) == 1


def test_the_next_query_sees_a_commit_and_a_running_one_does_not(tmp_path: Path) -> None:
    add(tmp_path, "Events", rows([NOON]), "one")
    with bluetick.connect(lake=tmp_path) as session:
        assert answer(session, "Events | count") == [(1,)]
        held = session.pinned()
        assert answer(held, "Events | count") == [(1,)]
        add(tmp_path, "Events", rows([NOON]), "two")
        assert answer(held, "Events | count") == [(1,)]
        assert answer(session, "Events | count") == [(2,)]


def test_a_table_that_is_made_anew_is_read_anew(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    add(first, "Events", rows([NOON]), "one")
    add(second, "Events", rows([NOON, NOON]), "one")
    with bluetick.connect(lake=first) as session:
        assert answer(session, "Events | count") == [(1,)]
        (first / "Events").rename(tmp_path / "gone")
        (second / "Events").rename(first / "Events")
        assert answer(session, "Events | count") == [(2,)]


def test_plain_folders_and_delta_tables_stand_side_by_side(tmp_path: Path) -> None:
    add(tmp_path, "Events", rows([NOON]), "one")
    (tmp_path / "Notes").mkdir()
    (tmp_path / "Notes" / "a.csv").write_text("Name\nx\n", "utf-8")
    with bluetick.connect(lake=tmp_path) as session:
        assert sorted(session.catalog.names()) == ["Events", "Notes"]
        assert answer(session, "union Events, Notes | count") == [(2,)]


MAPPING = """
Connections:
  source: "table:Events"
  columns: {Timestamp: Timestamp, Who: toupper(Host)}
ByPath:
  source: lake/Events
  where: Host == 'a'
  columns: {At: Timestamp, Who: Host}
"""


def test_a_mapping_stands_over_a_lakes_table(tmp_path: Path, opened: list[str]) -> None:
    lake = tmp_path / "lake"
    add(lake, "Events", rows(every(DAY, 5)), "one")
    (tmp_path / "map.yaml").write_text(MAPPING, "utf-8")
    with bluetick.connect(lake=lake, mapping=tmp_path / "map.yaml") as session:
        assert answer(session, "Connections | where Timestamp > datetime(2026-06-22) | distinct Who") == [("A",)]
        assert len(opened) == 1
        assert answer(session, "ByPath | where At > datetime(2026-06-22) | count") == [(1,)]
        add(lake, "Events", rows(every(DAY, 3)), "two")
        assert answer(session, "union Connections, ByPath | count") == [(16,)]
    with bluetick.connect(lake=lake, mapping=tmp_path / "map.yaml", as_of=1) as session:
        assert answer(session, "union Connections, ByPath | count") == [(10,)]


def test_an_estimate_asks_the_log_which_files_are_read(year: Path) -> None:
    with bluetick.connect(lake=year, now=NOON) as session:
        (found,) = session.estimate(QueryRequest("Events | where Timestamp >= ago(1h) | project Host"))
    assert (found.files, found.columns) == ((1, 366), ("Timestamp", "Host"))
    assert found.rows == 12


def test_a_sample_of_a_lakes_files_is_what_is_compared(tmp_path: Path) -> None:
    add(tmp_path, "Events", rows(every(DAY, 5)), "one")
    with bluetick.connect(lake=tmp_path) as session:
        table = session.catalog.table("Events")
        assert table is not None
        session.catalog.keep_files("Events", table.files[:2])
        assert answer(session, "Events | count") == [(2,)]
        assert session.catalog.version("Events") == 1


def test_files_with_different_columns_need_no_look_where_only_like_ones_are_read(tmp_path: Path) -> None:
    add(tmp_path, "Events", rows([NOON, NOON + DAY]), "one")
    with bluetick.connect(lake=tmp_path) as session:
        table = session.catalog.table("Events")
        assert table is not None
        assert table.snapshot is not None
        assert table.snapshot.select().uniform
        wider = rows([NOON + 2 * DAY]).append_column("Port", pa.array([443], pa.int32()))
        add(tmp_path, "Events", wider, "two", (*COLUMNS, ("Port", Type.INT)))
        newest = session.catalog.table("Events")
        assert newest is not None
        assert newest.snapshot is not None
        assert not newest.snapshot.select().uniform
