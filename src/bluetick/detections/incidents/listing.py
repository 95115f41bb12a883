"""Incidents as people see them: what they say follows from their alerts at the moment of asking."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from sqlite3 import Row
from typing import Any, Final

from bluetick.detections.ledger.listing import NotInLedger
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_moment
from bluetick.detections.model import AlertSeverity

_LONGEST_NUMBER: Final = 9
# From the least to the gravest.
SEVERITIES: Final = tuple(severity.value for severity in AlertSeverity)


@dataclass(frozen=True, slots=True)
class Member:
    """An alert of an incident, without its rows. One that `is_in` is not retracted."""

    id: str
    first: int
    last: int
    is_in: bool
    verdict: str | None
    content: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.content["name"],
            "severity": self.content["severity"],
            "first": _iso(self.first),
            "last": _iso(self.last),
            "retracted": not self.is_in,
            "verdict": self.verdict,
        }


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote of an incident or an alert."""

    author: str
    created: int
    text: str

    def to_json(self) -> dict[str, Any]:
        return {"author": self.author, "time": _iso(self.created), "text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident with its alerts, the earliest first. `given_severity` is what a person said."""

    id: str
    number: int
    rule: str
    status: str
    classification: str | None
    reason: str | None
    owner: str
    given_severity: str | None
    created: int
    changed: int
    closed: int | None
    revision: int
    members: tuple[Member, ...]
    comments: tuple[Comment, ...]

    @property
    def alerts(self) -> tuple[Member, ...]:
        """Those that are not retracted; where there is none any more, those that it had."""
        return tuple(member for member in self.members if member.is_in) or self.members

    @property
    def title(self) -> str:
        return str(self.alerts[0].content["name"]) if self.alerts else ""

    @property
    def severity(self) -> str:
        """The highest of its alerts, unless a person said another."""
        said = (str(member.content["severity"]) for member in self.alerts)
        return self.given_severity or max(said, key=SEVERITIES.index, default=SEVERITIES[0])

    @property
    def first(self) -> int | None:
        """The end of the first window that found something of it."""
        return min((member.first for member in self.alerts), default=None)

    @property
    def last(self) -> int | None:
        return max((member.last for member in self.alerts), default=None)

    @property
    def entities(self) -> list[dict[str, Any]]:
        """Those of its alerts, each once."""
        return _distinct(entity for member in self.alerts for entity in member.content["entities"])

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "number": self.number,
            "rule": self.rule,
            "title": self.title,
            "severity": self.severity,
            "status": self.status,
            "classification": self.classification,
            "reason": self.reason,
            "owner": self.owner,
            "first": _iso(self.first),
            "last": _iso(self.last),
            "created": _iso(self.created),
            "changed": _iso(self.changed),
            "closed": _iso(self.closed),
            "revision": self.revision,
            "tactics": _distinct(one for member in self.alerts for one in member.content["tactics"]),
            "techniques": _distinct(one for member in self.alerts for one in member.content["techniques"]),
            "entities": self.entities,
            "alerts": [member.to_json() for member in self.members],
            "comments": [comment.to_json() for comment in self.comments],
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which incidents are asked for; those that are open, or `every` one."""

    every: bool = False
    status: str | None = None
    owner: str | None = None
    rule: str | None = None
    most: int = 1_000


def find_incidents(ledger: Ledger, wanted: Wanted) -> list[Incident]:
    """The newest first."""
    rows = ledger.read(
        "SELECT * FROM incident WHERE (? OR status = ? OR (? IS NULL AND status <> 'Closed'))"
        " AND (? IS NULL OR owner = ?) AND (? IS NULL OR rule = ?) ORDER BY number DESC LIMIT ?",
        (
            *(wanted.every and wanted.status is None, wanted.status, wanted.status),
            *(wanted.owner, wanted.owner, wanted.rule, wanted.rule, wanted.most),
        ),
    )
    return list(_whole(ledger, rows))


def find_incident(ledger: Ledger, said: str) -> Incident:
    """The incident of a number, or whose id begins so; a SourceError where there is none, or more than one."""
    rows: list[Row] = []
    if said.isascii() and said.isdigit() and len(said) <= _LONGEST_NUMBER:
        rows = ledger.read("SELECT * FROM incident WHERE number = ?", (int(said),))
    if not rows:
        rows = ledger.read("SELECT * FROM incident WHERE substr(id, 1, length(?)) = ? LIMIT 2", (said, said))
    if len(rows) != 1:
        raise NotInLedger(f"there is no incident '{said}'" if not rows else f"several incidents begin with '{said}'")
    return next(_whole(ledger, rows))


def comments_of(ledger: Ledger, about: str) -> tuple[Comment, ...]:
    """The comments on an alert or an incident, the oldest first."""
    text = "SELECT author, created, text FROM comment WHERE about = ? ORDER BY id"
    return tuple(Comment(*row) for row in ledger.read(text, (about,)))


def incident_of(ledger: Ledger, alert: str) -> int | None:
    """The number of the incident that an alert is in."""
    return incidents_of(ledger, [alert]).get(alert)


def incidents_of(ledger: Ledger, alerts: Sequence[str]) -> dict[str, int]:
    """By alert, the number of the incident that it is in."""
    text = (
        "SELECT alert, number FROM incident_alert JOIN incident ON incident.id = incident"
        " WHERE alert IN (SELECT value FROM json_each(?))"
    )
    return {row["alert"]: row["number"] for row in ledger.read(text, (json.dumps(list(alerts)),))}


def _whole(ledger: Ledger, rows: Sequence[Row]) -> Iterator[Incident]:
    members = _members(ledger, [row["id"] for row in rows])
    for row in rows:
        yield Incident(
            id=row["id"],
            number=row["number"],
            rule=row["rule"],
            status=row["status"],
            classification=row["classification"],
            reason=row["reason"],
            owner=row["owner"],
            given_severity=row["severity"],
            created=row["created"],
            changed=row["changed"],
            closed=row["closed"],
            revision=row["revision"],
            members=tuple(members.get(row["id"], ())),
            comments=comments_of(ledger, row["id"]),
        )


def _members(ledger: Ledger, incidents: list[str]) -> dict[str, list[Member]]:
    found: dict[str, list[Member]] = {}
    for row in ledger.read(
        "SELECT incident, alert.id, alert.first, alert.last, is_in, verdict,"
        " json_remove(content, '$.rows', '$.columns') AS content"
        " FROM incident_alert JOIN alert ON alert.id = incident_alert.alert"
        " WHERE incident IN (SELECT value FROM json_each(?)) ORDER BY alert.first, alert.key",
        (json.dumps(incidents),),
    ):
        incident, id_, first, last, is_in, verdict, content = row
        found.setdefault(incident, []).append(Member(id_, first, last, bool(is_in), verdict, json.loads(content)))
    return found


def _distinct(values: Iterable[Any]) -> list[Any]:
    return list({json.dumps(value, sort_keys=True): value for value in values}.values())


def _iso(micros: int | None) -> str | None:
    return None if micros is None else to_moment(micros).isoformat().replace("+00:00", "Z")
