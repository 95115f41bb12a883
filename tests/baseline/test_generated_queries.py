"""The generated queries of all operators over files of rows full of edge values, with and without what is kept.

`python -m baseline.test_generated_queries 2000` asks as many as one wants.
"""

import sys
import tempfile
from pathlib import Path
from random import Random

import pytest
from generated.campaign import SEED
from generated.checks import full_text
from generated.generator import Pipelines
from generated.tables import NOW, random_tables
from pyarrow import parquet

from baseline.files import EAGER
from bluetick.execution.baseline.cache import BaselineCache
from bluetick.rewrite.rules import BASELINE
from bluetick.session import QueryRequest, Session

COUNT = 60
FILES = 3


def differences(count: int, folder: Path, seed: int = SEED) -> list[str]:
    random = Random(seed)  # noqa: S311 - seeded, so that it can be had again
    tables = random_tables(seed)
    stored = {}
    for table in tables.values():
        if not table.is_inline:
            place = folder / table.name
            place.mkdir()
            rows = table.arrow()
            each = -(-rows.num_rows // FILES) or 1
            for number in range(FILES):
                parquet.write_table(rows.slice(number * each, each), place / f"{number}.parquet")
            stored[f"stored_{table.name}"] = str(place / "*.parquet")
    found = []
    with Session(tables=stored) as session:
        session.baseline = BaselineCache(folder / "kept", EAGER)
        for _ in range(count):
            text = full_text(Pipelines(random, tables).pipeline(5), tables)
            first, second = (
                [repr(row) for row in session.run(QueryRequest(text, now=NOW, without_rewrites=names))[-1].rows()]
                for names in (frozenset({BASELINE}), frozenset[str]())
            )
            found += [] if first == second else [text]
    return found


@pytest.mark.slow
def test_generated_queries_are_the_same(tmp_path: Path) -> None:
    assert differences(COUNT, tmp_path) == []


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print("\n\n".join(differences(int(sys.argv[1]), Path(place))) or "no difference")
