"""The unmodified client of Log Analytics, and what it does not ask."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.monitor.query import (
    LogsBatchQuery,
    LogsQueryClient,
    LogsQueryError,
    LogsQueryPartialResult,
    LogsQueryResult,
    LogsQueryStatus,
)

import bluetick
from server.running import EVERY_TYPE, Served, served

WORKSPACE = "00000000-0000-0000-0000-000000000001"


class Credential:
    """A token of the server's, as a credential of Azure's."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken("anything", int(datetime.now(UTC).timestamp()) + 3600)


def ago(**parts: float) -> datetime:
    return datetime.now(UTC) - timedelta(**parts)


@pytest.fixture(scope="module")
def workspace() -> Iterator[Served]:
    times = [ago(hours=1), ago(hours=5), ago(days=3), ago(days=400)]
    table = pa.table({"TimeGenerated": pa.array(times, pa.timestamp("us", "UTC")), "Computer": ["a", "b", "c", "d"]})
    with bluetick.connect(tables={"Heartbeat": table}) as session, served(session) as running:
        yield running
        assert running.faults == []


def ask(on: Served, text: str, timespan: Any = None) -> Any:
    with LogsQueryClient(Credential(), endpoint=f"{on.url}/v1") as client:
        return client.query_workspace(
            WORKSPACE, text, timespan=timespan, include_statistics=True, include_visualization=True, enforce_https=False
        )


def test_rows_with_their_types(workspace: Served) -> None:
    answer = ask(workspace, EVERY_TYPE)
    assert isinstance(answer, LogsQueryResult)
    (table,) = answer.tables
    assert [str(name) for name in table.columns_types] == [
        "bool",
        "int",
        "long",
        "real",
        "decimal",
        "string",
        "datetime",
        "timespan",
        "guid",
        "dynamic",
    ]
    first, null = list(table.rows[0]), list(table.rows[3])
    assert first[:6] == [True, 2**31 - 1, 2**63 - 1, 1.5, "123.45", "plain"]
    assert first[6] == datetime(2026, 6, 18, 12, 0, 0, 123456, UTC)
    assert first[7:] == [
        "1.02:03:04.0000010",
        "74be27de-1e4e-49d9-b579-fe0b331d3642",
        '{"a":[1,null,"x"],"b":{"c":true}}',
    ]
    # The client makes a word of what it does not convert.
    assert null == [None, None, None, None, None, "", None, "None", "None", None]
    statistics: Any = answer.statistics
    assert statistics["query"]["datasetStatistics"] == [{"tableRowCount": 5, "tableSize": pytest.approx(700, abs=200)}]


@pytest.mark.parametrize(
    ("timespan", "computers"),
    [
        (None, "abcd"),
        (timedelta(hours=2), "a"),
        (timedelta(days=1), "ab"),
        ((ago(days=4), ago(hours=2)), "bc"),
        ((ago(days=500), timedelta(days=200)), "d"),
    ],
)
def test_the_timespan_is_that_of_the_rows(workspace: Served, timespan: Any, computers: str) -> None:
    answer = ask(workspace, "Heartbeat | summarize make_set(Computer)", timespan)
    assert answer.tables[0].rows[0][0] == str(sorted(computers)).replace("'", '"').replace(" ", "")


def test_a_chart_and_several_tables(workspace: Served) -> None:
    answer = ask(workspace, "Heartbeat | summarize count() by bin(TimeGenerated, 1d) | render timechart")
    assert answer.visualization["visualization"] == "timechart"
    answer = ask(workspace, "print 1; print 2")
    assert [[list(row) for row in table.rows] for table in answer.tables] == [[[1]], [[2]]]


def test_errors_are_nested_as_the_service_nests_them(workspace: Served) -> None:
    with pytest.raises(HttpResponseError) as caught:
        ask(workspace, "Heartbeat | where Nonsense == 1")
    error: Any = caught.value.error
    assert caught.value.status_code == 400
    assert error.code == "BadArgumentError"
    assert error.innererror["code"] == "SemanticError"
    assert error.innererror["innererror"]["code"] == "SEM0100"


def test_what_comes_too_late_is_a_partial_result(workspace: Served) -> None:
    answer = ask(workspace, "set truncationmaxrecords=2; Heartbeat")
    assert isinstance(answer, LogsQueryPartialResult)
    assert answer.status == LogsQueryStatus.PARTIAL
    assert len(answer.partial_data[0].rows) == 2
    error: Any = answer.partial_error
    assert "E_QUERY_RESULT_SET_TOO_LARGE" in str(error.details)


def test_a_batch_has_an_answer_for_each(workspace: Served) -> None:
    texts = ["print x=1", "Nonsense", "Heartbeat | count"]
    asked = [LogsBatchQuery(WORKSPACE, text, timespan=timedelta(days=1)) for text in texts]
    with LogsQueryClient(Credential(), endpoint=f"{workspace.url}/v1") as client:
        first, second, third = client.query_batch(asked, enforce_https=False)
    assert isinstance(first, LogsQueryResult)
    assert isinstance(second, LogsQueryError)
    assert isinstance(third, LogsQueryResult)
    assert (first.tables[0].rows[0][0], third.tables[0].rows[0][0]) == (1, 2)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": 1},
        {"query": "print 1", "timespan": "yesterday"},
        {"query": "print 1", "timespan": "P"},
        {"query": "print 1", "timespan": "P1D/P1D"},
        {"query": "print 1", "timespan": "P999999D"},
        {"query": "print 1", "timespan": 5},
        {"query": "print 1", "workspaces": ["other"]},
    ],
)
def test_wrong_requests_are_refused(workspace: Served, body: dict[str, Any]) -> None:
    answer = workspace.post(f"/v1/workspaces/{WORKSPACE}/query", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadArgumentError"


@pytest.mark.parametrize("body", [{}, {"requests": [1]}, {"requests": [{}] * 51}])
def test_wrong_batches_are_refused(workspace: Served, body: dict[str, Any]) -> None:
    assert workspace.post("/v1/$batch", body).status_code == 400
