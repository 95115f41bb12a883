"""The two founding queries are read word for word."""

from pathlib import Path

import pytest

from bluetick.syntax import parse
from bluetick.syntax.dump import dump
from bluetick.syntax.printer import print_query
from bluetick.syntax.statements import Query

SEEDS = Path(__file__).parents[2].parent / "shared" / "seeds"


def read_seed(start: str) -> str:
    found = sorted(SEEDS.glob(f"{start}_*.txt"))
    if not found:
        pytest.skip("the founding documents are not part of the repository")
    return found[0].read_text(encoding="utf-8")


def parse_clean(text: str) -> Query:
    query, diagnostics = parse(text)
    assert diagnostics == ()
    assert dump(parse(print_query(query))[0]) == dump(query)
    return query


def test_the_rule() -> None:
    query = parse_clean(read_seed("000"))
    assert len(query.statements) == 7  # six lets and the query


def test_the_hunt() -> None:
    fenced = read_seed("004").partition("```kql\n")[2]
    query = parse_clean(fenced)
    assert len(query.statements) == 6  # five lets and the query
