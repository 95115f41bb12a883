"""Microsoft's KQL analyzer, run under Node, as an oracle of result columns."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
_TIMEOUT = 300


@dataclass(frozen=True, slots=True)
class Analysis:
    columns: tuple[tuple[str, str], ...] | None
    errors: tuple[str, ...]


def install() -> None:
    """Fetch the pinned analyzer from the package registry, unless it is there."""
    if not (HERE / "node_modules" / "@kusto" / "language-service-next").is_dir():
        _run([_program("npm"), "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"])


def analyze(queries: Sequence[str]) -> list[Analysis]:
    """What the analyzer says of each query."""
    answers = json.loads(_run([_program("node"), str(HERE / "analyze.mjs")], json.dumps(queries)))
    return [
        Analysis(
            None if answer["columns"] is None else tuple((name, type_) for name, type_ in answer["columns"]),
            tuple(answer["errors"]),
        )
        for answer in answers
    ]


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"the oracle needs {name}; install Node 20 or later")
    return found


def _run(command: list[str], text: str = "") -> str:
    done = subprocess.run(command, cwd=HERE, input=text, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")
    return done.stdout
