"""Both documents, byte for byte, bind to the columns that Microsoft's analyzer gives (issue 2, line a)."""

import json

import pytest

import bluetick
from bluetick.detections.runs import query_request
from founding.documents import LONG_RUNNING, RARE_COUNTRIES, SHARED, founding_document


def _expected(number: str) -> tuple[tuple[str, str], ...]:
    path = SHARED / "seeds" / "columns.json"
    if not path.exists():
        pytest.skip("the analyzer's columns are not here: ../shared/seeds/columns.json, beside the repository")
    return tuple((name, kind) for name, kind in json.loads(path.read_text("utf-8"))[number]["columns"])


@pytest.mark.parametrize(("number", "count"), [(RARE_COUNTRIES, 18), (LONG_RUNNING, 68)])
def test_columns_are_the_analyzers(number: str, count: int) -> None:
    expected = _expected(number)
    assert len(expected) == count
    with bluetick.connect() as session:
        plan, _ = session.plan(query_request(founding_document(number)), is_check=True)
    (statement,) = plan.statements
    assert tuple((c.name, str(c.type)) for c in statement.relation.columns) == expected


@pytest.mark.parametrize("number", [RARE_COUNTRIES, LONG_RUNNING])
def test_check_finds_nothing_wrong(number: str) -> None:
    """Neither document names its schema to `check`: the choice must follow from the text."""
    detection = founding_document(number)
    with bluetick.connect() as session:
        check = session.check(detection.query)
    assert check.diagnostics == ()
    assert check.columns == _expected(number)


@pytest.mark.parametrize("number", [RARE_COUNTRIES, LONG_RUNNING])
def test_query_stands_in_the_document_as_it_is(number: str) -> None:
    """The query that runs is a run of the document's own bytes: no repair of the prose has touched it."""
    detection = founding_document(number)
    (path,) = (SHARED / "seeds").glob(f"{number}_*.txt")
    assert detection.query.encode() in path.read_bytes()
    assert len(detection.query) > 400
