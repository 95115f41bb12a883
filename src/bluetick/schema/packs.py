"""Table schemas by name: the built-in packs, parsed a table at a time, and a user's own JSON file.

A pack is a text file of one line a table: `Name<TAB>time column<TAB>column column:type ...`, where a column
without a type is a string. `tools/build_schema_packs.py` writes them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from bluetick.types import ALIASES, Type

PackName = Literal["sentinel", "defender"]

# Looked for in this order in a user's file, where no pack says which column is the table's time.
TIME_COLUMNS = ("TimeGenerated", "Timestamp")
_ENDINGS: Final[Mapping[str, Type]] = {
    "_d": Type.REAL,
    "_b": Type.BOOL,
    "_t": Type.DATETIME,
    "TimeGenerated": Type.DATETIME,
    "AdditionalFields": Type.DYNAMIC,
}
_DATA: Final = Path(__file__).parent / "data"
TWIN: Final = "_twin"  # ends the stored name of a column that differs from another of its table in case only


class SchemaFileError(ValueError):
    """A user's schema file that cannot be read as tables and columns."""


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table's columns in order, and the column that bounds it in time (None: it has none)."""

    name: str
    columns: tuple[tuple[str, Type], ...]
    time_column: str | None


class _Pack(Mapping[str, TableSchema]):
    """The tables of a pack file. A line is parsed when its table is first asked for: a query names few of them."""

    __slots__ = ("_lines", "_parsed")

    def __init__(self, text: str) -> None:
        self._lines = {line[: line.index("\t")]: line for line in text.split("\n") if line}
        self._parsed: dict[str, TableSchema] = {}

    def __getitem__(self, name: str) -> TableSchema:
        schema = self._parsed.get(name)
        if schema is None:
            schema = self._parsed[name] = _parse_line(self._lines[name])
        return schema

    def __contains__(self, name: object) -> bool:
        return name in self._lines

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


@cache
def load_pack(name: PackName) -> Mapping[str, TableSchema]:
    """The built-in tables of Sentinel or of Defender XDR; names are case-sensitive, as in KQL."""
    return _Pack((_DATA / f"{name}.txt").read_text("utf-8"))


@cache
def known_table(name: str) -> TableSchema | None:
    """How a lake keeps a table of this name of either pack; None where neither has it.

    It has the columns of both packs, Defender's first. What differs in type is a string, which holds both; what differs
    in case only between the packs is one column. Each table has a time: Timestamp where no pack gives it one.
    """
    packs = [pack[name] for pack in (load_pack("defender"), load_pack("sentinel")) if name in pack]
    if not packs:
        return None
    times = [pack.time_column for pack in packs if pack.time_column is not None] or [TIME_COLUMNS[1]]
    columns: dict[str, Type] = {}
    for pack in packs:
        for column, type_ in pack.columns:
            stored = stored_name(name, column)
            columns[stored] = type_ if columns.get(stored, type_) is type_ else Type.STRING
    columns.setdefault(times[0], Type.DATETIME)
    return TableSchema(name, tuple(columns.items()), times[0])


def own_type(column: str) -> Type:
    """The type of a column that no pack has, by the endings that Azure Monitor gives to columns of custom tables."""
    return next((type_ for ending, type_ in _ENDINGS.items() if column.endswith(ending)), Type.STRING)


def stored_name(table: str, column: str) -> str:
    """Under which name a lake keeps a column of a known table: the first pack's spelling, and one time for both packs'.

    Of columns of one pack that differ in case only the later ones are marked: engines fold the case of file columns.
    """
    return _stored_names(table).get(column, column)


@cache
def _stored_names(table: str) -> Mapping[str, str]:
    packs = [pack[table] for pack in (load_pack("defender"), load_pack("sentinel")) if table in pack]
    names: dict[str, str] = {}
    folded: dict[str, str] = {}
    for pack in packs:
        own: set[str] = set()
        for column, _ in pack.columns:
            key = column.casefold()
            if key in own and column not in names:
                names[column] = folded.setdefault(f"{key}{TWIN}", f"{column}{TWIN}")
            else:
                names.setdefault(column, folded.setdefault(key, column))
            own.add(key)
    if len({pack.time_column for pack in packs} & set(TIME_COLUMNS)) == len(TIME_COLUMNS):
        names[TIME_COLUMNS[0]] = TIME_COLUMNS[1]
    return names


def known_export(table: str, pack: PackName) -> tuple[tuple[str, str], ...]:
    """The columns of a pack's table as a lake keeps them, each with its name in the pack; empty where it has none.

    Where two columns of the pack are kept as one, it is the pack's own time that is kept.
    """
    found = load_pack(pack).get(table)
    if found is None:
        return ()
    first = sorted((name for name, _ in found.columns), key=lambda name: name != found.time_column)
    kept: dict[str, str] = {}
    for name in first:
        kept.setdefault(stored_name(table, name), name)
    return tuple(kept.items())


def read_json(path: Path) -> Any:
    """A JSON document in which no object names a thing twice; SchemaFileError says what is wrong with it."""
    try:
        return json.loads(path.read_text("utf-8-sig"), object_pairs_hook=_unique_names)
    except OSError as error:
        raise SchemaFileError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise SchemaFileError(f"{path}: {error}") from error


def load_schema_file(path: Path) -> Mapping[str, TableSchema]:
    """The tables of a JSON file `{"Table": [["column", "type"], ...]}`; SchemaFileError says what is wrong with it."""
    return tables_of_json(path, read_json(path))


def tables_of_json(path: Path, document: Any) -> Mapping[str, TableSchema]:
    if not isinstance(document, dict):
        raise SchemaFileError(f'{path}: expected an object of tables, {{"Table": [["column", "type"], ...]}}')
    return {name: _table_of_json(path, name, columns) for name, columns in document.items()}


def _parse_line(line: str) -> TableSchema:
    name, time_column, columns = line.split("\t")
    return TableSchema(name, tuple(_parse_column(column) for column in columns.split(" ")), time_column or None)


def _parse_column(text: str) -> tuple[str, Type]:
    name, _, type_name = text.partition(":")
    return name, Type(type_name or "string")


def _unique_names(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a table given twice: JSON would keep the last and say nothing."""
    names = [name for name, _ in pairs]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise ValueError(f"'{repeated}' is given twice")
    return dict(pairs)


def _table_of_json(path: Path, table: str, columns: object) -> TableSchema:
    if not isinstance(columns, list) or not columns:
        raise SchemaFileError(f"{path}: table '{table}': expected a list of [column, type] pairs")
    typed = tuple(_column_of_json(path, table, column) for column in columns)
    names = [name for name, _ in typed]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise SchemaFileError(f"{path}: table '{table}': column '{repeated}' is given twice")
    time_column = next((name for name in TIME_COLUMNS if (name, Type.DATETIME) in typed), None)
    return TableSchema(table, typed, time_column)


def _column_of_json(path: Path, table: str, column: object) -> tuple[str, Type]:
    match column:
        case [str(name), str(type_name)] if name and type_name in ALIASES:
            return name, ALIASES[type_name]
        case [str(name), str(type_name)] if name:
            raise SchemaFileError(f"{path}: table '{table}': column '{name}' has the unknown type '{type_name}'")
    raise SchemaFileError(f"{path}: table '{table}': expected [column, type], found {json.dumps(column)}")
