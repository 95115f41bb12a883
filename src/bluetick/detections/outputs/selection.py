"""Which messages an output wants: of some rules, from some severity on, of some events."""

import json
from dataclasses import dataclass
from typing import Any, Final

from bluetick.detections.health.conditions import HEALTH_RULE
from bluetick.detections.ledger.outbox import Message
from bluetick.detections.model import AlertSeverity

EVENTS: Final = ("raised", "retracted", "restored", "incident", "health")
SEVERITIES: Final = tuple(severity.value for severity in AlertSeverity)
_RANKS: Final = {"Informational": 0, "Low": 1, "Medium": 2, "High": 3}


@dataclass(frozen=True, slots=True)
class Selection:
    """What is not given selects everything. What has no severity, or no rule, is not held back for that."""

    severity: str = "Informational"
    rules: tuple[str, ...] = ()
    events: tuple[str, ...] = ()

    def wants(self, message: Message) -> bool:
        if self == Selection():
            return True
        said = json.loads(message.content)
        return (
            (not self.events or _event(message, said) in self.events)
            and _RANKS.get(str(said.get("severity")), len(_RANKS)) >= _RANKS[self.severity]
            and (not self.rules or _is_of(said, self.rules))
        )


def _event(message: Message, said: dict[str, Any]) -> str:
    if said.get("rule") == HEALTH_RULE:
        return "health"
    return "incident" if "incident" in said else message.kind


def _is_of(said: dict[str, Any], rules: tuple[str, ...]) -> bool:
    named = [said.get("rule"), *said.get("rules", ())]
    return not any(named) or any(rule in rules for rule in named)
