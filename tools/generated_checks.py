"""Generated checks on demand: `python tools/generated_checks.py [COUNT] [--seed N] [--faults] [--spark]`.

Prints checks by kind and every mismatch with its queries. With --faults it plants each fault instead, searches COUNT
checks for one that finds it, and writes which did (tests/generated/witnesses.json). With --spark it holds DuckDB
beside Spark. COUNT is 200,000 unless given, 5,000 with --faults, 400 with --spark. The seed is a new one unless given;
faults are searched for with the seed of the tests.
"""

import argparse
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from generated.agreement import disagreements
from generated.campaign import SEED, draw_checks, run_campaign
from generated.checks import open_session
from generated.planted import FAULTS, finder, known_witnesses, write_witnesses
from generated.tables import random_tables
from generated.test_generated import COUNT, ON_SPARK


def main(arguments: list[str]) -> int:
    """0 when nothing was found (with --faults: when at least 95 of 100 were)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", nargs="?", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--spark", action="store_true")
    options = parser.parse_args(arguments)
    if options.faults:
        return _search_faults(options.count or COUNT, SEED)
    seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    if options.spark:
        return _compare_engines(options.count or ON_SPARK, seed)
    return _run_checks(options.count or 200_000, seed)


def _run_checks(count: int, seed: int) -> int:
    """New tables every 20,000 checks, so that many checks see many tables."""
    failed = 0
    for part in range(0, count, 20_000):
        tables = random_tables(seed + part)
        with open_session(tables) as session:
            account = run_campaign(session, draw_checks(seed + part, min(20_000, count - part), tables))
        print("\n\n".join(account.mismatches))
        print(f"seed {seed + part}\n{account.table()}", flush=True)
        failed += len(account.mismatches)
    return 1 if failed else 0


def _search_faults(count: int, seed: int) -> int:
    tables = random_tables(seed)
    checks = list(draw_checks(seed, count, tables))
    known = known_witnesses()
    found: dict[str, int | None] = {}
    with open_session(tables) as session:
        for fault in FAULTS:
            found[fault.name] = finder(session, fault, checks, known.get(fault.name))
            print(f"{fault.name:50}{'missed' if found[fault.name] is None else found[fault.name]}", flush=True)
    caught = sum(number is not None for number in found.values())
    print(f"{caught} of {len(FAULTS)} faults found")
    write_witnesses(found)
    return 0 if caught >= 0.95 * len(FAULTS) else 1


def _compare_engines(count: int, seed: int) -> int:
    tables = random_tables(seed)
    with open_session(tables) as duckdb, open_session(tables, "local[2]") as spark:
        found = disagreements(duckdb, spark, tables, seed, count)
    print("\n\n".join([f"seed {seed}", *found]), f"\n{len(found)} disagreements in {count} checks")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
