"""Messages as the service sends them, and clocks and names that a test decides."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bluetick.detections.ledger.outbox import Message

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
CONTENT: dict[str, Any] = {
    "rule": "11111111-0000-0000-0000-000000000001",
    "name": "Rows of an hour",
    "description": "Too many rows.",
    "severity": "High",
    "tactics": ["Execution"],
    "techniques": ["T1059"],
    "entities": [{"kind": "Host", "HostName": "pc1"}, {"kind": "IP", "Address": "192.0.2.7"}],
    "custom_details": {"Why": ["count"]},
    "row_count": 2,
    "columns": ["Host", "Count"],
    "rows": [["pc1", 7], ["pc2", 9]],
}
CREATED = 1_772_366_400_000_000  # 2026-03-01T12:00:00Z


def message(kind: str = "raised", revision: int = 0, **content: Any) -> Message:
    return Message(1, "ab12", kind, revision, json.dumps({**CONTENT, **content}), CREATED)


@dataclass(slots=True)
class Clock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        raise AssertionError("an output does not sleep")


@dataclass(slots=True)
class Names:
    """A name server: each name's answers in turn, the last for ever."""

    answers: Mapping[str, Sequence[Sequence[str]]]
    asked: Counter[str] = field(default_factory=Counter)

    def __call__(self, host: str, port: int) -> Sequence[str]:
        if host not in self.answers:
            raise OSError("no such name")
        self.asked[host] += 1
        return self.answers[host][: self.asked[host]][-1]
