"""What people decide about incidents and alerts."""

from dataclasses import dataclass
from enum import Enum
from sqlite3 import Connection
from typing import Final

from bluetick.detections.incidents.listing import Incident
from bluetick.detections.ledger.incidents import grouped_rule, regroup_incident
from bluetick.detections.ledger.listing import Verdict
from bluetick.detections.ledger.opening import Ledger
from bluetick.diagnostics.errors import SourceError

# https://learn.microsoft.com/rest/api/securityinsights/incidents/create-or-update: incident classifications
CLASSIFICATIONS: Final = {
    Verdict.TRUE_POSITIVE: "TruePositive",
    Verdict.FALSE_POSITIVE: "FalsePositive",
    Verdict.BENIGN: "BenignPositive",
    Verdict.UNDETERMINED: "Undetermined",
}


class OpenStatus(Enum):
    """What an incident that is not closed can be."""

    NEW = "New"
    ACTIVE = "Active"


@dataclass(frozen=True, slots=True)
class Edits:
    """What a person changes; None leaves it."""

    owner: str | None = None
    status: OpenStatus | None = None
    severity: str | None = None


def update_incident(ledger: Ledger, incident: Incident, edits: Edits, now: int) -> None:
    """Change an incident. A status opens a closed one again, with the alerts that were closed with it; where its rule
    groups alerts, it may then take those of incidents that came after it."""
    with ledger.transaction() as connection:
        if edits.status is not None:
            _open(connection, incident, edits.status, now)
        connection.execute(
            "UPDATE incident SET owner = coalesce(?, owner), severity = coalesce(?, severity), changed = ?,"
            " revision = revision + 1 WHERE id = ?",
            (edits.owner, edits.severity, now, incident.id),
        )


def _open(connection: Connection, incident: Incident, status: OpenStatus, now: int) -> None:
    row = connection.execute("SELECT status, is_void, closed FROM incident WHERE id = ?", (incident.id,)).fetchone()
    if row["is_void"]:
        raise SourceError(f"incident {incident.number} cannot be opened again: {incident.reason}")
    connection.execute(
        "UPDATE incident SET status = ?, classification = NULL, reason = NULL, closed = NULL WHERE id = ?",
        (status.value, incident.id),
    )
    if row["status"] == "Closed":
        connection.execute(
            "UPDATE alert SET verdict = NULL, reason = NULL, closed = NULL WHERE closed = ?"
            " AND id IN (SELECT alert FROM incident_alert WHERE incident = ?)",
            (row["closed"], incident.id),
        )
        regroup_incident(connection, grouped_rule(connection, incident.rule), incident.id, now)


def close_incident(ledger: Ledger, incident: Incident, verdict: Verdict, reason: str, now: int) -> int:
    """Close an incident, or close it otherwise than before, and with it its alerts on which nobody has decided; how
    many these are."""
    with ledger.transaction() as connection:
        before = connection.execute("SELECT closed FROM incident WHERE id = ?", (incident.id,)).fetchone()["closed"]
        connection.execute(
            "UPDATE incident SET status = 'Closed', is_void = 0, classification = ?, reason = ?, closed = ?,"
            " changed = ?, revision = revision + 1 WHERE id = ?",
            (CLASSIFICATIONS[verdict], reason, now, now, incident.id),
        )
        return connection.execute(
            "UPDATE alert SET verdict = ?, reason = ?, closed = ? WHERE (verdict IS NULL OR closed = ?)"
            " AND id IN (SELECT alert FROM incident_alert WHERE incident = ? AND is_in)",
            (verdict.value, reason, now, before, incident.id),
        ).rowcount


def comment_on(ledger: Ledger, about: Incident | str, author: str, text: str, now: int) -> None:
    """Write a comment on an incident, or on the alert of an id."""
    id_ = about if isinstance(about, str) else about.id
    with ledger.transaction() as connection:
        connection.execute(
            "INSERT INTO comment (about, author, text, created) VALUES (?, ?, ?, ?)", (id_, author, text, now)
        )
        connection.execute("UPDATE incident SET changed = ?, revision = revision + 1 WHERE id = ?", (now, id_))


def own_alert(ledger: Ledger, alert: str, owner: str) -> None:
    """Say who works on an alert; nobody, where it is empty."""
    with ledger.transaction() as connection:
        connection.execute("UPDATE alert SET owner = ? WHERE id = ?", (owner, alert))
