"""Why there are rows or none, and what a reader must be told first."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

import bluetick
from bluetick.detections.model import Comparison, Detection, QueryPlace, Threshold
from bluetick.detections.runs import DetectionRun, newest_instant, run_detection
from bluetick.diagnostics import Span
from bluetick.diagnostics.errors import SourceError

NOW = datetime(2024, 5, 10, tzinfo=UTC)
KNOWN = "a" * 40


def detection(query: str, **fields: object) -> Detection:
    place = QueryPlace("rule.kql", Span(0, len(query)), 1, ())
    return Detection(id="r", id_derived=True, name="rule", query=query, place=place, **fields)  # type: ignore[arg-type]


def days(*ago: float) -> list[datetime]:
    return [(NOW - timedelta(days=d)).replace(tzinfo=None) for d in ago]


def logs(ago: list[float], **columns: object) -> pa.Table:
    return pa.table({"Timestamp": pa.array(days(*ago), pa.timestamp("us")), **columns})


def run(
    table: pa.Table, query: str, *, profiles: str | Path | None = None, near: int = 0, **fields: object
) -> DetectionRun:
    with bluetick.connect(tables={"Logs": table}, profiles=profiles) as session:
        return run_detection(session, detection(query, **fields), now=NOW, near_miss=near)


def check_verdict(run_: DetectionRun, verdict: str) -> None:
    assert run_.account.verdict == verdict
    assert verdict in run_.account.lines()


def test_rows_are_rows() -> None:
    check_verdict(run(logs([1, 2], n=[1, 2]), "Logs | where n > 0"), "2 rows in the result")
    check_verdict(run(logs([1, 2], n=[1, 2]), "Logs | where n > 1"), "1 row in the result")


def test_nothing_matched() -> None:
    found = run(logs([1, 2, 3], n=[1, 2, 2]), "Logs | where n >= 2 | where n   >\n 5")
    check_verdict(found, "0 rows because nothing matched: `n > 5` removed the last 2 rows")
    assert not found.triggered


def test_an_empty_table_cannot_match() -> None:
    found = run(logs([], n=pa.array([], pa.int64())), "Logs | where n > 1")
    check_verdict(found, "0 rows because nothing could match: Logs is empty")
    assert found.account.warnings == ["Logs is empty"]


def test_a_window_outside_the_span_cannot_match() -> None:
    found = run(logs([30, 40], n=[1, 2]), "Logs | where n > 0", lookback=timedelta(days=7))
    check_verdict(found, "0 rows because nothing could match: no row of Logs is in the window")
    assert found.account.warnings == [
        "no row of Logs is in the window; it has 2024-03-31 00:00 to 2024-04-10 00:00. Try: --now newest"
    ]


def test_a_column_without_any_value_cannot_match() -> None:
    table = logs([1, 2], s=pa.array([None, ""], pa.string()), n=pa.array([None, None], pa.int64()))
    check_verdict(
        run(table, "Logs | where isnotempty(s)"),
        "0 rows because nothing could match: the value that `isnotempty(s)` needs is missing in all 2 rows",
    )
    check_verdict(
        run(table, "Logs | where n > 5"),
        "0 rows because nothing could match: the value that `n > 5` needs is missing in all 2 rows",
    )


def test_a_provider_that_knows_nothing_cannot_match(tmp_path: Path) -> None:
    profiles = tmp_path / "profiles.ndjson"
    profiles.write_text(json.dumps({"SHA1": "f" * 40, "GlobalPrevalence": 3}))
    query = "Logs | invoke FileProfile(SHA1) | where GlobalPrevalence < 10"
    found = run(logs([1], SHA1=[KNOWN]), query, profiles=profiles)
    check_verdict(found, "0 rows because nothing could match: FileProfile knows none of the files asked for")
    assert found.account.providers[0].states == (("Missing", 1),)
    assert "FileProfile: 1 without a profile" in found.account.lines()


def test_a_provider_that_knows_is_counted(tmp_path: Path) -> None:
    profiles = tmp_path / "profiles.ndjson"
    profiles.write_text(json.dumps({"SHA1": KNOWN, "GlobalPrevalence": 30}))
    query = "Logs | invoke FileProfile(SHA1, 1) | where GlobalPrevalence < 10"
    found = run(logs([1, 2, 3], SHA1=[KNOWN, "", "b" * 40]), query, profiles=profiles)
    check_verdict(found, "0 rows because nothing matched: `GlobalPrevalence < 10` removed the last 3 rows")
    assert found.account.providers[0].states == (("", 2), ("Available", 1))
    assert found.account.to_json()["providers"][0]["states"] == {"not asked": 2, "Available": 1}
    (stage,) = [s for s in found.account.stages if s.filters]
    assert stage.filters[0].missing == 2


@pytest.mark.parametrize("profiles", ["local", "local-as-global"])
def test_prevalence_of_ones_own_is_said(profiles: str) -> None:
    found = run(logs([1], SHA1=[KNOWN]), "Logs | invoke FileProfile(SHA1)", profiles=profiles)
    assert any("own telemetry" in warning for warning in found.account.warnings)


def test_filters_are_counted_one_by_one() -> None:
    table = logs([1, 2, 3, 4], n=pa.array([1, 5, None, 9], pa.int64()), s=["a", "", "b", "b"])
    found = run(table, "Logs | where n > 2 and isnotempty(s) | where s == 'b'")
    (stage,) = [s for s in found.account.stages if s.filters]
    assert [(f.text, f.before, f.after, f.missing) for f in stage.filters] == [
        ("n > 2", 4, 2, 1),
        ("isnotempty(s)", 2, 1, 1),
        ("s == 'b'", 1, 1, 0),
    ]
    assert "              2    n > 2   (1 for a missing value, removed 50.0%)" in found.account.lines()


def test_lets_and_joins_have_counts_of_their_own() -> None:
    query = """let Rare = Logs | summarize c = count() by n | where c < 2;
