"""What a request may bring beside the session's tables: texts of parameters, tables of its own."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from bluetick import connect
from bluetick.diagnostics.errors import QueryError
from bluetick.session import QueryRequest, Session


def asked(type_: str, text: str) -> Any:
    with connect() as session:
        request = QueryRequest(f"declare query_parameters(p:{type_}); print p", parameter_texts={"p": text})
        return next(session.run(request)[-1].rows())[0]


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("string", "@'it''s'", "it's"),
        ("string", '"a\\"b"', 'a"b'),
        ("string", "no literal | take 1", "no literal | take 1"),
        ("string", "5", "5"),
        ("long", "-5", -5),
        ("long", "long(7)", 7),
        ("long", "int(7)", 7),
        ("long", "long(null)", None),
        ("int", "-2147483648", -(2**31)),
        ("real", "1", 1.0),
        ("real", "-1.5", -1.5),
        ("real", "real(-inf)", float("-inf")),
        ("decimal", "1.25", Decimal("1.25")),
        ("bool", "true", True),
        ("datetime", "datetime(2026-06-18 12:00:00.000001)", datetime(2026, 6, 18, 12, 0, 0, 1, UTC)),
        ("timespan", "-1d", timedelta(days=-1)),
        ("timespan", "time(1.02:03:04)", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("guid", "guid(74be27de-1e4e-49d9-b579-fe0b331d3642)", UUID("74be27de-1e4e-49d9-b579-fe0b331d3642")),
        ("dynamic", 'dynamic({"a":[1,null]})', {"a": [1, None]}),
        ("dynamic", "dynamic(null)", None),
    ],
)
def test_parameter_texts_are_literals(type_: str, text: str, value: Any) -> None:
    assert asked(type_, text) == value


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("long", "1 + 1"),
        ("long", "'5'"),
        ("long", "now()"),
        ("int", "2147483648"),
        ("datetime", "2026-06-18"),
        ("bool", "-true"),
        ("timespan", "5"),
        ("guid", "dynamic([1])"),
        ("long", ""),
        ("real", "1; print 2"),
    ],
)
def test_a_text_that_is_no_literal_of_the_type_is_refused(type_: str, text: str) -> None:
    with pytest.raises(QueryError, match="query parameter 'p' must be of type"):
        asked(type_, text)


def rows(session: Session, text: str, tables: dict[str, pa.Table]) -> list[tuple[Any, ...]]:
    return list(session.run(QueryRequest(text, tables=tables))[-1].rows())


def test_tables_of_a_request_are_seen_by_it_alone() -> None:
    mine = pa.table({"x": [1, 2]})
    with connect(tables={"T": pa.table({"x": [9]})}) as session:
        assert rows(session, "T", {"T": mine}) == [(1,), (2,)]
        assert rows(session, "T", {}) == [(9,)]
        assert rows(session, "U", {"U": mine}) == [(1,), (2,)]
        assert rows(session, "U", {"U": pa.table({"x": ["a"]})}) == [("a",)]
        with pytest.raises(QueryError, match="'U'"):
            rows(session, "U", {})
