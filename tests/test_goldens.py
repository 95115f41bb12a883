"""The goldens of the core: plans, SQL, rows on both engines, and what a person reads of a wrong query."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from golden import GOLDENS, check_goldens
from golden_forms import connect, diagnostics_text, plan_text, rows_text, sql_text

from bluetick.session import Session


@pytest.fixture(scope="module")
def duckdb() -> Iterator[Session]:
    with connect() as session:
        yield session


@pytest.fixture(scope="module")
def spark() -> Iterator[Session]:
    with connect("local[2]") as session:
        yield session


def _files(area: str, pattern: str = "*.test") -> list[object]:
    return [pytest.param(path, id=path.stem) for path in sorted((GOLDENS / area).glob(pattern))]


@pytest.mark.parametrize("path", _files("binding"))
def test_binding(path: Path, duckdb: Session) -> None:
    check_goldens(path, lambda query: plan_text(duckdb, query))


@pytest.mark.parametrize("path", _files("lowering"))
def test_lowering(path: Path, duckdb: Session) -> None:
    check_goldens(path, lambda query: sql_text(duckdb, query))


@pytest.mark.parametrize("path", _files("diagnostics"))
def test_diagnostics(path: Path, duckdb: Session) -> None:
    check_goldens(path, lambda query: diagnostics_text(duckdb, query))


@pytest.mark.parametrize("path", _files("queries", "core_*.test"))
def test_queries_on_duckdb(path: Path, duckdb: Session) -> None:
    check_goldens(path, lambda query: rows_text(duckdb, query))


@pytest.mark.spark
@pytest.mark.parametrize("path", _files("queries", "core_*.test"))
def test_queries_on_spark(path: Path, spark: Session) -> None:
    check_goldens(path, lambda query: rows_text(spark, query))
