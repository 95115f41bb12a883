"""Every planted fault, and the search for the check that finds each."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bluetick.session import Session
from generated import fault_relations, fault_scalars
from generated.checks import Check, run
from generated.faults import Fault

FAULTS: Final[tuple[Fault, ...]] = (*fault_scalars.FAULTS, *fault_relations.FAULTS)
WITNESSES: Final = Path(__file__).with_name("witnesses.json")


def finder(session: Session, fault: Fault, checks: Sequence[Check], first: int | None = None) -> int | None:
    """The number of a check that fails while the fault is in place; `first` is tried before all others."""
    with fault.planted():
        if first is not None and first < len(checks) and run(session, checks[first]):
            return first
        for number, check in enumerate(checks):
            if fault.may_touch(check.queries) and run(session, check):
                return number
    return None


def known_witnesses() -> dict[str, int]:
    """Fault -> the number of the check that found it when the faults were searched for last."""
    found: dict[str, int] = json.loads(WITNESSES.read_text("utf-8"))
    return found


def write_witnesses(found: Mapping[str, int | None]) -> None:
    caught = {name: number for name, number in found.items() if number is not None}
    WITNESSES.write_text(json.dumps(caught, indent=1, sort_keys=True) + "\n", "utf-8")
