"""Every choice that Kusto leaves open, against the same choice made in plain Python."""

import pytest
from founding.ordering import cell_key, row_key
from hypothesis import given
from hypothesis import strategies as st

from determinism.choices import COLUMNS, COMPARABLE, FEW, READ, ROWS, Row, ask, by_key, extreme, keys, ordered

EVERY_TYPE = pytest.mark.parametrize("column", COMPARABLE)


@FEW
@given(rows=ROWS, count=st.integers(0, 8))
def test_take_and_unsorted_results(rows: list[Row], count: int) -> None:
    everything, taken = ask(rows, READ, f"{READ} | take {count}")
    assert keys(everything) == keys(ordered(rows))
    assert keys(taken) == keys(ordered(rows)[:count])


@EVERY_TYPE
@FEW
@given(rows=ROWS, count=st.integers(1, 8))
def test_top_and_sort_ties(column: str, rows: list[Row], count: int) -> None:
    """Descending: nulls last, with NaN before them; ascending: nulls first, with NaN after them."""
    at = COLUMNS.index(column)
    down, up, top = ask(
        rows, f"{READ} | order by {column}", f"{READ} | order by {column} asc", f"{READ} | top {count} by {column}"
    )
    ascending = sorted(ordered(rows), key=lambda row: cell_key(row[at]))
    descending = sorted(ordered(rows), key=lambda row: cell_key(row[at]), reverse=True)
    # `reverse` keeps equal rows in their order, which is the smallest first.
    assert keys(up) == keys(ascending)
    assert keys(down) == keys(descending)
    assert keys(top) == keys(descending[:count])


@EVERY_TYPE
@FEW
@given(rows=ROWS)
def test_arg_max_and_arg_min(column: str, rows: list[Row]) -> None:
    at = COLUMNS.index(column)
    largest, smallest = ask(
        rows, f"{READ} | summarize arg_max({column}, *) by key", f"{READ} | summarize arg_min({column}, *) by key"
    )
    for found, is_largest in ((largest, True), (smallest, False)):
        picked = [extreme(group, at, largest=is_largest) for group in by_key(rows).values()]
        # The group's key, the value, then the other columns.
        wanted = [(row[0], row[at], *(v for i, v in enumerate(row) if i not in (0, at))) for row in picked]
        assert keys(found) == keys(ordered(wanted))


@FEW
@given(rows=ROWS)
def test_take_any(rows: list[Row]) -> None:
    (found,) = ask(rows, f"{READ} | summarize take_any(*) by key")
    assert keys(found) == keys(ordered(min(group, key=row_key) for group in by_key(rows).values()))


@EVERY_TYPE
@FEW
@given(rows=ROWS)
def test_innerunique_keeps_the_smallest_left_row(column: str, rows: list[Row]) -> None:
    """Null keys match each other, and NaN matches NaN."""
    at = COLUMNS.index(column)
    (found,) = ask(rows, f"{READ} | join kind=innerunique ({READ} | project {column}) on {column}")
    left = {cell_key(row[at]): row for row in reversed(ordered(rows))}
    wanted = [(*left[cell_key(row[at])], row[at]) for row in rows]
    assert keys(found) == keys(ordered(wanted))


@FEW
@given(rows=ROWS, limit=st.integers(1, 4))
def test_make_list_and_make_set(rows: list[Row], limit: int) -> None:
    """Lists follow the smallest-row order where the input has none; sets ascend, then are capped."""
    (found,) = ask(
        rows,
        f"{READ} | summarize l = make_list(big), c = make_list(text, {limit}), s = make_set(big), "
        f"t = make_set(text, {limit}) by key",
    )
    wanted: list[Row] = []
    for key, group in by_key(ordered(rows)).items():
        words, numbers = [row[1] for row in group], [row[4] for row in group if row[4] is not None]
        distinct = sorted(set(words), key=str.encode)
        wanted.append((key, numbers, words[:limit], sorted(set(numbers)), distinct[:limit]))
    assert found == ordered(wanted)


@FEW
@given(rows=ROWS, limit=st.integers(1, 4))
def test_make_list_follows_a_sorted_input(rows: list[Row], limit: int) -> None:
    (found,) = ask(rows, f"{READ} | order by whole desc | summarize l = make_list(text, {limit})")
    wanted = [row[1] for row in sorted(ordered(rows), key=lambda row: cell_key(row[3]), reverse=True)]
    assert found == [(wanted[:limit],)]


@FEW
@given(rows=ROWS, count=st.integers(0, 12))
def test_union(rows: list[Row], count: int) -> None:
    everything, taken = ask(
        rows, f"union ({READ}), ({READ} | where flag)", f"union ({READ}), ({READ} | where flag) | take {count}"
    )
    both = ordered([*rows, *(row for row in rows if row[2])])
    assert keys(everything) == keys(both)
    assert keys(taken) == keys(both[:count])
