"""Rows that came late, out of order, twice and around outages: a replay says what it would have said of all of them in
time, and as received what a service could have said."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.dataset as ds
import pytest
from founding.documents import RARE_COUNTRIES, founding_document

import bluetick
from bluetick.detections.backtest.replay import ReplayOptions, WindowResult, replay
from bluetick.detections.backtest.report import BacktestOptions, backtest
from bluetick.detections.backtest.windows import scheduled_instants
from bluetick.detections.model import Detection, QueryPlace
from bluetick.diagnostics import Span
from bluetick.diagnostics.errors import SourceError
from bluetick.ingest.running import Options, ingest_paths
from bluetick.session import Session
from bluetick.simulation import simulate

END = datetime(2026, 6, 18, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINDOWS = scheduled_instants(END - 12 * HOUR, END, HOUR)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Two days of VMConnection as a log has it, in order of time."""
    folder = tmp_path_factory.mktemp("made")
    simulate(folder, end=END, days=2, rows=6_000, devices=20)
    rows: list[dict[str, Any]] = ds.dataset(folder / "VMConnection", format="parquet").to_table().to_pylist()
    return sorted(({"Type": "VMConnection", **row} for row in rows), key=lambda row: str(row["TimeGenerated"]))


def stored(folder: Path, name: str, rows: Sequence[dict[str, Any]], lake: Path, received: datetime) -> None:
    """Puts a log into a lake, as if at that instant."""
    log = folder / f"{name}.ndjson"
    log.write_text("".join(json.dumps({k: told(v) for k, v in row.items()}) + "\n" for row in rows), "utf-8")
    ingest_paths([log], lake, Options(now=lambda: received))


def told(value: Any) -> Any:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z" if isinstance(value, datetime) else value


def answers(session: Session) -> list[WindowResult]:
    return list(replay(session, founding_document(RARE_COUNTRIES), WINDOWS))


def test_rows_late_doubled_and_out_of_order_replay_as_those_in_order(
    records: list[dict[str, Any]], tmp_path: Path
) -> None:
    in_order, mixed = tmp_path / "in_order", tmp_path / "mixed"
    stored(tmp_path, "all", records, in_order, END + HOUR)
    shuffled = Random(6).sample(records, len(records))  # noqa: S311 - an order, no secret
    thirds = [shuffled[part::3] for part in range(3)]  # nothing comes for days, then out of order, a part twice
    for number, part in enumerate((thirds[2], thirds[0], thirds[2], thirds[1])):
        stored(tmp_path, f"part-{number}" if number != 2 else "part-0", part, mixed, END + number * HOUR)
    with bluetick.connect(lake=in_order) as ordered, bluetick.connect(lake=mixed) as other:
        expected = answers(ordered)
        found = answers(other)
        single = founding_document(RARE_COUNTRIES)
        assert any(result.triggered for result in expected)
    assert [(r.now, r.rows) for r in found] == [(r.now, r.rows) for r in expected]
    assert single.lookback == timedelta(days=30)


def test_as_received_a_run_sees_what_had_come_by_then(records: list[dict[str, Any]], tmp_path: Path) -> None:
    """Each hour's rows come as it ends, but those of one hour, in an outage, five hours later."""
    lake = tmp_path / "lake"
    outage = END - 4 * HOUR
    for hour in range(13, 0, -1):
        begin = END - hour * HOUR
        rows = [row for row in records if begin <= row["TimeGenerated"] < begin + HOUR]
        received = begin + HOUR + timedelta(minutes=1)
        stored(tmp_path, f"hour-{hour}", rows, lake, received + 5 * HOUR if begin == outage else received)
    query = "VMConnection | where TimeGenerated >= ago(1h) | summarize count()"
    rule = Detection(
        id="1",
        id_derived=True,
        name="q",
        query=query,
        place=QueryPlace("q", Span(0, len(query)), 1, ()),
        lookback=HOUR,
        frequency=HOUR,
    )
    with bluetick.connect(lake=lake) as session:
        whole = [result.rows[0][0] for result in replay(session, rule, WINDOWS)]
        options = ReplayOptions(received_within=timedelta(minutes=5))
        then = [result.rows[0][0] for result in replay(session, rule, WINDOWS, options=options)]
        too_soon = list(replay(session, rule, WINDOWS, options=ReplayOptions(received_within=timedelta(seconds=30))))
    lost = WINDOWS.index(outage + HOUR)
    assert all(count > 0 for count in whole)
    assert then == [0 if number == lost else count for number, count in enumerate(whole)]
    assert [result.rows[0][0] for result in too_soon] == [0] * len(WINDOWS)


def test_the_report_names_the_alerts_that_late_rows_cost(records: list[dict[str, Any]], tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    late = END - 3 * HOUR
    stored(tmp_path, "most", [r for r in records if r["TimeGenerated"] < late], lake, END - 48 * HOUR)
    stored(tmp_path, "late", [r for r in records if r["TimeGenerated"] >= late], lake, END + HOUR)
    query = "VMConnection | where TimeGenerated >= ago(1h) | take 1"
    place = QueryPlace("q", Span(0, len(query)), 1, ())
    rule = Detection(id="1", id_derived=True, name="q", query=query, place=place, lookback=HOUR, frequency=HOUR)
    options = BacktestOptions(first=END - 6 * HOUR, last=END, received_within=timedelta(minutes=5))
    with bluetick.connect(lake=lake) as session:
        found = backtest(session, rule, options).lateness
    assert found is not None
    assert found.lost == (END - 2 * HOUR, END - HOUR, END)
    assert (found.gained, found.fewer_rows) == ((), 3)


def test_what_must_be_bound_anew_for_each_window_is_refused_as_received(tmp_path: Path) -> None:
    query = "datatable(b: dynamic) [dynamic({'a': 1})] | evaluate bag_unpack(b)"
    place = QueryPlace("q", Span(0, len(query)), 1, ())
    rule = Detection(id="1", id_derived=True, name="q", query=query, place=place)
    with bluetick.connect() as session:
        assert [result.rows for result in replay(session, rule, [END])] == [((1,),)]
        with pytest.raises(SourceError, match="bag_unpack"):
            list(replay(session, rule, [END], options=ReplayOptions(received_within=HOUR)))
