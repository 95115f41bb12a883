"""Every table of both packs loads from its own export: each column of a row comes back as it was given."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from bluetick.engines.duckdb_records import RecordReader
from bluetick.ingest.declared import DeclaredFormat
from bluetick.ingest.formats import built_in_formats
from bluetick.schema.packs import TableSchema, known_table, load_pack, stored_name
from bluetick.sources.records import Records
from bluetick.types import Type

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MORNING = datetime(2026, 2, 3, 6, tzinfo=UTC)
FORMATS = {form.name: form for form in built_in_formats()}
TIMES = ("Timestamp", "TimeGenerated")


@pytest.fixture(scope="module")
def reader() -> Iterator[RecordReader]:
    opened = RecordReader(1)
    yield opened
    opened.close()


def test_every_column_of_defenders_tables_comes_back(reader: RecordReader) -> None:
    _check("defender", load_pack("defender"), reader)


def test_every_column_of_sentinels_tables_comes_back(reader: RecordReader) -> None:
    """Those that Defender has too, which a lake keeps as one; those with columns alike but for case; some others."""
    tables = load_pack("sentinel")
    chosen = [name for name in tables if name in load_pack("defender")]
    chosen += [
        "AppServiceAppLogs",
        "AzureDiagnostics",
        "DeviceEtw",
        "SigninLogs",
        "VMConnection",
        "AADSignInEventsBeta",
    ]
    _check("loganalytics", {name: tables[name] for name in chosen}, reader)


@pytest.mark.slow
def test_every_column_of_all_of_sentinels_tables_comes_back(reader: RecordReader) -> None:
    _check("loganalytics", load_pack("sentinel"), reader)


def _check(form: str, tables: Mapping[str, TableSchema], reader: RecordReader) -> None:
    normaliser = DeclaredFormat(FORMATS[form], reader, lambda: NOW)
    given = {name: _row(table) for name, table in tables.items()}
    texts = [json.dumps(_exported(form, name, row)) for name, row in given.items()]

    found = normaliser.normalise(_records(texts))

    assert not found.faults
    for name, row in given.items():
        (stored,) = found.tables[name].to_pylist()
        types = dict(_schema(name).columns)
        for column, value in row.items():
            kept = stored_name(name, column)
            assert _read(stored[kept], types[kept]) == _as(value, types[kept]), (name, column)


def _schema(name: str) -> TableSchema:
    schema = known_table(name)
    assert schema is not None
    return schema


def _row(table: TableSchema) -> dict[str, Any]:
    """A value for each column; what the packs keep as one time is one, and Type is the table's name, as ever."""
    columns = enumerate(table.columns)
    values = {name: _value(0 if name in TIMES else place, type_) for place, (name, type_) in columns}
    return {**values, "Type": table.name} if "Type" in values else values


def _value(place: int, type_: Type) -> Any:
    match type_:
        case Type.BOOL:
            return place % 2 == 0
        case Type.INT | Type.LONG:
            return 1000 + place if type_ is Type.INT else 2**53 - place
        case Type.REAL:
            return place + 0.25
        case Type.DATETIME:
            return (MORNING + timedelta(microseconds=place)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case Type.GUID:
            return str(UUID(int=place))
        case Type.DYNAMIC:
            return {"place": place, "of": ["a", None, {"b": "ü"}]}
        case _:
            return f'value {place} "ü" \\ \n'


def _exported(form: str, name: str, row: dict[str, Any]) -> dict[str, Any]:
    if form == "defender":
        return {"time": "2026-02-03T06:00:00Z", "category": f"AdvancedHunting-{name}", "properties": row}
    return {"TimeGenerated": "2026-02-03T06:00:00Z", **row, "Type": name}


def _as(value: Any, type_: Type) -> Any:
    """The value that is expected where the other pack has the column as text."""
    if type_ is Type.STRING and not isinstance(value, str):
        return value if isinstance(value, dict) else str(value)
    return value


def _read(stored: Any, type_: Type) -> Any:
    if isinstance(stored, datetime):
        return stored.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if type_ is Type.DYNAMIC or (isinstance(stored, str) and stored.startswith('{"place"')):
        return json.loads(stored)
    return stored


def _records(texts: list[str]) -> Records:
    ends = [0]
    for text in texts:
        ends.append(ends[-1] + len(text.encode()) + 1)
    raw = pa.array([text.encode() for text in texts], pa.large_binary())
    return Records(1, raw, pa.array(texts, pa.large_string()), pa.array(ends, pa.int64()))
