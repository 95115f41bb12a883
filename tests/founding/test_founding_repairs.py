"""The repairs of the founding documents, run on random tables: what each is said to do to the rows, it does."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings

from bluetick.detections.fixing.effects import measure
from bluetick.detections.fixing.proposing import propose
from bluetick.detections.fixing.repairs import Repair
from bluetick.detections.linting.model import LintContext
from bluetick.detections.model import Detection
from bluetick.session import connect
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
from founding.runs import run_document

SOME = settings(THOROUGH, max_examples=25)


def repair_of(number: str, *codes: str) -> tuple[Detection, Repair]:
    detection = founding_document(number)
    with connect() as session:
        found = propose(session, detection, LintContext(date(2026, 6, 18)), lambda one: one.code in codes)
    assert found is not None
    return detection, found


@pytest.fixture(scope="module")
def dead_step() -> tuple[Detection, Repair]:
    return repair_of(RARE_COUNTRIES, "BTL005")


@pytest.fixture(scope="module")
def last_join() -> tuple[Detection, Repair]:
    return repair_of(RARE_COUNTRIES, "BTL004")


@pytest.fixture(scope="module")
def prevalence() -> tuple[Detection, Repair]:
    return repair_of(LONG_RUNNING, "BTL006")


def test_each_true_warning_has_its_repair() -> None:
    _, country = repair_of(RARE_COUNTRIES, "BTL004", "BTL005")
    assert "lastweek" not in country.repaired
    assert "let New = Today;" in country.repaired
    assert country.repaired.endswith(") on RemoteCountry, ProcessName, SourceIp, DestinationIp")
    _, process = repair_of(LONG_RUNNING, "BTL006")
    line = "| where GlobalPrevalence <= GlobalPrevalenceThreshold"
    assert process.repaired == process.query.replace(line, f"{line} or isnull(GlobalPrevalence)")


@SOME
@given(rows=VM_TABLES)
def test_without_the_dead_step_the_rows_are_the_same(dead_step: tuple[Detection, Repair], rows: Rows) -> None:
    data = arrow_table(rows, VM_TYPES, VM_COLUMNS)
    with connect(tables={"VMConnection": data}) as session:
        effect = measure(session, *dead_step, NOW)
    assert (effect.gained, effect.lost) == (0, 0)


@SOME
@given(rows=VM_TABLES)
def test_on_all_shared_keys_no_unrelated_rows_meet(last_join: tuple[Detection, Repair], rows: Rows) -> None:
    detection, repair = last_join
    data = arrow_table(rows, VM_TYPES, VM_COLUMNS)
    with connect(tables={"VMConnection": data}) as session:
        effect = measure(session, detection, repair, NOW)
        found = list(session.query(repair.repaired, now=NOW).rows())
        names = [name for name, _ in session.query(repair.repaired, now=NOW).columns]
    assert effect.after == len(found)
    for row in (dict(zip(names, row, strict=True)) for row in found):
        assert all(row[key] == row[f"{key}1"] for key in ("ProcessName", "SourceIp", "DestinationIp", "RemoteCountry"))


@SOME
@given(rows=EVENT_TABLES, profiles=PROFILES)
def test_files_that_nobody_knows_are_kept_and_no_others(
    prevalence: tuple[Detection, Repair], rows: Rows, profiles: Mapping[str, Mapping[str, Any]]
) -> None:
    detection, repair = prevalence
    data = arrow_table(rows, EVENT_TYPES, SOME_EVENT_COLUMNS)
    before = run_document(detection, "DeviceNetworkEvents", data, NOW, profiles)
    after = run_document(replace(detection, query=repair.repaired), "DeviceNetworkEvents", data, NOW, profiles)
    gained = Counter(map(str, after)) - Counter(map(str, before))
    assert not Counter(map(str, before)) - Counter(map(str, after))
    known = {name for name, profile in profiles.items() if profile.get("GlobalPrevalence") is not None}
    hashes = {cell for row in after if str(row) in gained for cell in row if isinstance(cell, str)}
    assert not hashes & known
