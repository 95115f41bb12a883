"""What became of an alert or an incident, and when: what the ledger tells of it, in the order in which it was."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from bluetick.detections.incidents.listing import Comment, Incident, comments_of
from bluetick.detections.ledger.listing import Alert
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_moment

_MOST_WINDOWS: Final = 200


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `about` is the id of the alert that it is about, where that is another thing."""

    at: int
    kind: str
    text: str
    about: str = ""

    def to_json(self) -> dict[str, Any]:
        at = to_moment(self.at).isoformat().replace("+00:00", "Z")
        return {"at": at, "kind": self.kind, "text": self.text, "ref": self.about or None}


def alert_history(ledger: Ledger, alert: Alert) -> list[Event]:
    """The windows that found it, of many the last ones; what was told of it; comments; how it was closed."""
    return _ordered((*_windows(ledger, alert), *_changes(ledger, alert), *_comments(comments_of(ledger, alert.id))))


def incident_history(incident: Incident) -> list[Event]:
    """Its alerts, each at the end of the window that found it first; comments; how it was closed."""
    found = [Event(incident.created, "created", "")]
    for member in incident.members:
        kind = "alert" if member.is_in else "retracted"
        found.append(Event(member.first, kind, str(member.content["name"]), member.id))
    if incident.closed is not None:
        found.append(Event(incident.closed, "closed", _closing(incident.classification, incident.reason)))
    return _ordered((*found, *_comments(incident.comments)))


def _windows(ledger: Ledger, alert: Alert) -> Iterator[Event]:
    rows = ledger.read(
        "SELECT hi FROM finding WHERE rule = ?1 AND key = (SELECT key FROM alert WHERE id = ?2)"
        " AND hi BETWEEN ?3 AND ?4 AND is_raised ORDER BY hi DESC LIMIT ?5",
        (alert.rule, alert.id, alert.first, alert.last, _MOST_WINDOWS),
    )
    return (Event(row["hi"], "window", "") for row in rows)


def _changes(ledger: Ledger, alert: Alert) -> Iterator[Event]:
    told = ledger.read("SELECT kind, created FROM outbox WHERE alert = ? ORDER BY id", (alert.id,))
    if not any(row["kind"] == "raised" for row in told):  # nobody was told, or it is long ago
        yield Event(alert.created, "raised", "")
    for row in told:
        yield Event(row["created"], row["kind"], "")
    closed = ledger.read("SELECT closed FROM alert WHERE id = ? AND closed IS NOT NULL", (alert.id,))
    if closed and alert.verdict is not None:
        yield Event(closed[0]["closed"], "closed", _closing(alert.verdict, alert.reason))


def _comments(comments: Iterable[Comment]) -> Iterator[Event]:
    return (Event(one.created, "comment", f"{one.author}: {one.text}") for one in comments)


def _closing(verdict: str | None, reason: str | None) -> str:
    return ": ".join(word for word in (verdict, reason) if word)


def _ordered(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda event: event.at)
