"""A replay says, window by window, what single runs as of those instants say."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from founding.documents import LONG_RUNNING, RARE_COUNTRIES, founding_document

import bluetick
from bluetick.detections.backtest.replay import ReplayOptions, WindowResult, replay
from bluetick.detections.backtest.windows import scheduled_instants
from bluetick.detections.documents import read_document
from bluetick.detections.model import Detection, QueryPlace, Threshold
from bluetick.detections.runs import query_request
from bluetick.diagnostics import Span
from bluetick.diagnostics.errors import BluetickError, LimitError, QueryError, SourceError
from bluetick.engines.duckdb import DuckDbRun
from bluetick.enrichment.profiles import answer_table
from bluetick.session import Session
from bluetick.simulation import simulate

END = datetime(2026, 6, 18, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TABLES = ("VMConnection", "DeviceNetworkEvents")


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("month")
    simulate(folder, end=END, rows=40_000, devices=30)
    return folder


@pytest.fixture(scope="module")
def session(month: Path) -> Iterator[Session]:
    files = {table: str(month / table / "*.parquet") for table in TABLES}
    with bluetick.connect(tables=files, profiles=month / "profiles.parquet") as opened:
        yield opened


def detection(query: str, lookback: timedelta | None = None, threshold: int = 0) -> Detection:
    place = QueryPlace("q.kql", Span(0, len(query)), 1, ())
    return Detection(
        id="1",
        id_derived=True,
        name="q",
        query=query,
        place=place,
        lookback=lookback,
        threshold=Threshold(value=threshold),
    )


def singly(session: Session, rule: Detection, windows: Sequence[datetime]) -> list[tuple[tuple[Any, ...], ...] | str]:
    """What runs of their own give: rows, or the error's words."""
    found: list[tuple[tuple[Any, ...], ...] | str] = []
    for now in windows:
        try:
            found.append(tuple(session.run(query_request(rule, now))[-1].rows()))
        except BluetickError as error:
            found.append(str(error))
    return found


def told(results: Sequence[WindowResult]) -> list[tuple[tuple[Any, ...], ...] | str]:
    return [result.rows if result.error is None else str(result.error) for result in results]


@pytest.mark.parametrize(("number", "step"), [(RARE_COUNTRIES, HOUR), (LONG_RUNNING, 4 * HOUR)])
def test_founding_documents_replayed_are_their_single_runs(session: Session, number: str, step: timedelta) -> None:
    rule = founding_document(number)
    windows = scheduled_instants(END - 48 * HOUR, END, step)
    replayed = list(replay(session, rule, windows))
    assert told(replayed) == singly(session, rule, windows)
    assert [result.now for result in replayed] == windows
    assert [result.triggered for result in replayed] == [rule.threshold.is_met(len(r.rows)) for r in replayed]
    assert any(result.triggered for result in replayed)


@pytest.mark.slow
def test_a_month_of_hourly_windows_is_seven_hundred_and_twenty_single_runs(session: Session) -> None:
    rule = founding_document(RARE_COUNTRIES)
    windows = scheduled_instants(END - timedelta(days=30), END, HOUR)
    assert len(windows) == 720
    assert told(list(replay(session, rule, windows))) == singly(session, rule, windows)


WINDOWS = [END - 47 * HOUR, END - HOUR, END, END - 30 * HOUR + timedelta(microseconds=1)]


