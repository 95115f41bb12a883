"""externaldata: only from copies that the user gave; values convert as Kusto converts text."""

import gzip
from pathlib import Path

import pytest

import bluetick

ADDRESS = "https://lists.example/indicators.csv"


def rows(text: str, **copies: Path) -> list[tuple[object, ...]]:
    with bluetick.connect(external={ADDRESS: next(iter(copies.values()))}) as session:
        return list(session.query(text.replace("ADDRESS", ADDRESS)).rows())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plain.csv").write_text('name,score\n"a,b",7\nc,none\n', encoding="utf-8")
    (tmp_path / "lines.txt").write_text("one, two\nthree\n", encoding="utf-8")
    (tmp_path / "records.json").write_text('{"name":"x","score":1.5}\n[{"score":2},{"name":null,"bag":{"k":[1]}}]')
    return tmp_path


def test_values_convert_and_failures_are_null(folder: Path) -> None:
    text = 'externaldata(name:string, score:long)[h@"ADDRESS"] with (ignoreFirstRecord=true)'
    assert rows(text, copy=folder / "plain.csv") == [("a,b", 7), ("c", None)]


def test_first_record_is_data_unless_said_otherwise(folder: Path) -> None:
    text = 'externaldata(name:string)["ADDRESS"] | where name == "name" | count'
    assert rows(text, copy=folder / "plain.csv") == [(1,)]


def test_text_lines_are_not_split(folder: Path) -> None:
    text = 'externaldata(line:string)["ADDRESS"] with (format="txt")'
    assert rows(text, copy=folder / "lines.txt") == [("one, two",), ("three",)]


def test_json_fields_go_by_name(folder: Path) -> None:
    text = 'externaldata(name:string, score:real, bag:dynamic)["ADDRESS"] with (format="multijson") | sort by score asc'
    assert rows(text, copy=folder / "records.json") == [("", None, {"k": [1]}), ("x", 1.5, None), ("", 2.0, None)]


def test_packed_copies_are_unpacked(folder: Path) -> None:
    packed = folder / "packed.csv"
    packed.write_bytes(gzip.compress(b"a\nb\n"))
    assert rows('externaldata(x:string)["ADDRESS"]', copy=packed) == [("a",), ("b",)]


def test_an_address_without_a_copy_is_refused_with_the_way_out() -> None:
    with bluetick.connect() as session, pytest.raises(bluetick.SourceError, match=f"--external {ADDRESS}=FILE"):
        session.query(f'externaldata(x:string)["{ADDRESS}"]')


def test_it_binds_without_a_copy() -> None:
    with bluetick.connect() as session:
        check = session.check(f'externaldata(a:string, b:dynamic)["{ADDRESS}"]')
    assert check.columns == (("a", "string"), ("b", "dynamic"))
