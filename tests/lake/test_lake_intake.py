"""What is ingested is there once, in every table, whatever happened on the way."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from lake_rows import COLUMNS, NOON, add, answer, rows
from sysmon_log import connection

import bluetick
from bluetick.cli.main import run_command
from bluetick.diagnostics.errors import SourceError
from bluetick.lake import intake
from bluetick.lake.commits import append
from bluetick.lake.folder import DeltaFolder
from bluetick.lake.intake import Batch, TableRows, locked, receipt, store

TWO = ("First", "Second")


def batch(name: str = "b", count: int = 2) -> Batch:
    """The same rows for two tables, a receipt and a quarantined line."""
    tables = tuple(TableRows(table, rows([NOON] * count), COLUMNS, "Timestamp") for table in TWO)
    return Batch(name, "test", tables, {f"input-{name}": "2 lines"}, "a bad line\n")


def counts(lake: Path) -> list[int]:
    with bluetick.connect(lake=lake) as session:
        names = session.catalog.names()
        return [int(answer(session, f"{name} | count")[0][0]) if name in names else 0 for name in TWO]


def test_a_batch_is_stored_once(tmp_path: Path) -> None:
    for _ in range(3):
        with locked(tmp_path):
            store(tmp_path, batch())
    assert counts(tmp_path) == [2, 2]
    assert receipt(tmp_path, "input-b") == "2 lines"
    assert (tmp_path / "_quarantine" / "b").read_text("utf-8") == "a bad line\n"
    assert not list((tmp_path / "_ingested" / "pending").iterdir())


class Killed(BaseException):
    """Ends a process here as a kill would, but for what `finally` does."""


@pytest.mark.parametrize("commits", [0, 1, 2])
def test_an_interrupted_batch_is_finished_by_the_next_intake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commits: int
) -> None:
    """Killed once the record is written, before the first, the second or no commit."""
    with monkeypatch.context() as patched:
        made: list[Path] = []

        def dying(folder: Path, *arguments: Any) -> int:
            if len(made) == commits:
                raise Killed
            made.append(folder)
            return append(folder, *arguments)

        patched.setattr(intake, "append", dying)
        patched.setattr(intake, "_write_whole", write_whole_until(commits))
        with pytest.raises(Killed), locked(tmp_path):
            store(tmp_path, batch())
    assert receipt(tmp_path, "input-b") is None
    with locked(tmp_path):
        pass
    assert counts(tmp_path) == [2, 2]
    assert receipt(tmp_path, "input-b") == "2 lines"
    with locked(tmp_path):
        store(tmp_path, batch())
    assert counts(tmp_path) == [2, 2]


def write_whole_until(commits: int) -> Any:
    """Writes the record; what comes after both commits is not written any more."""
    whole = intake._write_whole

    def write(path: Path, text: str) -> None:
        if path.parent.name != "pending" and commits == 2:
            raise Killed
        whole(path, text)

    return write


def test_what_is_killed_before_its_record_leaves_no_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dying(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(intake, "_write_record", dying)
        with pytest.raises(Killed), locked(tmp_path):
            store(tmp_path, batch())
    with locked(tmp_path):
        store(tmp_path, batch())
    assert counts(tmp_path) == [2, 2]


def test_a_damaged_record_is_told(tmp_path: Path) -> None:
    with locked(tmp_path):
        pass
    (tmp_path / "_ingested" / "pending" / "x").write_text("{", "utf-8")
    with pytest.raises(SourceError, match=r"record .* is damaged"), locked(tmp_path):
        pass


def test_deltalake_itself_adds_again_for_the_same_transaction(tmp_path: Path) -> None:
    """Why a commit looks at the version that it builds on; when this fails, that look may go."""
    properties = CommitProperties(app_transactions=[Transaction("source", 1)])
    for _ in range(2):
        write_deltalake(tmp_path / "t", rows([NOON]), mode="append", commit_properties=properties)
    assert DeltaTable(str(tmp_path / "t")).count() == 2


def test_a_folder_of_plain_files_is_not_added_to(tmp_path: Path) -> None:
    (tmp_path / "First").mkdir()
    pq.write_table(rows([NOON]), tmp_path / "First" / "old.parquet")
    with pytest.raises(SourceError, match="plain Parquet files"), locked(tmp_path):
        store(tmp_path, batch())
    assert counts(tmp_path) == [1, 0]
    assert receipt(tmp_path, "input-b") is None


def test_another_writers_table_is_not_added_to(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "First", rows([NOON]))
    with pytest.raises(SourceError, match="another writer's Delta table"), locked(tmp_path):
        store(tmp_path, batch())
    assert counts(tmp_path) == [1, 0]


def test_other_writers_commit_between(tmp_path: Path) -> None:
    add(tmp_path, "First", rows([NOON]), "one")
    for number in range(3):
        more = rows([NOON]).append_column(f"Extra{number}", rows([NOON]).column("Host"))
        write_deltalake(tmp_path / "First", more, mode="append", schema_mode="merge")
        add(tmp_path, "First", rows([NOON]), f"more-{number}")
    assert counts(tmp_path)[0] == 7


# --- the command ----------------------------------------------------------------------------------------------------


def log_file(folder: Path, count: int, first: int = 0) -> Path:
    path = folder / f"log-{first}.ndjson"
    lines = [connection(record, 1024 + record) for record in range(first, first + count)]
    path.write_text("\n".join([*lines, "{broken"]) + "\n", "utf-8")
    return path


def ingest(capfd: pytest.CaptureFixture[str], lake: Path, *logs: Path) -> dict[str, int]:
    code = run_command(["ingest", *map(str, logs), "--lake", str(lake), "--format", "json"])
    said = capfd.readouterr()
    assert code == 0, said.err
    return dict(json.loads(said.out))


def test_both_tables_have_the_logs_rows_and_their_source(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lake = tmp_path / "lake"
    one, two = log_file(tmp_path, 5), log_file(tmp_path, 3, first=5)
    assert ingest(capfd, lake, one) == {"input": 6, "stored": 5, "quarantined": 1, "duplicates": 0}
    assert ingest(capfd, lake, one, two) == {"input": 10, "stored": 3, "quarantined": 1, "duplicates": 6}
    with bluetick.connect(lake=lake) as session:
        assert answer(session, "DeviceNetworkEvents | summarize count(), dcount(RemotePort)") == [(8, 8)]
        assert answer(session, "DeviceNetworkEvents | summarize count() by _Source") == [("windows", 8)]
        assert answer(session, "DeviceNetworkEvents | summarize dcount(ingestion_time())") == [(2,)]
    assert len(list((lake / "_quarantine").iterdir())) == 2


def test_a_second_ingest_waits_for_the_first(tmp_path: Path) -> None:
    lake, log = tmp_path / "lake", log_file(tmp_path, 4)
    command = [sys.executable, "-m", "bluetick", "ingest", str(log), "--lake", str(lake), "--format", "json"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [json.loads(process.communicate(timeout=120)[0]) for process in running]
    assert sorted(line["stored"] for line in told) == [0, 4]
    assert DeltaFolder(lake / "DeviceNetworkEvents").snapshot().rows == 4


def test_a_table_that_is_only_begun_is_not_seen(tmp_path: Path) -> None:
    """Killed before the first commit: neither its log nor its files are anything yet."""
    (tmp_path / "First" / "_delta_log").mkdir(parents=True)
    (tmp_path / "First" / "_delta_log" / "_commit_1.json.tmp").write_text("{", "utf-8")
    pq.write_table(rows([NOON]), tmp_path / "First" / "bluetick-00000000-0.parquet")
    with bluetick.connect(lake=tmp_path) as session:
        assert session.catalog.names() == ()
    with locked(tmp_path):
        store(tmp_path, batch())
    assert counts(tmp_path) == [2, 2]
