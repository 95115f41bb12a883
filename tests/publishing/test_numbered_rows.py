"""Rows that a sender numbers are in a table of a lake once."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from bluetick.lake.columns import with_system
from bluetick.lake.commits import Shape, append
from bluetick.lake.data_files import write_data
from bluetick.lake.intake import TableRows
from bluetick.lake.maintenance import optimize
from bluetick.lake.numbered import append_numbered, last_number, make_table
from bluetick.session import Session
from bluetick.types import Type

NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)
COLUMNS = (("TimeGenerated", Type.DATETIME), ("Name", Type.STRING))


def rows(*names: str) -> TableRows:
    times = pa.array([NOON] * len(names), pa.timestamp("us", "UTC"))
    data = pa.table({"TimeGenerated": times, "Name": pa.array(names, pa.string())})
    return TableRows("Told", data, COLUMNS, "TimeGenerated")


def names_in(lake: Path) -> list[str]:
    with Session(lake=lake) as session:
        return sorted(name for (name,) in session.query("Told | project Name").rows())


def test_a_number_is_taken_once_and_a_lower_one_not_at_all(tmp_path: Path) -> None:
    make_table(tmp_path, rows())
    assert names_in(tmp_path) == []
    append_numbered(tmp_path, rows("a"), "one", 1, NOON)
    append_numbered(tmp_path, rows("a"), "one", 1, NOON)
    append_numbered(tmp_path, rows("b"), "one", 5, NOON)
    append_numbered(tmp_path, rows("c"), "one", 4, NOON)
    assert names_in(tmp_path) == ["a", "b"]
    assert last_number(tmp_path, "Told", "one") == 5


def test_senders_do_not_know_each_other(tmp_path: Path) -> None:
    append_numbered(tmp_path, rows("a"), "one", 3, NOON)
    append_numbered(tmp_path, rows("b"), "two", 1, NOON)
    assert names_in(tmp_path) == ["a", "b"]
    assert last_number(tmp_path, "Told", "three") == last_number(tmp_path, "Other", "one") == 0


def test_of_two_that_write_the_same_number_at_once_one_is_there(tmp_path: Path) -> None:
    """Both have looked, and found that it is not there yet."""
    make_table(tmp_path, rows())
    shape = Shape(with_system(COLUMNS), "TimeGenerated")
    files = [write_data(tmp_path / "Told", rows("a").rows, shape.columns, shape.time) for _ in range(2)]
    for written in files:
        append(tmp_path / "Told", shape, written, "one", {}, 7)
    assert names_in(tmp_path) == ["a"]


def test_compaction_keeps_the_number(tmp_path: Path) -> None:
    for number in range(1, 14):  # a checkpoint is among them
        append_numbered(tmp_path, rows(f"{number:02}"), "one", number, NOON)
    optimize(tmp_path / "Told")
    append_numbered(tmp_path, rows("again"), "one", 13, NOON)
    assert names_in(tmp_path) == [f"{number:02}" for number in range(1, 14)]
