"""Files of rows: whole or none, each value as it is."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bluetick
from bluetick.server import export
from server.running import EVERY_TYPE, Served, served


def exported(on: Served, query: str, form: str, **more: Any) -> httpx.Response:
    return on.post("/api/export", {"query": query, "format": form, **more})


def lines(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8"), newline="")))


@pytest.mark.parametrize(
    ("form", "media"),
    [
        ("csv", "text/csv; charset=utf-8"),
        ("json", "application/json"),
        ("ndjson", "application/x-ndjson"),
        ("parquet", "application/vnd.apache.parquet"),
    ],
)
def test_a_file_is_to_be_saved_under_a_plain_name(on: Served, form: str, media: str) -> None:
    answer = exported(on, "Numbers", form)
    assert answer.headers["content-type"] == media
    disposition, _, name = answer.headers["content-disposition"].partition("; ")
    assert disposition == "attachment"
    stem, _, suffix = name.removeprefix('filename="').removesuffix('"').partition(".")
    assert suffix == form
    assert datetime.strptime(stem, "bluetick-%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) <= datetime.now(UTC)
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_csv_has_names_and_plain_values(on: Served) -> None:
    text = """
    datatable(s:string, n:long, b:bool, t:datetime, j:dynamic, g:guid, m:decimal)
    [
        'a,"b"\\nc', -1, true, datetime(2026-06-18T12:00:00.5Z), dynamic({"a":[1]}), guid(null), decimal(1.50),
        '', long(null), bool(null), datetime(null), dynamic("x,y"), guid(74be27de-1e4e-49d9-b579-fe0b331d3642),
            decimal(null),
    ]"""
    found = lines(exported(on, text, "csv"))
    assert found[0] == ["s", "n", "b", "t", "j", "g", "m"]
    assert sorted(found[1:]) == [
        ["", "", "", "", "x,y", "74be27de-1e4e-49d9-b579-fe0b331d3642", ""],
        ['a,"b"\nc', "-1", "true", "2026-06-18T12:00:00.5000000Z", '{"a":[1]}', "", "1.5"],
    ]


FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1")


def test_csv_guards_against_formulas_unless_told_otherwise(on: Served) -> None:
    texts = ", ".join(json.dumps(text) for text in (*FORMULAS, "a=1"))
    query = f"datatable(s:string)[{texts}] | extend n = -1, d = todynamic(s)"
    assert {row[0] for row in lines(exported(on, query, "csv"))[1:]} == {*(f"'{text}" for text in FORMULAS), "a=1"}
    assert {row[1] for row in lines(exported(on, query, "csv"))[1:]} == {"-1"}
    assert {row[0] for row in lines(exported(on, query, "csv", guard=False))[1:]} == {*FORMULAS, "a=1"}
    assert lines(exported(on, "print ['=x'] = 1", "csv"))[0] == ["'=x"]


def test_json_is_an_array_and_lines_are_the_same_objects(on: Served) -> None:
    expected = [{"Name": "a", "Size": 1}, {"Name": "b", "Size": 2}, {"Name": "c", "Size": 3}]
    assert exported(on, "Events | sort by Size asc", "json").json() == expected
    text = exported(on, "Events | sort by Size asc", "ndjson").text
    assert [json.loads(line) for line in text.splitlines()] == expected
    assert text.endswith("\n")
    assert exported(on, "Events | where false", "json").json() == []
    assert exported(on, "Events | where false", "ndjson").text == ""


def test_json_is_as_on_the_wire_for_every_type(on: Served) -> None:
    rows = on.query(EVERY_TYPE).json()[2]["Rows"]
    found = exported(on, EVERY_TYPE, "json").json()
    assert [list(row.values()) for row in found] == rows


def test_parquet_keeps_types(on: Served) -> None:
    text = """print s = 'x', n = long(9223372036854775807), i = int(1), r = 1.5, d = decimal(1.25), b = true,
        t = datetime(2026-06-18T12:00:00.123456Z), span = 1h, j = dynamic({"a": 1})"""
    table = pq.read_table(io.BytesIO(exported(on, text, "parquet").content))
    row = table.to_pylist()[0]
    assert row == {
        "s": "x",
        "n": 9223372036854775807,
        "i": 1,
        "r": 1.5,
        "d": Decimal("1.25"),
        "b": True,
        "t": datetime(2026, 6, 18, 12, 0, 0, 123456, tzinfo=UTC),
        "span": timedelta(hours=1),
        "j": '{"a":1}',
    }
    assert table.schema.field("i").type == pa.int32()
    empty = pq.read_table(io.BytesIO(exported(on, "Numbers | where false", "parquet").content))
    assert (empty.num_rows, empty.column_names) == (0, ["x"])


def test_parquet_of_many_batches_has_every_row(on: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_GROUP_ROWS", 1_000)
    answer = exported(on, "range x from 1 to 200000 step 1", "parquet")
    assert pq.read_table(io.BytesIO(answer.content)).column("x").to_pylist() == list(range(1, 200_001))


@pytest.mark.parametrize("form", ["csv", "json", "ndjson", "parquet"])
def test_a_file_is_whole_or_an_error(on: Served, form: str) -> None:
    answer = exported(on, "range x from 1 to 500001 step 1", form)
    assert answer.status_code == 400
    assert "E_QUERY_RESULT_SET_TOO_LARGE" in answer.json()["error"]["@message"]
    assert "content-disposition" not in answer.headers


def test_a_query_may_lift_the_limits_but_not_that_of_files(on: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST_FILE", 1 << 20)
    text = "set notruncation; range x from 1 to 600000 step 1"
    for form in ("csv", "parquet"):
        answer = exported(on, text, form)
        assert answer.status_code == 400
        assert "more than 1 MB" in answer.json()["error"]["@message"]
    monkeypatch.setattr(export, "MOST_FILE", 1 << 30)
    assert exported(on, text, "csv").content.count(b"\n") == 600_001


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"query": "Numbers", "format": "xlsx"}, "'format' must be one of csv, json, ndjson, parquet"),
        ({"query": "Numbers", "format": ["csv"]}, "'format'"),
        ({"query": "Numbers"}, "'format'"),
        ({"format": "csv"}, "'query'"),
        ({"query": "Numbers", "format": "csv", "guard": "no"}, "'guard'"),
        ({"query": "Numbers", "format": "csv", "timespan": "P1D"}, "'timespan'"),
        ({"query": "Numbers", "format": "csv", "timespan": {"start": ""}}, "'timespan'"),
        ({"query": "Numbers", "format": "csv", "timespan": {"from": "when"}}, "when"),
        ({"query": "Numbers; Events", "format": "csv"}, "the query gives 2 results; a file holds one"),
        ({"query": "Nothing", "format": "csv"}, "'Nothing'"),
        ({"query": ".show tables", "format": "csv"}, "Syntax error"),
    ],
)
def test_what_is_refused(on: Served, body: Any, words: str) -> None:
    answer = on.post("/api/export", body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]["@message"]


def test_rows_are_those_of_the_timespan_and_the_export_is_written_down() -> None:
    times = pa.array([datetime(2026, 6, day, tzinfo=UTC) for day in (17, 18, 19)], pa.timestamp("us", "UTC"))
    logs = pa.table({"Timestamp": times, "n": [1, 2, 3]})
    with bluetick.connect(tables={"Logs": logs}) as session, served(session) as on:
        span = {"from": "2026-06-18T00:00:00Z", "to": "2026-06-19T00:00:00Z"}
        assert lines(exported(on, "Logs | project n", "csv", timespan=span)) == [["n"], ["2"]]
        assert lines(exported(on, "Logs | project n", "csv", timespan={"from": span["to"]})) == [["n"], ["3"]]
        text = "BluetickAudit | where Operation == 'Export' | project Text, Outcome, Rows"
        assert on.query(text).json()[2]["Rows"] == [["Logs | project n", "Completed", 1]] * 2
