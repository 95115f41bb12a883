"""5,000 generated checks: none may find a difference."""

import pytest

from generated.campaign import SEED, draw_checks, run_campaign
from generated.checks import open_session
from generated.tables import random_tables

COUNT = 5_000


@pytest.mark.slow
def test_no_check_finds_a_difference() -> None:
    tables = random_tables(SEED)
    with open_session(tables) as session:
        account = run_campaign(session, draw_checks(SEED, COUNT, tables))
    print(f"seed {SEED}\n{account.table()}")
    assert not account.mismatches, "\n\n".join([f"seed {SEED}", *account.mismatches])
    assert account.checks.total() >= COUNT
