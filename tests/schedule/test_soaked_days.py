"""A soak goes on where the last one ended, ends in time, and tells how a failure is seen again."""

from pathlib import Path

from soak_days import SEED_DAYS, SEEDS, Progress, SoakedDays
from soak_tests import SoakedTest, SoakResult


class Hours:
    """Lives the days of a seed in an hour of a clock that only moves with it; those of `broken` seeds fail."""

    def __init__(self, *broken: int) -> None:
        self.at = 0.0
        self.lived: list[int] = []
        self._broken = broken

    def now(self) -> float:
        return self.at

    def live(self, seed: int) -> SoakResult:
        self.at += 3_600
        self.lived.append(seed)
        return SoakResult(3_600, "", "an alert is absent" if seed in self._broken else "")


def soak(path: Path, hours: float, life: Hours, code: str = "this") -> list[str]:
    return SoakedDays(Progress(path, code), life.at + 3_600 * hours, 1, life.now, life.live).run()


def test_what_has_passed_is_not_lived_again(tmp_path: Path) -> None:
    life = Hours()
    for hours in (2, 3):
        assert soak(tmp_path / "cache" / "soak", hours, life) == []
    assert life.lived == [1, 2, 3, 4, 5]


def test_none_begins_that_would_end_too_late(tmp_path: Path) -> None:
    life = Hours()
    soak(tmp_path / "soak", 2.9, life)
    assert life.lived == [1, 2]


def test_one_is_lived_however_short_the_time(tmp_path: Path) -> None:
    life = Hours()
    soak(tmp_path / "soak", 0.1, life)
    assert life.lived == [1]


def test_what_passed_with_other_code_does_not_count(tmp_path: Path) -> None:
    life = Hours()
    soak(tmp_path / "soak", 2, life)
    soak(tmp_path / "soak", 1, life, "other")
    assert life.lived == [1, 2, 1]


def test_a_failure_ends_the_soak_and_comes_first_in_the_next(tmp_path: Path) -> None:
    life = Hours(2)
    (problem,) = soak(tmp_path / "soak", 9, life)
    assert problem.startswith("seed 2 of the simulated days failed\nan alert is absent")
    assert life.lived == [1, 2]
    mended = Hours()
    soak(tmp_path / "soak", 2, mended)
    assert mended.lived == [2, 3]


def test_a_soak_that_was_killed_while_it_wrote_loses_that_seed_only(tmp_path: Path) -> None:
    path = tmp_path / "soak"
    soak(path, 3, Hours())
    path.write_text(path.read_text()[:-4])
    life = Hours()
    soak(path, 2, life)
    assert life.lived == [3, 4]
    assert Progress(path, "this").seeds == {1, 2, 3, 4}


def test_after_the_last_seed_there_are_new_ones(tmp_path: Path) -> None:
    life = Hours()
    soak(tmp_path / "soak", SEEDS + 9, life)
    assert life.lived == list(range(1, SEEDS + 1))
    assert SEEDS * SEED_DAYS == 50_000
    soak(tmp_path / "soak", 1, life)
    assert life.lived[-1] == SEEDS + 1


def test_the_command_that_sees_a_failure_again() -> None:
    test = SoakedTest("tests/test_it.py::test_one", {"BLUETICK_DAYS": 100, "BLUETICK_SEED": 7})
    assert test.command == "BLUETICK_DAYS=100 BLUETICK_SEED=7 .venv/bin/pytest tests/test_it.py::test_one"
