"""Each rewrite: what it makes of a plan, where it does not apply, and that the rows and their order stay."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest

from bluetick.plan.expressions import Call, walk
from bluetick.plan.relations import Scan, expressions
from bluetick.plan.traversal import relations_in
from bluetick.rewrite.inlined_lets import nodes_of
from bluetick.rewrite.rules import REWRITES, rewrites_made, rewritten
from bluetick.session import QueryRequest, Session
from rewrites.shapes import shape
from rewrites.tables import NOW, small_tables

ALL = frozenset(REWRITES)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(tables=small_tables()) as made:
        yield made


def _shapes(session: Session, text: str, only: str) -> tuple[str, str]:
    """The plan without rewrites, and with this one and the inlining of lets."""
    plan = session.plan(QueryRequest(text, now=NOW))[0]
    (statement,) = plan.statements
    after = rewritten(statement, ALL - {only, "inlined-lets"})
    return shape(statement.relation), shape(after.relation)


def _made(session: Session, text: str) -> tuple[str, ...]:
    (statement,) = session.plan(QueryRequest(text, now=NOW))[0].statements
    return rewrites_made(statement)


def _rows(session: Session, text: str, without: frozenset[str]) -> list[Any]:
    (result,) = session.run(QueryRequest(text, now=NOW, without_rewrites=without))
    return [repr(row) for row in result.rows()]  # NaN is itself here


GROUPS = "B | summarize m = count() by k, n | where m > 8"
SMALL = "C | summarize m = count() by k | where m > 7"
NEW = f"A | summarize c = count() by k, n | join kind=leftanti ({GROUPS}) on k, n | join kind=leftanti ({SMALL}) on k"
LATE = "B | where t < datetime(2026-02-28T22:00) | summarize c = count(), d = dcount(n), arg_max(t, *) by k"


def test_a_let_that_is_used_once_stands_where_it_is_used(session: Session) -> None:
    text = "let X = A | where n > 1; let Y = B | where n > 1; X | join kind=inner (Y) on k | union Y"
    before, after = _shapes(session, text, "inlined-lets")
    assert before == "union(inner(X=where1(A), Y=where1(B)), Y)"
    assert after == "union(inner(where1(A), Y=where1(B)), Y)"


def test_a_let_that_is_materialized_stays(session: Session) -> None:
    text = "let X = materialize(A | where n > 1); X | join kind=inner (B) on k"
    before, after = _shapes(session, text, "inlined-lets")
    assert before == after == "inner(X=materialize=where1(A), B)"


def test_the_lookup_on_the_fewest_keys_comes_first(session: Session) -> None:
    before, after = _shapes(session, NEW, "lookup-order")
    groups, small = "where1(summarize(B))", "where1(summarize(C))"
    assert before == f"leftanti(leftanti(summarize(A), {groups}), {small})"
    assert after == f"leftanti(leftanti(summarize(A), {small}), {groups})"


@pytest.mark.parametrize(
    "text",
    [
        "A | join kind=leftanti (B) on k | join kind=leftsemi (C) on n",  # as many keys
        "A | join kind=leftanti (B) on k, n | where n > 1 | join kind=leftsemi (C) on n",  # something between
        "A | join kind=leftanti (B) on k, n | join kind=inner (C) on n",
        "let X = A | join kind=leftanti (B) on k, n; X | join kind=leftanti (C) on k | union X",  # used twice
    ],
)
def test_other_lookups_stay_in_their_order(session: Session, text: str) -> None:
    before, after = _shapes(session, text, "lookup-order")
    assert before == after


@pytest.mark.parametrize("kind", ["leftanti", "leftsemi"])
def test_rows_are_looked_up_before_they_are_grouped(session: Session, kind: str) -> None:
    text = f"A | summarize c = count() by k, n | join kind={kind} ({SMALL}) on k"
    before, after = _shapes(session, text, "early-lookups")
    assert before == f"{kind}(summarize(A), where1(summarize(C)))"
    assert after == f"summarize({kind}(A, where1(summarize(C))))"


@pytest.mark.parametrize(
    "text",
    [
        f"A | summarize c = count() by k | join kind=leftanti ({SMALL}) on k",  # all the keys of the groups
        "A | summarize c = count() by k, n | join kind=leftanti (C) on k",  # rows, not groups
        f"A | summarize c = count(), n = max(n) by k, s | join kind=leftanti ({SMALL}) on $left.n == $right.m",
        f"A | summarize c = count() by k, n | join kind=inner ({SMALL}) on k",
        f"A | summarize c = count() by k, n | where c > 1 | join kind=leftanti ({SMALL}) on k",
    ],
)
def test_other_lookups_are_of_groups(session: Session, text: str) -> None:
    before, after = _shapes(session, text, "early-lookups")
    assert before == after


def test_groups_of_rows_that_a_lookup_chose_are_cut_too(session: Session) -> None:
    text = (
        f"A | summarize c = count() by k, n | join kind=leftanti ({SMALL}) on k | join kind=leftsemi ({GROUPS}) on k, n"
    )
    plan = session.plan(QueryRequest(text, now=NOW))[0]
    after = rewritten(plan.statements[0], ALL - {"early-lookups", "reduced-groups"})
    kept = "kept=summarize(leftanti(A, where1(summarize(C))))"
    assert shape(after.relation) == f"leftsemi({kept}, where1(summarize(leftsemi(B, kept))))"


@pytest.mark.parametrize("kind", ["leftanti", "leftsemi"])
def test_chosen_keys_are_a_step_of_their_own(session: Session, kind: str) -> None:
    text = f"A | join kind={kind} (B | where s in ('a', 'b') | distinct k) on k"
    before, after = _shapes(session, text, "counted-lookups")
    assert before == f"{kind}(A, summarize(where1(B)))"
    assert after == f"{kind}(A, lookup=summarize(where1(B)))"
    assert len(session.explain(QueryRequest(text, now=NOW))[0].steps) == 2


@pytest.mark.parametrize(
    "text",
    [
        "A | join kind=leftsemi (B | distinct k) on k",  # all keys that there are
        "A | join kind=leftsemi (B | where n > 3 | distinct k) on k",
        "A | join kind=leftsemi (B | where s == 'a') on k",  # rows
        "A | join kind=leftsemi (B | where s == 'a' | summarize count() by k) on k",
        "A | join kind=inner (B | where s == 'a' | distinct k) on k",
        "A | join kind=leftsemi (B | join kind=inner C on k | where s == 'a' | distinct k) on k",
        "let X = B | where s == 'a' | distinct k; A | join kind=leftsemi (X) on k | union X",
    ],
)
def test_other_keys_are_looked_up_where_they_stand(session: Session, text: str) -> None:
    before, after = _shapes(session, text, "counted-lookups")
    assert before == after


@pytest.mark.parametrize("kind", ["leftanti", "leftsemi", "inner", "innerunique", "leftouter"])
def test_groups_that_no_row_asks_for_are_cut_below(session: Session, kind: str) -> None:
    text = f"A | summarize c = count() by k, n | where c > 1 | join kind={kind} ({GROUPS}) on k, n"
    before, after = _shapes(session, text, "reduced-groups")
    assert before == f"{kind}(where1(summarize(A)), where1(summarize(B)))"
    assert after == f"{kind}(kept=where1(summarize(A)), where1(summarize(leftsemi(B, kept))))"


@pytest.mark.parametrize(
    "text",
    [
        f"A | summarize c = count() by k, n | join kind=leftanti ({GROUPS}) on k, n",  # nothing has cut the left
        f"A | where n > 1 | join kind=leftanti ({SMALL}) on k",  # rows, not groups
        *(
            f"A | summarize c = count() by k, n | where c > 1 | join kind={kind} ({GROUPS}) on k, n"
            for kind in ("rightouter", "fullouter", "rightanti", "rightsemi")
        ),
        f"A | summarize c = count() by n | where c > 1 | join kind=leftanti ({GROUPS}) on $left.n == $right.m",
        "A | summarize c = count() by n | where c > 1 | join kind=inner (B | summarize n = max(n)) on n",
        "A | summarize c = count() by n | where c > 1 | join kind=inner (B | where k == 'a') on n",
    ],
)
def test_other_groups_are_all_computed(session: Session, text: str) -> None:
    before, after = _shapes(session, text, "reduced-groups")
    assert before == after


def test_rows_are_fetched_of_the_groups_that_are_left(session: Session) -> None:
    before, after = _shapes(session, f"{LATE} | where c > 20 and s == 'x' and d <= 3", "late-rows")
    assert before == "where3(summarize+pick(where1(B)))"
    fetched = "pick(leftsemi(where2(where1(B)), kept))"
    assert after == f"where1(inner(kept=where2(summarize(where1(B))), {fetched}))"


def test_rows_are_fetched_of_all_groups_where_no_filter_on_aggregates_comes_next(session: Session) -> None:
    fetched = "inner(kept=summarize(where1(B)), pick(leftsemi(where2(where1(B)), kept)))"
    assert _shapes(session, LATE, "late-rows") == ("summarize+pick(where1(B))", fetched)
    on_the_row = _shapes(session, f"{LATE} | where s == 'x'", "late-rows")
    assert on_the_row == ("where1(summarize+pick(where1(B)))", f"where1({fetched})")


@pytest.mark.parametrize(
    "text",
    [
        "B | summarize c = count(), arg_max(t, *) by k | where c > 20",  # t may be null
        "B | where t != datetime(2026-02-28) | summarize c = count(), arg_max(t, *) by k | where c > 20",
        "B | where r > 1 | summarize c = count(), arg_max(r, *) by k | where c > 20",  # r may be NaN
        "B | where n > 0 | summarize c = count(), arg_max(n, *), arg_min(n, *) by k | where c > 20",
        "B | where n > 0 | summarize c = count(), arg_max(n, s) by k | where c > 20",  # one column
        "B | where n > 0 | summarize c = count(), arg_max(n, *) | where c > 20",  # one group
        "B | where n > 0 | join kind=inner (C) on k | summarize c = count(), arg_max(n, *) by k | where c > 20",
        "B | where n > 0 and k in (C | project k) | summarize c = count(), arg_max(n, *) by k | where c > 20",
    ],
)
def test_other_rows_are_picked_at_once(session: Session, text: str) -> None:
    before, after = _shapes(session, text, "late-rows")
    assert before == after


ADDRESSES = "B | extend ip = strcat(n * 10, '.1.2.', n, iff(s == 'x', '/24', iff(k == 'a', ' ', '')))"
PUBLIC = f"{ADDRESSES} | where not(ipv4_is_private(ip))"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{PUBLIC} | where s == 'x'", "where2(B)"),
        (f"{PUBLIC} | where s == 'x' | where k !in ('a', 'b') | where isnotnull(t)", "where4(B)"),
        (f"{PUBLIC} | where toint(k) > 2", "where1(where1(B))"),  # a conversion: not asked of more rows
        (f"{PUBLIC} | where k in (C | project k)", "where1(where1(B))"),
        (f"{ADDRESSES} | where s == 'x' | where not(ipv4_is_private(ip))", "where1(where1(B))"),  # last already
        (f"{ADDRESSES} | where not(k == 'a') | where s == 'x'", "where1(where1(B))"),
    ],
)
def test_what_excludes_by_a_pattern_is_asked_last(session: Session, text: str, expected: str) -> None:
    _, after = _shapes(session, text, "filter-order")
    assert after == expected


@pytest.mark.parametrize(
    ("condition", "calls"),
    [
        ("ipv4_is_in_range(ip, '10.0.0.0/8') or ipv4_is_in_any_range(ip, '20.1.0.0/16', '30.0.0.0/7')", 1),
        ("ipv4_is_in_range(ip, '10.0.0.0/8') or n > 1 or ipv4_is_in_range(ip, '20.1.0.0/16')", 2),  # not side by side
        ("ipv4_is_in_range(ip, '10.0.0.0/8') or ipv4_is_in_range(k, '20.1.0.0/16')", 2),
        ("ipv4_is_in_range(ip, '10.0.0.0/8') or ipv4_is_in_range(ip, 'no network')", 2),
        ("ipv4_is_in_range(ip, '10.0.0.0/8') or ipv4_is_in_range(ip, s)", 2),
    ],
)
def test_ranges_of_one_address_are_looked_for_at_once(session: Session, condition: str, calls: int) -> None:
    plan = session.plan(QueryRequest(f"{ADDRESSES} | where {condition}", now=NOW))[0]
    (statement,) = plan.statements
    after = rewritten(statement, ALL - {"filter-order"})
    names = [
        part.function.name
        for predicate in expressions(after.relation)
        for part in walk(predicate)
        if isinstance(part, Call) and part.function.name.startswith("ipv4")
    ]
    assert len(names) == calls


DOCUMENTS = (
    """B | extend x = case(n == 1, strcat('{"a":{"b":"', s, '"},"c":', n, '.5}'), n == 2, '[1]', n == 3, 'no', '')"""
    " | extend D = parse_json(x)"
)


@pytest.mark.parametrize(
    ("text", "is_inlined"),
    [
        (f"{DOCUMENTS} | where D.a.b == 'x' | summarize count() by tostring(D.c)", True),
        (f"{DOCUMENTS} | extend y = tostring(D.a) | project k, y", True),
        (f"{DOCUMENTS} | project E = D, k | where E.c > 1 | summarize count() by k", True),  # x goes along
        (f"{DOCUMENTS} | where D.c > 1", False),  # the document is seen
        (f"{DOCUMENTS} | where isnotnull(D) | project k, y = tostring(D.a)", False),
        (f"{DOCUMENTS} | summarize count() by tostring(D)", False),
        (f"{DOCUMENTS} | project k, t, y = n", False),  # nothing is asked of it
        (f"{DOCUMENTS} | extend y = tostring(D.a) | summarize arg_max(t, y) by k", False),
        (f"{DOCUMENTS} | extend y = tostring(D.a) | summarize make_list(y) by k", False),
        (f"{DOCUMENTS} | sort by t asc | project k, y = tostring(D.a)", False),
    ],
)
def test_documents_that_are_only_taken_apart_are_not_written_anew(
    session: Session, text: str, is_inlined: bool
) -> None:
    (statement,) = session.plan(QueryRequest(text, now=NOW))[0].statements
    after = rewritten(statement, ALL - {"inlined-documents"})
    names = {column.name for node in relations_in(after.relation) for column in node.columns}
    assert ("D" not in names) == is_inlined
    assert [column.id for column in after.relation.columns] == [column.id for column in statement.relation.columns]


NESTED = "B | where n > 0 | top-nested 2 of k by c = sum(n), top-nested 2 of s by d = sum(n)"
COARSE = "let X = B | where n > 0; X | summarize c = count(), m = max(t) by k | join kind=inner"


def test_coarser_groups_are_made_of_finer_ones(session: Session) -> None:
    before, after = _shapes(session, NESTED, "coarser-groups")
    rows = "top_nested=where1(B)"
    assert before == f"inner(limit(sort(summarize({rows}))), limit(sort(summarize(top_nested))))"
    assert after == f"inner(limit(sort(summarize(groups=summarize({rows})))), limit(sort(groups)))"


@pytest.mark.parametrize(
    "text",
    [
        f"{COARSE} (X | summarize sum(n) by k, s) on k",  # other aggregates
        f"{COARSE} (X | summarize c = count(), m = max(t) by k) on k",  # the same groups
        f"{COARSE} (X | summarize c = count(), m = max(t) by k = s, s = n) on k",  # other keys
        f"{COARSE} (X | summarize c = count(), m = max(t) by k = toupper(k), s) on k",
        f"{COARSE} (B | where n > 0 | summarize c = count(), m = max(t) by k, s) on k",  # another input
        "let X = B | where n > 0; X | summarize m = max(r) by k | union (X | summarize m = max(r) by k, s)",
        "let X = B | where n > 0; X | summarize m = avg(n) by k | union (X | summarize m = avg(n) by k, s)",
        "let X = B | where n > 0; X | summarize m = dcount(n) by k | union (X | summarize m = dcount(n) by k, s)",
    ],
)
def test_other_groups_are_made_of_the_rows(session: Session, text: str) -> None:
    _, after = _shapes(session, text, "coarser-groups")
    assert "groups" not in after


GAPS = "B | sort by k asc, t asc | extend b = prev(k), u = prev(t), v = next(n)"


def test_window_functions_over_the_same_rows_come_into_one_node(session: Session) -> None:
    before, after = _shapes(session, GAPS, "joined-windows")
    assert before == "window1(window1(window1(sort(B))))"
    assert after == "window3(sort(B))"
    before, after = _shapes(session, "B | sort by n asc | extend z = prev(prev(n))", "joined-windows")
    assert before == after == "window1(window1(sort(B)))"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("B | sort by k asc, t asc | where prev(k) == k | summarize count() by k", "t,k"),
        ("B | sort by t asc | where prev(n) == 1 | summarize count()", "t,k,n"),  # k is before n
        ("B | sort by t asc, n asc | where prev(n) == 1 | summarize count()", "t,n"),
        ("B | sort by k asc | extend y = prev(k), z = strcat(r, n) | where y != '' | summarize max(t)", "t,k"),
        ("B | sort by k asc | extend y = prev(k), z = strcat(r, n) | where z != '' | summarize max(y)", "t,k,n,r"),
    ],
)
def test_ties_are_told_apart_by_what_is_read_alone(session: Session, text: str, columns: str) -> None:
    _, after = _shapes(session, text, "alike-ties")
    found = [part for part in after.split("(") if part.startswith("window")]
    assert found == [f"window1 over {columns}"]


@pytest.mark.parametrize(
    "text",
    [
        "B | sort by k asc | extend b = prev(n)",  # the rows are seen
        "B | sort by k asc | extend b = prev(n) | summarize make_list(b)",  # and here their order
        "B | sort by k asc | extend b = prev(n) | summarize arg_max(t, *) by k",
        "B | sort by k asc | extend b = prev(n) | summarize take_any(s) by k",
        "B | sort by k asc | extend b = prev(n) | take 5 | summarize count() by b",
        "B | sort by k asc | extend b = prev(prev(n)) | summarize count() by b",  # each must see the same places
        "B | sort by k asc | where n > 1 | extend b = prev(n) | summarize count() by b",
        "B | serialize b = prev(n) | summarize count() by b",
    ],
)
def test_ties_keep_their_places_where_they_are_seen(session: Session, text: str) -> None:
    before, after = _shapes(session, text, "alike-ties")
    assert before == after


NEWEST = "A | where t >= ago(1h) | summarize c = count() by k, n"
OFTEN = "B | where t >= ago(8h) and t <= ago(1h) | summarize m = count() by k"


@pytest.mark.parametrize(
    "right",
    [
        f"{OFTEN} | where m > 2",
        f"{OFTEN} | where m >= 2 and k != 'a' | project k, m",
        "B | where t between (ago(9h) .. ago(1h)) | where n > 1 | distinct k",
        "B | where t > ago(8h) | summarize d = dcount(n), m = max(t) by k | where d > 1",
    ],
)
def test_the_newest_part_is_asked_first(session: Session, right: str) -> None:
    before, after = _shapes(session, f"{NEWEST} | join kind=leftanti ({right}) on k", "early-counts")
    left = "summarize(where1(A))"
    whole = before.removeprefix(f"leftanti({left}, ").removesuffix(")")
    assert before == f"leftanti({left}, {whole})"
    assert after == f"leftanti(leftanti({left}, {whole.replace('(B)', '(where1(B))')}), {whole})"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (NEWEST, f"{OFTEN} | where m < 2"),  # what is seldom now may be often in all
        (NEWEST, f"{OFTEN} | where m > 2 and m < 9"),
        (NEWEST, "B | where t >= ago(8h) | summarize m = sum(n) by k | where m > 2"),  # of numbers below zero too
        (NEWEST, "B | where t >= ago(8h) | summarize arg_max(t, n) by k"),
        (NEWEST, "B | summarize m = count() by k | where m > 2"),  # of no age
        (NEWEST, "B | where t >= ago(2h) | summarize m = count() by k | where m > 2"),  # not much longer
        (NEWEST, "B | where t >= ago(8h) | where k in ((C | project k)) | summarize m = count() by k | where m > 2"),
        ("A | where t >= ago(1h)", f"{OFTEN} | where m > 2"),  # rows, which may be many
        ("A | where t >= ago(4h) | summarize c = count() by k", f"{OFTEN} | where m > 2"),
    ],
)
def test_the_newest_part_is_not_asked_first_where_it_may_not_or_does_not_pay(
    session: Session, left: str, right: str
) -> None:
    before, after = _shapes(session, f"{left} | join kind=leftanti ({right}) on k", "early-counts")
    assert before == after


TWO = "let a = toscalar(B | where n > 1 | summarize sum(n)); let b = toscalar(B | where n > 1 | summarize dcount(k));"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (f"{TWO} A | where n < a | extend z = b", 2),
        (f"{TWO} A | where n < a and strlen(k) < b | extend y = b, z = a | count", 2),
        (
            "let X = B | where t > ago(7h) | extend z = n + 1; A | extend y = toscalar(X | summarize max(z)), x ="
            " toscalar(X | summarize avg(r), count()), w = toscalar(X | count)",
            2,
        ),
        (
            "let f = (x: long) { toscalar(B | extend z = n + 1 | where z > 2 | project u = z | summarize sum(u)) + x };"
            " A | extend y = f(1), x = f(2)",
            2,
        ),
        (f"{TWO} let c = toscalar(B | where n > 1 | where n < b | summarize max(n)); print a + b + c", 2),
        ("let a = toscalar(B | summarize sum(n)); let b = toscalar(B | summarize max(n) / a); print a + b", 1),
    ],
)
def test_scalars_of_the_same_rows_are_computed_together(session: Session, text: str, rows: int) -> None:
    (statement,) = session.plan(QueryRequest(text, now=NOW))[0].statements
    before = [node.table for node in nodes_of(statement) if isinstance(node, Scan)]
    made = rewritten(statement, ALL - {"joint-scalars"})
    after = [node.table for node in nodes_of(made) if isinstance(node, Scan)]
    assert len(after) == rows <= len(before)
    assert "joint-scalars" in rewrites_made(statement)


@pytest.mark.parametrize(
    "text",
    [
        "let a = toscalar(B | summarize sum(n)); let b = toscalar(B | where n > 1 | summarize sum(n)); print a + b",
        "let a = toscalar(B | where n > 1 | summarize sum(n)); let b = toscalar(B | where n > 2 | summarize sum(n));"
        " print a + b",
        "let a = toscalar(B | where r > 0.0 | count); let b = toscalar(B | where r > -0.0 | count); print a + b",
        "let a = toscalar(B | where n > 1 | count); let b = toscalar(C | where n > 1 | count); print a + b",
        "let a = toscalar(B | where n > 1 | count); let b = toscalar(B | where strlen(k) > 1 | count); print a + b",
        "let a = toscalar(B | summarize sum(n)); let b = toscalar(B | summarize sum(n + a)); print a + b",
        "let a = toscalar(B | summarize make_list(n)); let b = toscalar(B | summarize make_list(k)); print a, b",
        "let a = toscalar(B | summarize sum(n) by k); let b = toscalar(B | summarize max(n) by k); print a, b",
        "let a = toscalar(B | summarize arg_max(n, k)); let b = toscalar(B | summarize arg_max(t, n)); print a, b",
        "let a = toscalar(B | take 3 | count); let b = toscalar(B | take 3 | summarize sum(n)); print a + b",
        "let a = toscalar(B | count); A | where n < a | extend z = a",
    ],
)
def test_other_scalars_are_computed_one_by_one(session: Session, text: str) -> None:
    (statement,) = session.plan(QueryRequest(text, now=NOW))[0].statements
    assert rewritten(statement, ALL - {"joint-scalars"}) is statement


PARTS = """P | where t > ago(7h) | parse p with a ":" b "\\\\" c"""


@pytest.mark.parametrize(
    "text",
    [
        f"{PARTS} | where isnotempty(a) | summarize n = count(), d = dcount(c) by a, b",
        f"{PARTS} | where n > 1 and c startswith 'a' | summarize max(a), min(strlen(c)) by a, b, c",
        f"{PARTS} | where b == 'a' | summarize count_distinct(a), count() by x = b, c, z = toupper(a)",
        f"{PARTS.replace('parse', 'parse-where')} | summarize count() by c, b, a",
        f"{PARTS} | project u = a, v = b, w = c, y = 1 | where isnotempty(w) | distinct u, v, w",
    ],
)
def test_texts_that_are_alike_are_taken_apart_once(session: Session, text: str) -> None:
    before, after = _shapes(session, text, "alike-texts")
    assert after == before.replace("summarize(", "summarize(summarize(", 1) + ")"


@pytest.mark.parametrize(
    "text",
    [
        f"{PARTS} | summarize n = count(), d = dcount(c) by a, b",  # of many texts nothing may be taken
        f"{PARTS} | where a != 'x' | summarize n = count(), d = dcount(c) by a, b",
        f"{PARTS} | where isnotempty(a) | summarize n = count() by a, b",  # of few keys many may have another end
        f"{PARTS} | where isnotempty(a) | summarize n = count(), dcount(b), dcount(c) by a",  # one by one they are few
        f"{PARTS} | where isnotempty(a) | summarize n = count() by a, b, toupper(c)",
        f"{PARTS} | where isnotempty(a) | summarize count() by a, b, c, n",  # another column
        f"{PARTS} | where isnotempty(a) | summarize sum(strlen(a)) by a, b, c",  # not the same of one text as of two
        f"{PARTS} | where isnotempty(a) | summarize make_list(c) by a, b, c",
        f"{PARTS} | where isnotempty(a) | summarize arg_max(c, a) by a, b, c",
        f"{PARTS} | where isnotempty(a) and a in ((A | project k)) | summarize n = count() by a, b, c",
        "P | parse p with a ':' * | where isnotempty(a) | summarize n = count() by a",  # what is skipped differs
        "P | parse p with a ':' b:long ':' c | where isnotempty(a) | summarize n = count() by a, b, c",  # 7 is 07
        "P | extend a = extract('^(.*?):', 1, p) | where isnotempty(a) | summarize n = count() by a",
        f"{PARTS} | where isnotempty(a) | take 9 | summarize n = count() by a, b, c",
        f"A | join kind=inner ({PARTS}) on n | where isnotempty(a) | summarize count() by a, b, c",
    ],
)
def test_texts_are_taken_apart_row_by_row_where_it_may_not_pay(session: Session, text: str) -> None:
    before, after = _shapes(session, text, "alike-texts")
    assert before == after


QUERIES = [
    f"{TWO} A | where n < a and strlen(k) < b | extend y = b, z = a | top 5 by t",
    f"{TWO} let c = toscalar(B | where n > 1 | where n < b | summarize max(n)); A | where n <= c"
    " | summarize sum(a) by k, b",
    "let X = B | where t > ago(7h) | extend z = n + 1; A | extend y = toscalar(X | summarize max(z)), x = toscalar(X"
    " | summarize min(n), count()), w = toscalar(X | count) | where n < y | join kind=inner (X | distinct k) on k",
    "let f = (x: long) { toscalar(B | where n in (1, 2, x) | summarize sum(n)) }; A | extend y = f(1), x = f(2),"
    " w = f(3)",
    f"{PARTS} | where isnotempty(a) | summarize n = count(), d = dcount(c) by a, b",
    f"{PARTS} | where n > 1 and c startswith 'a' | summarize max(a), min(strlen(c)) by a, b, c",
    f"{PARTS} | where b == 'a' | summarize count_distinct(a), count() by x = b, c, z = toupper(a)",
    f"{PARTS.replace('parse', 'parse-where')} | summarize count() by c, b, a | join kind=inner (P | distinct p) on"
    " $left.a == $right.p",
    f"{PARTS} | where isnotempty(b) | summarize count(), dcount(a), dcount(c) by b, c",
    f"{PARTS} | where isnotempty(b) | summarize count(), d = dcount(c) by a, b | where d > 1 | top 5 by a asc, b",
    "let X = P | parse p with ':' a ':' c; X | where isnotempty(c) | summarize count(), max(a) by a, c, strlen(p)"
    " | union (X | where a has 'a' | summarize m = count(), dcount(strcat(a, c)) by c, a)",
    "P | parse p with a '\\\\' b | where isnotempty(a) | summarize count(), x = dcount(b) by a | where x > 0"
    " | join kind=leftanti (P | where n == 2 | distinct p) on $left.a == $right.p",
    "A | join kind=leftsemi (B | where s == 'x' | distinct k) on k",
    "A | join kind=leftanti (B | where s in ('x', 'y') | summarize by n, k | where n > 1) on k, n",
    "C | join kind=leftsemi (A | where s has 'y' | project n, k | distinct n, k) on k | summarize count()",
    "C | where n in ((B | join kind=leftanti (A | where k == 'a' | distinct n) on n | project n)) | summarize max(t)",
    f"{DOCUMENTS} | where D.a.b == 'x' or isempty(D.a) | summarize count(), sum(todouble(D.c)) by tostring(D.c), k",
    f"{DOCUMENTS} | project E = D, k, n | where isnull(E.c) or toint(E.c) > 0 | project y = E.a, z = tostring(E.a.b)",
    f"{DOCUMENTS} | extend y = tostring(D.a.b), w = D.c | where y != 'y' | project-away D, x | extend v = w",
    f"{DOCUMENTS} | extend F = parse_json(s) | summarize count() by a = tostring(D.a), f = tostring(F.a), isnull(D.c)",
    f"{PUBLIC} | where ipv4_is_in_range(ip, '20.1.2.0/24') or ipv4_is_in_range(ip, '30.1.2.3') | where t > ago(6h)",
    f"{PUBLIC} | where s != 'x' | summarize count() by ip, isempty(k)",
    f"{ADDRESSES} | where not(ip matches regex '^20') | where n > 1 or isnull(n) | where not(ipv4_is_private(ip))",
    f"{ADDRESSES} | where not(ipv4_is_in_range(ip, '10.0.0.0/8') or ipv4_is_in_any_range(ip, '20.1.2.0/24')) | take 7",
    NESTED,
    f"{COARSE} (X | summarize m = max(t), c = count() by s, k) on k",
    f"{COARSE} (X | summarize count(), max(t), sum(n) by s, n, k) on k | join kind=fullouter (X | summarize max(t)) on"
    " $left.m == $right.max_t",
    "let X = B | extend d = t - datetime(2026-02-28), i = toint(n); X | summarize sum(d), sum(i), min(s), min(d)"
    " | union (X | summarize count(), sum(i), max(s), min(s), sum(d), min(d) by k, s), (X | summarize min(s) by s)",
    f"{NEWEST} | join kind=leftanti ({OFTEN} | where m > 30) on k",
    f"{NEWEST} | join kind=leftanti ({OFTEN} | where m > 33) on k | join kind=leftanti (C | distinct n, k) on k, n",
    "A | where t >= ago(1h) | distinct k, n | join kind=leftanti (B | where t > ago(8h) | where t <= ago(2h)"
    " | summarize d = count(), n = max(n) by kk = k | where d > 20) on $left.k == $right.kk",
    GAPS,
    f"{GAPS} | where b == k | summarize count(), avg(v), max(datetime_diff('second', t, u)) by k",
    "B | sort by k asc | extend b = prev(n), m = next(n) | summarize count() by b, m",
    "B | sort by r asc, s desc | extend b = prev(r), m = next(s), o = prev(n, 2) | where o > 1"
    " | extend z = strcat(m, n) | summarize count(), dcount(s), max(r) by b, z",
    "B | sort by t asc | extend c = row_number(), d = row_cumsum(n), e = prev(k) | summarize max(c), sum(d) by e",
    "B | sort by k asc, t desc | extend p = prev(s) | where p != s | summarize count(), make_set(p) by k",
    "B | sort by r desc | extend p = next(r, 1, 9.0) | summarize count(), min(p) by k, r",
    "B | where s != 'z' | sort by s asc | sort by n asc | extend p = prev(t) | summarize max(p), min(p) by n, s",
    NEW,
    f"A | summarize c = count(), make_set(s) by k, n | join kind=leftanti ({SMALL}) on k | where c > 1",
    f"B | summarize arg_max(t, *), d = dcount(n) by k, s, r | project-rename key = k | join kind=leftsemi ({SMALL})"
    " on $left.key == $right.k",
    "let X = B | summarize c = count(), make_list(n) by k, up = n + 1 | where c > 1; X"
    " | join kind=leftanti (A | summarize m = max(n) by up = n + 2) on up | union (A | summarize c = sum(n) by k, s"
    " | join kind=leftsemi (X) on k)",
    f"{NEW} | join kind=innerunique (B | summarize low = min(t), high = max(t) by k, s) on k",
    f"{NEW} | join kind=leftouter (B | summarize make_list(n) by kk = k | project-rename k = kk) on k",
    f"let X = {NEW}; X | join kind=inner (X) on k, n",
    f"A | join kind=leftsemi ({GROUPS}) on k, n | join kind=leftanti (C | where n == 3) on n | order by t asc | take 9",
    "A | summarize c = count() by k, up = n + 1 | where c > 1"
    " | join kind=leftouter (B | summarize list = make_list(s), arg_max(t, s) by k, up = n + 1) on k, up",
    "A | summarize c = count() by r | where c > 2 | join kind=inner (B | summarize d = count() by r) on r",
    f"{LATE} | where c > 20",
    f"{LATE} | where c > 20 and s == 'x' and d <= 3 | project-away d",
    f"{LATE} | where c > 1000",
    LATE,
    f"{LATE} | where s == 'x'",
    "B | where n > 0 | summarize arg_min(n, *) by k, s | order by t asc",
    "let X = B | where n > 0 | summarize arg_max(n, *) by k; X | join kind=inner (X | where n > 1) on k",
    f"let X = {LATE} | project-rename many = c, row = s; X | where many > 20 and row == 'x' | project row, d, many, t",
    "B | where t < datetime(2026-02-28T22:00) | summarize c = count(), arg_min(t, *) by k | where c between (2 .. 24)",
    "B | where n >= 2 | summarize arg_max(n, *), c = count() by up = toupper(k), b = bin(t, 2h) | where c > 2",
    "B | where n > 0 | extend z = n * 2 | where z > 2 | summarize arg_max(z, *), c = dcount(s) by k | where c == 3",
    "let X = B | where n > 0; X | summarize c = count(), arg_max(n, *) by k | where c > 9 | as Y"
    " | where toscalar(Y | count) > 1 | join kind=leftouter (X | summarize arg_max(n, *) by s) on s",
]


@pytest.mark.parametrize("text", QUERIES)
def test_the_rows_and_their_order_stay_whatever_is_left_out(session: Session, text: str) -> None:
    expected = _rows(session, text, ALL)
    sizes = (0, 1, 2, len(ALL) - 2, len(ALL) - 1)
    subsets = [frozenset(some) for size in sizes for some in combinations(sorted(ALL), size)]
    for without in subsets:
        assert _rows(session, text, without) == expected, without


def test_the_queries_have_rows_and_something_to_rewrite(session: Session) -> None:
    found = [len(_rows(session, text, ALL)) for text in QUERIES]
    assert sum(count > 0 for count in found) >= len(QUERIES) - 2, found
    for name in REWRITES:
        if name != "inlined-lets":
            assert len([text for text in QUERIES if name in _made(session, text)]) >= 3, name


def test_a_lookback_that_a_rewrite_does_not_see_holds(session: Session) -> None:
    text = f"{LATE} | where c > 1"
    for lookback in (timedelta(hours=5), timedelta(hours=3)):
        found = []
        for without in (frozenset[str](), ALL):
            request = QueryRequest(text, now=NOW, lookback=lookback, without_rewrites=without)
            found.append([repr(row) for row in session.run(request)[0].rows()])
        assert found[0] == found[1] != []


@pytest.mark.parametrize(
    ("text", "made"),
    [
        (NEW, ("lookup-order", "early-lookups", "reduced-groups", "unread-columns")),
        (f"let X = {LATE}; X | where c > 20", ("inlined-lets", "late-rows")),
        (f"let X = {LATE}; X | where s == 'x'", ("inlined-lets", "late-rows")),
        (LATE, ("late-rows",)),
        (f"{LATE} | where c > 20", ("late-rows",)),
        ("A | where n > 1 | summarize count() by k", ("unread-columns",)),
        ("A | join kind=inner (B) on k", ()),
        ("A | where n > 1", ()),
    ],
)
def test_the_rewrites_that_are_made_are_told(session: Session, text: str, made: tuple[str, ...]) -> None:
    (statement,) = session.plan(QueryRequest(text, now=NOW))[0].statements
    assert rewrites_made(statement) == made
    assert rewrites_made(statement, ALL) == ()
    assert (rewritten(statement) is statement) == (made == ())
    explained = session.explain(QueryRequest(text, now=NOW))[0]
    assert explained.rewrites == made
