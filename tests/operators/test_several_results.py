"""Statements that give several tables: fork and facet."""

import golden_forms
import pytest

from bluetick.session import QueryRequest, Session

_ROWS = 'let A = datatable(n:long, s:string)[1, "x", 2, "y", 2, "x", long(null), ""];'

Tables = list[tuple[tuple[str, ...], list[tuple[object, ...]]]]


@pytest.fixture(scope="module")
def session() -> Session:
    return golden_forms.connect()


def _tables(session: Session, query: str) -> Tables:
    results = session.query_all(_ROWS + query)
    return [(tuple(name for name, _ in r.columns), list(r.rows())) for r in results]


def test_fork_gives_a_table_for_each_branch(session: Session) -> None:
    query = (
        "A | where n > 0 | fork big=(where n > 1 | project s | sort by s asc) (summarize count() by s | sort by s asc)"
    )
    assert _tables(session, query) == [
        (("s",), [("x",), ("y",)]),
        (("s", "count_"), [("x", 2), ("y", 1)]),
    ]


def test_branches_are_named(session: Session) -> None:
    plan, _ = session.plan(QueryRequest("print a = 1 | fork one=(count) (take 1)"))
    assert [statement.name for statement in plan.statements] == ["one", "PrimaryResult"]


def test_fork_of_one_branch_and_of_no_rows(session: Session) -> None:
    assert _tables(session, "A | where n > 9 | fork (count)") == [(("Count",), [(0,)])]


def test_facet_gives_the_subquery_first_then_each_column(session: Session) -> None:
    assert _tables(session, "A | facet by s, n with (where n == 2 | sort by s asc)") == [
        (("n", "s"), [(2, "x"), (2, "y")]),
        (("s", "count_s"), [("", 1), ("x", 2), ("y", 1)]),
        (("n", "count_n"), [(None, 1), (1, 1), (2, 2)]),
    ]


def test_facet_without_a_subquery(session: Session) -> None:
    assert _tables(session, "A | where n > 9 | facet by s") == [(("s", "count_s"), [])]


def test_statements_beside_it_keep_their_tables(session: Session) -> None:
    found = _tables(session, "print a = 1; A | fork (count) (where n == 1 | project n); print b = 2")
    assert found == [(("a",), [(1,)]), (("Count",), [(4,)]), (("n",), [(1,)]), (("b",), [(2,)])]