Logs | join kind=inner Rare on n | where n > 1"""
    found = run(logs([1, 2, 3], n=[1, 2, 2]), query)
    counts = {(s.binding, s.label): s.rows for s in found.account.stages}
    assert counts["Rare", "summarize"] == 2
    assert counts["", "join kind=inner"] == 1
    assert found.rows == []
    assert found.account.verdict.startswith("0 rows because nothing matched: `n > 1`")


def test_what_is_not_read_is_said() -> None:
    table = pa.table({"Timestamp": pa.array([*days(1, 0, -1), None], pa.timestamp("us")), "n": [1, 2, 3, 4]})
    found = run(table, "Logs")
    assert [row[1] for row in found.rows] == [1]
    assert found.account.warnings == [
        "2 rows of Logs at or after now are not read",
        "1 row of Logs without a time is not read",
    ]
    (count,) = found.account.tables
    assert (count.rows, count.in_scope, count.after_now, count.without_time) == (4, 1, 2, 1)


def test_too_little_history_is_said() -> None:
    found = run(logs([0.5, 2], n=[1, 2]), "Logs", lookback=timedelta(days=14))
    assert found.account.warnings == [
        "Logs has 2.0 of 14 days of history: what is new or rare here may only be unrecorded"
    ]


def test_stale_logs_are_said() -> None:
    found = run(logs([3, 20], n=[1, 2]), "Logs", lookback=timedelta(days=14), frequency=timedelta(hours=1))
    assert found.account.warnings[0] == (
        "the newest row of Logs is of 2024-05-07 00:00, before this run's last 1 h. Try: --now newest"
    )


def test_a_sound_run_has_no_warnings() -> None:
    found = run(logs([0.01, 20], n=[1, 2]), "Logs", lookback=timedelta(days=14), frequency=timedelta(hours=1))
    assert found.account.warnings == []


@pytest.mark.parametrize(
    ("threshold", "triggered"),
    [
        (Threshold(), True),
        (Threshold(Comparison.GREATER, 2, declared=True), False),
        (Threshold(Comparison.LESS, 3, declared=True), True),
        (Threshold(Comparison.EQUAL, 2, declared=True), True),
        (Threshold(Comparison.NOT_EQUAL, 2, declared=True), False),
    ],
)
def test_the_threshold_decides(threshold: Threshold, triggered: bool) -> None:
    assert run(logs([1, 2], n=[1, 2]), "Logs", threshold=threshold).triggered is triggered


def test_near_misses_are_the_nearest_first() -> None:
    query = "Logs | summarize c = count(), who = take_any(who) by k | where c >= 3 and who != 'x'"
    table = logs([1] * 6, k=[1, 2, 2, 3, 3, 3], who=["a", "b", "b", "x", "x", "x"])
    found = run(table, query, near=5)
    misses = [(m.condition, m.distance, dict(m.row)["k"]) for m in found.near_misses]
    assert misses == [("c >= 3", 1.0, 2), ("c >= 3", 2.0, 1), ("who != 'x'", None, 3)]
    assert len(run(table, query, near=1).near_misses) == 2
    assert run(table, query).near_misses == ()


def test_raw_events_are_no_near_misses() -> None:
    assert run(logs([1, 2], n=[1, 2]), "Logs | where n > 5", near=5).near_misses == ()


def test_the_newest_believable_row() -> None:
    table = pa.table(
        {"Timestamp": pa.array([*days(3, 2), datetime(1970, 1, 1), datetime(2999, 1, 1)], pa.timestamp("us"))}
    )
    with bluetick.connect(tables={"Logs": table}) as session:
        newest = newest_instant(session, detection("Logs"), clock=NOW)
    assert newest == NOW - timedelta(days=2) + timedelta(microseconds=1)


def test_no_believable_row() -> None:
    with (
        bluetick.connect(tables={"Logs": logs([])}) as session,
        pytest.raises(SourceError, match="no row with a believable time"),
    ):
        newest_instant(session, detection("Logs"), clock=NOW)


def test_a_scan_is_a_point_of_its_own() -> None:
    query = (
        "Logs | where n > 0 | sort by n asc | scan declare (total:long=0) with (step s: true => total = s.total + n;)"
    )
    found = run(logs([1, 2, 3], n=[0, 1, 2]), f"{query} | where total > 3")
    check_verdict(found, "0 rows because nothing matched: `total > 3` removed the last 2 rows")
    assert [(stage.label, stage.rows) for stage in found.account.stages] == [("Logs", 3), ("scan", 2)]
    near = run(logs([1, 2, 3], n=[0, 1, 2]), f"{query} | where total > 3", near=1)
    assert [(miss.distance, dict(miss.row)["n"]) for miss in near.near_misses] == [(0.0, 2)]
