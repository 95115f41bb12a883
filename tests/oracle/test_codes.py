"""The codes that the table says of Microsoft's analyzer are those that it gives."""

import pytest
from analyzer import Question, World, analyze, install
from wrong_queries import TABLES, WRONG


@pytest.mark.slow
def test_the_analyzer_gives_the_codes_of_the_table() -> None:
    install()
    analyses = analyze({"here": World(TABLES)}, [Question(query, "here") for query, _, _ in WRONG])
    given = [{error.partition(":")[0] for error in analysis.errors} for analysis in analyses]
    wrong = [
        (query, theirs, sorted(codes))
        for (query, _, theirs), codes in zip(WRONG, given, strict=True)
        if not set(theirs.split()) <= codes or (not theirs and codes)
    ]
    assert wrong == []
