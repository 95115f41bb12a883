"""A ledger of an earlier form is brought to the present one, whole or not at all."""

import os
import signal
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bluetick.detections.ledger import forms
from bluetick.detections.ledger.copies import copy_ledger, keep_copy
from bluetick.detections.ledger.deliveries import owed, register_outputs
from bluetick.detections.ledger.listing import find_alerts, rule_health
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.rules import next_due
from bluetick.detections.ledger.windows import seen_versions
from bluetick.diagnostics.errors import SourceError

HOUR = timedelta(hours=1) // timedelta(microseconds=1)
CONTENT = '{"name": "A rule", "severity": "High", "entities": [], "row_count": 1, "columns": ["Host"], "rows": [["a"]]}'
FIRST: dict[str, list[tuple[Any, ...]]] = {
    "rule": [("r", "1", "live", "", 4 * HOUR), ("gone", "1", "retired", "", 9 * HOUR)],
    "rule_version": [
        ("r", "1", "A rule", HOUR, HOUR, 0, 0, '["T"]', "document"),
        ("gone", "1", "Another", HOUR, None, 0, 0, "[]", "document"),
    ],
    "window": [
        ("r", HOUR, "1", "done", HOUR, 0, None, 1, 1, 0, 7, "", '{"T": 3}', "{}"),
        ("r", 2 * HOUR, "1", "failed", 5, 2, None, None, 0, 0, None, "out of memory", "{}", "{}"),
        ("r", 3 * HOUR, "1", "dirty", 5, 0, "w", None, 0, 0, None, "", "{}", '{"T": 4}'),
    ],
    "run": [(1, "r", HOUR, "1", 6, 7, "done", 1, "", '{"T": 3}')],
    "finding": [("r", "k", HOUR, CONTENT, 1)],
    "alert": [("a1", "r", "k", HOUR, HOUR, CONTENT, 0, 0, 7, 7, "fp", "known", 8)],
    "outbox": [(1, "a1", "raised", 0, CONTENT, 7, 7, 0, None), (2, "a1", "retracted", 1, CONTENT, 8, 8, 1, 9)],
    "seen": [("T", 4)],
    "worker": [("w", 5)],
}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A ledger as form 1 had it, with something in each table."""
    path = tmp_path / "old.ledger"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(forms.FORMS[0])
        connection.execute("PRAGMA application_id = 0x626C7469")
        connection.execute("PRAGMA user_version = 1")
        for table, rows in FIRST.items():
            holes = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({holes})", rows)  # noqa: S608 - names of ours
    return path


def form_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def rows_of(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The columns of form 1."""
    found = {}
    with closing(sqlite3.connect(path)) as connection:
        for table, rows in FIRST.items():
            kept = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - names of ours
            found[table] = [row[: len(rows[0])] for row in kept]
    return found


def sorted_rows(tables: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[str]]:
    return {table: sorted(map(repr, rows)) for table, rows in tables.items()}


def test_nothing_is_lost_and_a_copy_stays(old: Path) -> None:
    before = sorted_rows(FIRST)
    with closing(Ledger(old, upgrades=True)) as ledger:
        assert ledger.copy == old.with_name("old.ledger.form1.bak")
        assert [alert.state for alert in find_alerts(ledger, every=True)] == ["closed as fp"]
        (health,) = rule_health(ledger)
        assert (health.windows, health.open, health.failed, health.error) == (3, 1, 1, "out of memory")
        with ledger.transaction() as connection:
            register_outputs(connection, {"out": None}, frozenset())
        assert [one.message.id for one in owed(ledger, "out")] == [1]
        told = ledger.read("SELECT id, alert, kind, revision, content, created FROM outbox")
        assert [tuple(row) for row in told] == [row[:6] for row in FIRST["outbox"]]
        assert seen_versions(ledger) == {"T": 4}
        assert next_due(ledger) == 4 * HOUR
        assert not ledger.read("PRAGMA foreign_key_check")
        assert ledger.read("PRAGMA foreign_keys")[0][0] == 1
    assert form_of(old) == len(forms.FORMS) > 1
    assert sorted_rows(rows_of(old)) | {"outbox": before["outbox"]} == before
    kept = old.with_name("old.ledger.form1.bak")
    assert form_of(kept) == 1
    assert sorted_rows(rows_of(kept)) == before


def test_an_upgraded_ledger_has_the_tables_of_a_new_one(old: Path, tmp_path: Path) -> None:
    Ledger(old, upgrades=True).close()
    Ledger(tmp_path / "new.ledger").close()
    assert schema_of(old) == schema_of(tmp_path / "new.ledger")


def schema_of(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()


def test_what_only_reads_does_not_bring_a_ledger_up(old: Path) -> None:
    with pytest.raises(SourceError, match=r"bluetick upgrade --ledger .*brings it up"):
        Ledger(old)
    assert form_of(old) == 1
    assert not old.with_name("old.ledger.form1.bak").exists()


def test_a_present_ledger_is_not_copied(tmp_path: Path) -> None:
    Ledger(tmp_path / "a.ledger").close()
    with closing(Ledger(tmp_path / "a.ledger", upgrades=True)) as ledger:
        assert ledger.copy is None
    assert [path.name for path in tmp_path.iterdir()] == ["a.ledger"]


def test_a_form_that_fails_leaves_the_form_before(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = "CREATE TABLE half (x INTEGER) STRICT; INSERT INTO half VALUES (1); CREATE TABLE rule (x)"
    monkeypatch.setattr("bluetick.detections.ledger.opening.FORMS", (forms.FORMS[0], broken))
    with pytest.raises(SourceError, match="cannot be used as a ledger"):
        Ledger(old, upgrades=True)
    assert form_of(old) == 1
    assert "half" not in {name for name, _ in schema_of(old)}


def test_a_kill_before_the_commit_leaves_the_form_before(old: Path) -> None:
    def die(_: str) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if not child:
        Ledger(old, die, upgrades=True)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert form_of(old) == 1
    assert sorted_rows(rows_of(old)) == sorted_rows(FIRST)
    Ledger(old, upgrades=True).close()
    assert form_of(old) == len(forms.FORMS)
    assert sorted(path.name for path in old.parent.glob("*.bak")) == ["old.ledger.form1.bak"]


def test_a_copy_that_was_kept_is_never_replaced(old: Path) -> None:
    first = keep_copy(old, 1)
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("DELETE FROM seen")
    second = keep_copy(old, 1)
    assert (first.name, second.name) == ("old.ledger.form1.bak", "old.ledger.form1.2.bak")
    assert sorted_rows(rows_of(first)) == sorted_rows(FIRST)
    assert keep_copy(old, 1) == second
    assert not list(old.parent.glob("*.new"))


def test_a_damaged_ledger_is_not_copied(old: Path, tmp_path: Path) -> None:
    content = bytearray(old.read_bytes())
    content[5_000:9_000] = b"\x55" * 4_000
    old.write_bytes(content)
    with pytest.raises(SourceError, match=r"damaged|cannot be copied"):
        copy_ledger(old, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert not (tmp_path / "copy.part").exists()
