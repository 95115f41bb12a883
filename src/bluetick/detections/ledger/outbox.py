"""Messages that are owed: each is sent at least once, always under the same name."""

import json
from dataclasses import dataclass
from typing import Any, Final

from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_moment

_RETRY_FIRST: Final = 15_000_000
_RETRY_MOST: Final = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Message:
    """One message of an alert: it was raised, restored or retracted. `name` stays the same however often it is sent."""

    id: int
    alert: str
    kind: str
    revision: int
    content: str
    created: int

    @property
    def name(self) -> str:
        return f"{self.alert}-{self.revision}"

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.alert,
            "message": self.name,
            "event": self.kind,
            "revision": self.revision,
            "time": to_moment(self.created).isoformat().replace("+00:00", "Z"),
            **json.loads(self.content),
        }


def owed(ledger: Ledger, now: int, most: int) -> list[Message]:
    """The oldest messages that are due to be sent."""
    text = (
        "SELECT outbox.id, alert, kind, outbox.revision, outbox.content, created FROM outbox"
        " WHERE sent IS NULL AND due <= ? ORDER BY outbox.id LIMIT ?"
    )
    return [Message(*row) for row in ledger.read(text, (now, most))]


def sent(ledger: Ledger, message: Message, now: int) -> None:
    with ledger.transaction() as connection:
        connection.execute("UPDATE outbox SET sent = ? WHERE id = ?", (now, message.id))


def put_off(ledger: Ledger, message: Message, now: int) -> None:
    """Sending failed: it is tried again, later and later, without a last try."""
    with ledger.transaction() as connection:
        connection.execute(
            "UPDATE outbox SET tries = tries + 1, due = ? + min(?, ? << min(tries, 20)) WHERE id = ?",
            (now, _RETRY_MOST, _RETRY_FIRST, message.id),
        )
