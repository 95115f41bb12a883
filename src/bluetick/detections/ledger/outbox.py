"""Messages of the service: what is to be told of alerts, and of what follows from them.

A message is written in the transaction in which its cause is, and owed to every output that is known then
(deliveries.py). Its name stays the same however often, and wherever, it is sent.
"""

import json
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any

from bluetick.detections.ledger.times import to_moment


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be told: of an alert by its id, or, where `is_alert` is not, of another `subject`. A subject has one
    message a revision. `content` is a JSON object."""

    subject: str
    kind: str
    revision: int
    content: str
    is_alert: bool = True


@dataclass(frozen=True, slots=True)
class Message:
    """One message, as it is sent."""

    id: int
    subject: str
    kind: str
    revision: int
    content: str
    created: int

    @property
    def name(self) -> str:
        return f"{self.subject}-{self.revision}"

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.subject,
            "message": self.name,
            "event": self.kind,
            "revision": self.revision,
            "time": to_moment(self.created).isoformat().replace("+00:00", "Z"),
            **json.loads(self.content),
        }


def owe(connection: Connection, told: Told, now: int) -> None:
    """Owe a message to every output."""
    place = connection.execute(
        "INSERT INTO outbox (alert, subject, kind, revision, content, created) VALUES (?, ?, ?, ?, ?, ?)",
        (
            told.subject if told.is_alert else None,
            None if told.is_alert else told.subject,
            *(told.kind, told.revision, told.content, now),
        ),
    ).lastrowid
    connection.execute("INSERT INTO delivery (output, message) SELECT name, ? FROM output", (place,))
