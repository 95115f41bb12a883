"""Run every suite and write its minutes into CONTRIBUTING.md: `python tools/suite_minutes.py [--print]`.

With --print the table is only printed. A suite that fails leaves the table as it is, and the exit code is 1.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
TABLE = re.compile(r"(<!-- minutes -->\n).*?(<!-- /minutes -->)", re.DOTALL)
SUITES = (("make test", "not slow"), ("make test-slow", "slow"))


@dataclass(slots=True)
class Area:
    """The tests of one folder under tests/."""

    tests: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Suite:
    command: str
    seconds: float
    areas: dict[str, Area] = field(default_factory=dict)


def run_suite(command: str, marker: str) -> Suite | None:
    """Run pytest with the marker; None when it failed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        begun = time.monotonic()
        arguments = ["-m", "pytest", "-m", marker, f"--junitxml={report}"]
        done = subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False)
        seconds = time.monotonic() - begun
        return Suite(command, seconds, read_areas(report)) if done.returncode == 0 else None


def read_areas(report: Path) -> dict[str, Area]:
    """Folder -> its tests and their time, set-up included."""
    areas: dict[str, Area] = defaultdict(Area)
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - our own pytest wrote it
        parts = case.get("classname", "").removeprefix("tests.").split(".")
        area = areas[parts[0] if len(parts) > 1 else "the repository"]
        area.tests += 1
        area.seconds += float(case.get("time", "0"))
    return dict(areas)


def table(suites: list[Suite]) -> str:
    lines = ["| suite | tests | minutes |", "|---|---:|---:|"]
    for suite in suites:
        total = sum(area.tests for area in suite.areas.values())
        lines.append(f"| **`{suite.command}`** | **{total:,}** | **{suite.seconds / 60:.1f}** |")
        for name, area in sorted(suite.areas.items(), key=lambda item: -item[1].seconds):
            lines.append(f"| {name} | {area.tests:,} | {area.seconds / 60:.1f} |")
    lines += ["", f"Measured on {os.cpu_count()} cores by `make minutes`."]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--print"]):
        print("usage: suite_minutes.py [--print]", file=sys.stderr)
        return 2
    suites = []
    for command, marker in SUITES:
        suite = run_suite(command, marker)
        if suite is None:
            print(f"{command} failed; the table stays as it is", file=sys.stderr)
            return 1
        suites.append(suite)
    text = table(suites)
    print(text, end="")
    if not arguments:
        document = CONTRIBUTING.read_text(encoding="utf-8")
        CONTRIBUTING.write_text(TABLE.sub(lambda match: match[1] + text + match[2], document), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
