"""Names and types of result columns of every query here, compared with Microsoft's own analyzer."""

import os
from functools import cache

import pytest
from analyzer import install, is_possible
from comparison import KNOWN, Difference, Known, differences, known_differences
from gathering import gather

QUERIES = gather()
ENTRIES = known_differences()


@cache
def found() -> tuple[Difference, ...]:
    """All differences. Without Node there is nothing to compare with, which a machine that checks changes must have."""
    if not is_possible() and "CI" not in os.environ:
        pytest.skip("the analyzer runs under Node, and node or npm is not here")
    install()
    return differences(QUERIES)


def test_every_known_difference_tells_its_evidence() -> None:
    told = ("https://learn.microsoft.com/", "engine: ", "bluetick: ", "undecided: ")
    assert [entry.reason for entry in ENTRIES if not entry.evidence.startswith(told) or not entry.reason] == []


@pytest.mark.slow
@pytest.mark.parametrize("source", sorted({query.source for query in QUERIES}))
def test_columns(source: str) -> None:
    unknown = [d for d in found() if d.query.source == source and not any(entry.covers(d) for entry in ENTRIES)]
    if unknown:
        pytest.fail("\n\n".join(f"{d.query.text}\n=> {d.text}" for d in unknown), pytrace=False)


@pytest.mark.slow
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.difference.pattern)
def test_known_differences_are_there(entry: Known) -> None:
    if not any(entry.covers(difference) for difference in found()):
        pytest.fail(f"an entry of {KNOWN.name} covers no difference any more: {entry.reason}", pytrace=False)
