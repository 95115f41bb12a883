"""On 500 random small tables each, both documents give the rows of the reference, order included (issue 2, line b)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given

from bluetick.detections.model import Detection
from founding.documents import LONG_RUNNING, RARE_COUNTRIES, founding_document
from founding.random_tables import (
    EVENT_TABLES,
    EVENT_TYPES,
    NOW,
    PROFILES,
    SOME_EVENT_COLUMNS,
    THOROUGH,
    VM_COLUMNS,
    VM_TABLES,
    VM_TYPES,
    Rows,
    arrow_table,
)
from founding.reference import long_running, rare_countries
from founding.runs import run_document


@pytest.fixture(scope="module")
def sizes() -> Iterator[Counter[str]]:
    """How many examples gave no row, one, several: a property that only saw empty results has proven nothing."""
    seen: Counter[str] = Counter()
    yield seen
    for name in ("000", "004"):
        total = sum(seen[f"{name} {size}"] for size in ("none", "one", "several"))
        if total:
            assert seen[f"{name} several"] > total / 10, seen
            assert seen[f"{name} none"] > total / 20, seen


@pytest.fixture(scope="module")
def rare_country_rule() -> Detection:
    return founding_document(RARE_COUNTRIES)


@pytest.fixture(scope="module")
def long_running_hunt() -> Detection:
    return founding_document(LONG_RUNNING)


def _count(sizes: Counter[str], name: str, rows: list[Any]) -> None:
    sizes[f"{name} {('none', 'one', 'several')[min(len(rows), 2)]}"] += 1


@THOROUGH
@given(rows=VM_TABLES)
def test_rare_countries(rare_country_rule: Detection, sizes: Counter[str], rows: Rows) -> None:
    expected = rare_countries(rows, NOW, rare_country_rule.lookback)
    _count(sizes, "000", expected)
    data = arrow_table(rows, VM_TYPES, VM_COLUMNS)
    assert run_document(rare_country_rule, "VMConnection", data, NOW) == expected


@THOROUGH
@given(rows=EVENT_TABLES, profiles=PROFILES)
def test_long_running(
    long_running_hunt: Detection, sizes: Counter[str], rows: Rows, profiles: Mapping[str, Mapping[str, Any]]
) -> None:
    expected = long_running(rows, profiles, NOW)
    _count(sizes, "004", expected)
    data = arrow_table(rows, EVENT_TYPES, SOME_EVENT_COLUMNS)
    assert run_document(long_running_hunt, "DeviceNetworkEvents", data, NOW, profiles) == expected
