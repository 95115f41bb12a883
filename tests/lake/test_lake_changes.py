"""What each commit brought, from the log alone."""

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake
from lake_rows import NOON, add, every, rows

from bluetick.lake.changes import NewRows, new_rows, time_of
from bluetick.lake.maintenance import optimize

HOUR = timedelta(hours=1)


def test_commits_tell_the_times_of_their_rows(tmp_path: Path) -> None:
    add(tmp_path, "T", rows(every(HOUR, 3)), "a")
    add(tmp_path, "T", rows([NOON - HOUR, NOON + 50 * HOUR]), "b")
    folder = tmp_path / "T"
    first, second = new_rows(folder, time_of(folder), -1)
    assert (first.low, second.low) == (NOON, NOON - HOUR)
    assert first.high is not None
    assert second.high is not None
    # Statistics are cut to the millisecond.
    assert NOON + 2 * HOUR <= first.high <= NOON + 2 * HOUR + timedelta(milliseconds=1)
    assert NOON + 50 * HOUR <= second.high <= NOON + 50 * HOUR + timedelta(milliseconds=1)
    assert list(new_rows(folder, time_of(folder), first.version)) == [second]
    assert list(new_rows(folder, time_of(folder), second.version)) == []


def test_compaction_brings_nothing(tmp_path: Path) -> None:
    for number in range(3):
        add(tmp_path, "T", rows(every(HOUR, 2)), f"b{number}")
    folder = tmp_path / "T"
    last = list(new_rows(folder, "Timestamp", -1))[-1].version
    assert optimize(folder).files_after == 1
    assert list(new_rows(folder, "Timestamp", last)) == []


def test_of_commits_whose_log_is_gone_nothing_is_known(tmp_path: Path) -> None:
    for number in range(3):
        add(tmp_path, "T", rows(every(HOUR, 2)), f"b{number}")
    folder = tmp_path / "T"
    versions = [one.version for one in new_rows(folder, "Timestamp", -1)]
    (folder / "_delta_log" / f"{versions[0]:020}.json").unlink()
    found = list(new_rows(folder, "Timestamp", versions[0] - 1))
    assert found[0] == NewRows(versions[0], None, None)
    assert [one.version for one in found] == versions


def test_of_a_foreign_table_no_times_are_known(tmp_path: Path) -> None:
    write_deltalake(str(tmp_path / "F"), pa.table({"When": pa.array([NOON], pa.timestamp("us", "UTC"))}))
    assert time_of(tmp_path / "F") is None
    assert list(new_rows(tmp_path / "F", None, -1)) == [NewRows(0, None, None)]
