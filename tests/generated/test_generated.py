"""5,000 generated checks: none may find a difference."""

import pytest

from generated.agreement import disagreements
from generated.campaign import SEED, draw_checks, run_campaign
from generated.checks import open_session
from generated.tables import random_tables

COUNT = 5_000
ON_SPARK = 400


@pytest.mark.slow
def test_no_check_finds_a_difference() -> None:
    tables = random_tables(SEED)
    with open_session(tables) as session:
        account = run_campaign(session, draw_checks(SEED, COUNT, tables))
    print(f"seed {SEED}\n{account.table()}")
    assert not account.mismatches, "\n\n".join([f"seed {SEED}", *account.mismatches])
    assert account.checks.total() >= COUNT


@pytest.mark.slow
@pytest.mark.spark
def test_the_engines_agree() -> None:
    tables = random_tables(SEED)
    with open_session(tables) as duckdb, open_session(tables, "local[2]") as spark:
        found = disagreements(duckdb, spark, tables, SEED, ON_SPARK)
    assert not found, "\n\n".join([f"seed {SEED}", *found])
