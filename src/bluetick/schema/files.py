"""Schemas that a user keeps in files, such as in git beside rules: two forms of JSON, in a file or a folder of them.

`{"Table": [["column", "type"], ...]}` says what a table is: a known table of this name has these columns alone.
`{"Name": "Table", "Properties": [{"Name": "column", "Type": "type"}, ...]}`, or a list of such objects, is how public
collections of Sentinel rules describe tables (CustomTables), and what `tables --write-schema` writes: a known table of
this name has these columns beside its own, as it has where a lake holds them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bluetick.schema.packs import TIME_COLUMNS, SchemaFileError, TableSchema, load_pack, read_json, tables_of_json
from bluetick.types import ALIASES, Type

# Beside KQL's own words those of .NET and SQL that the public files use; KQL's bool is .NET's SByte.
_TYPES: Final[Mapping[str, Type]] = {
    **ALIASES,
    "bigint": Type.LONG,
    "integer": Type.INT,
    "sbyte": Type.BOOL,
    "date/time": Type.DATETIME,
    "sqldecimal": Type.DECIMAL,
}


@dataclass(frozen=True, slots=True)
class CustomSchemas:
    """`tables` come before the built-in ones, `beside` adds columns to known tables.

    `is_alone`: no built-in table is known.
    """

    tables: Mapping[str, TableSchema] = field(default_factory=dict)
    beside: Mapping[str, TableSchema] = field(default_factory=dict)
    is_alone: bool = False


def read_schemas(path: Path) -> CustomSchemas:
    """The schemas of a file, or of every `.json` below a folder; SchemaFileError says what is wrong with one."""
    if not path.is_dir():
        return _gathered([(path, read_json(path))])
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() == ".json" and file.is_file())
    if not files:
        raise SchemaFileError(f"{path}: the folder holds no schema file (.json)")
    return _gathered((file, read_json(file)) for file in files)


def written_schemas(tables: Iterable[TableSchema]) -> str:
    """Tables in the second form, one a line and in the order of their names, so that versions compare well."""
    lines = [
        json.dumps(
            {"Name": table.name, "Properties": [{"Name": name, "Type": str(type_)} for name, type_ in table.columns]},
            ensure_ascii=False,
        )
        for table in sorted(tables, key=lambda one: one.name)
    ]
    return "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"


def _gathered(documents: Iterable[tuple[Path, Any]]) -> CustomSchemas:
    tables: dict[str, TableSchema] = {}
    beside: dict[str, TableSchema] = {}
    for path, document in documents:
        is_described, found = _tables(path, document)
        for table in found:
            if table.name in tables or table.name in beside:
                raise SchemaFileError(f"{path}: table '{table.name}' is given twice")
            is_known = table.name in load_pack("sentinel") or table.name in load_pack("defender")
            (beside if is_described and is_known else tables)[table.name] = table
    return CustomSchemas(tables, beside)


def _tables(path: Path, document: Any) -> tuple[bool, list[TableSchema]]:
    """Whether the document is of the second form, and its tables."""
    if isinstance(document, dict) and not _is_described(document):
        return False, list(tables_of_json(path, document).values())
    items = document if isinstance(document, list) else [document]
    return True, [_described(path, item) for item in items]


def _is_described(document: dict[str, Any]) -> bool:
    return {key.casefold() for key in document} >= {"name", "properties"}


def _described(path: Path, item: Any) -> TableSchema:
    match _folded(item):
        case {"name": str(name), "properties": list(properties)} if name and properties:
            columns: dict[str, Type] = {}
            for column, type_ in _columns(path, name, properties):
                # The public files repeat a column now and then.
                if columns.setdefault(column, type_) is not type_:
                    raise SchemaFileError(f"{path}: table '{name}': column '{column}' is given with two types")
            time = next((column for column in TIME_COLUMNS if columns.get(column) is Type.DATETIME), None)
            return TableSchema(name, tuple(columns.items()), time)
    raise SchemaFileError(f'{path}: expected {{"Name": "Table", "Properties": [{{"Name": ..., "Type": ...}}, ...]}}')


def _columns(path: Path, table: str, properties: list[Any]) -> Iterator[tuple[str, Type]]:
    for item in properties:
        match _folded(item):
            case {"name": str(name), "type": str(word)} if name.strip() and word.strip().lower() in _TYPES:
                yield name.strip(), _TYPES[word.strip().lower()]
            case {"name": str(name), "type": str(word)} if name.strip():
                raise SchemaFileError(f"{path}: table '{table}': column '{name}' has the unknown type '{word}'")
            case _:
                found = json.dumps(item, ensure_ascii=False)
                raise SchemaFileError(f"{path}: table '{table}': expected a column's Name and Type, found {found}")


def _folded(item: Any) -> Any:
    return {key.casefold(): value for key, value in item.items()} if isinstance(item, dict) else item
