"""Single tests in processes of their own, with more to do than a suite gives them."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class SoakedTest:
    """A test, and the variables that say how much of it."""

    name: str
    settings: Mapping[str, int]

    @property
    def command(self) -> str:
        """What a person types to run it again."""
        settings = "".join(f"{name}={value} " for name, value in self.settings.items())
        return f"{settings}.venv/bin/pytest {self.name}"


@dataclass(frozen=True, slots=True)
class SoakResult:
    """What came of it; `problem` is empty where it passed."""

    seconds: float
    said: str
    problem: str = ""


def run_test(test: SoakedTest) -> SoakResult:
    """Run it, and keep nothing of its files."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", test.name, "-rs", f"--basetemp={folder}/test"],
            cwd=ROOT,
            env=os.environ | {name: str(value) for name, value in test.settings.items()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    problem = f"{done.stdout}\nagain with: {test.command}" if done.returncode else ""
    lines = done.stdout.strip().splitlines() or [""]
    said = next((line for line in lines if line.startswith("SKIPPED")), lines[-1])
    return SoakResult(time.monotonic() - begun, said, problem)
