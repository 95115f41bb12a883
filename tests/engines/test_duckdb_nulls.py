"""Columns that hold no null, as footers tell: what is believed, and that the rows stay the same."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bluetick
from bluetick.engines import duckdb_nulls
from bluetick.engines.duckdb_nulls import FullColumns


@pytest.fixture
def asked() -> Iterator["Asked"]:
    with duckdb.connect() as connection:
        yield Asked(connection)


class Asked:
    """Counts the statements that are asked."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.times = 0

    def __call__(self, statement: str) -> Sequence[tuple[Any, ...]]:
        self.times += 1
        return self.connection.execute(statement).fetchall()


def _write(path: Path, columns: dict[str, list[Any]], *, rows: int = 2, statistics: bool = True) -> str:
    pq.write_table(pa.table(columns), path, row_group_size=rows, write_statistics=statistics)
    return str(path)


def test_a_column_counts_that_has_a_value_in_every_row_group_of_every_file(tmp_path: Path, asked: Asked) -> None:
    first: dict[str, list[Any]] = {
        "a": ["1", "2", "3"],
        "b": ["1", "2", None],
        "c": ["1", "2", "3"],
        "d": [None, "2", "3"],
    }
    files = [
        _write(tmp_path / "1.parquet", first),
        _write(tmp_path / "2.parquet", {"a": ["", ""], "b": ["1", "2"], "d": ["1", "2"]}),
    ]
    assert FullColumns().of(files, asked) == {"a"}
    assert FullColumns().of(files[:1], asked) == {"a", "c"}
    assert FullColumns().of([], asked) == set()


def test_without_statistics_nothing_is_believed(tmp_path: Path, asked: Asked) -> None:
    files = [_write(tmp_path / "1.parquet", {"a": ["1"]}, statistics=False)]
    assert FullColumns().of(files, asked) == set()


def test_a_leaf_of_a_nested_column_is_not_taken_for_a_column(tmp_path: Path, asked: Asked) -> None:
    rows: dict[str, list[Any]] = {"s": [{"a": "1"}], "s, a": [None]}
    files = [_write(tmp_path / "1.parquet", rows)]
    assert "s, a" not in FullColumns().of(files, asked)


def test_a_file_is_asked_once_and_again_when_it_has_changed(tmp_path: Path, asked: Asked) -> None:
    full = FullColumns()
    path = _write(tmp_path / "1.parquet", {"a": ["1", "2"]})
    assert full.of([path], asked) == {"a"}
    assert full.of([path], asked) == {"a"}
    assert asked.times == 1
    os.utime(path, ns=(2, 2))
    assert full.of([path], asked) == {"a"}
    assert asked.times == 2
    _write(tmp_path / "1.parquet", {"a": ["1", None]})
    os.utime(path, ns=(1, 1))
    assert full.of([path], asked) == set()
    assert full.of([str(tmp_path / "none.parquet")], asked) == set()


def test_many_files_are_asked_little_by_little(tmp_path: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_nulls, "_MOST_AT_ONCE", 2)
    files = [_write(tmp_path / f"{i}.parquet", {"a": ["1"]}) for i in range(3)]
    full = FullColumns()
    assert full.of(files, asked) == set()
    assert full.of(files, asked) == {"a"}


def test_what_is_kept_is_bounded(tmp_path: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_nulls, "_MOST_KEPT", 1)
    files = [_write(tmp_path / f"{i}.parquet", {"a": ["1"]}) for i in range(2)]
    full = FullColumns()
    full.of(files, asked)
    assert full.of(files[1:], asked) == {"a"}
    assert asked.times == 1
    assert full.of(files[:1], asked) == {"a"}
    assert asked.times == 2


def test_a_file_that_is_no_parquet_is_left_to_the_scan(tmp_path: Path, asked: Asked) -> None:
    (tmp_path / "1.parquet").write_bytes(b"nothing of the kind")
    assert FullColumns().of([str(tmp_path / "1.parquet")], asked) == set()


@pytest.mark.parametrize("has_null", [False, True])
def test_a_null_string_is_empty_wherever_it_stands(tmp_path: Path, has_null: bool) -> None:
    _write(tmp_path / "1.parquet", {"a": ["x", ""], "n": [1, 2]})
    _write(tmp_path / "2.parquet", {"a": ["y", None if has_null else ""], "n": [3, 4]})
    with bluetick.connect(tables={"T": str(tmp_path / "*.parquet")}) as session:
        for _ in range(2):
            rows = session.query("T | where isempty(a) | project n, a | order by n asc").rows()
            assert list(rows) == [(2, ""), (4, "")]
            assert list(session.query("T | where a != 'x' | count").rows()) == [(3,)]


def test_a_files_own_column_says_nothing_of_a_folders(tmp_path: Path) -> None:
    for day, names in (("__HIVE_DEFAULT_PARTITION__", ["x"]), ("b", ["y"])):
        (tmp_path / f"day={day}").mkdir()
        _write(tmp_path / f"day={day}" / "1.parquet", {"day": ["own"], "name": names})
    with bluetick.connect(tables={"T": str(tmp_path)}) as session:
        rows = list(session.query("T | project name, day | order by name asc").rows())
    assert rows == [("x", ""), ("y", "b")]
