"""A query that gives a computed column the name of a column that is there reads the right one of the two.

The same rows stand behind a table (whose columns an engine names) and behind a datatable (whose columns lowering
names); both must give the same rows. Queries whose result depends on the written order of rows are not among them.
"""

import pyarrow as pa
import pytest

import bluetick

ROWS = [(5, "x", 2), (1, "y", 2), (3, "x", 1), (3, "z", 7), (None, "", 9)]
TABLE = pa.table(
    {
        "a": pa.array([a for a, _, _ in ROWS], pa.int64()),
        "b": [b for _, b, _ in ROWS],
        "A": pa.array([A for _, _, A in ROWS], pa.int64()),
    }
)
WRITTEN = ", ".join(f'{"long(null)" if a is None else a}, "{b}", {A}' for a, b, A in ROWS)
DATATABLE = f"let T = datatable(a:long, b:string, A:long)[{WRITTEN}];"

QUERIES = [
    "T | summarize count() by bin(a, 2)",
    "T | where A < 9 | summarize count() by a = bin(a, 2), b",
    "T | project a = A, A = a",
    "T | extend a = a + 1, A = a",
    "T | sort by a * 2 asc, b asc | extend a = 1, A = a",
    "T | join kind=inner (T) on a | extend a1 = a, A1 = a1 | project-away b*",
    "T | as X | join kind=leftouter (X | summarize A = count() by b) on b | project a, b, A, A1, b1",
    "T | summarize a = max(a), A = min(a) by b",
    "T | summarize a = arg_max(A, a) by b",
    "T | distinct a = A + 1",
    "T | top 2 by A + 1 | project A = a",
    "T | union T | summarize count() by A = a, a = A",
    "T | where a in ((T | project A)) | project a",
    "let M = materialize(T | summarize A = sum(A) by b); M | join M on b | project A, A1",
    "T | sort by A asc, a asc | extend A = row_cumsum(A) | extend a = next(A)",
    "T | make-series A = count() on a from 0 to 6 step 2 by b",
    "T | partition by b (top 1 by a | extend A = a)",
    "T | lookup (T | summarize a = max(A) by b) on b | project a, a1, A",
    "T | extend step = a | summarize by step, b = strcat(b, '!')",
    "T | extend picked = a, row_number = A | summarize arg_min(picked, *) by row_number",
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_table_and_a_datatable_agree(query: str) -> None:
    with bluetick.connect(tables={"T": TABLE}) as session:
        read, written = session.query(query), session.query(f"{DATATABLE} {query}")
        assert read.columns == written.columns
        assert sorted(map(repr, read.rows())) == sorted(map(repr, written.rows()))


def test_bins_of_a_tables_column_are_bins() -> None:
    with bluetick.connect(tables={"T": TABLE}) as session:
        rows = list(session.query("T | summarize count() by bin(a, 2) | sort by a asc").rows())
    assert rows == [(None, 1), (0, 1), (2, 2), (4, 1)]
