"""Run for a long time what the suites run for a short one: `python tools/soak.py [MINUTES] [--progress FILE]`.

One session is asked the same again and again. Two services on one ledger are killed, 100 times. The first founding
document runs hour by hour over 30 days with outages. The service lives 50,000 simulated days, on all cores.

In less time than all of that takes there is a slice of each. The simulated days take what is left of the time, and go
on where the last soak ended; the file of their progress is outside of the repository.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from soak_days import Progress, SoakedDays, code_digest
from soak_session import soak_session
from soak_tests import SoakedTest, run_test

WHOLE_MINUTES = 120.0
KILLS, LEAST_KILLS = 100, 5
FOUNDING_DAYS, LEAST_FOUNDING_DAYS = 30, 4
SESSION_SHARE = 0.1


def soak(minutes: float, progress: Progress) -> list[str]:
    """What went wrong in this time."""
    begun = time.monotonic()
    share = min(1.0, minutes / WHOLE_MINUTES)
    return [
        *soak_session(60 * SESSION_SHARE * minutes),
        *_soak_test(
            "kills",
            SoakedTest(
                "tests/schedule/test_schedule_processes.py::test_two_services_on_one_ledger_under_kills",
                {"BLUETICK_KILLS": max(LEAST_KILLS, round(share * KILLS))},
            ),
            KILLS,
        ),
        *_soak_test(
            "days of the first founding document",
            SoakedTest(
                "tests/schedule/test_schedule_founding.py::test_outages_lose_and_double_nothing",
                {"BLUETICK_FOUNDING_DAYS": max(LEAST_FOUNDING_DAYS, round(share * FOUNDING_DAYS))},
            ),
            FOUNDING_DAYS,
        ),
        *SoakedDays(progress, begun + 60 * minutes, len(os.sched_getaffinity(0))).run(),
    ]


def _soak_test(what: str, test: SoakedTest, whole: int) -> list[str]:
    (count,) = test.settings.values()
    run = run_test(test)
    said = "failed" if run.problem else run.said
    print(f"{what}: {count} of {whole} in {run.seconds:,.0f} s: {said}", flush=True)
    return [run.problem] if run.problem else []


def main(arguments: list[str]) -> int:
    """0 where nothing went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("minutes", nargs="?", type=float, default=10.0)
    parser.add_argument("--progress", type=Path, default=cache / "bluetick" / "soak.jsonl")
    options = parser.parse_args(arguments)
    problems = soak(options.minutes, Progress(options.progress, code_digest()))
    print(f"the progress of simulated days is in {options.progress}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
