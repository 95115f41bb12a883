"""Which rules a backtest has proven: what `bluetick backtest --labels ... --format json` wrote."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bluetick.detections.coverage.levels import Finding
from bluetick.detections.files import bytes_of
from bluetick.diagnostics.errors import SourceError

_MOST_BYTES: Final = 256 << 20


@dataclass(frozen=True, slots=True)
class Proofs:
    """By the id of a rule, the labelled events that its alerts showed; rules that were replayed with labels alone."""

    found: Mapping[str, tuple[str, ...]]

    def finding(self, rule: str) -> Finding:
        names = self.found.get(rule)
        if names is None:
            return Finding(False, "no backtest with labels is of it")
        if not names:
            return Finding(False, "its backtest found no labelled event")
        return Finding(
            True, f"found {', '.join(names[:3])}" + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        )


def read_proofs(path: Path) -> Proofs:
    """One JSON object a line, as backtest writes them; SourceError says what is wrong."""
    found: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(bytes_of(path, _MOST_BYTES).split(b"\n"), 1):
        if line.strip():
            rule, names = _line(line, f"'{path}', line {number}")
            if names is not None:
                found[rule] = (*found.get(rule, ()), *names)
    return Proofs(found)


def _line(line: bytes, place: str) -> tuple[str, tuple[str, ...] | None]:
    """The rule of a line and what it found; None where no labels were given."""
    try:
        told: Any = json.loads(line)
        labels = told["labels"]
        names = None if labels is None else tuple(str(one["name"]) for one in labels["labels"] if _is_proof(one))
        return str(told["id"]), names
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise SourceError(f"{place}: this is no result of 'bluetick backtest --format json'") from error


def _is_proof(label: Mapping[str, Any]) -> bool:
    """An event that was to be found, and was; one that is harmless proves nothing."""
    return bool(label["expected"]) and label["found"] is not None
