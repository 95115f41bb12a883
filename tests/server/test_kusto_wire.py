"""Kusto's protocol as bytes: what clients other than Python's look at, and what happens when things go wrong."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pyarrow as pa
import pytest

import bluetick
from bluetick.server.executor import LocalExecutor
from server.running import DATABASE, EVERY_TYPE, Served, served

SLOW = """range x from 1 to 4000000 step 1 | extend k = x % 3
    | join kind=inner (range y from 1 to 4000000 step 1 | extend k = y % 3) on k | summarize sum(x * y)"""


def frames(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()
    return found


def test_frames_stand_in_the_order_in_which_readers_need_them(on: Served) -> None:
    answer = on.query("Numbers | take 2")
    found = frames(answer)
    assert [frame["FrameType"] for frame in found] == ["DataSetHeader", *["DataTable"] * 3, "DataSetCompletion"]
    assert [frame.get("TableKind") for frame in found[1:4]] == [
        "QueryProperties",
        "PrimaryResult",
        "QueryCompletionInformation",
    ]
    assert all(next(iter(frame)) == "FrameType" for frame in found)
    assert all(list(frame).index("Columns") < list(frame).index("Rows") for frame in found[1:4])
    assert found[0] == {"FrameType": "DataSetHeader", "IsProgressive": False, "Version": "v2.0"}
    assert found[4] == {"FrameType": "DataSetCompletion", "HasErrors": False, "Cancelled": False}
    assert found[2]["Rows"] == [[0], [1]]
    assert found[2]["Columns"] == [{"ColumnName": "x", "ColumnType": "long"}]


def test_no_rows_and_no_values(on: Served) -> None:
    assert frames(on.query("Numbers | where x > 99"))[2]["Rows"] == []
    found = frames(on.query("Numbers | where x > 99; Numbers | take 1; Events | where false"))
    assert [frame["Rows"] for frame in found if frame.get("TableKind") == "PrimaryResult"] == [[], [[0]], []]


def test_a_chart_is_told(on: Served) -> None:
    found = frames(on.query('Numbers | render timechart with (title="t", ycolumns=x, ymin=0)'))
    ((table, key, value),) = found[1]["Rows"]
    told = json.loads(value)
    assert (table, key) == (1, "Visualization")
    assert (told["Visualization"], told["Title"], told["YColumns"], told["Kind"]) == ("timechart", "t", "x", None)


def test_the_clients_id_comes_back_everywhere(on: Served) -> None:
    answer = on.post("/v2/rest/query", {"csl": "print 1"}, **{"x-ms-client-request-id": "KPC.execute;abc"})
    assert answer.headers["x-ms-client-request-id"] == "KPC.execute;abc"
    rows = frames(answer)[3]["Rows"]
    assert {row[1] for row in rows} == {"KPC.execute;abc"}
    assert {row[2] for row in rows} == {answer.headers["x-ms-activity-id"]}
    error = on.post("/v2/rest/query", {"csl": "nope"}, **{"x-ms-client-request-id": "KPC.execute;abc"}).json()["error"]
    assert error["@context"]["clientRequestId"] == "KPC.execute;abc"
    answer = on.post("/v2/rest/query", {"csl": "print 1"}, **{"x-ms-client-request-id": "x" * 300})
    assert answer.headers["x-ms-client-request-id"].startswith("unspecified;")


@pytest.mark.parametrize(
    "properties",
    [
        {"Options": {"servertimeout": "00:00:30", "queryconsistency": "strongconsistency"}, "Parameters": {"n": "7"}},
        '{"Options":{"servertimeout":"0:00:30","unknown_option":5},"Parameters":{"n":"7"}}',
        {"Parameters": {"n": 7}, "Options": {"servertimeout": "1 day, 0:00:00", "norequesttimeout": False}},
        {"Parameters": {"n": "long(7)"}, "Options": {"servertimeout": "4m"}},
    ],
)
def test_properties_are_an_object_or_its_text(on: Served, properties: Any) -> None:
    text = "declare query_parameters(n:long); Numbers | where x > n"
    found = frames(on.post("/v2/rest/query", {"db": DATABASE, "csl": text, "properties": properties}))
    assert found[2]["Rows"] == [[8], [9]]


@pytest.mark.parametrize(
    "properties",
    [
        5,
        "[]",
        "{",
        {"Options": 5},
        {"Options": {"servertimeout": "soon"}},
        {"Options": {"servertimeout": "0:00:00"}},
        {"Options": {"truncationmaxrecords": "many"}},
        {"Options": {"truncationmaxrecords": -1}},
        {"Options": {"query_now": "then"}},
        {"Options": {"query_language": "sql"}},
        {"Options": {"validate_permissions": True}},
        {"Options": {"query_datetimescope_to": "2026-01-01", "query_datetimescope_column": "Other"}},
        {"Parameters": {"n": "now()"}},
        {"Parameters": [1]},
    ],
)
def test_properties_that_are_not_understood_are_refused(on: Served, properties: Any) -> None:
    text = "declare query_parameters(n:long=1); Numbers | where x > n"
    answer = on.post("/v2/rest/query", {"db": DATABASE, "csl": text, "properties": properties})
    assert answer.status_code == 400
    assert answer.json()["error"]["@message"]


@pytest.mark.parametrize("count", [10, 5_000])
def test_limits_hold_at_their_very_row_and_byte(on: Served, count: int) -> None:
    text = f"range x from 1 to {count} step 1 | project y = 1"  # each row is [1]
    for option, most in (("truncationmaxrecords", count), ("truncationmaxsize", 3 * count)):
        whole = frames(on.query(text, Options={option: most}))
        assert whole[2]["Rows"] == [[1]] * count
        cut = frames(on.query(text, Options={option: most - 1}))
        *good, bad = cut[2]["Rows"]
        assert good == [[1]] * (count - 1)
        assert "E_QUERY_RESULT_SET_TOO_LARGE" in bad["OneApiErrors"][0]["error"]["@message"]
        assert cut[-1]["HasErrors"] is True
        assert cut[-1]["OneApiErrors"] == bad["OneApiErrors"]


# --- version 1, as Grafana's data source asks and reads it -----------------------------------------------------------

GRAFANA = {"x-ms-app": "Grafana-ADX", "x-ms-user-id": "someone", "x-ms-client-request-id": "KGC.query;1"}


def test_grafanas_query(on: Served) -> None:
    body = {
        "csl": EVERY_TYPE,
        "db": DATABASE,
        "properties": {"Options": {"servertimeout": "00:00:30", "queryconsistency": "strongconsistency"}},
    }
    answer = on.post("/v1/rest/query", body, **GRAFANA).json()
    first = answer["Tables"][0]
    assert first["TableName"] == "Table_0"
    assert [(c["ColumnType"], c["DataType"]) for c in first["Columns"]] == [
        ("bool", "SByte"),
        ("int", "Int32"),
        ("long", "Int64"),
        ("real", "Double"),
        ("decimal", "SqlDecimal"),
        ("string", "String"),
        ("datetime", "DateTime"),
        ("timespan", "TimeSpan"),
        ("guid", "Guid"),
        ("dynamic", "Object"),
    ]
    assert first["Rows"][0][6] == "2026-06-18T12:00:00.1234560Z"
    contents = answer["Tables"][-1]["Rows"]
    assert [row[1] for row in contents] == ["QueryResult", "QueryProperties", "QueryStatus"]
    assert len(contents) == len(answer["Tables"]) - 1


def test_grafanas_schema_and_its_health_check(on: Served) -> None:
    body = {"querySource": "schema", "csl": ".show databases schema", "db": ""}
    table = on.post("/v1/rest/query", body, **GRAFANA).json()["Tables"][0]
    names = [column["ColumnName"] for column in table["Columns"]]
    assert names[:4] == ["DatabaseName", "TableName", "ColumnName", "ColumnType"]
    assert [DATABASE, "Events", "Size", "System.Int32"] in [row[:4] for row in table["Rows"]]
    for command in (
        ".show databases schema as json",
        ".show schema as json",
        f".show database ['{DATABASE}'] schema as json",
        f".show database {DATABASE} schema as json",
        f".show databases (['{DATABASE}']) schema as json",
    ):
        cell = on.post("/v1/rest/mgmt", {"csl": command, "db": DATABASE}, **GRAFANA).json()["Tables"][0]["Rows"][0][0]
        tables = json.loads(cell)["Databases"][DATABASE]["Tables"]
        assert tables["Numbers"]["OrderedColumns"] == [{"Name": "x", "Type": "System.Int64", "CslType": "long"}]


def test_an_error_after_the_first_rows_ends_version_1_too(on: Served) -> None:
    answer = on.query("Numbers", "/v1/rest/query", Options={"truncationmaxrecords": 2}).json()
    assert answer["Tables"][0]["Rows"][:2] == [[0], [1]]
    assert "E_QUERY_RESULT_SET_TOO_LARGE" in answer["Tables"][0]["Rows"][2]["Exceptions"][0]
    assert "E_QUERY_RESULT_SET_TOO_LARGE" in answer["Exceptions"][0]


COMMANDS = [
    ".show version",
    ".show databases",
    ".show cluster databases",
    ".show databases entities with (showObfuscatedStrings=true)",
    ".show tables",
    ".show materialized-views",
    ".show external tables",
    ".show functions",
    ".show graph_models",
    ".show schema",
    ".show databases schema",
    f".show database ['{DATABASE}'] schema",
    ".show table ['Events'] cslschema",
    ".show table Events schema as json",
    ".show function FirstSeen",
    ".get ingestion resources",
    "// a comment\n  .show tables",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_take_kql_behind_them(on: Served, command: str) -> None:
    plain = on.query(command, "/v1/rest/mgmt").json()["Tables"]
    assert len(plain) == 1
    piped = on.query(f"{command} | count", "/v1/rest/mgmt").json()["Tables"][0]
    assert piped["Rows"] == [[len(plain[0]["Rows"])]]
    by_query = frames(on.query(command))
    assert by_query[2]["Rows"] == plain[0]["Rows"]


@pytest.mark.parametrize(
    "command",
    [
        ".drop table Events",
        ".show table Nonsense cslschema",
        ".show function Nonsense",
        ".show queryplan <| Numbers",
        ".show capacity",
        ".show database other schema",
        ".get kusto identity token",
        ".",
        ". show tables |",
        ".show tables | | count",
        "Numbers",
        "",
    ],
)
def test_other_commands_are_refused(on: Served, command: str) -> None:
    assert on.query(command, "/v1/rest/mgmt").status_code == 400


def test_the_probe_of_kqlmagic(on: Served) -> None:
    assert frames(on.query("range c from 1 to 10 step 1 | count"))[2]["Rows"] == [[10]]


# --- too much, too long, gone ----------------------------------------------------------------------------------------


@pytest.fixture
def narrow() -> Iterator[Served]:
    """One query at a time, and none that waits."""
    with (
        bluetick.connect(tables={"T": pa.table({"x": [1]})}) as session,
        served(session, executor=LocalExecutor(session, places=1, waiting=0)) as running,
    ):
        yield running
        assert running.faults == []


def until(holds: Any) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def busy(on: Served) -> bool:
    return bool(on.service.executor._turns)  # type: ignore[attr-defined]


def test_overload_is_told_and_cancelling_makes_room(narrow: Served) -> None:
    answers: list[httpx.Response] = []

    def ask() -> None:
        answers.append(narrow.post("/v2/rest/query", {"csl": SLOW}, **{"x-ms-client-request-id": "slow"}))

    thread = threading.Thread(target=ask)
    thread.start()
    until(lambda: busy(narrow))
    refused = narrow.query("T")
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "Throttled"
    assert refused.headers["retry-after"] == "1"
    assert narrow.query('.cancel query "other"', "/v1/rest/mgmt").json()["Tables"][0]["Rows"][0][1] == "0"
    assert narrow.query('.cancel query "slow"', "/v1/rest/mgmt").json()["Tables"][0]["Rows"][0][1] == "1"
    thread.join()
    assert answers[0].status_code == 400
    assert answers[0].json()["error"]["code"] == "Request_Cancelled"
    assert frames(narrow.query("T"))[2]["Rows"] == [[1]]


def test_who_goes_away_leaves_the_place_to_others(narrow: Served) -> None:
    with socket.create_connection(("127.0.0.1", narrow.port)) as wire:
        body = json.dumps({"csl": SLOW}).encode()
        head = f"POST /v2/rest/query HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        wire.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
        until(lambda: busy(narrow))
    until(lambda: not busy(narrow))
    assert frames(narrow.query("T"))[2]["Rows"] == [[1]]


def test_who_stops_reading_leaves_it_too(narrow: Served) -> None:
    with narrow.http() as client:
        text = "set notruncation; range x from 1 to 3000000 step 1 | extend s = strrep('x', 100)"
        with client.stream("POST", "/v2/rest/query", json={"csl": text}) as answer:
            next(answer.iter_raw())
            assert busy(narrow)
    until(lambda: not busy(narrow))
    outcomes = narrow.query("BluetickAudit | project Outcome").json()[2]["Rows"]
    assert outcomes[-1] == ["Request_Cancelled"]
