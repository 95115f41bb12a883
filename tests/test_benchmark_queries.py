"""The measured queries are understood, and only equal answers count as equal."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from performance_page import Figures, Measured, write_page
from query_answers import difference
from query_set import Query, all_queries

import bluetick

QUERIES = [query for query in all_queries() if not query.is_document]


def test_there_are_twenty_further_queries() -> None:
    assert len(QUERIES) == 20


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_every_query_binds(query: Query) -> None:
    found = bluetick.connect().check(query.kql)
    assert (found.diagnostics, found.warnings) == ((), ())


def test_rows_are_compared_without_their_order_but_with_their_number() -> None:
    answer = pa.table({"a": [1, 2, 2], "b": ["x", "y", "y"]})
    assert difference(answer, pa.table({"c": [2, 1, 2], "d": ["y", "x", "y"]})) is None
    assert difference(answer, pa.table({"a": [1, 2], "b": ["x", "y"]})) is not None
    assert difference(answer, pa.table({"a": [1, 1, 2], "b": ["x", "x", "y"]})) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([datetime(2026, 1, 2, 3, tzinfo=UTC)], [datetime(2026, 1, 2, 3)]),
        ([1.0 + 2**-40], [1]),
        ([Decimal("2.50")], [2.5]),
        (['["b", "a"]'], [["b", "a"]]),
        (["text"], [b"text"]),
    ],
)
def test_what_engines_write_differently_is_one_value(one: list[object], other: list[object]) -> None:
    assert difference(pa.table({"a": one}), pa.table({"a": other})) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["a"], [None]),
        ([""], [None]),
        ([1.0001], [1.0]),
        (['["b", "a"]'], [["a", "b"]]),
        ([datetime(2026, 1, 2, 3, tzinfo=UTC)], [datetime(2026, 1, 2, 4)]),
    ],
)
def test_other_values_are_told(one: list[object], other: list[object]) -> None:
    assert difference(pa.table({"a": one}), pa.table({"a": other})) is not None


def test_the_page_has_every_ratio_and_who_was_absent(tmp_path: Path) -> None:
    ours, theirs = Figures(2.0, 1.0, 0.5, 100), Figures(0.5, 0.25, 0.1, 80)
    fast = Measured("fast", False, 3, {"bluetick": theirs, "DuckDB SQL": ours})
    slow = Measured("slow", False, 4, {"bluetick": ours, "DuckDB SQL": theirs})
    write_page(tmp_path / "page.md", [fast, slow], {"chDB": "chdb is not installed"}, 1000, 5)
    page = (tmp_path / "page.md").read_text("utf-8")
    assert "| slow | 2.000 | 0.500 | 4.00 | 4.00 | 100 | 80 | 4 |" in page
    assert "| **geometric mean** | | | **1.00** | **1.00** |" in page
    assert "Not measured: chDB, because chdb is not installed" in page
    assert page.index("fast  ██") < page.index("slow  ████████|██")
