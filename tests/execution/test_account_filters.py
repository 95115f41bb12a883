"""The account of a run over operators that filter rows themselves: nobody wrote those conditions."""

import pyarrow as pa
import pytest

import bluetick
from bluetick.execution.account import build_account
from bluetick.session import QueryRequest


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("T | where n > 0 | make-series count() on n from 1 to 5 step 1 by u | where u != ''", ["n > 0", "u != ''"]),
        ("search 'a'", []),
        ("T | parse-where u with 'a' | where n > 1", ["n > 1"]),
        ("T | where n > 0 | evaluate rows_near(n > 1, 1)", ["n > 0", "evaluate rows_near(n > 1, 1)"]),
    ],
)
def test_conditions_that_were_written_are_counted(query: str, texts: list[str]) -> None:
    with bluetick.connect(tables={"T": pa.table({"u": ["a", "b"], "n": [1, 5]})}) as session:
        plan, _ = session.plan(QueryRequest(query))
        program = build_account(
            plan.statements[0], query, session.flavour, has_lower_bound=False, has_upper_bound=False
        )
    assert [text for measure in program.measures for text in measure.texts] == texts
