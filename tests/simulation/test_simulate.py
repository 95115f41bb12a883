"""What `simulate` promises as a whole: the same again, the size asked for, the window, the shape of a day."""

from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path

import pytest

from bluetick.simulation import simulate

from .conftest import DAYS, DEVICES, END, ROWS, Made


def _digests(folder: Path) -> dict[str, str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): sha256(file.read_bytes()).hexdigest() for file in files}


def test_equal_arguments_give_equal_files_and_another_seed_does_not(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        simulate(tmp_path / name, end=END, days=2, devices=10, rows=3_000, seed=seed)
    assert _digests(tmp_path / "one") == _digests(tmp_path / "two")
    changed = _digests(tmp_path / "three")
    assert all(digest != changed[name] for name, digest in _digests(tmp_path / "one").items() if "/" in name)


def test_the_report_tells_what_lies_on_the_disk(made: Made) -> None:
    on_disk = {file for file in made.out.rglob("*") if file.is_file()}
    assert set(made.report.files) == on_disk
    assert made.report.bytes == sum(file.stat().st_size for file in on_disk)
    counts = {
        table: len(made.sql.view(view))
        for table, view in (("DeviceNetworkEvents", "events"), ("VMConnection", "buckets"))
    }
    assert made.report.rows == counts
    assert [story.id for story in made.report.stories] == [story["id"] for story in made.truth["stories"]]


@pytest.mark.parametrize("table", ["DeviceNetworkEvents", "VMConnection"])
def test_each_table_has_about_the_rows_asked_for(made: Made, table: str) -> None:
    assert made.report.rows[table] == pytest.approx(ROWS, rel=0.05)


def test_without_a_number_of_rows_each_machine_talks_at_its_natural_rate(tmp_path: Path) -> None:
    small = simulate(tmp_path / "small", end=END, days=1, devices=10).rows["DeviceNetworkEvents"]
    large = simulate(tmp_path / "large", end=END, days=1, devices=40).rows["DeviceNetworkEvents"]
    assert 2 * small < large


def test_progress_counts_every_calendar_day_touched(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    simulate(
        tmp_path, end=END, days=3, devices=10, rows=2_000, progress=lambda done, total: calls.append((done, total))
    )
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_nothing_lies_outside_the_window(made: Made) -> None:
    start = END - timedelta(days=DAYS)
    ((first, last),) = made.rows("SELECT min(Timestamp), max(Timestamp) FROM events")
    assert start <= first < start + timedelta(hours=1)
    assert END - timedelta(hours=1) < last < END
    ((first, last),) = made.rows("SELECT min(TimeGenerated), max(TimeGenerated) FROM buckets")
    assert start.replace(second=0) <= first
    assert last < END


def test_buckets_begin_on_whole_minutes(made: Made) -> None:
    assert made.rows("SELECT count(*) FROM buckets WHERE TimeGenerated <> date_trunc('minute', TimeGenerated)") == [
        (0,)
    ]


def test_people_work_by_day_and_on_weekdays(made: Made) -> None:
    query = """SELECT isodow(Timestamp) < 6 AS workday, hour(Timestamp) BETWEEN 8 AND 16 AS office, count(*)
               FROM events WHERE InitiatingProcessFileName = 'chrome.exe' GROUP BY ALL"""
    counts = {(workday, office): n for workday, office, n in made.rows(query)}
    assert counts[True, True] > 3 * counts[True, False]
    assert counts[True, True] > 10 * (counts[False, True] + counts[False, False])


def test_services_talk_by_night_as_by_day(made: Made) -> None:
    query = """SELECT hour(Timestamp) BETWEEN 0 AND 11, count(*) FROM events
               WHERE InitiatingProcessFileName = 'MsSense.exe' GROUP BY ALL"""
    counts: dict[bool, int] = dict(made.rows(query))
    assert counts[True] == pytest.approx(counts[False], rel=0.15)


def test_destinations_are_heavy_tailed(made: Made) -> None:
    counts = [
        n
        for (n,) in made.rows(
            "SELECT count(*) n FROM buckets WHERE RemoteCountry <> '' GROUP BY RemoteIp ORDER BY n DESC"
        )
    ]
    assert sum(counts[: len(counts) // 10]) > sum(counts) / 2
    assert counts[-1] <= 3


def test_every_machine_has_one_name_one_id_and_one_ipv4_address(made: Made) -> None:
    query = """SELECT count(DISTINCT DeviceName), count(DISTINCT DeviceId), count(DISTINCT LocalIP),
                      count(DISTINCT (DeviceName, DeviceId, LocalIP)) FROM events WHERE LocalIP LIKE '10.%'"""
    assert made.rows(query) == [(DEVICES, DEVICES, DEVICES, DEVICES)]


def test_report_ids_tell_rows_apart(made: Made) -> None:
    assert made.rows("SELECT count(*) - count(DISTINCT (DeviceId, Timestamp, ReportId)) FROM events") == [(0,)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"end": datetime(2026, 6, 18)}, "end has no time zone"),
        ({"end": END, "days": 0}, "days is 0; at least 1 is needed"),
        ({"end": END, "devices": 9}, "devices is 9; at least 10 are needed"),
        ({"end": END, "rows": -1}, "rows is -1; it cannot be negative"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(tmp_path: Path, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulate(tmp_path / "out", **arguments)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_data_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    simulate(tmp_path, end=END, days=1, devices=10, rows=2_000)
    before = _digests(tmp_path)
    with pytest.raises(FileExistsError, match="already holds Parquet files"):
        simulate(tmp_path, end=END, days=2, devices=10, rows=2_000)
    assert _digests(tmp_path) == before


def test_an_end_in_another_zone_is_the_same_instant(tmp_path: Path) -> None:
    abroad = END.astimezone(tz=timezone(timedelta(hours=9)))
    simulate(tmp_path / "utc", end=END, days=1, devices=10, rows=2_000)
    simulate(tmp_path / "abroad", end=abroad, days=1, devices=10, rows=2_000)
    assert _digests(tmp_path / "utc") == _digests(tmp_path / "abroad")


def test_a_window_of_one_day_still_tells_every_story(tmp_path: Path) -> None:
    end = datetime(2026, 6, 15, 0, 0, tzinfo=UTC)
    report = simulate(tmp_path, end=end, days=1, devices=10, rows=0)
    assert all(story.connections > 0 for story in report.stories)
    assert report.rows["DeviceNetworkEvents"] == sum(story.connections for story in report.stories)
