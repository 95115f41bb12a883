"""The ledger's file: made, found again, refused where it is none."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bluetick.detections.ledger.opening import Ledger
from bluetick.diagnostics.errors import SourceError


def test_what_was_written_is_there_again(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path / "a.ledger")) as ledger, ledger.transaction() as connection:
        connection.execute("INSERT INTO seen VALUES ('T', 3)")
    with closing(Ledger(tmp_path / "a.ledger")) as ledger:
        assert [tuple(row) for row in ledger.read("SELECT * FROM seen")] == [("T", 3)]


def test_a_transaction_that_fails_writes_nothing(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path / "a.ledger")) as ledger:
        with pytest.raises(ValueError, match="no"), ledger.transaction() as connection:
            connection.execute("INSERT INTO seen VALUES ('T', 3)")
            raise ValueError("no")
        assert not ledger.read("SELECT * FROM seen")


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection, connection:
        connection.execute("CREATE TABLE mine (x)")
    with pytest.raises(SourceError, match="another program's database"):
        Ledger(tmp_path / "other.db")


def test_a_ledger_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    Ledger(tmp_path / "a.ledger").close()
    with closing(sqlite3.connect(tmp_path / "a.ledger")) as connection, connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(SourceError, match="newer version of bluetick"):
        Ledger(tmp_path / "a.ledger")


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database" * 100)
    with pytest.raises(SourceError, match="cannot be used as a ledger"):
        Ledger(tmp_path / "text")


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    """SQLite says the same of a file that may not grow."""
    rows = [(f"table {number}" * 50, number) for number in range(500)]
    with closing(Ledger(tmp_path / "a.ledger")) as ledger:
        with ledger.transaction() as connection:
            connection.execute("INSERT INTO seen VALUES ('T', 3)")
        (pages,) = ledger.read("PRAGMA page_count")[0]
        ledger.read(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(SourceError, match="cannot be written: database or disk is full"), ledger.transaction() as c:
            c.executemany("INSERT INTO seen VALUES (?, ?)", rows)
        assert len(ledger.read("SELECT * FROM seen")) == 1
        ledger.read("PRAGMA max_page_count = 1000000")
        with ledger.transaction() as connection:
            connection.executemany("INSERT INTO seen VALUES (?, ?)", rows)
        assert len(ledger.read("SELECT * FROM seen")) == 501
