"""Deadlines, cancelling, closing, many threads, and what lies after now."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bluetick
from bluetick.diagnostics.errors import Limit, LimitError, QueryCancelled, QueryError
from bluetick.execution.program import build_program
from bluetick.execution.run import Execution
from bluetick.session import QueryRequest, Session

ENDLESS = """range a from 1 to 200000 step 1 | extend k = 1
| join kind=inner (range b from 1 to 200000 step 1 | extend k = 1) on k
| summarize sum(a * b % 7)"""
NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def session() -> Session:
    return bluetick.connect()


def test_a_deadline_ends_a_query(session: Session) -> None:
    begun = time.monotonic()
    with pytest.raises(LimitError, match=r"did not finish within 0\.3 s") as caught:
        list(session.run(QueryRequest(ENDLESS, seconds=0.3))[0].rows())
    assert caught.value.limit is Limit.TIME
    assert time.monotonic() - begun < 20


def test_a_deadline_far_away_changes_nothing(session: Session) -> None:
    (result,) = session.run(QueryRequest("print 1", seconds=60))
    assert list(result.rows()) == [(1,)]


def test_cancelling_from_another_thread(session: Session) -> None:
    request = QueryRequest(ENDLESS)
    plan, _ = session.plan(request)
    program = build_program(plan.statements[0], session.flavour)
    execution = Execution(session.engine, session.catalog, {}, session.parameters(plan, request, NOW))
    threading.Timer(0.2, execution.cancel).start()
    with pytest.raises(QueryCancelled):
        list(execution.drain(execution.start(program)))


def test_cancelling_a_result_that_is_being_read(session: Session) -> None:
    result = session.query("range a from 1 to 2000000 step 1")
    rows = result.rows()
    assert next(rows) == (1,)
    result.cancel()
    with pytest.raises(QueryCancelled):
        list(rows)


def test_closing_an_unread_result_and_reading_others(session: Session) -> None:
    result = session.query("range a from 1 to 1000000 step 1")
    result.close()
    assert list(result.rows()) == []
    assert list(session.query("print 1").rows()) == [(1,)]


def test_a_failed_statement_leaves_nothing_running(session: Session) -> None:
    with pytest.raises(QueryError, match="assert"):
        session.query_all("range a from 1 to 1000000 step 1; print assert(1 > 2, 'no')")
    assert list(session.query("print 1").rows()) == [(1,)]


def test_threads_query_at_once() -> None:
    table = pa.table({"k": [i % 10 for i in range(1000)], "v": list(range(1000))})
    with bluetick.connect(tables={"T": table}) as session:

        def ask(k: int) -> tuple[int, int]:
            text = """declare query_parameters(key:long);
                T | where k == key | summarize s = sum(v) | extend n = toscalar(T | count)"""
            ((total, count),) = session.query(text, parameters={"key": k}).rows()
            return total, count

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(ask, [k % 10 for k in range(40)]))
    assert found == [(sum(range(k % 10, 1000, 10)), 1000) for k in range(40)]


def logs(moments: list[datetime]) -> pa.Table:
    return pa.table(
        {
            "TimeGenerated": pa.array([m.replace(tzinfo=None) for m in moments], pa.timestamp("us")),
            "n": pa.array(range(len(moments)), pa.int64()),
        }
    )


def test_now_bounds_what_is_read() -> None:
    table = logs([NOW - timedelta(days=2), NOW - timedelta(microseconds=1), NOW, NOW + timedelta(days=1)])
    with bluetick.connect(tables={"L": table}) as session:
        assert [n for (n,) in session.query("L | project n").rows()] == [0, 1, 2, 3]
        assert [n for (n,) in session.query("L | project n", now=NOW).rows()] == [0, 1]
        (result,) = session.run(QueryRequest("L | project n", now=NOW, lookback=timedelta(days=2)))
        assert [n for (n,) in result.rows()] == [0, 1]
        (result,) = session.run(QueryRequest("L | project n", now=NOW, lookback=timedelta(days=1)))
        assert [n for (n,) in result.rows()] == [1]
        assert list(session.query("print now()", now=NOW).rows()) == [(NOW,)]


def test_the_sessions_now_holds_for_every_query() -> None:
    with bluetick.connect(tables={"L": logs([NOW - timedelta(hours=1), NOW])}, now=NOW) as session:
        assert list(session.query("L | count").rows()) == [(1,)]
        assert list(session.query("L | count", now=NOW + timedelta(hours=1)).rows()) == [(2,)]


def test_a_time_without_zone_is_utc() -> None:
    with bluetick.connect(now=NOW.replace(tzinfo=None)) as session:
        assert list(session.query("print now()").rows()) == [(NOW,)]


FORMS = [
    "{table} | where {condition}",
    "{table} | where {condition} | summarize count(), max(n), max(TimeGenerated)",
    "let A = {table} | where {condition}; A | join kind=leftouter (A | summarize m = count() by n) on n | count",
    "{table} | where n in (({table} | where {condition} | project n)) | summarize sum(n)",
    "print toscalar({table} | where {condition} | count)",
    "union {table}, ({table} | where {condition}) | count",
    "{table} | sort by TimeGenerated desc | extend p = prev(n) | where {condition} | take 3",
    "{table} | as X | where {condition} | join kind=inner (X | summarize arg_max(TimeGenerated, n)) on n",
    "{table} | summarize make_set(n), arg_min(TimeGenerated, n) by bin(TimeGenerated, 1d)",
]
CONDITIONS = ["TimeGenerated > ago(1d)", "TimeGenerated < now(1d)", "n % 2 == 0", "TimeGenerated != now()", "true"]


@settings(deadline=None, max_examples=40)
@given(
    hours=st.lists(st.integers(-60, -1), max_size=6),
    later=st.lists(st.integers(0, 60), min_size=1, max_size=6),
    form=st.sampled_from(FORMS),
    condition=st.sampled_from(CONDITIONS),
    lookback=st.sampled_from([None, timedelta(hours=30)]),
)
def test_rows_of_the_future_never_change_a_result(
    hours: list[int], later: list[int], form: str, condition: str, lookback: timedelta | None
) -> None:
    past = [NOW + timedelta(hours=h) for h in hours]
    future = [NOW + timedelta(hours=h) for h in later]
    text = form.format(table="L", condition=condition)
    found = []
    for moments in (past, past + future):
        with bluetick.connect(tables={"L": logs(moments)}) as session:
            (result,) = session.run(QueryRequest(text, now=NOW, lookback=lookback))
            found.append(list(result.rows()))
    assert found[0] == found[1]
