"""`bluetick tables` and `bluetick doctor` over a lake: how old, how full, and what wants to be done."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

import bluetick
from bluetick.cli.freshness import age, bars, percent
from bluetick.cli.lake_examination import Remark, examine_lake
from bluetick.cli.main import run_command
from bluetick.lake.condition import Condition, look
from bluetick.lake.fill import fill_rows
from bluetick.lake.intake import Batch, TableRows, locked, store
from bluetick.lake.seen import seen_rows
from bluetick.types import Type

MIDNIGHT = datetime(2026, 6, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
COLUMNS = (("Timestamp", Type.DATETIME), ("Host", Type.STRING), ("RemoteUrl", Type.STRING), ("Port", Type.INT))


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day of two sources: 'sysmon' whose RemoteUrl is filled in five rows of eight until 13:00 and never since, and
    'zeek' that has no hosts and whose last row is of 13:59. Each hour came in as it ended."""
    folder = tmp_path_factory.mktemp("lake")
    for hour in range(20):
        commit(folder, hour, "sysmon", has_url=hour < 13)
        if hour < 14:
            commit(folder, hour, "zeek", has_url=True)
    return folder


def commit(lake: Path, hour: int, source: str, *, has_url: bool) -> None:
    count = 200
    data = {
        "Timestamp": pa.array(
            [MIDNIGHT + hour * HOUR + n * timedelta(seconds=18) for n in range(count)], pa.timestamp("us", "UTC")
        ),
        "Host": pa.array([None if source == "zeek" else "pc1"] * count, pa.string()),
        "RemoteUrl": ["a.example" if has_url and n % 8 < 5 else "" for n in range(count)],
        "Port": pa.array([None] * count, pa.int32()),
    }
    tables = (TableRows("Events", pa.table(data), COLUMNS, "Timestamp"),)
    derived = [rows for rows in (fill_rows(tables, source), seen_rows(tables)) if rows is not None]
    with locked(lake):
        store(lake, Batch(f"{hour}-{source}", source, (*tables, *derived), {}), MIDNIGHT + (hour + 1) * HOUR)


def out(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = run_command(arguments)
    said = capfd.readouterr()
    assert code == 0, said.err
    return said.out


# The size depends on the writer's version.
TABLES = """\
Table   Rows   Files  MB   Columns  First             Last              Age     Version
───────────────────────────────────────────────────────────────────────────────────────
Events  6,800  34     {mb}  4        2026-06-18 00:00  2026-06-18 19:59  10 min  34
"""
WARNINGS = """\
warning: Events: RemoteUrl of sysmon: filled 63 % until 2026-06-18 13:00, empty since (1,400 rows)
warning: Events: no row of zeek since 2026-06-18 14:00 (6 h); before that it never paused
"""
FULL = """
Events
  Timestamp  datetime  sysmon  100 %  ████████████████████
                       zeek    100 %  ██████████████······
  Host       string    sysmon  100 %  ████████████████████
  RemoteUrl  string    sysmon   41 %  ▅▅▅▅▅▅▅▅▅▅▅▅▅▁▁▁▁▁▁▁  empty since 2026-06-18 13:00
                       zeek     63 %  ▅▅▅▅▅▅▅▅▅▅▅▅▅▅······
  Port       int
"""
EVENING = ("--now", "2026-06-18T20:10:00Z")


@pytest.mark.parametrize(("options", "columns"), [((), ""), (("--columns",), FULL)])
def test_tables_tells_ages_rates_and_what_stopped(
    lake: Path, capfd: pytest.CaptureFixture[str], options: tuple[str, ...], columns: str
) -> None:
    text = out(capfd, "tables", "--lake", str(lake), *EVENING, *options)
    megabytes = f"{sum(file.stat().st_size for file in (lake / 'Events').rglob('*.parquet')) / 1e6:,.1f}"
    lines = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
    assert lines == TABLES.format(mb=megabytes) + columns + WARNINGS


def test_tables_tells_the_same_as_json(lake: Path, capfd: pytest.CaptureFixture[str]) -> None:
    line = json.loads(out(capfd, "tables", "--lake", str(lake), *EVENING, "--format", "json", "--columns"))
    assert line["age_seconds"] == 618.0
    assert line["warnings"] == [
        {
            "warning": "column_empty",
            "source": "sysmon",
            "column": "RemoteUrl",
            "rate": 0.625,
            "since": "2026-06-18T13:00:00.0000000Z",
            "rows_since": 1400,
        },
        {"warning": "source_silent", "source": "zeek", "since": "2026-06-18T14:00:00.0000000Z"},
    ]
    sysmon, zeek = line["sources"]
    assert (sysmon["source"], sysmon["rows"], zeek["source"], zeek["rows"]) == ("sysmon", 4000, "zeek", 2800)
    assert sysmon["parts"] == {"start": "2026-06-18T00:00:00.0000000Z", "hours": 1}
    assert sysmon["columns"]["RemoteUrl"] == {"rate": 0.4062, "over_time": [0.625] * 13 + [0.0] * 7}
    assert zeek["columns"]["Timestamp"]["over_time"] == [1.0] * 14 + [None] * 6
    assert set(zeek["columns"]) == {"Timestamp", "RemoteUrl"}


def test_newest_is_the_newest_row(lake: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = out(capfd, "tables", "--lake", str(lake), "--now", "newest")
    assert " 0 s " in text


def test_of_an_earlier_version_no_rates_are_told(lake: Path, capfd: pytest.CaptureFixture[str]) -> None:
    line = json.loads(out(capfd, "tables", "--lake", str(lake), "--as-of", "Events=3", "--format", "json"))
    assert (line["version"], line["rows"], line.get("warnings")) == (3, 600, None)


def test_tables_of_files_have_no_rates(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.csv").write_text("Timestamp,n\n2026-06-18T12:00:00Z,1\n", "utf-8")
    table = f"Mine={tmp_path / 't.csv'}"
    assert "warning" not in out(capfd, "tables", "--table", table, "--columns")
    line = json.loads(out(capfd, "tables", "--table", table, "--format", "json", "--now", "2026-06-18T12:01:00Z"))
    assert line["age_seconds"] == 60.0


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=119), "119 s"),
        (timedelta(seconds=120), "2 min"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(hours=71), "71 h"),
        (timedelta(days=1234), "1,234 d"),
        (timedelta(seconds=-1), "future"),
    ],
)
def test_ages(span: timedelta, words: str) -> None:
    assert age(span) == words


