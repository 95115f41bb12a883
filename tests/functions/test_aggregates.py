"""What single examples of aggregates do not show: ranks of many sizes, wrapping sums, orders, large groups."""

import math
from fractions import Fraction

import pytest
from example_runner import session

ENGINES = ("duckdb", pytest.param("spark", marks=pytest.mark.spark))
RANKS = ("0", "0.1", "1", "7", "12.5", "28", "33.3", "50", "55", "90", "95", "99", "99.9", "100")
LEAST, GREATEST = -(2**63), 2**63 - 1


def row(engine: str, query: str) -> tuple[object, ...]:
    (only,) = session(engine).query(query).rows()
    return tuple(only)


def nearest_rank(count: int, rank: str) -> int:
    """Of the values 1 to count: the least with at least `rank` percent of the values at or below it."""
    return max(1, math.ceil(Fraction(rank) / 100 * count))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("count", [1, 2, 3, 7, 10, 29, 100, 1000])
def test_percentile_is_the_nearest_rank(engine: str, count: int) -> None:
    calls = ", ".join(f"percentile(x, {rank})" for rank in RANKS)
    got = row(engine, f"range x from 1 to {count} step 1 | summarize {calls}")
    assert got == tuple(nearest_rank(count, rank) for rank in RANKS)


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ((GREATEST, 1), LEAST),
        ((GREATEST, GREATEST, 2), 0),
        ((LEAST, -1), GREATEST),
        ((GREATEST, -1, 1), GREATEST),
        ((LEAST, 0), LEAST),
    ],
)
def test_sum_of_longs_wraps(values: tuple[int, ...], total: int) -> None:
    # The least long has no literal of its own.
    literals = ", ".join(f"long({value + 1})" if value == LEAST else f"long({value})" for value in values)
    query = f"datatable(x:long)[{literals}]"
    if LEAST in values:
        query += f" | extend x = iff(x == {LEAST + 1}, x - 1, x)"
    assert row("duckdb", f"{query} | summarize sum(x)") == (total,)


@pytest.mark.parametrize("engine", ENGINES)
def test_lists_follow_a_mixed_order(engine: str) -> None:
    table = "datatable(a:long, b:string)[2, 'x', long(null), 'y', 1, 'z', 2, 'w', 1, 'v']"
    ordered = f"{table} | order by a desc nulls first, b asc | summarize make_list(b), make_list(b, 2)"
    assert row(engine, ordered) == (["y", "w", "x", "v", "z"], ["y", "w"])


@pytest.mark.parametrize("engine", ENGINES)
def test_sets_are_ascending_then_capped(engine: str) -> None:
    table = (
        "datatable(s:string, r:real, j:dynamic)"
        "['b', real(nan), dynamic([3, 1]), 'B', 1.5, dynamic(3), 'é', -2.0, dynamic('a'), "
        "'z', real(null), dynamic(null)]"
    )
    query = f"{table} | summarize make_set(s), make_set(s, 2), make_set(r), make_set(r, 2), make_set(j)"
    assert row(engine, query) == (
        ["B", "b", "z", "é"],
        ["B", "b"],
        ["NaN", -2.0, 1.5],
        ["NaN", -2.0],
        ["a", 1, 3],
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_text_inside_collections_is_escaped(engine: str) -> None:
    table = """datatable(s:string)['a"b', 'back\\\\slash', 'line\\nbreak', 'é']"""
    query = f"{table} | summarize make_set(s), make_bag(bag_pack(s, s))"
    texts = ['a"b', "back\\slash", "line\nbreak", "é"]
    assert row(engine, query) == (texts, {text: text for text in texts})


@pytest.mark.parametrize("engine", ENGINES)
def test_groups_are_apart(engine: str) -> None:
    query = (
        "range x from 1 to 10 step 1 | summarize make_list(x), make_set(x % 2), sum(x), avg(x), percentile(x, 50) "
        "by k = x % 3 | order by k asc"
    )
    rows = [tuple(r) for r in session(engine).query(query).rows()]
    assert rows == [
        (0, [3, 6, 9], [0, 1], 18, 6.0, 6),
        (1, [1, 4, 7, 10], [0, 1], 22, 5.5, 4),
        (2, [2, 5, 8], [0, 1], 15, 5.0, 5),
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_no_row_and_no_group(engine: str) -> None:
    empty = "datatable(k:long, x:long, s:string)[]"
    assert row(engine, f"{empty} | summarize count(), sum(x), min(s), make_set(s), stdev(x)") == (0, 0, "", [], 0.0)
    assert list(session(engine).query(f"{empty} | summarize count(), make_set(s) by k").rows()) == []


@pytest.mark.parametrize(
    "call", ["percentile(x, 101)", "percentile(x, -1)", "percentile(x, real(null))", "make_set(x, 0)"]
)
def test_constants_out_of_range_are_refused(call: str) -> None:
    assert session("duckdb").check(f"range x from 1 to 3 step 1 | summarize {call}").diagnostics
