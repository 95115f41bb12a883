"""What stands in several places is computed once, and gives what it gave in each of them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from bluetick.engines.duckdb_records import RecordReader
from bluetick.ingest.binding import Wanted, compile_values
from bluetick.ingest.formats import read_format

DOCUMENT = """
format:
  fields:
    Inner: iff(isempty(a), 'none', toupper(a))
    Outer: strcat(Inner, '-', Inner)
Shared_CL:
  columns:
    TimeGenerated: datetime(2026-01-01)
    A: iff(b == 'x', Outer, Inner)
    B: strlen(Outer) + 1
    C: iff(b == 'x', strlen(Outer) + 1, -1)
    D: Outer =~ 'q-q' and 1 == toint(b)
"""


def test_shared_expressions_stand_once_in_the_statement(tmp_path: Path) -> None:
    path = tmp_path / "probe.yaml"
    path.write_text(DOCUMENT, "utf-8")
    form = read_format(path)
    wanted = [Wanted(name, written, None) for name, written in form.tables[0].columns]

    compiled = compile_values(wanted, form.fields, form.text)

    assert compiled.sql.count("upper(") == 1
    records = [{"a": "q", "b": "x"}, {"a": "", "b": "1"}, {"a": "Q", "b": "1"}]
    texts = pa.array([json.dumps(record) for record in records], pa.large_string())
    reader = RecordReader(1)
    rows = reader.select(texts, compiled.view, compiled.sql_at(datetime(2026, 3, 1, tzinfo=UTC))).to_pylist()
    reader.close()
    places = [f"v{compiled.names.index(name)}" for name in "ABCD"]
    assert sorted(tuple(row[place] for place in places) for row in rows) == [
        ("Q", 4, -1, True),
        ("Q-Q", 4, 4, False),
        ("none", 10, -1, False),
    ]
