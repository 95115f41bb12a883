"""optimize, vacuum, history, and what `bluetick tables` reads in the log."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from lake_rows import COLUMNS, NOON, add, answer, every, rows

import bluetick
from bluetick.cli.main import run_command
from bluetick.diagnostics.errors import SourceError
from bluetick.lake.folder import DeltaFolder
from bluetick.lake.maintenance import Optimized, history, optimize, vacuum
from bluetick.types import Type

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def small_commits(lake: Path, count: int = 4) -> None:
    """Each with rows of two days, which the next one's rows fall between."""
    for number in range(count):
        times = [NOON + n * 7 * MINUTE + number * MINUTE for n in range(5)]
        add(lake, "Events", rows([*times, *(time + DAY for time in times if time)], host=f"h{number}"), str(number))


def test_small_files_of_a_day_become_one_sorted_file(tmp_path: Path) -> None:
    small_commits(tmp_path)
    wider = rows([NOON]).append_column("Port", pa.array([443], pa.int32()))
    add(tmp_path, "Events", wider, "wider", (*COLUMNS, ("Port", Type.INT)))
    folder = tmp_path / "Events"
    text = "Events | sort by Timestamp asc, Host asc | project Timestamp, Host, Bag, Port, ingestion_time(), _Source"
    with bluetick.connect(lake=tmp_path) as session:
        before = answer(session, text)
        assert optimize(folder) == Optimized(files_before=9, files_after=2, rows=41)
        assert answer(session, text) == before
    for file in DeltaFolder(folder).snapshot().files:
        times: list[Any] = pq.ParquetFile(file).read(["Timestamp"]).column(0).to_pylist()
        assert times == sorted(times)
        assert len({time.date() for time in times}) == 1
    assert optimize(folder) == Optimized(0, 0, 0)


def test_files_are_filled_to_their_size_with_neighbours_in_time(tmp_path: Path) -> None:
    for number in (3, 1, 2, 0):
        add(tmp_path, "Events", rows(every(MINUTE, 10, NOON + number * 10 * MINUTE)), str(number))
    assert optimize(tmp_path / "Events", file_rows=20) == Optimized(4, 2, 40)
    snapshot = DeltaFolder(tmp_path / "Events").snapshot()
    ranges = sorted(
        zip(*(snapshot.actions.column(f"{end}.Timestamp").to_pylist() for end in ("min", "max")), strict=True)
    )
    assert [(low - NOON, high - NOON) for low, high in ranges] == [
        (0 * MINUTE, 19 * MINUTE),
        (20 * MINUTE, 39 * MINUTE),
    ]


def test_an_optimize_changes_no_rows_for_those_who_follow_changes(tmp_path: Path) -> None:
    small_commits(tmp_path, 2)
    optimize(tmp_path / "Events")
    log = sorted((tmp_path / "Events" / "_delta_log").glob("*.json"))
    actions = [json.loads(line) for line in log[-1].read_text("utf-8").splitlines()]
    changes = [a[kind]["dataChange"] for a in actions for kind in ("add", "remove") if kind in a]
    assert changes == [False] * 3


def test_another_writers_table_is_left_alone(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "T", pa.table({"n": [1]}))
    with pytest.raises(SourceError, match="another writer"):
        optimize(tmp_path / "T")


def test_a_vacuum_keeps_what_versions_within_the_retention_need(tmp_path: Path) -> None:
    small_commits(tmp_path)
    folder = tmp_path / "Events"
    optimize(folder)
    assert vacuum(folder, 7 * DAY, is_rehearsal=False).files == ()
    old = DeltaFolder(folder, 2).snapshot().select().files
    assert all(Path(file).exists() for file in old)
    rehearsed = vacuum(folder, timedelta(0), is_rehearsal=True)
    assert len(rehearsed.files) == 8
    assert rehearsed.bytes > 0
    assert all(Path(file).exists() for file in old)
    assert vacuum(folder, timedelta(0), is_rehearsal=False) == rehearsed
    assert not any(Path(file).exists() for file in old)
    with bluetick.connect(lake=tmp_path) as session:
        assert answer(session, "Events | count") == [(40,)]


