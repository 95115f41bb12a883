import subprocess
import sys
from pathlib import Path

import pytest

from bluetick.schema.packs import SchemaFileError, TableSchema, load_pack, load_schema_file
from bluetick.types import Type

BUILDER = Path(__file__).parents[2] / "tools" / "build_schema_packs.py"


def test_device_network_events_has_the_documented_columns() -> None:
    table = load_pack("defender")["DeviceNetworkEvents"]
    types = dict(table.columns)
    assert len(table.columns) == 46
    assert table.columns[0] == ("Timestamp", Type.DATETIME)
    assert table.columns[-2:] == (("InitiatingProcessUniqueId", Type.STRING), ("LogonID", Type.LONG))
    assert types["RemotePort"] is Type.INT
    assert types["ReportId"] is Type.LONG
    assert types["IsInitiatingProcessRemoteSession"] is Type.BOOL
    assert types["AdditionalFields"] is Type.STRING


def test_vm_connection_has_the_documented_columns() -> None:
    table = load_pack("sentinel")["VMConnection"]
    types = dict(table.columns)
    assert len(table.columns) == 44
    assert types["DestinationPort"] is Type.INT
    assert types["BytesSent"] is Type.LONG
    assert types["RemoteLatitude"] is Type.REAL
    assert types["IsActive"] is Type.STRING


@pytest.mark.parametrize(
    ("pack", "table", "time_column"),
    [
        ("sentinel", "VMConnection", "TimeGenerated"),
        ("sentinel", "DeviceNetworkEvents", "TimeGenerated"),
        ("defender", "DeviceNetworkEvents", "Timestamp"),
        ("defender", "ExposureGraphNodes", None),
    ],
)
def test_time_column(pack: str, table: str, time_column: str | None) -> None:
    tables = load_pack("sentinel") if pack == "sentinel" else load_pack("defender")
    assert tables[table].time_column == time_column


def test_every_table_parses_and_names_its_time_column() -> None:
    for tables in (load_pack("sentinel"), load_pack("defender")):
        for name, table in tables.items():
            assert table.name == name
            names = [column for column, _ in table.columns]
            assert len(names) == len(set(names))
            assert table.time_column is None or (table.time_column, Type.DATETIME) in table.columns


def test_names_are_case_sensitive_and_unknown_ones_are_absent() -> None:
    tables = load_pack("defender")
    assert "DeviceNetworkEvents" in tables
    assert "devicenetworkevents" not in tables
    assert tables.get("NoSuchTable") is None


def test_a_table_is_parsed_once() -> None:
    assert load_pack("sentinel") is load_pack("sentinel")
    assert load_pack("sentinel")["SigninLogs"] is load_pack("sentinel")["SigninLogs"]


def test_schema_file_reads_every_spelling_of_a_type(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text('{"Mine": [["Timestamp", "date"], ["n", "int64"], ["bag", "object"]], "Other": [["a", "string"]]}')
    assert load_schema_file(path) == {
        "Mine": TableSchema(
            "Mine", (("Timestamp", Type.DATETIME), ("n", Type.LONG), ("bag", Type.DYNAMIC)), "Timestamp"
        ),
        "Other": TableSchema("Other", (("a", Type.STRING),), None),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "line 1 column 2"),
        ("[]", "expected an object of tables"),
        ('{"T": []}', "table 'T': expected a list of"),
        ('{"T": {"a": "string"}}', "table 'T': expected a list of"),
        ('{"T": [["a", "text"]]}', "column 'a' has the unknown type 'text'"),
        ('{"T": [["a"]]}', 'expected [column, type], found ["a"]'),
        ('{"T": [["", "string"]]}', 'expected [column, type], found ["", "string"]'),
        ('{"T": [["a", "string"], ["a", "int"]]}', "column 'a' is given twice"),
        ('{"T": [["a", "string"]], "T": [["b", "int"]]}', "'T' is given twice"),
    ],
)
def test_schema_file_says_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(SchemaFileError) as caught:
        load_schema_file(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_schema_file_that_is_absent(tmp_path: Path) -> None:
    with pytest.raises(SchemaFileError, match="cannot be read"):
        load_schema_file(tmp_path / "none.json")


def test_builder_writes_the_pack_format(tmp_path: Path) -> None:
    source, target = tmp_path / "tables.json", tmp_path / "pack.txt"
    source.write_text('{"B": [["Timestamp", "datetime"], ["n", "long"], ["s", "string"]], "A": [["s", "string"]]}')
    subprocess.run([sys.executable, BUILDER, source, "Timestamp", target], check=True, capture_output=True)
    assert target.read_text() == "A\t\ts\nB\tTimestamp\tTimestamp:datetime n:long s\n"
