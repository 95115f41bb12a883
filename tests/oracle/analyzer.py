"""Microsoft's KQL analyzer, run under Node, as an oracle of result columns."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
_TIMEOUT = 300


@dataclass(frozen=True, slots=True)
class World:
    """What queries may name: tables with schemas, `(column:type, ...)`, and functions with parameters and bodies."""

    tables: tuple[tuple[str, str], ...] = ()
    functions: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A query, and the name of the world in which it is asked."""

    text: str
    world: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the analyzer says: the result's columns, if it is a table; `is_open` where there may be more of them."""

    columns: tuple[tuple[str, str], ...] | None
    is_open: bool
    errors: tuple[str, ...]


def is_possible() -> bool:
    """Whether this machine can run the analyzer."""
    return all(shutil.which(name) is not None for name in ("node", "npm"))


def install() -> None:
    """Fetch the pinned analyzer from the package registry, unless it is there."""
    if not (HERE / "node_modules" / "@kusto" / "language-service-next").is_dir():
        _run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"])


def analyze(worlds: Mapping[str, World], questions: Sequence[Question]) -> list[Analysis]:
    """What the analyzer says of each query, in one process."""
    asked = {"worlds": {n: asdict(w) for n, w in worlds.items()}, "questions": [asdict(q) for q in questions]}
    answers = json.loads(_run(["node", str(HERE / "analyze.mjs")], json.dumps(asked)))
    return [
        Analysis(
            None if answer["columns"] is None else tuple((name, type_) for name, type_ in answer["columns"]),
            answer["isOpen"],
            tuple(answer["errors"]),
        )
        for answer in answers
    ]


def _run(command: list[str], text: str = "") -> str:
    done = subprocess.run(command, cwd=HERE, input=text, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")
    return done.stdout
