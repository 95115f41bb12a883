"""The power of the generated checks: of the faults planted in the translation they find nearly all."""

import pytest

from generated.campaign import SEED, draw_checks
from generated.checks import open_session
from generated.planted import FAULTS, finder, known_witnesses
from generated.tables import random_tables
from generated.test_generated import COUNT

WANTED = 0.95


def test_faults_have_names_of_their_own() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 100


@pytest.mark.slow
def test_planted_faults_are_found() -> None:
    """Each by the check that found it when they were searched for last, or else by any of them."""
    tables = random_tables(SEED)
    checks = list(draw_checks(SEED, COUNT, tables))
    known = known_witnesses()
    with open_session(tables) as session:
        missed = [
            fault.name
            for fault in FAULTS
            if fault.name not in known or finder(session, fault, checks, known[fault.name]) is None
        ]
    print(f"missed: {missed}")
    assert len(missed) <= (1 - WANTED) * len(FAULTS), f"these faults are not found: {missed}"