def test_only_nothing_is_none_and_only_everything_is_all() -> None:
    assert [percent(rate) for rate in (0.0, 0.0001, 0.5, 0.9999, 1.0)] == ["0 %", "1 %", "50 %", "99 %", "100 %"]
    assert bars([None, 0.0, 0.0001, 0.9999, 1.0]) == "·▁▂▇█"


# --- doctor ---------------------------------------------------------------------------------------------------------


def remarks(lake: Path, now: datetime = MIDNIGHT + 20 * HOUR) -> dict[str, list[Remark]]:
    found: dict[str, list[Remark]] = {}
    with bluetick.connect(lake=lake) as session:
        for remark in examine_lake(session, lake, now):
            found.setdefault(remark.name, []).append(remark)
    return found


def test_doctor_says_what_to_do_about_a_lake(lake: Path) -> None:
    found = remarks(lake)
    assert found["ingest"] == [Remark("ok", "ingest", "nothing is unfinished")]
    (files,) = found["small files"]
    assert files.state == "advice"
    assert files.words == f"66 more than needed (Events 33, _Fill 33): 'bluetick lake optimize --lake {lake}'"
    assert found["quarantine"] == [Remark("ok", "quarantine", "empty")]
    assert [remark.state for remark in found["sources"]] == ["ok", "advice", "advice"]
    assert "the hour before 2026-06-18 20:00" in found["sources"][0].words
    assert all("sensor" in remark.words for remark in found["sources"][1:])


def test_after_what_it_advised_the_advice_is_gone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for hour in range(28):
        commit(tmp_path, hour, "sysmon", has_url=True)
    assert remarks(tmp_path)["small files"][0].state == "advice"
    out(capfd, "lake", "optimize", "--lake", str(tmp_path))
    assert remarks(tmp_path)["small files"] == [Remark("ok", "small files", "few")]
    assert look(tmp_path).spare == (("Events", 0), ("_Fill", 0))


def test_an_interrupted_ingest_is_a_failure(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commit(tmp_path, 1, "sysmon", has_url=True)
    record = tmp_path / "_ingested" / "pending" / "one"
    record.write_text("{}", "utf-8")
    (unfinished,) = remarks(tmp_path)["ingest"]
    assert (unfinished.state, unfinished.words[:33]) == ("failed", "1 batch of an interrupted ingest:")
    assert run_command(["doctor", "--lake", str(tmp_path)]) == 1
    assert "failed  lake, ingest: 1 batch" in capfd.readouterr().out
    with held(tmp_path):
        assert remarks(tmp_path)["ingest"] == [Remark("ok", "ingest", "one is at work now")]
    record.unlink()
    assert run_command(["doctor", "--lake", str(tmp_path)]) == 0
    assert "ok      lake, ingest: nothing is unfinished" in capfd.readouterr().out


@contextmanager
def held(lake: Path) -> Iterator[None]:
    """As an ingest holds a lake."""
    with (lake / "_ingested" / "lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def test_the_quarantine_is_sized(tmp_path: Path) -> None:
    commit(tmp_path, 1, "sysmon", has_url=True)
    (tmp_path / "_quarantine").mkdir()
    (tmp_path / "_quarantine" / "a").write_bytes(b"x" * 2_500_000)
    (remark,) = remarks(tmp_path)["quarantine"]
    assert remark.state == "advice"
    assert f"2.5 MB in 1 file of {tmp_path / '_quarantine'}" in remark.words


@pytest.mark.parametrize(
    ("free", "capacity", "is_short"),
    [(999_999_999, 10**10, True), (10**9, 10**10, False), (10**10, 10**12, True), (10**11, 10**12, False)],
)
def test_room_is_short_under_a_gigabyte_or_a_twentieth(free: int, capacity: int, is_short: bool) -> None:
    condition = Condition(0, False, (), 0, 0, free, capacity)
    assert condition.is_short_of_room is is_short


def test_a_folder_of_plain_files_has_nothing_to_mend(tmp_path: Path) -> None:
    (tmp_path / "Mine").mkdir()
    (tmp_path / "Mine" / "t.csv").write_text("n\n1\n", "utf-8")
    assert [each.state for name, found in remarks(tmp_path).items() if name != "room" for each in found] == ["ok"] * 3
