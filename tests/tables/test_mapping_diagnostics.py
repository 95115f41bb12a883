"""What is wrong with a mapping is told at its place in the document, before anything runs."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bluetick
from bluetick.cli.main import run_command
from bluetick.diagnostics.errors import QueryError, SourceError

STAMP = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data" / "day=2026-01-05").mkdir(parents=True)
    row = {"ts": [STAMP], "src": [{"ip": "10.0.0.1", "port": 5}], "bytes": [1], "text": ["x"], "raw": ["{}"]}
    pq.write_table(pa.table(row), tmp_path / "data" / "day=2026-01-05" / "f.parquet")
    return tmp_path


def refusal(folder: Path, text: str) -> str:
    (folder / "m.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(QueryError) as caught:
        bluetick.connect(mapping=folder / "m.yaml")
    return str(caught.value).replace(str(folder), "")


def body(columns: str, more: str = "") -> str:
    return f"DeviceNetworkEvents:\n  source: data\n  columns:\n    Timestamp: ts\n    {columns}\n{more}"


def test_a_diagnostic_has_file_line_column_and_caret(folder: Path) -> None:
    assert refusal(folder, body("LocalIP: src.ipp")) == (
        "error[SEM0100]: failed to resolve column or scalar expression named 'ipp'\n"
        "  --> /m.yaml:5:14\n"
        "   |\n"
        " 5 |     LocalIP: src.ipp\n"
        "   |              ^^^^^^^ src\n"
        "   = hint: did you mean 'ip'?"
    )


@pytest.mark.parametrize(
    ("columns", "place", "words"),
    [
        ("LocalIP: txt", "5:14", "did you mean 'text'"),
        ("ActionType: 'Connected'", "5:18", "a text needs quotes of its own: \"'Connected'\""),
        ("LocalIP: text | take 1", "5:19", "error[SYN"),
        ("LocalIP: text, raw", "5:18", "error[SYN"),
        ("LocalIP: tolower(text", "5:26", "it closes the '(' of line 5, column 21"),
        ("LocalIP: nosuch(text)", "5:14", "nosuch"),
        ('LocalIP: "tolower(txt)"', "5:23", "did you mean 'text'"),
        ("LocalIP: |\n      tolower(\n        txt)", "7:9", "did you mean 'text'"),
        ("LocalPort: strcat(text, '1')", "5:16", "write toint(strcat(text, '1'))"),
        ("RemotePort: src.port + 1", "5:17", "write toint(src.port + 1)"),
        ("LocalIP: parse_json(raw).ip", "5:14", "write tostring(parse_json(raw).ip)"),
        ("LocalIP: tostring(toscalar(print 1))", "5:14", "toscalar() cannot stand in a mapping"),
        ("LocalIP: iff(text in (DeviceNetworkEvents), 'a', 'b')", "5:27", "error["),
        ("LocalIP: geo_info_from_ip_address(text).country", "5:14", "computed outside the engine"),
        ("LocalIP: count()", "5:14", "error["),
        ("LocalIP: row_number()", "5:14", "error["),
        ("LocalIP: {a: 1}", "5:14", "'LocalIP' must be a KQL expression"),
        ("LocalIP: ''", "5:14", "'LocalIP' must be a KQL expression"),
        ("Timestamp: ts", "5:5", "given twice"),
        ("LocalIP: src.ip\n  columnz: {}", "6:3", "did you mean 'columns'"),
        ("LocalIP: src.ip\n  where: text", "6:10", "'where' is bool, and its expression gives string"),
        ("LocalIP: src.ip\n  where: nope == 1", "6:10", "nope"),
        ("LocalIP: src.ip\n  partition: {column: dey, of: Timestamp}", "6:14", "no column 'dey'"),
        ("LocalIP: src.ip\n  partition: {column: day, of: TimeGenerated}", "6:14", "not the table's one mapped time"),
        ("LocalIP: src.ip\n  partition: {column: day}", "6:14", "of which time column"),
        ("LocalIP: src.ip\n  partition: {column: day, of: Timestamp, unit: week}", "6:14", "one of hour, day, month"),
        ("LocalIP: src.ip\n  partition: {column: day, of: Timestamp, slack: soon}", "6:14", "such as 90m, 6h or 2d"),
        ("LocalIP: src.ip\n  partition: {year: day, day: day, of: Timestamp}", "6:14", "leaves out a part"),
        ("LocalIP: src.ip\n  partition: {column: src, of: Timestamp}", "6:14", "'src' is dynamic"),
        ("LocalIP: src.ip\n  partition: day", "6:14", "a mapping such as"),
    ],
)  # fmt: skip
def test_what_is_refused(folder: Path, columns: str, place: str, words: str) -> None:
    told = refusal(folder, body(columns))
    assert f"--> /m.yaml:{place}" in told
    assert words in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("T: {columns: {a: 1}}", "there is no data for 'T': give the mapping a source, or --table T=PATH"),
        ("T: {source: nowhere, columns: {a: 1}}", "there is no file or folder of this name"),
        ("T: {source: 'table:Other', columns: {a: 1}}", "the table 'Other' is not registered"),
        ("T: {source: 'catalog:a.b', columns: {a: 1}}", "is a table of a Spark catalog"),
        ("T: {source: [data, {}], columns: {a: 1}}", "'source' must be a path"),
        ("T: {source: data}", "names no columns"),
        ("T: data", "'T' must be a mapping of source, columns"),
        ("T: {source: data, columns: [a]}", "'columns' must be a mapping"),
        ("'T;x': {source: data, columns: {a: 1}}", "cannot be a table name"),
        ("- T", "it is not a mapping of keys to values"),
        ("T: &a {}\nU: *a", "anchors are not read"),
        ("A: {source: data, columns: {a: 1}}\nB: {source: 'table:A', columns: {a: a}}", "'A' is itself mapped"),
    ],
)
def test_a_document_that_is_wrong(folder: Path, text: str, words: str) -> None:
    assert words in refusal(folder, text)


def test_a_folder_that_maps_a_table_twice(folder: Path) -> None:
    (folder / "maps").mkdir()
    for name in ("a.yaml", "b.yaml"):
        (folder / "maps" / name).write_text("T: {source: ../data, columns: {a: 1}}")
    with pytest.raises(QueryError, match=r"table 'T' is mapped in '.*a\.yaml' too"):
        bluetick.connect(mapping=folder / "maps")
    with pytest.raises(SourceError, match="neither a mapping nor a folder"):
        bluetick.connect(mapping=folder / "none.yaml")


def test_a_text_of_another_format_than_the_hints(folder: Path) -> None:
    (folder / "other" / "h=05-01-2026").mkdir(parents=True)
    pq.write_table(pa.table({"ts": [STAMP]}), folder / "other" / "h=05-01-2026" / "f.parquet")
    text = "T:\n  source: other\n  columns: {Timestamp: ts}\n  partition: {column: h, of: Timestamp}\n"
    assert "the partition 'h=05-01-2026' is not of the format '%Y-%m-%d'" in refusal(folder, text)


def test_a_value_that_does_not_fit_is_named(folder: Path) -> None:
    (folder / "m.yaml").write_text(body("LocalPort: text"))
    with bluetick.connect(mapping=folder / "m.yaml") as session, pytest.raises(SourceError) as caught:
        list(session.query("DeviceNetworkEvents | project LocalPort").rows())
    assert (caught.value.column, caught.value.value) == ("text", "x")


def test_a_column_beside_the_known_ones_is_warned_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "m.yaml").write_text(body("RemoteIp: src.ip"))
    assert run_command(["tables", "--mapping", str(folder / "m.yaml")]) == 0
    told = capsys.readouterr()
    assert "the known table 'DeviceNetworkEvents' has no column 'RemoteIp'" in told.err
    assert "did you mean 'RemoteIP'?" in told.err
    assert re.search(r"DeviceNetworkEvents +1 +1 .*  mapping /", told.out)


def test_tables_as_json_say_where_they_are_from(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "m.yaml").write_text("T:\n  source: data\n  columns: {a: bytes}\n")
    assert run_command(["tables", "--mapping", str(folder / "m.yaml"), "--format", "json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["origin"] == f"mapping {folder / 'm.yaml'}"
    assert line["columns"] == [["a", "long"]]
