"""Queries over far more data than they may use memory: `python benchmarks/bench_memory.py`.

Rows of 512 bytes are counted out as they are read, so that no file is needed. Each query has a process of its own,
whose peak of resident memory is told beside that of `print 1`; its answer is held against what arithmetic says. Disk of
up to the size of the data is wanted for temporary files, and comes back at the end. By default 2 GB under a ceiling of
200 MB; `--gigabytes 20 --ceiling 1GB` is the promise.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass

from reporting import report

import bluetick
from bluetick.diagnostics.errors import LimitError

ROW_BYTES = 512  # two longs, and a text of the rest
TEXT_BYTES = ROW_BYTES - 16
GIGABYTE = 10**9


@dataclass(frozen=True, slots=True)
class Case:
    """A query over `{rows}`, and its one row by arithmetic; of none the rows are counted. Where `may_refuse`, what the
    query wants is one value that is larger than the ceiling."""

    name: str
    text: str
    answer: tuple[int, ...] | None
    may_refuse: bool = False


def _cases(count: int) -> list[Case]:
    groups, total, half = count // 4, count * (count - 1) // 2, count // 2
    last = sum(range(count - groups, count))
    text = f"strcat('{'x' * (TEXT_BYTES - 10)}', 1000000000 + x)"
    rows = f"range x from 0 to {count - 1} step 1 | extend k = (x * 7919) % {groups}, s = {text}"
    other = f"range x from 0 to {half - 1} step 1 | extend x = {half - 1} - x | extend s = {text} | project x, o = s"
    sides = f"range x from 0 to {half - 1} step 1 | extend s = {text}"
    of_half = half * (half - 1) // 2
    return [
        Case("print 1", "print 1", (1,)),
        Case("rows as they come", rows, None),
        Case(
            "group-by",
            f"{rows} | summarize n = count(), t = sum(x), m = max(s) by k"
            " | summarize count(), sum(n), sum(t), sum(strlen(m))",
            (groups, count, total, TEXT_BYTES * groups),
        ),
        Case(
            "join",
            f"{sides} | join kind=inner ({other}) on x | summarize count(), sum(x), countif(s == o)",
            (half, of_half, half),
        ),
        Case("anti-join", f"{rows} | join kind=leftanti ({other}) on x | summarize count()", (count - half,)),
        Case("sort", f"{rows} | sort by k asc, x desc", None),
        Case(
            "prev over sorted rows",
            f"{rows} | sort by k asc, x asc | extend p = prev(x), q = prev(s) | summarize count(), countif(p < x),"
            " sum(strlen(q))",
            (count, count - groups, TEXT_BYTES * (count - 1)),
        ),
        Case(
            "arg_max(x, *)",
            f"{rows} | summarize arg_max(x, *) by k = x % {groups} | summarize count(), sum(x), sum(strlen(s))",
            (groups, last, TEXT_BYTES * groups),
        ),
        Case("dcount", f"{rows} | summarize d = dcount(s) by g = x % 10 | summarize sum(d)", (count,)),
        Case(
            "make_set",
            f"{rows} | summarize a = make_set(s, 3) by k | summarize count(), sum(array_length(a))",
            (groups, 3 * groups),
        ),
        Case("make_list of all", f"{rows} | summarize a = make_list(s) | project array_length(a)", (count,), True),
    ]


def main() -> int:
    options = _options()
    count = int(options.gigabytes * GIGABYTE) // ROW_BYTES // 4 * 4
    if options.measure:
        print(json.dumps(_measure(_cases(count), options)))
        return 0
    names = [case.name for case in _cases(count) if not options.only or case.name in (*options.only, "print 1")]
    floor = 0.0
    failed = False
    for name in names:
        done = subprocess.run(
            [sys.executable, __file__, *sys.argv[1:], "--measure", name], stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode != 0:
            report(name, float("nan"), "MB peak", f"ended with {done.returncode}")
            failed = True
            continue
        found = json.loads(done.stdout)
        floor = floor or found["peak"]
        note = f"ceiling {options.ceiling}, {options.gigabytes:g} GB; {found['outcome']}; {found['seconds']:.0f} s"
        report(name, found["peak"], "MB peak", f"{note}; {found['peak'] - floor:+.0f} MB to print 1")
        failed |= found["outcome"] == "WRONG"
    return int(failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2.0, help="logical size of the data")
    parser.add_argument("--ceiling", default="200MB", help="memory_limit of the session")
    parser.add_argument("--only", action="append", metavar="NAME", help="this query alone; may be repeated")
    parser.add_argument("--measure", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(cases: list[Case], options: argparse.Namespace) -> dict[str, object]:
    case = next(one for one in cases if one.name == options.measure)
    count = int(options.gigabytes * GIGABYTE) // ROW_BYTES // 4 * 4
    begun = time.perf_counter()
    with bluetick.connect(memory_limit=options.ceiling) as session:
        try:
            outcome = _outcome(session, case, count)
        except LimitError as error:
            outcome = f"refused ({error.limit.value})" if case.may_refuse else "WRONG"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 10**6
    return {"outcome": outcome, "seconds": time.perf_counter() - begun, "peak": peak}


def _outcome(session: bluetick.Session, case: Case, count: int) -> str:
    if case.answer is None:
        rows = sum(batch.num_rows for batch in session.query(case.text).batches())
        return "right" if rows == count else "WRONG"
    return "right" if list(session.query(case.text).rows()) == [case.answer] else "WRONG"


if __name__ == "__main__":
    sys.exit(main())
