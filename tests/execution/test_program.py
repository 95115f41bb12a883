"""Programs of steps: what becomes a step, and what stays open until the program runs."""

from datetime import UTC, datetime

import pytest
from golden_forms import connect

from bluetick.execution.program import (
    AssertionStep,
    Program,
    ProviderStep,
    PythonStep,
    RelationStep,
    ScalarStep,
    build_program,
)
from bluetick.session import QueryRequest, Session
from bluetick.sql.dialect import DUCKDB
from bluetick.sql.render import render_statement


@pytest.fixture(scope="module")
def session() -> Session:
    return connect()


def program(session: Session, query: str) -> Program:
    plan, _ = session.plan(QueryRequest(query))
    return build_program(plan.statements[-1], session.flavour, has_upper_bound=True)


def kinds(session: Session, query: str) -> list[type]:
    return [type(step) for step in program(session, query).steps]


def test_one_program_for_every_now(session: Session) -> None:
    built = program(session, "Logs | where Timestamp > ago(1h)")
    texts = [
        render_statement(
            built.result.statement, DUCKDB, dict.fromkeys(("now", "scope_end"), datetime(year, 1, 1, tzinfo=UTC))
        )
        for year in (2020, 2021)
    ]
    assert texts[0] != texts[1]
    assert texts[0].replace("2020-01-01", "2021-01-01") == texts[1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Rows | where a > 1 | summarize count() by b", []),
        ("let M = materialize(Rows | count); M", []),
        ("let M = materialize(Rows | where a > 1); M | join kind=inner M on a", [RelationStep]),
        ("Rows | as X | where a in ((X | project c))", [RelationStep]),
        ("Rows | as X | where a > 1", []),
        ("Rows | where a > toscalar(Rows | summarize avg(a))", [ScalarStep]),
        ("let m = toscalar(Rows | count); print m + m", [ScalarStep]),
        ("Rows | where a > toscalar(Rows | where c > toscalar(Rows | count) | count)", [ScalarStep, ScalarStep]),
        ("print assert(toscalar(Rows | count) > 0, 'm')", [ScalarStep, AssertionStep]),
        ("Rows | invoke FileProfile(b)", [RelationStep, ProviderStep]),
        ("Rows | sort by a asc | scan with (step s: true;)", [RelationStep, PythonStep]),
    ],
)
def test_steps(session: Session, query: str, expected: list[type]) -> None:
    assert kinds(session, query) == expected


def test_a_table_is_bound_once_however_often_it_is_read(session: Session) -> None:
    built = program(session, "Rows | union Rows, (Rows | where a > toscalar(Rows | count)) | union T")
    assert [use.table for use in built.scans] == ["Rows", "T"]


def test_columns_that_differ_in_case_only_have_aliases_that_differ_in_more(session: Session) -> None:
    built = program(session, "U | project a, A")
    folded = [alias.casefold() for alias, _, _ in built.scans[0].columns]
    assert len(set(folded)) == len(folded)
    assert len({alias.casefold() for alias in built.result.aliases}) == 2
    assert [column.name for column in built.columns] == ["a", "A"]


@pytest.mark.parametrize(
    "step", ["extend p = series_fit_line(n)", "invoke FileProfile(b)", "sort by b asc | scan with (step s: true;)"]
)
def test_what_a_step_uses_twice_is_computed_once(session: Session, step: str) -> None:
    """What is counted on the way to a step counts as much as in a result."""
    series = "Rows | make-series n = count() on a from 0 to 10 step 1 by b"
    first = program(session, f"{series} | {step}").steps[0]
    assert isinstance(first, RelationStep)
    assert (
        render_statement(first.statement, DUCKDB, {"now": datetime(2020, 1, 1, tzinfo=UTC)}).count(" AS MATERIALIZED")
        == 1
    )
