"""Advanced hunting, in the shapes of its documentation's requests and answers, and what editors ask."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

import bluetick
from server.running import EVERY_TYPE, Served, served

GRAPH = "/v1.0/security/runHuntingQuery"
DEFENDER = "/api/advancedhunting/run"


@pytest.fixture(scope="module")
def hunt() -> Iterator[Served]:
    now = datetime.now(UTC)
    times = pa.array([now - timedelta(days=days) for days in (1, 10, 100)], pa.timestamp("us", "UTC"))
    table = pa.table({"Timestamp": times, "FileName": ["a.exe", "b.exe", "c.exe"]})
    with bluetick.connect(tables={"DeviceProcessEvents": table}) as session, served(session) as running:
        yield running
        assert running.faults == []


def files(answer: Any, key: str) -> list[str]:
    return [row["FileName"] for row in answer.json()[key]]


NAMES = "DeviceProcessEvents | project FileName"


@pytest.mark.parametrize(
    ("timespan", "found"),
    [
        (None, ["a.exe", "b.exe"]),
        ("P5D", ["a.exe"]),
        ("P180D", ["a.exe", "b.exe", "c.exe"]),
        (f"{(datetime.now(UTC) - timedelta(days=50)).isoformat()}/P45D", ["b.exe"]),
        (f"P60D/{(datetime.now(UTC) - timedelta(days=50)).isoformat()}", ["c.exe"]),
        ((datetime.now(UTC) - timedelta(days=5)).isoformat(), ["a.exe"]),
    ],
)
def test_graph_reads_thirty_days_unless_it_is_told(hunt: Served, timespan: str | None, found: list[str]) -> None:
    answer = hunt.post(GRAPH, {"Query": NAMES, **({} if timespan is None else {"Timespan": timespan})})
    assert files(answer, "results") == found
    assert answer.json()["schema"] == [{"name": "FileName", "type": "String"}]


@pytest.mark.parametrize("path", [DEFENDER, "/api/advancedqueries/run"])
def test_defender_reads_all(hunt: Served, path: str) -> None:
    answer = hunt.post(path, {"Query": NAMES})
    assert files(answer, "Results") == ["a.exe", "b.exe", "c.exe"]
    assert answer.json()["Schema"] == [{"Name": "FileName", "Type": "String"}]


def test_values(hunt: Served) -> None:
    rows = hunt.post(DEFENDER, {"Query": EVERY_TYPE}).json()
    assert [column["Type"] for column in rows["Schema"]] == [
        "SByte",
        "Int32",
        "Int64",
        "Double",
        "SqlDecimal",
        "String",
        "DateTime",
        "TimeSpan",
        "Guid",
        "Object",
    ]
    assert rows["Results"][0] == {
        "b": True,
        "i": 2**31 - 1,
        "l": 2**63 - 1,
        "r": 1.5,
        "d": "123.45",
        "s": "plain",
        "t": "2026-06-18T12:00:00.1234560Z",
        "span": "1.02:03:04.0000010",
        "g": "74be27de-1e4e-49d9-b579-fe0b331d3642",
        "j": {"a": [1, None, "x"], "b": {"c": True}},
    }


@pytest.mark.parametrize("path", [GRAPH, DEFENDER])
@pytest.mark.parametrize("query", ["Nonsense", "print 1; print 2", "range x from 1 to 100001 step 1", 5, None])
def test_what_cannot_be_answered_whole_is_an_error(hunt: Served, path: str, query: Any) -> None:
    answer = hunt.post(path, {"Query": query})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "BadRequest"
    assert error["message"]
    assert ("innerError" in error) == (path == GRAPH)


def test_an_editor_is_told_columns_and_problems(hunt: Served) -> None:
    good = hunt.post("/api/analyze", {"query": f"{NAMES} | extend n = strlen(FileName)"}).json()
    assert good == {
        "columns": [{"name": "FileName", "type": "string"}, {"name": "n", "type": "long"}],
        "diagnostics": [],
    }
    bad = hunt.post("/api/analyze", {"query": "DeviceProcessEvents\n| where FileNmae == 1"}).json()
    assert bad["columns"] == []
    (problem,) = bad["diagnostics"]
    assert (problem["severity"], problem["code"]) == ("error", "SEM0100")
    assert (problem["line"], problem["column"], problem["endLine"], problem["endColumn"]) == (2, 9, 2, 17)
    assert (problem["start"], problem["end"]) == (28, 36)
    assert "FileName" in problem["hint"]
    assert hunt.post("/api/analyze", {"query": "print 1", "schemas": "other"}).status_code == 400
