"""The unmodified Python client of Kusto, over the loopback."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.kusto.data import ClientRequestProperties, KustoClient, KustoConnectionStringBuilder
from azure.kusto.data.exceptions import KustoApiError, KustoMultiApiError, KustoServiceError
from azure.kusto.data.helpers import dataframe_from_result_table

from server.running import DATABASE, EVERY_TYPE, Served


@pytest.fixture(scope="module")
def client(on: Served) -> Iterator[KustoClient]:
    with on.kusto() as made:
        yield made


def rows(client: KustoClient, text: str, **options: Any) -> list[list[Any]]:
    properties = ClientRequestProperties()  # type: ignore[no-untyped-call]
    for name, value in options.items():
        properties.set_option(name, value)
    return [list(row) for row in client.execute(DATABASE, text, properties).primary_results[0]]


# What EVERY_TYPE says, as the client's documentation has each type; years 1 and 9999 are whole.
EXPECTED: list[list[Any]] = [
    [
        True,
        2**31 - 1,
        2**63 - 1,
        1.5,
        Decimal("123.45"),
        "plain",
        datetime(2026, 6, 18, 12, 0, 0, 123456, UTC),
        timedelta(days=1, hours=2, minutes=3, seconds=4, microseconds=1),
        "74be27de-1e4e-49d9-b579-fe0b331d3642",
        {"a": [1, None, "x"], "b": {"c": True}},
    ],
    [
        False,
        -(2**31),
        -(2**63),
        "NaN",
        Decimal("-0.000001"),
        "",
        datetime(1, 1, 1, tzinfo=UTC),
        -timedelta(days=1, hours=2, minutes=3, seconds=4),
        "00000000-0000-0000-0000-000000000000",
        [],
    ],
    [
        True,
        0,
        0,
        "Infinity",
        Decimal(99999999999999999999),
        "q\"uo'te\\\n\0\u2028\U0001f415",
        datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
        timedelta(),
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "text",
    ],
    [None, None, None, None, None, "", None, None, None, None],
    [
        True,
        1,
        2**53 + 1,
        "-Infinity",
        Decimal("1.1"),
        "é",
        datetime(1970, 1, 1, tzinfo=UTC),
        timedelta(days=365, milliseconds=100),
        "74be27de-1e4e-49d9-b579-fe0b331d3642",
        2**63 - 1,
    ],
]


def test_every_type_null_and_extreme_goes_through_as_rows(client: KustoClient) -> None:
    assert rows(client, EVERY_TYPE) == EXPECTED


def test_and_through_the_reader_that_streams(client: KustoClient) -> None:
    """But for the smallest long, which its JSON parser (yajl) takes for an overflow."""
    answer = client.execute_streaming_query(
        DATABASE,
        f"""{EVERY_TYPE} 
        | extend l = iff(isnull(l), l, max_of(l, -9223372036854775807))""",
    )
    expected = [[*row[:2], None if row[2] is None else max(row[2], 1 - 2**63), *row[3:]] for row in EXPECTED]
    found = [[list(row) for row in table] for table in answer.iter_primary_results()]
    assert found == [expected]


@pytest.mark.filterwarnings("ignore:Downcasting behavior:FutureWarning")  # of the client's own code
def test_and_as_a_frame(client: KustoClient) -> None:
    """Without the nulls: the client reads a column of long that has one through floating point."""
    table = client.execute(DATABASE, f"{EVERY_TYPE} | where isnotnull(l)").primary_results[0]
    frame = dataframe_from_result_table(table)
    expected = [row for row in EXPECTED if row[2] is not None]
    assert list(frame.columns) == ["b", "i", "l", "r", "d", "s", "t", "span", "g", "j"]
    for index, name in enumerate(frame.columns):
        if name not in "rdt":
            assert list(frame[name])[1:] == [row[index] for row in expected][1:] or name == "span"
    assert frame["l"].tolist() == [row[2] for row in expected]
    assert [math.isinf(value) for value in frame["r"][2:]] == [True, True]
    assert frame["t"][0] == datetime(2026, 6, 18, 12, 0, 0, 123456, UTC)
    assert frame["span"][0] == EXPECTED[0][7]


@pytest.mark.filterwarnings("ignore:Downcasting behavior:FutureWarning")  # of the client's own code
def test_nulls_as_a_frame(client: KustoClient) -> None:
    text = """datatable(b:bool, l:long, r:real, t:datetime, s:string)[
        true, 1, 1.5, datetime(2026-06-18), "x", bool(null), long(null), real(null), datetime(null), ""]"""
    frame = dataframe_from_result_table(client.execute(DATABASE, text).primary_results[0], nullable_bools=True)
    assert frame.isna().to_numpy().tolist() == [[False] * 5, [True, True, True, True, False]]


def test_parameters_are_literals_and_no_text(client: KustoClient) -> None:
    properties = ClientRequestProperties()  # type: ignore[no-untyped-call]
    properties.set_parameter("n", "7")
    properties.set_parameter("word", "a'); Numbers | take 1 //")
    text = "declare query_parameters(n:long, word:string); Numbers | where x > n | extend word"
    answer = client.execute(DATABASE, text, properties)
    assert [list(row) for row in answer.primary_results[0]] == [
        [8, "a'); Numbers | take 1 //"],
        [9, "a'); Numbers | take 1 //"],
    ]


def test_a_wrong_query_is_a_semantic_error_with_its_place(client: KustoClient) -> None:
    with pytest.raises(KustoApiError, match=r"Semantic error: SEM0100.*'y'.*\[line:position=2:9\]") as caught:
        client.execute(DATABASE, "Numbers\n| where y == 1")
    assert caught.value.is_semantic_error()
    error = caught.value.get_api_error()
    assert (error.code, error.type) == ("General_BadRequest", "Kusto.Data.Exceptions.SemanticException")
    assert error.permanent is True


def test_bad_syntax_is_an_error_of_its_own(client: KustoClient) -> None:
    with pytest.raises(KustoApiError, match=r"Syntax error: SYN") as caught:
        client.execute(DATABASE, "Numbers | whore")
    assert not caught.value.is_semantic_error()


def test_several_statements_and_fork_are_several_results(client: KustoClient) -> None:
    answer = client.execute(DATABASE, "Numbers | fork a=(count) b=(take 2)")
    assert [[list(row) for row in table] for table in answer.primary_results] == [[[10]], [[0], [1]]]
    answer = client.execute(DATABASE, "Numbers | count; Events | count")
    assert [[list(row) for row in table] for table in answer.primary_results] == [[[10]], [[3]]]


def test_too_many_rows_are_an_error_and_never_a_silent_cut(client: KustoClient) -> None:
    assert len(rows(client, "Numbers", truncationmaxrecords=10)) == 10
    with pytest.raises(KustoMultiApiError, match="E_QUERY_RESULT_SET_TOO_LARGE"):
        rows(client, "Numbers", truncationmaxrecords=9)
    with pytest.raises(KustoMultiApiError, match="record count limit 9"):
        rows(client, "set truncationmaxrecords=9; Numbers")
    with pytest.raises(KustoMultiApiError, match="data size limit 5"):
        rows(client, "Numbers", truncationmaxsize=5)
    assert len(rows(client, "set notruncation; Numbers")) == 10


def test_the_reader_that_streams_has_the_rows_before_an_error(client: KustoClient) -> None:
    found = []
    with pytest.raises(KustoMultiApiError, match="E_QUERY_RESULT_SET_TOO_LARGE"):
        answer = client.execute_streaming_query(DATABASE, "set truncationmaxrecords=3; Numbers")
        for table in answer.iter_primary_results():
            for row in table:
                found.append(row[0])
    assert found == [0, 1, 2]


def test_kustos_own_limit_holds_at_its_very_row(client: KustoClient) -> None:
    assert len(rows(client, "range x from 1 to 500000 step 1 | project y = 1")) == 500_000
    with pytest.raises(KustoMultiApiError, match="record count limit 500000"):
        rows(client, "range x from 1 to 500001 step 1 | project y = 1")


def test_deferred_errors_are_told_beside_the_rows(client: KustoClient) -> None:
    properties = ClientRequestProperties()  # type: ignore[no-untyped-call]
    properties.set_option("deferpartialqueryfailures", True)
    properties.set_option("truncationmaxrecords", 3)
    answer = client.execute(DATABASE, "Numbers", properties)
    assert [row[0] for row in answer.primary_results[0]] == [0, 1, 2]
    assert answer.errors_count == 1
    assert "E_QUERY_RESULT_SET_TOO_LARGE" in answer.get_exceptions()[0]


def test_take_max_records_cuts_because_it_was_asked_to(client: KustoClient) -> None:
    assert rows(client, "Numbers | sort by x desc", query_take_max_records=2) == [[9], [8]]


def test_query_now_is_what_now_gives_and_hides_no_row(client: KustoClient) -> None:
    text = "datatable(t:datetime)[datetime(2020-01-01), datetime(2022-01-01)] | extend n = now()"
    instant = datetime(2021, 1, 1, tzinfo=UTC)
    found = rows(client, text, query_now="2021-01-01T00:00:00Z")
    assert [row[1] for row in found] == [instant, instant]
    assert len(found) == 2


def test_a_deadline_ends_a_query(client: KustoClient) -> None:
    text = """range x from 1 to 3000000 step 1 | extend k = x % 3
        | join kind=inner (range y from 1 to 3000000 step 1 | extend k = y % 3) on k | summarize sum(x * y)"""
    with pytest.raises(KustoServiceError, match="E_TIMEOUT"):
        rows(client, text, servertimeout=timedelta(seconds=1))


def test_databases_are_found_by_name_or_by_none(client: KustoClient) -> None:
    for name in (DATABASE, None, "NetDefaultDB", ""):
        assert client.execute(name, "print 1").primary_results[0][0][0] == 1
    with pytest.raises(KustoApiError, match="Database 'other' could not be found"):
        client.execute("other", "print 1")


def test_commands_and_what_is_piped_behind_them(client: KustoClient) -> None:
    assert rows(client, ".show databases | project DatabaseName, DatabaseAccessMode") == [[DATABASE, "ReadWrite"]]
    assert rows(client, ".show tables | project-away DatabaseName, Folder, DocString") == [["Events"], ["Numbers"]]
    assert rows(client, ".show table Events cslschema | project Schema") == [["Name:string,Size:int"]]
    with pytest.raises(KustoApiError, match=r"'\.drop table Events' is not supported"):
        rows(client, ".drop table Events")
    with pytest.raises(KustoApiError, match="Semantic error"):
        rows(client, ".show tables | where Nonsense == 1")


@pytest.mark.parametrize(
    "string", ["Data Source={};Fed=False", "Data Source={};Fed=False;Initial Catalog=hunt", "{}/hunt"]
)
def test_connection_strings(on: Served, string: str) -> None:
    made = KustoConnectionStringBuilder(string.format(on.url))
    if "Fed" not in string:
        made = KustoConnectionStringBuilder.with_no_authentication(string.format(on.url))
    with KustoClient(made) as client:
        assert client.execute(None, "Numbers | count").primary_results[0][0][0] == 10


class Credential:
    """A token of the server's, as a credential of Azure's: the client asks /v1/rest/auth/metadata first."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken("anything", int(datetime.now(UTC).timestamp()) + 3600)

    def close(self) -> None:
        """Nothing is open."""


def test_ways_to_bring_a_token(on: Served) -> None:
    made = [
        KustoConnectionStringBuilder.with_aad_application_token_authentication(on.url, "anything"),
        KustoConnectionStringBuilder.with_aad_user_token_authentication(on.url, "anything"),
        KustoConnectionStringBuilder.with_token_provider(on.url, lambda: "anything"),
        KustoConnectionStringBuilder.with_azure_token_credential(on.url, Credential()),
    ]
    for one in made:
        with KustoClient(one) as client:
            assert client.execute(DATABASE, "print 1").primary_results[0][0][0] == 1