def test_a_vacuum_removes_what_no_commit_names_once_it_is_old(tmp_path: Path) -> None:
    small_commits(tmp_path, 1)
    folder = tmp_path / "Events"
    for name, age in (("old", 8 * DAY), ("new", timedelta(0))):
        path = folder / f"{name}.parquet"
        pq.write_table(rows([NOON]), path)
        moment = path.stat().st_mtime - age.total_seconds()
        os.utime(path, (moment, moment))
    assert vacuum(folder, 7 * DAY, is_rehearsal=False).files == ("old.parquet",)
    assert (folder / "new.parquet").exists()


def test_history_tells_rows_files_and_source(tmp_path: Path) -> None:
    small_commits(tmp_path, 2)
    optimize(tmp_path / "Events")
    told = [
        (c.version, c.operation, c.rows, c.files_added, c.files_removed, c.source)
        for c in history(tmp_path / "Events", 9)
    ]
    assert told == [
        (4, "OPTIMIZE", 10, 1, 2, ""),
        (3, "OPTIMIZE", 10, 1, 2, ""),
        (2, "WRITE", 10, 2, 0, "test"),
        (1, "WRITE", 10, 2, 0, "test"),
        (0, "CREATE TABLE", 0, 0, 0, ""),
    ]
    assert [c.version for c in history(tmp_path / "Events", 2)] == [4, 3]


# --- on the command line --------------------------------------------------------------------------------------------


def out(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = run_command(arguments)
    said = capfd.readouterr()
    assert code == 0, said.err
    return said.out


def test_the_commands(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    small_commits(tmp_path, 2)
    lake = ("--lake", str(tmp_path))
    line = json.loads(out(capfd, "lake", "optimize", *lake, "--format", "json"))
    assert line == {"table": "Events", "files_before": 4, "files_after": 2, "rows": 20}
    assert out(capfd, "lake", "optimize", "Events", *lake) == "Events: nothing to merge\n"
    assert "4 files would be removed" in out(capfd, "lake", "vacuum", *lake, "--keep", "0h", "--dry-run")
    assert "Events: 0 files removed" in out(capfd, "lake", "vacuum", *lake)
    removed = json.loads(out(capfd, "lake", "vacuum", *lake, "--keep", "0h", "--format", "json"))
    assert (removed["table"], removed["files"]) == ("Events", 4)
    assert "OPTIMIZE" in out(capfd, "lake", "history", *lake)
    newest = json.loads(out(capfd, "lake", "history", *lake, "--last", "1", "--format", "json"))
    assert newest["version"] == DeltaTable(str(tmp_path / "Events")).version()


@pytest.mark.parametrize(
    "arguments",
    [
        ["optimize", "Nothing"],
        ["history", "Nothing"],
        ["vacuum", "--keep", "-1d"],
        ["vacuum", "--keep", "soon"],
    ],
)
def test_wrong_usage_is_told(tmp_path: Path, arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    small_commits(tmp_path, 1)
    assert run_command(["lake", *arguments, "--lake", str(tmp_path)]) in (1, 2)
    assert "error" in capfd.readouterr().err.lower()


def test_tables_are_counted_from_the_log_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    small_commits(tmp_path, 2)
    snapshot = DeltaFolder(tmp_path / "Events").snapshot()
    size = sum(Path(file).stat().st_size for file in snapshot.files)
    for file in snapshot.files:
        Path(file).write_bytes(b"")
    line = json.loads(out(capfd, "tables", "--lake", str(tmp_path), "--format", "json"))
    assert {key: line[key] for key in ("name", "rows", "files", "bytes", "version")} == {
        "name": "Events",
        "rows": 20,
        "files": 4,
        "bytes": size,
        "version": 2,
    }
    assert (line["first"], line["last"]) == ("2026-06-18T12:00:00.0000000Z", "2026-06-19T12:29:00.0000000Z")
    assert [name for name, _ in line["columns"]] == ["Timestamp", "Host", "Bag"]
