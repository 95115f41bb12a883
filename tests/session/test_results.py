"""A result in all its forms, several results, parameters."""

import pickle
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import polars as pl
import pyarrow as pa
import pytest

import bluetick
from bluetick.diagnostics.errors import QueryError
from bluetick.session import QueryRequest, Session

EVERY_TYPE = """print b = true, i = int(1), n = 2, r = 1.5, m = decimal(2.5), s = "<b>",
    t = datetime(2024-01-02 03:04:05), d = 90m, g = guid(74be27de-1e4e-49d9-b579-fe0b331d3642),
    j = dynamic({"a":[1,null]}), z = long(null)"""
ROW = (
    True,
    1,
    2,
    1.5,
    Decimal("2.5"),
    "<b>",
    datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
    timedelta(minutes=90),
    UUID("74be27de-1e4e-49d9-b579-fe0b331d3642"),
    {"a": [1, None]},
    None,
)


@pytest.fixture(scope="module")
def session() -> Session:
    return bluetick.connect()


def test_python_rows(session: Session) -> None:
    (row,) = session.query(EVERY_TYPE).rows()
    assert row == ROW
    assert [type(value) for value in row] == [type(value) for value in ROW]


def test_arrow(session: Session) -> None:
    table = session.query(EVERY_TYPE).to_arrow()
    assert table.schema.field("t").type == pa.timestamp("us", tz="UTC")
    assert table.schema.field("d").type == pa.duration("us")
    assert table.schema.field("i").type == pa.int32()
    assert table.column("j").to_pylist() == ['{"a":[1,null]}']
    assert table.column("t").to_pylist() == [ROW[6]]


def test_other_libraries_read_it(session: Session) -> None:
    query = "range i from 1 to 3 step 1 | extend s = tostring(i)"
    assert session.query(query).to_pandas().to_dict("list") == {"i": [1, 2, 3], "s": ["1", "2", "3"]}
    assert session.query(query).to_polars().rows() == [(1, "1"), (2, "2"), (3, "3")]
    assert pa.table(session.query(query)).column("i").to_pylist() == [1, 2, 3]
    assert pl.DataFrame(session.query(query)).shape == (3, 2)


def test_one_result_in_several_forms(session: Session) -> None:
    result = session.query("range i from 1 to 3 step 1")
    first = result.rows()
    assert next(first) == (1,)
    assert len(result) == 3
    assert result.to_arrow().num_rows == 3
    assert list(first) == [(2,), (3,)]
    assert list(result.rows()) == [(1,), (2,), (3,)]


def test_batches_are_read_once(session: Session) -> None:
    result = session.query("range i from 1 to 3 step 1")
    assert sum(batch.num_rows for batch in result.batches()) == 3
    with pytest.raises(RuntimeError, match="first and only"):
        list(result.batches())


def test_what_passes_is_what_is_kept(session: Session) -> None:
    text = "range i from 1 to 80000 step 1 | extend t = i * 1s, d = datetime(2026-01-01) + i * 1s, j = dynamic([1])"
    kept = session.query(text)
    parts = list(session.query(text).passing_tables(50_000))
    assert len(parts) == 2
    assert parts[0].num_rows >= 50_000
    assert pa.concat_tables(parts).equals(kept.to_arrow())
    assert list(session.query(text).passing_rows()) == list(kept.rows())
    assert session.query(text).passing_head(3) == (list(kept.rows())[:3], 80_000)


def test_what_has_passed_is_gone(session: Session) -> None:
    result = session.query("range i from 1 to 200000 step 1")
    assert sum(1 for _ in result.passing_rows()) == 200_000
    assert (len(result), list(result.rows())) == (0, [])
    with pytest.raises(RuntimeError, match="first and only"):
        result.passing_head(1)


def test_nothing_passes_as_a_table_without_rows(session: Session) -> None:
    text = "print i = 1, t = 1s | where i > 1"
    (part,) = session.query(text).passing_tables()
    assert part.equals(session.query(text).to_arrow())


def test_html_escapes_and_says_how_many(session: Session) -> None:
    html = session.query("range i from 1 to 30 step 1 | extend ['<x>'] = '<script>'")._repr_html_()
    assert "<script>" not in html
    assert "&lt;x&gt;" in html
    assert html.count("<tr>") == 21
    assert "30 rows, the first 20 shown" in html


def test_names_may_differ_in_case_only(session: Session) -> None:
    result = session.query("print a = 1, A = 2")
    assert result.to_arrow().column_names == ["a", "A"]


def test_an_empty_result_keeps_its_columns(session: Session) -> None:
    result = session.query(f"{EVERY_TYPE} | where false")
    assert list(result.rows()) == []
    assert result.to_arrow().num_columns == len(ROW)
    assert result.to_polars().shape == (0, len(ROW))


def test_several_results(session: Session) -> None:
    text = "let x = 2; print a = x; print b = x + 1 | render table; print c = 'z'"
    results = session.query_all(text)
    assert [list(r.rows()) for r in results] == [[(2,)], [(3,)], [("z",)]]
    assert [r.visualization for r in results] == [{}, {"Visualization": "table"}, {}]
    assert list(session.query(text).rows()) == [("z",)]


DECLARED = "declare query_parameters(n:long = 1, s:string = 'd', t:datetime = datetime(2024-01-01), d:timespan = 1h, "
DECLARED += "r:real = 0.5, j:dynamic = dynamic([]), b:bool = true, g:guid = guid(null)); "


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("n", 7, 7),
        ("n", None, None),
        ("s", 'it\'s "quoted" \\ -- ;', 'it\'s "quoted" \\ -- ;'),
        ("s", None, ""),
        ("t", datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC)),
        ("t", datetime(2024, 5, 1), datetime(2024, 5, 1, tzinfo=UTC)),
        ("d", timedelta(minutes=1), timedelta(minutes=1)),
        ("r", 2, 2.0),
        ("j", {"k": [1]}, {"k": [1]}),
        ("b", False, False),
        ("g", ROW[8], ROW[8]),
    ],
)
def test_parameters(session: Session, name: str, value: object, expected: object) -> None:
    result = session.query(f"{DECLARED} print x = {name}", parameters={name: value})
    assert list(result.rows()) == [(expected,)]


@pytest.mark.parametrize(("name", "value"), [("n", "1"), ("n", True), ("n", 1.5), ("t", "2024-01-01"), ("b", 1)])
def test_a_parameter_of_another_type_is_refused(session: Session, name: str, value: object) -> None:
    with pytest.raises(QueryError, match=f"query parameter '{name}'"):
        session.query(f"{DECLARED} print x = {name}", parameters={name: value})


def test_a_parameter_without_value_and_default_is_refused(session: Session) -> None:
    with pytest.raises(QueryError, match="'who' has no value and no default"):
        session.query("declare query_parameters(who:string); print who")


def test_errors_carry_every_diagnostic(session: Session) -> None:
    with pytest.raises(QueryError) as caught:
        session.query("print nope | extend x = strlen()")
    assert [d.code for d in caught.value.diagnostics] == ["SEM0100"]
    with pytest.raises(QueryError) as caught:
        session.query("print nope; print strlen()")
    assert [d.code for d in caught.value.diagnostics] == ["SEM0100", "SEM0219"]
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert str(again) == str(caught.value)


def test_a_request_can_be_sent_elsewhere() -> None:
    request = QueryRequest("print x", {"x": [1]}, datetime(2024, 1, 1, tzinfo=UTC), timedelta(hours=1), seconds=5)
    assert pickle.loads(pickle.dumps(request)) == request  # noqa: S301 - our own bytes
