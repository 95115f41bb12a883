"""Schemas in files of the user's: both forms, folders, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from bluetick.schema.files import read_schemas, written_schemas
from bluetick.schema.packs import SchemaFileError, TableSchema
from bluetick.types import Type


def write(path: Path, document: Any) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return path


def test_custom_tables_in_the_words_of_public_collections(tmp_path: Path) -> None:
    words = (
        "String",
        " datetime ",
        "SByte",
        "Int32",
        "Integer",
        "bigint",
        "Double",
        "Real",
        "Dynamic",
        "GUID",
        "Date/time",
    )
    properties = [{"Name": f"c{number}", "Type": word} for number, word in enumerate(words)]
    path = write(tmp_path / "a.json", {"name": "App_CL", "Properties": properties})
    (table,) = read_schemas(path).tables.values()
    types = [Type.STRING, Type.DATETIME, Type.BOOL, Type.INT, Type.INT, Type.LONG, Type.REAL, Type.REAL, Type.DYNAMIC]
    assert [type_ for _, type_ in table.columns] == [*types, Type.GUID, Type.DATETIME]
    assert table.time_column is None


def test_a_folder_is_all_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    column = {"name": "TimeGenerated", "type": "DateTime"}
    write(tmp_path / "App_CL.json", {"Name": "App_CL", "Properties": [column, column]})  # as published ones repeat
    write(tmp_path / "deep" / "plain.JSON", {"Other": [["x", "long"]]})
    write(tmp_path / "notes.txt", "no schema")
    found = read_schemas(tmp_path)
    assert found.tables["App_CL"] == TableSchema("App_CL", (("TimeGenerated", Type.DATETIME),), "TimeGenerated")
    assert found.tables["Other"].columns == (("x", Type.LONG),)
    assert not found.beside


def test_a_known_table_gets_columns_beside_its_own_or_is_replaced(tmp_path: Path) -> None:
    described = write(tmp_path / "a.json", [{"Name": "VMConnection", "Properties": [{"Name": "x", "Type": "int"}]}])
    found = read_schemas(described)
    assert (list(found.tables), list(found.beside)) == ([], ["VMConnection"])
    replaced = read_schemas(write(tmp_path / "b.json", {"VMConnection": [["x", "int"]]}))
    assert (list(replaced.tables), list(replaced.beside)) == (["VMConnection"], [])


def test_what_is_written_is_read(tmp_path: Path) -> None:
    tables = [TableSchema(f"T{number}", tuple((f"c é{t}", t) for t in Type), None) for number in (2, 1)]
    text = written_schemas(tables)
    assert [json.loads(line.strip(",\n"))["Name"] for line in text.splitlines()[1:-1]] == ["T1", "T2"]
    assert read_schemas(write(tmp_path / "a.json", text)).tables == {table.name: table for table in tables}
    assert read_schemas(write(tmp_path / "b.json", written_schemas([]))).tables == {}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ('{"Name": "T", "Properties": [{"Name": "x", "Type": "int"},]}', "line 1"),
        ({"Name": "T", "Properties": []}, "expected"),
        ({"Name": "", "Properties": [{"Name": "x", "Type": "int"}]}, "expected"),
        ({"Name": "T", "Properties": [{"Name": "x", "Type": "strong"}]}, "unknown type 'strong'"),
        ({"Name": "T", "Properties": [{"Name": "x"}]}, "expected a column's Name and Type"),
        ({"Name": "T", "Properties": [{"Name": "x", "Type": t} for t in ("int", "long")]}, "with two types"),
        ([{"Name": "T", "Properties": [{"Name": "x", "Type": "int"}]}] * 2, "'T' is given twice"),
        ([1], "expected"),
        ("7", "expected"),
    ],
)
def test_what_is_not_sound_is_refused(tmp_path: Path, document: Any, words: str) -> None:
    path = write(tmp_path / "a.json", document)
    with pytest.raises(SchemaFileError, match=words) as error:
        read_schemas(path)
    assert str(path) in str(error.value)


def test_a_folder_without_schemas_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaFileError, match="no schema file"):
        read_schemas(tmp_path)
