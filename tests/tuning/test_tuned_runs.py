"""Rows that exceptions leave out of runs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

import bluetick
from bluetick.detections.model import Detection, QueryPlace
from bluetick.detections.runs import DetectionRun, query_request, run_detection
from bluetick.detections.tuning.applying import tuned
from bluetick.detections.tuning.model import TuningDocument
from bluetick.detections.tuning.reading import read_tuning_text
from bluetick.diagnostics import Span
from bluetick.diagnostics.errors import TuningError

NOW = datetime(2026, 5, 10, tzinfo=UTC)
ENTRY = "  - {{name: '{name}', {of}, where: \"{where}\", reason: r, owner: o, expires: {expires}}}\n"


def exceptions(*given: tuple[str, str], expires: str = "2027-01-01") -> TuningDocument:
    """Of (table or '', condition)."""
    entries = (
        ENTRY.format(name=f"e{place}", of=f"table: {of}" if of else "result: true", where=where, expires=expires)
        for place, (of, where) in enumerate(given)
    )
    return read_tuning_text(("exceptions:\n" + "".join(entries)).encode(), "rule.tuning.yaml")


def table(**columns: Any) -> pa.Table:
    count = len(next(iter(columns.values())))
    times = [(NOW - timedelta(hours=1 + place)).replace(tzinfo=None) for place in range(count)]
    return pa.table({"Timestamp": pa.array(times, pa.timestamp("us")), **columns})


LOGS = table(n=[1, 2, None, 4], s=["a", "b", "", "d"])
OTHER = table(n=[2, 4, 4], t=["x", "y", "z"])


def run(query: str, tuning: TuningDocument | None, **fields: Any) -> DetectionRun:
    place = QueryPlace("rule.kql", Span(0, len(query)), 1, ())
    found = Detection(id="r", id_derived=True, name="rule", query=query, place=place, **fields)
    with bluetick.connect(tables={"Logs": LOGS, "Other": OTHER}) as session:
        return run_detection(session, found, now=NOW, tuning=tuning)


def left(query: str, *given: tuple[str, str], **fields: Any) -> tuple[list[tuple[Any, ...]], list[int | None]]:
    outcome = run(query, exceptions(*given), **fields)
    return sorted(outcome.rows, key=str), [one.rows for one in outcome.account.tuning]


def test_null_is_not_true() -> None:
    assert left("Logs | project s", ("Logs", "n > 1")) == ([("",), ("a",)], [2])


def test_several_of_one_table_count_by_themselves() -> None:
    rows, hits = left("Logs | project s", ("Logs", "n >= 2"), ("Logs", "n == 4"), ("Logs", "n == 9"))
    assert (rows, hits) == ([("",), ("a",)], [2, 1, 0])


def test_every_scan_of_the_table_is_concerned() -> None:
    """Directly, through a let that is used twice, in a join, under toscalar and under `in`."""
    query = """
        let L = Logs | where isnotnull(n);
        let most = toscalar(Logs | summarize max(n));
        L | join kind=inner (L | project n, again = s) on n
        | where n in ((Logs | project n))
        | project n, again, most
    """
    assert left(query, ("Logs", "n == 4")) == ([(1, "a", 2), (2, "b", 2)], [1])


def test_a_union_by_wildcard_and_a_let_function() -> None:
    query = "let f = (x: long) { Logs | where n >= x | project n }; union f(2), (union Oth* | project n)"
    assert left(query, ("Other", "t == 'y'"), ("Logs", "s == 'b'")) == ([(2,), (4,), (4,)], [1, 1])


def test_an_aggregate_is_over_what_is_left() -> None:
    assert left("Logs | summarize c = count(), m = max(n)", ("Logs", "n == 4"))[0] == [(3, 2)]


def test_the_result_is_cut_after_all_else() -> None:
    query = "Logs | summarize c = count() by big = n > 1"
    rows, hits = left(query, ("", "big == true"))
    assert (rows, hits) == ([(False, 1), (None, 1)], [1])


def test_the_hits_on_a_result_are_of_what_the_tables_leave() -> None:
    assert left("Logs | project n", ("Logs", "n == 4"), ("", "n >= 2")) == ([(1,), (None,)], [1, 1])


def test_only_the_last_result_is_cut() -> None:
    query = "Logs | project n; Other | project t"
    assert left(query, ("", "t == 'x'")) == ([("y",), ("z",)], [1])


def test_the_order_of_a_result_stays() -> None:
    outcome = run("Logs | where n > 0 | sort by n desc | project n", exceptions(("", "n == 2")))
    assert outcome.rows == [(4,), (1,)]


def test_rows_outside_the_scope_are_no_hits() -> None:
    """The rows are of one to four hours before now."""
    assert left("Logs | project s", ("Logs", "true"), lookback=timedelta(hours=2)) == ([], [2])


def test_a_condition_may_compute_in_python_and_ask_for_now() -> None:
    query = "Logs | project s"
    assert left(query, ("Logs", "Timestamp < ago(2h)")) == ([("a",), ("b",)], [2])
    assert left(query, ("Logs", "hash_sha256(s) == hash_sha256('b') and ipv4_is_match('10.0.0.1', '10.0.0.0/8')"))[
        1
    ] == [1]


def test_columns_that_rows_bring_are_of_the_rows_that_are_left() -> None:
    with bluetick.connect(tables={"Bags": table(b=['{"x": 1}', '{"y": 2}'], k=[1, 2])}) as session:
        query = "Bags | project k, d = todynamic(b) | evaluate bag_unpack(d)"
        place = QueryPlace("rule.kql", Span(0, len(query)), 1, ())
        found = Detection(id="r", id_derived=True, name="rule", query=query, place=place)
        assert {name for name, _ in run_detection(session, found, now=NOW).columns} == {"k", "x", "y"}
        without = run_detection(session, found, now=NOW, tuning=exceptions(("Bags", "k == 2")))
        assert (without.columns, without.rows) == ((("k", "long"), ("x", "long")), [(1, 1)])


def test_a_known_table_that_is_not_read_leaves_nothing_out() -> None:
    assert left("Logs | project s | take 1", ("Other", "true"), ("DeviceEvents", "true"))[1] == [0, 0]


def test_the_threshold_is_held_against_what_is_left() -> None:
    assert run("Logs | where n > 1", exceptions(("Logs", "n > 1"))).triggered is False
    assert run("Logs | where n > 1", None).triggered is True


def test_an_expired_one_does_not_apply() -> None:
    tuning = exceptions(("Logs", "true"), expires="2026-05-09")
    outcome = run("Logs", tuning)
    assert len(outcome.rows) == 4
    assert "tuning: e0 expired on 2026-05-09 and does not apply" in outcome.account.lines()
    assert len(run("Logs", exceptions(("Logs", "true"), expires="2026-05-10")).rows) == 0


def test_the_account_says_it() -> None:
    outcome = run("Logs", exceptions(("Logs", "n == 1"), ("", "n > 1")))
    lines = outcome.account.lines()
    assert "tuning: e0 left out 1 row of Logs" in lines
    assert "tuning: e1 left out 2 rows of the result" in lines
    assert [one["rows"] for one in outcome.account.to_json()["tuning"]] == [1, 2]


@pytest.mark.parametrize(
    ("of", "where", "code", "under"),
    [
        ("Logs", "m == 1", "SEM0100", "m"),
        ("Logs", "n + 1", "BTK0270", "n + 1"),
        ("", "q == 1", "SEM0100", "q"),
        ("Logs", "n in (Other | project n)", "BTK0271", "n in (Other | project n)"),
        ("Logs", "n == toscalar(Other | count)", "BTK0271", "n == toscalar(Other | count)"),
        ("Logz", "true", "BTK0272", "Logz"),
    ],
)
def test_a_condition_that_does_not_bind_is_shown_in_its_file(of: str, where: str, code: str, under: str) -> None:
    tuning = exceptions((of, where))
    with pytest.raises(TuningError) as told:
        run("Logs | project n", tuning)
    (one,) = told.value.diagnostics
    assert (one.code, tuning.source.text[one.span.start : one.span.end]) == (code, under)
    assert "--> rule.tuning.yaml:2:" in str(told.value)


def test_the_query_itself_is_never_changed() -> None:
    query = "Logs | project n"
    place = QueryPlace("rule.kql", Span(0, len(query)), 1, ())
    request = query_request(Detection(id="r", id_derived=True, name="rule", query=query, place=place), NOW)
    assert tuned(request, exceptions(("Logs", "true"))).text == query
    assert tuned(request, None) is request
