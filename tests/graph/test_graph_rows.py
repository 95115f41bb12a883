"""Graph operators: their rows on both engines, and what is refused."""

from functools import cache
from pathlib import Path

import golden_forms
import pytest
from golden import GOLDENS, check_goldens

from bluetick.session import Session

FILES = sorted((GOLDENS / "graph").glob("*.test"))


@cache
def session(engine: str) -> Session:
    return golden_forms.connect(engine)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_on_duckdb(path: Path) -> None:
    check_goldens(path, lambda query: golden_forms.rows_text(session("duckdb"), query))


@pytest.mark.spark
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_on_spark(path: Path) -> None:
    check_goldens(path, lambda query: golden_forms.rows_text(session("local[2]"), query))