QUERIES = (
    ("VMConnection | count", None),
    ("VMConnection | count", 5),
    ("VMConnection | where TimeGenerated > ago(2h) | summarize n = count() by Direction, bin(TimeGenerated, 1h)", None),
    ("VMConnection | where TimeGenerated >= startofday(now()) | top 3 by TimeGenerated desc", None),
    ("VMConnection | take 2", 3),
    (
        "union (VMConnection | project T = TimeGenerated), (DeviceNetworkEvents | project T = Timestamp)"
        " | summarize max(T), count()",
        1,
    ),
    (
        "let N = toscalar(VMConnection | where TimeGenerated > ago(1h) | count);"
        " VMConnection | take 1 | project N, now()",
        9,
    ),
    ("VMConnection | where assert(toscalar(VMConnection | count) < 350, 'many') | count", 5),
    ("VMConnection | where Computer in ((DeviceNetworkEvents | distinct DeviceName)) | count", 2),
    (
        "VMConnection | summarize arg_max(TimeGenerated, *) by Computer | as Last"
        " | join kind=leftouter (Last | count) on $left.BytesSent == $right.Count",
        1,
    ),
    (
        "VMConnection | summarize c = count() by Computer | project b = bag_pack(Computer, c) | evaluate bag_unpack(b)",
        1,
    ),
    (
        "VMConnection | make-series n = count() on TimeGenerated from ago(4h) to now() step 1h"
        " | extend series_stats_dynamic(n)",
        4,
    ),
    (
        "VMConnection | sort by TimeGenerated asc, BytesSent, SourceIp, DestinationIp | extend r = row_number()"
        " | where r < 4 | project r, prev(Computer)",
        1,
    ),
    (
        "VMConnection | where TimeGenerated > ago(1h) | summarize n = count() by RemoteCountry, ProcessName"
        " | join kind=leftanti (VMConnection | where TimeGenerated between (ago(9h) .. ago(1h)) | summarize m = count()"
        " by RemoteCountry, ProcessName | where m > 3) on RemoteCountry, ProcessName"
        " | join kind=leftanti (VMConnection | where TimeGenerated between (ago(30h) .. ago(1h))"
        " | summarize c = count() by RemoteCountry | where c > 40) on RemoteCountry",
        31,
    ),
    (
        "VMConnection | where TimeGenerated > ago(8h) | summarize n = count(), arg_max(TimeGenerated, *) by ProcessName"
        " | where n > 3 | join kind=innerunique (VMConnection | where TimeGenerated > ago(1h)"
        " | summarize s = sum(BytesSent) by ProcessName, Computer) on ProcessName | project-away ConnectionId",
        8,
    ),
    (
        "let X = VMConnection | where TimeGenerated > ago(3h); X | summarize a = count() by Computer, Direction"
        " | join kind=leftouter (X | summarize b = max(BytesSent) by Computer) on Computer"
        " | sort by Computer asc, Direction asc | extend p = prev(a) | summarize max(p), count() by Computer",
        4,
    ),
    ("print 1, now()", None),
    ("range x from 1 to 3 step 1 | extend y = now() + x * 1h", 1),
)


@pytest.mark.parametrize("name", ["rare_outbound_country.kql", "rare_long_running_process.md"])
def test_shipped_rules_replayed_are_their_single_runs(session: Session, name: str) -> None:
    """The second passes columns on that nothing needs."""
    (rule,) = read_document(Path(__file__).parents[2] / "content" / name).detections
    windows = scheduled_instants(END - timedelta(days=2), END, 6 * HOUR)
    assert told(list(replay(session, rule, windows))) == singly(session, rule, windows)


@pytest.mark.parametrize(("query", "hours"), QUERIES, ids=str)
def test_any_query_replayed_is_its_single_runs(session: Session, query: str, hours: int | None) -> None:
    rule = detection(query, None if hours is None else hours * HOUR)
    assert told(list(replay(session, rule, WINDOWS))) == singly(session, rule, WINDOWS)


def test_columns_that_hang_on_the_rows_are_found_for_each_window() -> None:
    def row(hour: int, bag: str) -> dict[str, Any]:
        return {"TimeGenerated": END - hour * HOUR, "Bag": bag}

    data = pa.Table.from_pylist([row(5, '{"a": 1}'), row(3, '{"b": 2}'), row(1, '{"c": 3}')])
    rule = detection("T | project Bag = todynamic(Bag) | evaluate bag_unpack(Bag)", 2 * HOUR)
    with bluetick.connect(tables={"T": data}) as session:
        found = list(replay(session, rule, [END - 4 * HOUR, END - 2 * HOUR, END]))
    assert [[name for name, _ in result.columns] for result in found] == [["a"], ["b"], ["c"]]
    assert [result.rows for result in found] == [((1,),), ((2,),), ((3,),)]


def test_a_value_that_fits_no_column_fails_only_the_windows_that_read_it(tmp_path: Path) -> None:
    for day, size in ((1, "7"), (2, "many"), (3, "9")):
        rows = [{"TimeGenerated": datetime(2026, 6, day, 1, tzinfo=UTC), "Computer": "a", "BytesSent": size}]
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / f"{day}.parquet")
    rule = detection("VMConnection | summarize sum(BytesSent)", timedelta(days=1))
    windows = [datetime(2026, 6, day, tzinfo=UTC) for day in (2, 3, 4)]
    with bluetick.connect(tables={"VMConnection": str(tmp_path / "*.parquet")}) as session:
        expected = singly(session, rule, windows)
        found = list(replay(session, rule, windows))
    assert told(found) == expected
    assert any(isinstance(result.error, SourceError) for result in found)


