"""How full columns are: what commits tell in parts is what the rows tell as a whole; what went empty or silent."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lake_rows import NOON, answer

import bluetick
from bluetick.lake.fill import MOST_SLOTS, Fill, Slot, fill_rows, to_arrow
from bluetick.lake.folder import DeltaFolder
from bluetick.lake.fullness import FellSilent, Series, fell_silent, parts_of_time, read_series, went_empty
from bluetick.lake.intake import Batch, TableRows, locked, store
from bluetick.lake.layout import FILL, FILL_COLUMNS
from bluetick.lake.merging import tidy
from bluetick.types import Type

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
COLUMNS = (
    ("Timestamp", Type.DATETIME),
    ("Text", Type.STRING),
    ("Bag", Type.DYNAMIC),
    ("Number", Type.LONG),
    ("Flag", Type.BOOL),
)
STORED = {"Timestamp": pa.timestamp("us", "UTC"), "Number": pa.int64(), "Flag": pa.bool_()}
Row = dict[str, Any]


def table_rows(rows: Iterable[Row], name: str = "Events") -> TableRows:
    found = list(rows)
    data = {n: pa.array([row.get(n) for row in found], STORED.get(n, pa.string())) for n, _ in COLUMNS}
    return TableRows(name, pa.table(data), COLUMNS, "Timestamp")


def told(*tables: TableRows, source: str = "test") -> list[tuple[Any, ...]]:
    """Table, source, start, hours, rows and filled values of what is told of these rows."""
    found = fill_rows(tables, source)
    if found is None:
        return []
    names = ("Table", "Source", "Start", "Hours", "Rows")
    return [(*(row[n] for n in names), json.loads(row["Filled"])) for row in found.rows.to_pylist()]


def commit(lake: Path, name: str, *tables: TableRows, source: str = "test", now: datetime | None = None) -> None:
    fill = fill_rows(tables, source)
    with locked(lake):
        store(lake, Batch(name, source, (*tables, *([fill] if fill else [])), {}), now)


# --- what is counted ------------------------------------------------------------------------------------------------


def test_a_value_is_what_is_neither_null_nor_empty() -> None:
    rows: list[Row] = [
        {"Timestamp": NOON, "Text": "a", "Bag": "{}", "Number": 0, "Flag": False},
        {"Timestamp": NOON + 59 * MINUTE, "Text": "", "Bag": "null"},
        {"Timestamp": NOON + HOUR, "Text": " ", "Bag": ""},
        {"Text": "b"},
    ]
    assert told(table_rows(rows)) == [
        ("Events", "test", NOON, 1, 2, {"Timestamp": 2, "Text": 1, "Bag": 1, "Number": 1, "Flag": 1}),
        ("Events", "test", NOON + HOUR, 1, 1, {"Timestamp": 1, "Text": 1}),
        ("Events", "test", None, 1, 1, {"Text": 1}),
    ]


@pytest.mark.parametrize("type_", [pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_texts_are_counted_however_arrow_holds_them(type_: pa.DataType) -> None:
    texts: Any = pa.array(["a", "", None, "b"]).cast(type_)
    rows = pa.table({"Timestamp": pa.array([NOON] * 4, pa.timestamp("us", "UTC")), "Text": texts})
    assert told(TableRows("Events", rows, COLUMNS, "Timestamp"))[0][-1] == {"Timestamp": 4, "Text": 2}


def test_nothing_is_told_of_no_rows() -> None:
    assert told() == told(table_rows([])) == []


def test_times_from_everywhere_do_not_become_a_row_an_hour() -> None:
    by_day = told(table_rows({"Timestamp": NOON + n * 7 * HOUR} for n in range(MOST_SLOTS + 1)))
    assert {row[3] for row in by_day} == {24}
    assert by_day[0][2] == datetime(2026, 6, 18, tzinfo=UTC)
    assert sum(row[4] for row in by_day) == MOST_SLOTS + 1
    by_year = told(table_rows({"Timestamp": datetime(1, 1, 1, tzinfo=UTC) + n * DAY} for n in range(0, 3_650_000, 365)))
    assert {row[3] for row in by_year} == {365 * 24}
    assert len(by_year) <= 10_000
    assert by_year[0][2] == datetime(1, 1, 1, tzinfo=UTC)


def test_the_ends_of_time_are_told(tmp_path: Path) -> None:
    ends = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)]
    commit(tmp_path, "1", table_rows({"Timestamp": time} for time in ends))
    (found,) = read_series(DeltaFolder(tmp_path / FILL).snapshot())
    assert (found.starts[0], found.ends[-1].year) == (ends[0], 9999)
    assert found.before(NOON) is not None


VALUES = st.fixed_dictionaries(
    {
        "Timestamp": st.none() | st.integers(0, 5).map(lambda n: NOON + n * 30 * MINUTE),
        "Text": st.sampled_from([None, "", "x"]),
        "Number": st.sampled_from([None, 0, 7]),
    }
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.tuples(st.lists(VALUES, max_size=8), st.booleans(), st.sampled_from("ab")), max_size=4))
def test_any_split_into_commits_tells_the_same(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[list[Row], bool, str]]
) -> None:
    lake = tmp_path_factory.mktemp("lake")
    rows: Counter[tuple[str, datetime]] = Counter()
    filled: Counter[tuple[str, datetime, str]] = Counter()
    for number, (part, is_merged, source) in enumerate(parts):
        commit(lake, str(number), table_rows(part), source=source)
        if is_merged and (lake / FILL).exists():
            tidy(lake / FILL)
        for row in part:
            if row["Timestamp"] is not None:
                hour = row["Timestamp"].replace(minute=0)
                rows[source, hour] += 1
                filled.update((source, hour, name) for name in row if row[name] not in (None, ""))
    series = read_series(DeltaFolder(lake / FILL).snapshot()) if (lake / FILL).exists() else []
    assert {(s.source, start): n for s in series for start, n in zip(s.starts, s.rows, strict=True)} == rows
    assert {
        (s.source, start, name): n
        for s in series
        for name, counts in s.filled.items()
        for start, n in zip(s.starts, counts, strict=True)
        if n
    } == filled


def test_columns_of_any_name_are_read_back(tmp_path: Path) -> None:
    """Some of which come late, and more than a block of JSON holds."""
    names = ["a b", "x\ny", '"', "\\", "Ü", "1", "", "a.b"]
    rows = pa.table(
        {"Timestamp": pa.array([NOON, NOON + HOUR], pa.timestamp("us", "UTC"))} | {name: [None, "x"] for name in names}
    )
    wide = rows.append_column("w" * 2_000_000, pa.array(["x", None]))
    columns = tuple((name, Type.STRING) for name in wide.column_names)
    found = fill_rows([TableRows("Events", wide, columns, "Timestamp")], "test")
    assert found is not None
    with locked(tmp_path):
        store(tmp_path, Batch("1", "test", (found,), {}))
    (told_of,) = read_series(DeltaFolder(tmp_path / FILL).snapshot())
    assert {name: counts.tolist() for name, counts in told_of.filled.items() if len(name) < 100} == {
        "Timestamp": [1, 1],
        **{name: [0, 1] for name in names},
    }


def test_rows_without_a_value_are_rows(tmp_path: Path) -> None:
    fill = to_arrow({Slot("Events", "test", NOON, 1): Fill(7, "{}")})
    with locked(tmp_path):
        store(tmp_path, Batch("1", "test", (TableRows(FILL, fill, FILL_COLUMNS, "_TimeReceived"),), {}))
    (found,) = read_series(DeltaFolder(tmp_path / FILL).snapshot())
    assert (found.rows.tolist(), found.filled) == ([7], {})


def test_merged_parts_keep_when_their_first_row_came(tmp_path: Path) -> None:
    for number in range(3):
        commit(tmp_path, str(number), table_rows([{"Timestamp": NOON}]), now=NOON + number * MINUTE)
    before = read_series(DeltaFolder(tmp_path / FILL).snapshot())
    done = tidy(tmp_path / FILL)
    assert (done.files_before, done.files_after, done.rows) == (3, 1, 1)
    after = read_series(DeltaFolder(tmp_path / FILL).snapshot())
    assert [s.received for s in before] == [s.received for s in after] == [(NOON,)]
    with bluetick.connect(lake=tmp_path) as session:
        assert answer(session, f"{FILL} | project Rows, tolong(Filled.Timestamp)") == [(3, 3)]


# --- what went empty -------------------------------------------------------------------------------------------------


def series(rows: Sequence[int], filled: Sequence[int], hours: Sequence[int] | None = None) -> Series:
    """One column, hour by hour from noon; or of these hours."""
    starts = tuple(NOON + n * HOUR for n in (hours or range(len(rows))))
    return Series(
        "Events",
        "test",
        starts,
        tuple(start + HOUR for start in starts),
        tuple(start + HOUR for start in starts),
        np.array(rows, dtype=np.int64),
        {"Text": np.array(filled, dtype=np.int64)},
    )


def test_a_column_that_went_empty_is_named_with_its_moment() -> None:
    (found,) = went_empty(series([100] * 10, [63] * 6 + [0] * 4))
    assert (found.table, found.source, found.column) == ("Events", "test", "Text")
    assert (found.rate, found.until, found.rows_since) == (0.63, NOON + 6 * HOUR, 400)


@pytest.mark.parametrize(
    ("rows", "filled"),
    [
        pytest.param([100] * 10, [63] * 9 + [1], id="still filled"),
        pytest.param([100] * 10, [4] * 6 + [0] * 4, id="rarely filled"),
        pytest.param([20] * 4 + [100], [20] * 4 + [0], id="few rows before"),
        pytest.param([100] * 9 + [99], [60] * 9 + [0], id="few rows since"),
        pytest.param([100] * 10, [10] * 9 + [0], id="ten values expected, none came"),
        pytest.param([200, 200, 200, 200], [100, 100, 0, 0], id="filled in two hours only"),
        pytest.param([100] * 12, [60, 60, 0, 0, 0, 60, 60, 0, 0, 0, 0, 0], id="pauses of this length are usual"),
    ],
)
def test_what_may_be_chance_is_not_named(rows: list[int], filled: list[int]) -> None:
    assert went_empty(series(rows, filled)) == []


def test_a_pause_longer_than_twice_any_other_is_named() -> None:
    (found,) = went_empty(series([100] * 12, [60, 60, 0, 60, 60, 0, 60, 60, 60, 0, 0, 0]))
    assert found.until == NOON + 9 * HOUR


def test_the_last_week_decides_what_is_usual() -> None:
    long_ago = series([100] * 400, [100] * 100 + [1] * 200 + [0] * 100)
    assert went_empty(long_ago) == []


# --- what fell silent ------------------------------------------------------------------------------------------------


def test_a_live_source_is_measured_by_the_clock() -> None:
    live = series([10] * 10, [1] * 10)
    assert fell_silent([live], NOON + 13 * HOUR) == []
    assert fell_silent([live], NOON + 14 * HOUR) == [
        FellSilent("Events", "test", NOON + 10 * HOUR, 4 * HOUR, timedelta(0))
    ]


def test_three_usual_pauses_are_no_silence() -> None:
    nightly = series([10] * 8, [1] * 8, hours=[0, 1, 14, 15, 28, 29, 42, 43])
    assert fell_silent([nightly], NOON + (44 + 36) * HOUR) == []
    assert [found.pause for found in fell_silent([nightly], NOON + (44 + 37) * HOUR)] == [12 * HOUR]


def test_what_was_read_later_is_measured_by_the_newest_rows_of_all() -> None:
    old, going_on = (series([10] * n, [1] * n) for n in (10, 15))
    later = [_received(each, NOON + 90 * DAY) for each in (old, going_on)]
    assert fell_silent(later, NOON + 90 * DAY) == [
        FellSilent("Events", "test", NOON + 10 * HOUR, 5 * HOUR, timedelta(0))
    ]
    assert fell_silent(later[1:], NOON + 90 * DAY) == []


def _received(each: Series, moment: datetime) -> Series:
    return Series(each.table, each.source, each.starts, each.ends, (moment,) * len(each.starts), each.rows, each.filled)


def test_a_source_of_a_few_hours_has_no_habit() -> None:
    assert fell_silent([series([10] * 5, [1] * 5)], NOON + 90 * DAY) == []
    assert fell_silent([], NOON) == []


def test_times_of_the_future_tell_nothing() -> None:
    dreamt = series([100] * 10 + [100], [60] * 6 + [0] * 4 + [60], hours=[*range(10), 9_000])
    known = dreamt.before(NOON + 10 * HOUR)
    assert known is not None
    assert len(went_empty(known)) == 1
    assert dreamt.before(NOON - HOUR) is None


# --- over time -------------------------------------------------------------------------------------------------------


def test_rates_over_time_are_of_equal_parts() -> None:
    one, other = series([10, 30, 0, 20], [10, 15, 0, 0]), series([5] * 2, [0, 5], hours=[46, 47])
    parts = parts_of_time([one, other])
    assert parts == (NOON, 2 * HOUR, 24)
    assert one.over_time("Text", *parts) == [0.625, 0.0, *[None] * 22]
    assert other.over_time("Text", *parts) == [*[None] * 23, 0.5]
    assert (one.rate("Text"), one.rate("Other")) == (25 / 60, 0.0)
    assert parts_of_time([series([1] * 3, [1] * 3)]) == (NOON, HOUR, 3)
