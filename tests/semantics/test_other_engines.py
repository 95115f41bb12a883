"""What other engines of KQL have got wrong in silence: rows on both engines."""

from collections.abc import Iterator

import pytest
from golden import GOLDENS, check_goldens
from golden_forms import connect, rows_text

from bluetick.session import Session

FILE = GOLDENS / "semantics" / "other_engines.test"


@pytest.fixture(params=["duckdb", pytest.param("local[2]", marks=pytest.mark.spark)])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with connect(request.param) as opened:
        yield opened


def test_rows(session: Session) -> None:
    check_goldens(FILE, lambda query: rows_text(session, query))
