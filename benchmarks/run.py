"""Run the benchmarks and print their figures as one table: `python benchmarks/run.py [--page PATH] [NAME...]`.

A benchmark is a script `bench_NAME.py` that prints lines of `what<TAB>value<TAB>unit<TAB>note`; other lines are
passed on as they are. One that fails does not stop the rest, but the exit code is then 1.
That of queries has the rows that --rows tells, and writes its tables as a page too.
"""

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
FIELDS = 4
PAGE = "queries"


def main() -> int:
    options = _options()
    names = options.names
    scripts = sorted(HERE.glob("bench_*.py"))
    known = [script.stem.removeprefix("bench_") for script in scripts]
    unknown = sorted(set(names) - set(known))
    if unknown:
        print(f"no benchmark is named {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    table = Table("benchmark", "what", "value", "unit", "note", title=_machine())
    table.columns[2].justify = "right"
    failed = []
    for script, name in zip(scripts, known, strict=True):
        if names and name not in names:
            continue
        print(f"running {name} ...", file=sys.stderr)
        given = ["--rows", options.rows, "--page", options.page] if name == PAGE and options.page else []
        done = subprocess.run([sys.executable, str(script), *given], stdout=subprocess.PIPE, text=True, check=False)
        for line in done.stdout.splitlines():
            cells = line.split("\t")
            if len(cells) == FIELDS:
                table.add_row(name, *cells)
            else:
                print(line)
        if done.returncode != 0:
            failed.append(name)
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    for name in failed:
        print(f"benchmark {name} failed", file=sys.stderr)
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="run these alone")
    parser.add_argument("--rows", default="2000000", help="rows in each table for the page's queries")
    parser.add_argument("--page", default="", help="where the page is written")
    return parser.parse_args()


def _machine() -> str:
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.machine()}"


if __name__ == "__main__":
    sys.exit(main())
