"""Each format's golden: records in the shape of real ones, and the rows that they are to become.

A folder of `goldens/` is named as the format. `input.ndjson` has a record a line, `input.txt` a line of text each;
`expected.json` has the rows of each table, with the columns that are not empty, and `faults` by the record's index;
so does RawData name a record. Rows stand in the order of their table's mapping, and within it of the records.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bluetick.engines.duckdb_records import RecordReader
from bluetick.ingest.binding import Wanted, compile_values
from bluetick.ingest.declared import DeclaredFormat
from bluetick.ingest.formats import Format, built_in_formats
from bluetick.schema.packs import known_table
from bluetick.sources.minutes import MINUTES_TABLE
from bluetick.sources.records import Normalised, Records

GOLDENS = Path(__file__).parent / "goldens"
NAMES = sorted(folder.name for folder in GOLDENS.iterdir())
# Tables that published rules name and no pack has: custom ones, and what a published parser gives.
CUSTOM_TABLES = frozenset({"Okta_CL", "GitHubAuditLogPolling_CL", "GitHubAuditData"})
NOW = datetime(2026, 3, 1, tzinfo=UTC)  # when all records are received
FORMATS = {form.name: form for form in built_in_formats()}


@pytest.fixture(scope="module")
def reader() -> Iterator[RecordReader]:
    opened = RecordReader(1)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", NAMES)
def test_records_become_the_expected_rows(name: str, reader: RecordReader) -> None:
    expected = json.loads((GOLDENS / name / "expected.json").read_text("utf-8"))
    faults = expected.pop("faults", {})

    records = _records(name)
    normaliser = DeclaredFormat(FORMATS[name], reader, lambda: NOW)
    found, rest = normaliser.normalise(records), normaliser.finish()

    assert {str(place): reason for place, reason in found.faults.items()} == faults
    places = {text: place for place, text in enumerate(_texts(records))}
    tables = {
        name: [part.tables[name] for part in (found, rest) if name in part.tables] for name in _names(found, rest)
    }
    rows = {name: [_told(row, places) for part in parts for row in part.to_pylist()] for name, parts in tables.items()}
    for told in (rows, expected):  # minutes are given out as they end
        told.get(MINUTES_TABLE, []).sort(key=lambda row: json.dumps(row, sort_keys=True))
    assert rows == expected


def _names(*found: Normalised) -> list[str]:
    return sorted({name for one in found for name in one.tables})


@pytest.mark.parametrize("name", NAMES)
def test_records_are_claimed_by_their_format_alone(name: str, reader: RecordReader) -> None:
    for place, text in enumerate(_texts(_records(name))):
        assert [form.name for form in FORMATS.values() if _claims(form, text, reader)] == [name], f"record {place}"


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_format_names_only_columns_of_its_tables(name: str) -> None:
    for body in FORMATS[name].tables:
        schema = known_table(body.table)
        assert schema is not None or body.table in CUSTOM_TABLES, body.table
        columns = {column for column, _ in body.columns}
        known = columns if schema is None else {column for column, _ in schema.columns} | {"AdditionalFields"}
        assert columns <= known, body.table
        assert set(body.lacks) <= known, body.table


def _records(name: str) -> Records:
    (path,) = (GOLDENS / name).glob("input.*")
    lines = path.read_text("utf-8").rstrip("\n").split("\n")
    texts = [json.dumps({"line": line}) for line in lines] if path.suffix == ".txt" else lines
    ends = [0]
    for line in lines:
        ends.append(ends[-1] + len(line.encode()) + 1)
    raw = pa.array([line.encode() for line in lines], pa.large_binary())
    return Records(1, raw, pa.array(texts, pa.large_string()), pa.array(ends, pa.int64()))


def _texts(records: Records) -> list[str]:
    return [str(text) for text in records.text.to_pylist()]


def _claims(form: Format, text: str, reader: RecordReader) -> bool:
    if form.when is None:
        return False
    compiled = compile_values([Wanted("when", form.when, None)], form.fields, form.text)
    rows = reader.select(pa.array([text], pa.large_string()), compiled.view, compiled.sql_at(NOW))
    return bool(rows.column(f"v{compiled.names.index('when')}")[0].as_py())


def _told(row: dict[str, Any], places: dict[str, int]) -> dict[str, Any]:
    """A row without what is empty; a record that was kept as it is, by its index."""
    if "RawData" in row:
        return {**row, "TimeGenerated": _plain(row["TimeGenerated"]), "RawData": places[row["RawData"]]}
    return {column: _plain(value) for column, value in row.items() if value is not None and value != ""}


def _plain(value: Any) -> Any:
    """The value as expected.json spells it: a time in UTC to the microsecond, a bag without what is empty."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, str) and value.startswith("{"):
        return {key: item for key, item in json.loads(value).items() if item is not None and item != ""}
    return float(value) if isinstance(value, Decimal) else value