def test_a_failed_assert_ends_its_window_alone(session: Session) -> None:
    rule = detection(
        "VMConnection | where assert(toscalar(print now()) < datetime(2026-06-18 11:30), 'late') | count", HOUR
    )
    first, last = replay(session, rule, [END - HOUR, END])
    assert first.error is None and first.triggered
    assert isinstance(last.error, QueryError) and "late" in str(last.error)
    assert (last.rows, last.triggered) == ((), False)


def test_a_window_that_takes_too_long_is_an_error_and_the_next_goes_on(session: Session) -> None:
    slow = "toscalar(range a from 1 to 3000000 step 1 | summarize max(hash_sha256(tostring(a))))"
    rule = detection(f"VMConnection | take 1 | extend x = {slow}", HOUR)
    found = list(replay(session, rule, [END - HOUR, END], options=ReplayOptions(seconds=0.05)))
    assert [type(result.error) for result in found] == [LimitError, LimitError]
    (quick,) = replay(session, detection("VMConnection | count", HOUR), [END], options=ReplayOptions(seconds=60))
    assert quick.error is None


class CountingProfiles:
    """Knows nothing, and remembers what it was asked."""

    version = "counted"
    note = ""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def lookup(self, key_column: str, keys: Sequence[str]) -> pa.Table:
        self.asked += keys
        return answer_table([{"lookup_key": key, "ProfileAvailability": "Missing"} for key in keys])


def test_a_profile_is_asked_for_once(month: Path) -> None:
    profiles = CountingProfiles()
    files = {table: str(month / table / "*.parquet") for table in TABLES}
    rule = founding_document(LONG_RUNNING)
    with bluetick.connect(tables=files, profiles=profiles) as session:
        list(replay(session, rule, scheduled_instants(END - 12 * HOUR, END, HOUR)))
    assert profiles.asked
    assert len(profiles.asked) == len(set(profiles.asked))


def test_stopping_early_lets_the_tables_go(session: Session) -> None:
    results = replay(session, founding_document(RARE_COUNTRIES), scheduled_instants(END - 9 * HOUR, END, HOUR))
    next(results)
    results.close()
    assert len(list(session.query("VMConnection | take 1", now=END).rows())) == 1


class CopiedRows:
    """How many rows of tables a run copied before the first window."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.counts: dict[str, int] = {}
        create = DuckDbRun.create

        def counted(run: DuckDbRun, relation: str, text: str) -> None:
            create(run, relation, text)
            if relation.startswith(("table_", "all_table_")):
                (row,) = run.stream(f'SELECT count(*) FROM "{relation}"').read_all().to_pylist()  # noqa: S608 - ours
                self.counts[relation] = next(iter(row.values()))

        monkeypatch.setattr(DuckDbRun, "create", counted)


FAR_APART = [END - number * HOUR for number in (9, 5, 0)]  # not equally, so that they go one by one
WANTED = (
    (
        "VMConnection | where Direction == 'inbound' and BytesSent > 2000 | count",
        "Direction == 'inbound' and BytesSent > 2000",
    ),
    (
        "let X = VMConnection | where Direction == 'inbound'; X | where BytesSent > 9000 | union"
        " (X | where TimeGenerated > ago(1h) and RemoteCountry == '') | summarize count() by Computer",
        "Direction == 'inbound'",
    ),
    (
        "VMConnection | where Direction == 'inbound' | where Computer in ((VMConnection | where BytesSent > 9000"
        " | distinct Computer)) and TimeGenerated < ago(10m) | count",
        "Direction == 'inbound' or BytesSent > 9000",
    ),
    ("VMConnection | where Direction == 'inbound' | union VMConnection | count", "true"),
    ("VMConnection | summarize n = count() by Direction | where n > 9 and Direction == 'inbound'", "true"),
    (
        "VMConnection | where BytesSent > toscalar(VMConnection | where Direction == 'inbound'"
        " | summarize avg(BytesSent)) | count",
        "true",
    ),
)


@pytest.mark.parametrize(("query", "condition"), WANTED)
def test_only_rows_that_a_window_may_want_are_copied(
    session: Session, monkeypatch: pytest.MonkeyPatch, query: str, condition: str
) -> None:
    rule = detection(query, 12 * HOUR)
    expected = singly(session, rule, FAR_APART)
    copied = CopiedRows(monkeypatch)
    assert told(list(replay(session, rule, FAR_APART))) == expected
    wanted = f"VMConnection | where TimeGenerated >= ago(21h) and ({condition}) | count"
    assert list(copied.counts.values()) == [row[0] for row in session.query(wanted, now=END).rows()]
