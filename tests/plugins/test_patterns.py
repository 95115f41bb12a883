"""The search for patterns against a search of all of them."""

from collections import Counter
from itertools import combinations, product
from random import Random

import pytest

from bluetick.diagnostics.errors import LimitError
from bluetick.functions.mining import patterns
from bluetick.functions.mining.baskets import baskets
from bluetick.functions.mining.clusters import clusters
from bluetick.functions.mining.differences import differences

Rows = list[tuple[str, ...]]


def all_closed(rows: Rows, share: float, most: int) -> Counter[tuple[int, tuple[str, ...]]]:
    """Count and values (a star for any) of each pattern, by looking at every one there is."""
    width = len(rows[0])
    found = set()
    for size in range(most + 1):
        for columns in combinations(range(width), size):
            for values in product(*({row[c] for row in rows} for c in columns)):
                inside = [row for row in rows if all(row[c] == v for c, v in zip(columns, values, strict=True))]
                if inside and len(inside) >= share * len(rows):
                    cells = tuple(
                        row[0] if len(set(row)) == 1 else "*" for row in (list(c) for c in zip(*inside, strict=True))
                    )
                    if cells != ("*",) * width:
                        found.add((len(inside), cells))
    return Counter(found)


@pytest.mark.parametrize("seed", range(12))
def test_baskets_are_the_closed_patterns(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - a repeatable table
    rows = [tuple(random.choice("ab" if c % 2 else "xyz") for c in range(4)) for _ in range(40)]
    rows = [(*row, row[1]) for row in rows]  # a column that says the same as another
    for most in (1, 2, 5):
        made = [(row[1], row[3:]) for row in baskets(rows, [1.0] * 40, 0.1, most, ["*"] * 5)]
        assert Counter(made) == all_closed(rows, 0.1, most)


def test_baskets_of_the_documented_counts() -> None:
    """The counts that https://learn.microsoft.com/kusto/query/basket-plugin shows, made of rows that have them."""
    counts: dict[tuple[str, str, int], float] = {
        ("hail", "no", 0): 2278, ("hail", "yes", 0): 93, ("hail", "yes", 1): 97, ("wind", "no", 0): 779,
        ("wind", "yes", 0): 500, ("wind", "yes", 1): 12,
    }  # fmt: skip
    for number in range(10):
        counts |= {(f"k{number}", "no", 0): 151.7, (f"k{number}", "yes", 0): 50.8, (f"k{number}", "yes", 1): 10.0}
    made = {tuple(row[3:]): row[1:3] for row in baskets(list(counts), list(counts.values()), 0.2, 5, ["", "", None])}
    assert made == {
        ("", "no", 0): (4574, 77.7),
        ("hail", "no", 0): (2278, 38.7),
        ("", "", 0): (5675, 96.4),
        ("hail", "", 0): (2371, 40.3),
        ("wind", "", 0): (1279, 21.7),
        ("hail", "", None): (2468, 41.9),
        ("", "yes", None): (1310, 22.3),
        ("wind", "", None): (1291, 21.9),
    }


def test_a_search_that_grows_too_large_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_WORK", 10)
    rows = list(product("ab", repeat=4))
    with pytest.raises(LimitError, match="project fewer columns"):
        list(baskets(rows, [1.0] * 16, 0.05, 5, ["*"] * 4))
    # A search for differences gives what it has found.
    found = [row[6:] for row in differences(rows, [(1.0, 0.0)] * 8 + [(0.0, 1.0)] * 8, 0.05, 5, ["*"] * 4)]
    assert found == [("a", "*", "*", "*"), ("b", "*", "*", "*")]


@pytest.mark.parametrize("seed", range(6))
def test_clusters_and_differences_count_what_they_name(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - a repeatable table
    rows = [tuple(random.choice("aabc") for _ in range(5)) for _ in range(60)]

    def count(cells: tuple[str, ...], among: Rows) -> int:
        return sum(all(cell in ("*", value) for cell, value in zip(cells, row, strict=True)) for row in among)

    for _, found, percent, *cells in clusters(rows, [1.0] * 60, 0.5, 25, ["*"] * 5):
        assert (found, percent) == (count(tuple(cells), rows), round(100 * found / 60, 1))
    sides = [(1.0, 0.0)] * 20 + [(0.0, 1.0)] * 40
    for _, a, b, percent_a, percent_b, difference, *cells in differences(rows, sides, 0.1, 5, ["*"] * 5):
        assert (a, b) == (count(tuple(cells), rows[:20]), count(tuple(cells), rows[20:]))
        assert (percent_a, percent_b) == (round(100 * a / 20, 2), round(100 * b / 40, 2))
        assert difference >= 10.0
