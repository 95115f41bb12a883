"""Over a table of many batches, five runs on two threads give the same bytes, and they are the right rows."""

import json
import random
from collections.abc import Callable

import pyarrow as pa
import pytest
from founding.ordering import cell_key, row_key

import bluetick
from determinism.choices import COLUMNS, KEYS, READ, VALUES, Row, arrow_table, by_key, extreme, keys, ordered

_BATCHES = 24
_BATCH_ROWS = 2_048


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    chance = random.Random(5)  # noqa: S311 - a seeded table, no secret
    values = [KEYS, *VALUES.values()]
    return [tuple(chance.choice(column) for column in values) for _ in range(_BATCHES * _BATCH_ROWS)]


@pytest.fixture(scope="module")
def table(rows: list[Row]) -> pa.Table:
    """Batches, so that both threads have something to read."""
    whole = arrow_table(rows)
    parts = [whole.slice(start, _BATCH_ROWS) for start in range(0, len(rows), _BATCH_ROWS)]
    return pa.concat_tables(parts)


def _survivors(rows: list[Row], column: str, *, largest: bool) -> list[Row]:
    at = COLUMNS.index(column)
    picked = [extreme(group, at, largest=largest) for group in by_key(rows).values()]
    return ordered((row[0], row[at], *(v for i, v in enumerate(row) if i not in (0, at))) for row in picked)


def _top(rows: list[Row]) -> list[Row]:
    at = COLUMNS.index("moment")
    return sorted(ordered(rows), key=lambda row: cell_key(row[at]), reverse=True)[:50]


def _innerunique(rows: list[Row]) -> list[Row]:
    at = COLUMNS.index("real")
    left: dict[object, Row] = {}
    for row in reversed(ordered(rows)):
        left[cell_key(row[at])] = row
    return ordered((*row, row[at]) for row in left.values())


def _lists(rows: list[Row]) -> list[Row]:
    groups = by_key(ordered(rows)).items()
    return [
        (key, [row[1] for row in group[:100]], sorted({row[1] for row in group}, key=str.encode))
        for key, group in groups
    ]


CASES: dict[str, tuple[str, Callable[[list[Row]], list[Row]]]] = {
    "take": (f"{READ} | take 100", lambda rows: ordered(rows)[:100]),
    "top": (f"{READ} | top 50 by moment", _top),
    "arg_max of text": (f"{READ} | summarize arg_max(text, *) by key", lambda r: _survivors(r, "text", largest=True)),
    "arg_min of a real": (
        f"{READ} | summarize arg_min(real, *) by key",
        lambda r: _survivors(r, "real", largest=False),
    ),
    "arg_max of a GUID": (f"{READ} | summarize arg_max(id, *) by key", lambda r: _survivors(r, "id", largest=True)),
    "take_any": (
        f"{READ} | summarize take_any(*) by key",
        lambda rows: ordered(min(group, key=row_key) for group in by_key(rows).values()),
    ),
    "innerunique": (f"{READ} | join kind=innerunique ({READ} | distinct real) on real", _innerunique),
    "lists": (f"{READ} | summarize l = make_list(text, 100), s = make_set(text) by key", _lists),
    "union": (
        f"union ({READ} | where flag), ({READ} | where not(flag)) | take 30",
        lambda rows: ordered(r for r in rows if r[2] is not None)[:30],
    ),
}


@pytest.mark.parametrize("name", list(CASES))
def test_five_runs(name: str, rows: list[Row], table: pa.Table) -> None:
    query, choose = CASES[name]
    seen = {}
    for _ in range(5):
        with bluetick.connect(tables={"T": table}, threads=2) as session:
            found = list(session.query(query).rows())
        seen[json.dumps(found, default=str)] = found
    (found,) = seen.values()
    assert keys(found) == keys(choose(rows))
    assert found
