"""The service over simulated days: nothing is lost, double or absent, whatever goes wrong.

More on demand: BLUETICK_DAYS=50000
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from service_simulation import CALM, KINDS, Mishaps, Service, simulate
from simulated_world import HOUR, Kind

DAYS = int(os.environ.get("BLUETICK_DAYS", "500"))
SEED = int(os.environ.get("BLUETICK_SEED", "1"))


def test_an_undisturbed_service(tmp_path: Path) -> None:
    service = simulate(tmp_path / "ledger", 5, 3, CALM)
    assert service.crashes == 0


def test_sixty_days_with_crashes_outages_late_data_and_a_wrong_clock(tmp_path: Path) -> None:
    service = simulate(tmp_path / "ledger", 60, 2, Mishaps())
    assert service.crashes > 20
    assert service.changes > 20


def test_data_that_comes_while_windows_are_evaluated(tmp_path: Path) -> None:
    """Every event decides an alert, and no later one heals what was missed."""
    kinds = (Kind("each", "A", HOUR, HOUR, 1, by_key=True), Kind("all", "B", HOUR, HOUR, 1, by_key=False))
    simulate(tmp_path / "ledger", 40, 4, replace(CALM, beside_every=2, fault_every=6), kinds=kinds, latest=HOUR // 2)


@pytest.mark.slow
@pytest.mark.timeout(max(600, 4 * DAYS))
def test_many_days(tmp_path: Path) -> None:
    """A failure tells its seed: BLUETICK_SEED runs it again."""
    service = simulate(tmp_path / "ledger", DAYS, SEED, Mishaps())
    assert service.crashes > DAYS // 4, f"seed {SEED}"


@pytest.mark.slow
def test_a_crash_at_every_commit_of_a_day(tmp_path: Path) -> None:
    """Before each commit of it, and after it."""
    commits = one_day(tmp_path / "ledger", CALM).commits
    assert commits > 500
    for number in range(commits):
        service = one_day(tmp_path / f"ledger-{number}", replace(CALM, crash_at=number))
        assert service.crashes == 1, f"commit {number}"


def one_day(path: Path, mishaps: Mishaps) -> Service:
    return simulate(path, 1, 5, mishaps, kinds=KINDS[:4], latest=4 * HOUR)
