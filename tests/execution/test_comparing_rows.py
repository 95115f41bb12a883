"""Two streams of rows held against each other: what is equal, what differs where, and how many rows have no equal."""

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluetick.execution.comparing import Apart, Comparison, Rule, compare_streams
from bluetick.types import Type
from bluetick.values import arrow_type

LONGS = Rule((Type.LONG,))


def stream(rule: Rule, rows: list[tuple[Any, ...]], size: int = 3) -> Iterator[pa.RecordBatch]:
    """The rows in batches of a size."""
    for start in range(0, len(rows), size):
        columns = zip(*rows[start : start + size], strict=True)
        arrays: list[Any] = [pa.array(c, arrow_type(t)) for c, t in zip(columns, rule.types, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, names=[f"c{i}" for i in range(len(arrays))])


def compare(
    rule: Rule, left: list[tuple[Any, ...]], right: list[tuple[Any, ...]], sizes: tuple[int, int] = (3, 2)
) -> Comparison:
    (found,) = compare_streams([stream(rule, left, sizes[0]), stream(rule, right, sizes[1])], rule)
    return found


def one(type_: Type, left: Any, right: Any, tolerance: float = 0.0) -> bool:
    return compare(Rule((type_,), tolerance), [(left,)], [(right,)]).is_equal


@pytest.mark.parametrize(
    ("type_", "left", "right", "is_equal"),
    [
        (Type.REAL, math.nan, math.nan, True),
        (Type.REAL, math.nan, None, False),
        (Type.REAL, math.inf, math.inf, True),
        (Type.REAL, math.inf, -math.inf, False),
        (Type.REAL, 0.1 + 0.2, 0.3, False),
        (Type.LONG, None, None, True),
        (Type.LONG, None, 0, False),
        (Type.STRING, "A", "a", False),
        (Type.DYNAMIC, '{"a":1}', '{ "a": 1 }', True),
        (Type.DYNAMIC, "[1]", "[1.0]", False),
        (Type.DYNAMIC, None, "{}", False),
    ],
)
def test_one_cell(type_: Type, left: Any, right: Any, is_equal: bool) -> None:
    assert one(type_, left, right) is is_equal


@pytest.mark.parametrize(
    ("left", "right", "is_equal"),
    [(1e9, 1e9 + 1, True), (0.0, 1e-9, True), (1.0, 1.1, False), (math.inf, 1e308, False), (math.nan, 0.0, False)],
)
def test_a_tolerance_is_a_share_of_the_larger_or_of_one(left: float, right: float, is_equal: bool) -> None:
    assert one(Type.REAL, left, right, tolerance=1e-8) is is_equal


def test_what_differs_is_named_with_its_row() -> None:
    rule = Rule((Type.LONG, Type.STRING))
    found = compare(rule, [(1, "a"), (2, "b"), (3, "c")], [(1, "a"), (2, "x"), (3, "c")])
    assert [(p.number, p.left, p.right, p.columns) for p in found.places] == [(2, (2, "b"), (2, "x"), (1,))]
    assert (found.apart.rows(0), found.apart.rows(1)) == ([(2, "b")], [(2, "x")])


def test_a_row_that_one_side_lacks_shifts_all_but_is_counted_once() -> None:
    rows = [(n,) for n in range(1_000)]
    found = compare(LONGS, rows, rows[:10] + rows[11:], sizes=(64, 100))
    assert (found.left_rows, found.right_rows, found.differing) == (1_000, 999, 990)
    assert (found.apart.rows(0), found.apart.rows(1)) == ([(10,)], [])
    assert (found.places[-1].number, found.places[-1].right) == (1_000, None)


def test_the_same_rows_in_another_order_are_told_from_others() -> None:
    assert compare(LONGS, [(1,), (2,)], [(2,), (1,)]).is_order_alone
    assert not compare(LONGS, [(1,), (1,)], [(1,), (2,)]).is_order_alone


def test_shifted_rows_within_the_tolerance_are_each_others_equal() -> None:
    rule = Rule((Type.STRING, Type.REAL), 1e-6)
    found = compare(rule, [("a", 1.0), ("b", 2.0)], [("x", 9.0), ("a", 1.0000001), ("b", 2.0000001)])
    assert (found.apart.rows(0), found.apart.rows(1)) == ([], [("x", 9.0)])


def test_no_row_on_one_side() -> None:
    found = compare(LONGS, [], [(1,)])
    assert (found.is_equal, found.places[0].left, found.places[0].right) == (False, None, (1,))
    assert compare(LONGS, [], []).is_equal


def test_too_many_rows_apart_are_given_up_and_said() -> None:
    apart = Apart(LONGS, most=10)
    for number in range(100):
        apart.add(0, (number,))
    assert not apart.is_whole


def test_three_streams_are_held_against_the_first() -> None:
    rows = [[(1,), (2,)], [(1,), (2,)], [(1,), (3,)]]
    second, third = compare_streams([stream(LONGS, one) for one in rows], LONGS)
    assert (second.is_equal, third.is_equal) == (True, False)


@given(
    left=st.lists(st.tuples(st.integers(0, 3), st.sampled_from([None, 0.5, math.inf])), max_size=12),
    right=st.lists(st.tuples(st.integers(0, 3), st.sampled_from([None, 0.5, math.inf])), max_size=12),
    sizes=st.tuples(st.integers(1, 5), st.integers(1, 5)),
)
def test_any_rows(left: list[tuple[Any, ...]], right: list[tuple[Any, ...]], sizes: tuple[int, int]) -> None:
    """Against Python's own lists and counters."""
    found = compare(Rule((Type.LONG, Type.REAL)), left, right, sizes)
    pairs = [(a, b) for a, b in zip(left, right, strict=False)]
    assert found.is_equal == (left == right)
    assert found.differing == sum(a != b for a, b in pairs) + abs(len(left) - len(right))
    assert found.apart.count(0) == (Counter(left) - Counter(right)).total()
    assert found.apart.count(1) == (Counter(right) - Counter(left)).total()
