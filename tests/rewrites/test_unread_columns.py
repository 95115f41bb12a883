"""Columns that nothing reads: which ones a plan's scans have after the rewrite."""

from collections.abc import Iterator

import pytest

from bluetick.plan.relations import Computed, Scan
from bluetick.rewrite.inlined_lets import nodes_of
from bluetick.rewrite.rules import REWRITES, rewritten
from bluetick.session import QueryRequest, Session
from rewrites.tables import NOW, small_tables

ALL = frozenset(REWRITES)
OTHERS = ALL - {"unread-columns"}


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(tables=small_tables()) as made:
        yield made


def _scanned(session: Session, text: str) -> list[str]:
    """The columns of each scan, in the order of the tables' names."""
    (statement,) = session.plan(QueryRequest(text, now=NOW))[0].statements
    scans = [node for node in nodes_of(rewritten(statement, OTHERS)) if isinstance(node, Scan)]
    assert all(len(scan.columns) == len(scan.sources) for scan in scans)
    return [f"{scan.table}:{','.join(scan.sources)}" for scan in sorted(scans, key=lambda scan: scan.table)]


@pytest.mark.parametrize(
    ("text", "scanned"),
    [
        ("A | where n > 1 | summarize count() by k", ["A:k,n"]),
        ("A | count", ["A:t"]),
        ("A | extend z = n + 1 | project k", ["A:k"]),
        ("A | extend z = n + 1 | project k, z", ["A:k,n"]),
        ("A | project-away t, s | where r > 1", ["A:k,n,r"]),
        ("A | join kind=inner (B) on k | project n, s1", ["A:k,n", "B:k,s"]),
        ("A | join kind=leftanti (B) on k | project n", ["A:k,n", "B:k"]),
        ("A | join kind=leftouter (B) on $left.n == $right.n | summarize count() by s1", ["A:n", "B:n,s"]),
        ("A | union B | summarize max(n) by k", ["A:k,n", "B:k,n"]),
        ("A | where k in ((B | where n > 2 | project s)) | project r", ["A:k,r", "B:n,s"]),
        ("A | where n > toscalar(B | summarize avg(n)) | project r", ["A:n,r", "B:n"]),
        (
            "let X = A | where n > 1; X | summarize m = max(t) by k | join kind=inner (X | project k, r) on k",
            ["A:t,k,n,r"],
        ),
        ("A | summarize arg_max(t, s) by k | project k, s", ["A:t,k,n,r,s"]),  # ties: the columns up to s
        ("A | summarize arg_max(n, k) by s", ["A:t,k,n,s"]),
        ("A | summarize arg_max(t, n), c = count() by k | project k, c", ["A:k"]),
        ("A | summarize take_any(n), c = count() by k | project c", ["A:k"]),
        ("A | summarize sum(n) | count", ["A:n"]),
        ("A | summarize take_any(n) | extend z = 1 | project z", ["A:t,k,n"]),
        ("A | sort by n asc | project k", ["A:k,n"]),
        ("A | mv-expand e = pack_array(n, 2) | project e", ["A:n"]),
        ("A | summarize sum(n), dcount(s) by k | project k, sum_n", ["A:k,n"]),
    ],
)
def test_a_scan_has_what_is_read(session: Session, text: str, scanned: list[str]) -> None:
    assert _scanned(session, text) == scanned


@pytest.mark.parametrize(
    "text",
    [
        "A | take 5 | project k",  # which five is told by all columns
        "A | top 5 by n | project k",
        "A | serialize | project k",
        "A | sort by n asc | extend p = prev(k) | project p",
        "A | join kind=innerunique (A | project k) on k | project n",  # of rows with equal keys the smallest one
        "A | sort by n asc | summarize make_list(k)",
        "A | summarize make_list(k)",
        "A | partition by k (top 2 by n | project n)",
    ],
)
def test_rows_that_are_compared_keep_all_columns(session: Session, text: str) -> None:
    assert "A:t,k,n,r,s" in _scanned(session, text)


FIT = "A | extend (r2, slope, v, rv, start, fit) = series_fit_line(pack_array(n, 2, 5))"


@pytest.mark.parametrize(
    ("text", "computed"),
    [
        (f"{FIT} | project k, start, slope", [("series_fit_line", 2, (1, 4))]),
        (f"{FIT} | project k, r2, slope, v, rv, start, fit", [("series_fit_line", 6, ())]),
        (
            f"{FIT} | extend d = series_stats_dynamic(pack_array(n)) | project r2, d.max",
            [("series_fit_line", 1, (0,)), ("series_stats_dynamic", 1, ())],
        ),
        (f"{FIT} | project k, n", []),
        (f"{FIT} | where slope > 0 | count", [("series_fit_line", 1, (1,))]),
        (f"{FIT} | take 3 | project slope", [("series_fit_line", 6, ())]),  # which three is told by all columns
    ],
)
def test_what_python_computes_is_what_is_read(
    session: Session, text: str, computed: list[tuple[str, int, tuple[int, ...]]]
) -> None:
    (statement,) = session.plan(QueryRequest(text, now=NOW))[0].statements
    nodes = [node for node in nodes_of(rewritten(statement, OTHERS)) if isinstance(node, Computed)]
    items = [item for node in nodes for item in node.items]
    assert sorted((item.function.name, len(item.columns), item.parts) for item in items) == computed


@pytest.mark.parametrize(
    "text",
    [
        f"{FIT} | project k, start, fit, r2 | sort by k asc, start asc | take 20",
        f"{FIT} | project n, rv | sort by n asc",
        f"{FIT} | project k, n | sort by k asc, n asc",
    ],
)
def test_what_is_computed_without_the_rest_is_the_same(session: Session, text: str) -> None:
    runs = [session.run(QueryRequest(text, now=NOW, without_rewrites=without)) for without in (frozenset(), ALL)]
    (anew, before) = [repr(list(result.rows())) for (result,) in runs]
    assert anew == before
