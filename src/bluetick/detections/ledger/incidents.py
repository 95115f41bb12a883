"""Incidents follow from alerts and from what people decided, and from nothing else.

The alerts of a rule with one match (incidents/matching.py), in the order of the windows that first found them, fill one
incident after another: each takes the alerts within the rule's lookback of its first one, at most MOST_ALERTS. When
alerts come, go or change, the incidents from there on are brought to what follows, so that it does not matter in which
order windows were evaluated. An incident keeps its id, its number, and what people said of it while it keeps alerts.

An incident that a person closed keeps its alerts and takes no others; where the rule reopens closed ones it takes them
as an open one does, and is open again. One that has lost all its alerts is void: closed, as undetermined.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from sqlite3 import Connection, Row
from typing import Final, NamedTuple

from bluetick.detections.alerting import Incidents
from bluetick.detections.incidents.matching import match_of, settings_of
from bluetick.detections.ledger.outbox import Told, owe
from bluetick.detections.ledger.times import length

# https://learn.microsoft.com/azure/sentinel/sentinel-service-limits
MOST_ALERTS: Final = 150
# One that a person closed keeps its alerts and takes no others, where the rule does not reopen closed ones.
_BEGIN: Final = (
    "SELECT begin, begin_key FROM incident WHERE rule = :rule AND match = :match AND NOT is_void"
    " AND (status <> 'Closed' OR :reopen) AND (begin, begin_key) < (:first, :key)"
    " ORDER BY begin DESC, begin_key DESC LIMIT 1"
)
_MEMBERS: Final = (
    "SELECT alert, member.key, member.first, incident, incident.match AS of, begin, begin_key, is_void"
    " FROM incident_alert AS member"
    " LEFT JOIN incident ON incident.id = incident WHERE member.rule = :rule AND member.match = :match AND is_in"
    " AND (member.first, member.key) >= (:first, :key)"
    " AND (incident IS NULL OR status <> 'Closed' OR is_void OR :reopen)"
    " ORDER BY member.first, member.key LIMIT :most OFFSET :skipped"
)


class Position(NamedTuple):
    """Where an alert stands among those of its match."""

    first: int
    key: str


class Grouped(NamedTuple):
    """A rule as far as its incidents depend on it."""

    id: str
    settings: Incidents
    is_shadow: bool


def grouped_rule(connection: Connection, rule: str) -> Grouped:
    """A rule as its newest version has it."""
    row = connection.execute(
        "SELECT state, incidents FROM rule JOIN rule_version ON rule_version.rule = rule.id"
        " AND rule_version.version = rule.version WHERE rule.id = ?",
        (rule,),
    ).fetchone()
    return Grouped(rule, settings_of(row["incidents"]), row["state"] == "shadow")


@dataclass(slots=True)
class _Change:
    """What one transaction does to the incidents of a rule. `stretches`: for each match, the earliest and the latest
    alert that came, went or changed. `takers`: for an incident that lost alerts, one that has them now."""

    connection: Connection
    rule: Grouped
    now: int
    stretches: dict[str, tuple[Position, Position]] = field(default_factory=dict)
    affected: set[str] = field(default_factory=set)
    takers: dict[str, str] = field(default_factory=dict)

    def touch(self, match: str, position: Position) -> None:
        since, until = self.stretches.get(match, (position, position))
        self.stretches[match] = (min(since, position), max(until, position))


def follow_alerts(connection: Connection, rule: Grouped, alerts: Iterable[str], now: int) -> None:
    """Bring a rule's incidents to what follows, after these alerts were raised, changed or retracted."""
    change = _Change(connection, rule, now)
    for alert in sorted(alerts):
        _follow(change, alert)
    _regroup_all(change)


def regroup_incident(connection: Connection, rule: Grouped, incident: str, now: int) -> None:
    """The same after a person opened an incident again."""
    change = _Change(connection, rule, now)
    text = "SELECT * FROM incident_alert WHERE incident = ? AND is_in ORDER BY first, key"
    members = connection.execute(text, (incident,)).fetchall()
    for row in members:
        change.touch(row["match"], Position(row["first"], row["key"]))
    for row in members[:1]:  # what it says may have changed while it was closed
        connection.execute(
            "UPDATE incident SET match = ?, begin = ?, begin_key = ? WHERE id = ?",
            (row["match"], row["first"], row["key"], incident),
        )
    change.affected.add(incident)
    _regroup_all(change)


# --- alerts that changed ----------------------------------------------------------------------------------------------


def _follow(change: _Change, alert: str) -> None:
    """Note where an alert belongs now. One of a shadow rule, or of a rule without incidents, does not begin to."""
    row = change.connection.execute(
        "SELECT alert.id, alert.key, alert.first, NOT alert.is_retracted AS is_in, finding.content,"
        " alert.content AS last, member.alert IS NOT NULL AS is_known, member.match,"
        " member.first AS old, member.is_in AS was_in, incident"
        " FROM alert LEFT JOIN incident_alert AS member ON member.alert = alert.id"
        " LEFT JOIN finding ON finding.rule = alert.rule AND finding.key = alert.key AND finding.hi = alert.first"
        " WHERE alert.id = ?",
        (alert,),
    ).fetchone()
    if not row["is_known"] and (change.rule.is_shadow or not change.rule.settings.create or not row["is_in"]):
        return
    match = _match(change, row)
    position = Position(row["first"], row["key"])
    if row["incident"] is not None:
        change.affected.add(row["incident"])
    if not row["is_known"]:
        change.connection.execute(
            "INSERT INTO incident_alert VALUES (?, ?, ?, ?, ?, 1, NULL)", (alert, change.rule.id, match, *position)
        )
    elif (match, row["first"], row["is_in"]) == (row["match"], row["old"], row["was_in"]):
        return
    else:
        change.touch(row["match"], Position(row["old"], row["key"]))
        _move(change, row, match)
    change.touch(match, position)


def _match(change: _Change, row: Row) -> str:
    """By what the first window said, which later ones do not change; of a retracted alert as it was."""
    if row["is_known"] and not row["is_in"]:
        known: str = row["match"]
        return known
    settings = change.rule.settings
    found = match_of(settings, json.loads(row["content"] or row["last"])) if settings.grouping.enabled else None
    return f"alert {row['id']}" if found is None else found


def _move(change: _Change, row: Row, match: str) -> None:
    """An alert has another place. An incident in which it is alone goes with it to another match."""
    connection, incident = change.connection, row["incident"]
    if match != row["match"] and _is_alone(connection, row):
        connection.execute(
            "UPDATE incident SET match = ?, begin = ?, begin_key = ? WHERE id = ?",
            (match, row["first"], row["key"], incident),
        )
    connection.execute(
        "UPDATE incident_alert SET match = ?, first = ?, is_in = ? WHERE alert = ?",
        (match, row["first"], row["is_in"], row["id"]),
    )


def _is_alone(connection: Connection, row: Row) -> bool:
    text = "SELECT 1 FROM incident_alert WHERE incident = ? AND alert <> ? LIMIT 1"
    return connection.execute(text, (row["incident"], row["id"])).fetchone() is None


# --- incidents of a match ---------------------------------------------------------------------------------------------


def _regroup_all(change: _Change) -> None:
    for match in sorted(change.stretches):
        _regroup(change, match, *change.stretches[match])
    for incident in sorted(change.affected):
        _settle(change, incident)


def _regroup(change: _Change, match: str, since: Position, until: Position) -> None:
    """Fill incidents from the one in which the first change lies, until they are what they were."""
    at = start = _begin(change, match, since)
    taken: set[str] = set()
    while members := _members(change, match, at, skipped=bool(taken)):
        head, begin = members[0], Position(members[0]["first"], members[0]["key"])
        if begin > until and begin == (head["begin"], head["begin_key"]):
            return
        usable = [row["incident"] for row in members if row["of"] == match and _is_within(row, start)]
        free = next((incident for incident in usable if incident not in taken), None)
        taken.add(_fill(change, match, members, free))
        at = Position(members[-1]["first"], members[-1]["key"])


def _is_within(row: Row, start: Position) -> bool:
    """Whether an alert's incident may be filled anew: one that begins before what is regrouped stays as it is, whatever
    was in it once."""
    return bool(row["is_void"]) or (row["begin"], row["begin_key"]) >= start


def _begin(change: _Change, match: str, since: Position) -> Position:
    row = change.connection.execute(_BEGIN, _values(change, match, since)).fetchone()
    return since if row is None else Position(row["begin"], row["begin_key"])


def _members(change: _Change, match: str, at: Position, skipped: bool) -> list[Row]:
    """The alerts of one incident: from the first at or behind a place (that itself `skipped`), as far as they are
    within the lookback of it."""
    values = _values(change, match, at) | {"most": MOST_ALERTS, "skipped": skipped}
    rows = change.connection.execute(_MEMBERS, values).fetchall()
    lookback = length(change.rule.settings.grouping.lookback)
    return [row for row in rows if row["first"] - rows[0]["first"] <= lookback]


def _values(change: _Change, match: str, position: Position) -> dict[str, object]:
    return {
        "rule": change.rule.id,
        "match": match,
        "reopen": change.rule.settings.grouping.reopen_closed,
        **position._asdict(),
    }


def _fill(change: _Change, match: str, members: list[Row], free: str | None) -> str:
    """Put alerts into one incident: the first of those that they were in that is `free`, or a new one."""
    connection, head = change.connection, members[0]
    incident = free or _create(change, match, head)
    gained = [row for row in members if row["incident"] != incident]
    for row in gained:
        connection.execute("UPDATE incident_alert SET incident = ? WHERE alert = ?", (incident, row["alert"]))
        if row["incident"] is not None:
            change.affected.add(row["incident"])
            change.takers[row["incident"]] = incident
    connection.execute(
        "UPDATE incident SET begin = ?, begin_key = ? WHERE id = ?", (head["first"], head["key"], incident)
    )
    change.affected.add(incident)
    if gained:
        _reopen(change, incident, [row["alert"] for row in gained])
    return incident


def _create(change: _Change, match: str, head: Row) -> str:
    number = 0
    while True:
        id_ = incident_id(change.rule.id, head["alert"], number)
        if change.connection.execute("SELECT 1 FROM incident WHERE id = ?", (id_,)).fetchone() is None:
            break
        number += 1
    change.connection.execute(
        "INSERT INTO incident (id, number, rule, match, begin, begin_key, created, changed)"
        " SELECT ?, coalesce(max(number), 0) + 1, ?, ?, ?, ?, ?, ? FROM incident",
        (id_, change.rule.id, match, head["first"], head["key"], change.now, change.now),
    )
    return id_


def incident_id(rule: str, alert: str, number: int) -> str:
    """Names an incident for good: by its rule and the alert that was its first when it was made."""
    return hashlib.sha256(f"incident\0{rule}\0{alert}\0{number}".encode()).hexdigest()[:32]


def _reopen(change: _Change, incident: str, gained: list[str]) -> None:
    """A closed incident is open again when it gains an alert on which nobody has decided."""
    change.connection.execute(
        "UPDATE incident SET status = 'Active', classification = NULL, reason = NULL, closed = NULL"
        " WHERE id = ? AND status = 'Closed' AND NOT is_void AND EXISTS"
        " (SELECT 1 FROM alert JOIN json_each(?) ON alert.id = value WHERE verdict IS NULL)",
        (incident, json.dumps(gained)),
    )


# --- incidents without alerts -----------------------------------------------------------------------------------------


def _settle(change: _Change, incident: str) -> None:
    """An incident has changed: void without alerts, and what it was before with alerts again."""
    connection = change.connection
    row = connection.execute("SELECT * FROM incident WHERE id = ?", (incident,)).fetchone()
    has_alerts = connection.execute(
        "SELECT 1 FROM incident_alert WHERE incident = ? AND is_in LIMIT 1", (incident,)
    ).fetchone()
    if has_alerts and row["is_void"]:
        connection.execute(
            "UPDATE incident SET is_void = 0, status = before, classification = NULL, reason = NULL, closed = NULL"
            " WHERE id = ?",
            (incident,),
        )
    elif not has_alerts and row["status"] != "Closed":
        taker = change.takers.get(incident)
        is_told = not change.rule.is_shadow and _is_worked_on(connection, row)
        reason = "its alerts were retracted" if taker is None else _hand_over(change, row, taker)
        connection.execute(
            "UPDATE incident SET is_void = 1, before = status, status = 'Closed', classification = 'Undetermined',"
            " reason = ?, closed = ? WHERE id = ?",
            (reason, change.now, incident),
        )
        if is_told:
            _tell(change, row, reason)
    # Last, as a revision is what goes to tables.
    connection.execute("UPDATE incident SET changed = ?, revision = revision + 1 WHERE id = ?", (change.now, incident))


def _is_worked_on(connection: Connection, row: Row) -> bool:
    """Whether a person has done anything with an incident."""
    if row["status"] != "New" or row["owner"] or row["severity"]:
        return True
    return connection.execute("SELECT 1 FROM comment WHERE about = ?", (row["id"],)).fetchone() is not None


def _hand_over(change: _Change, row: Row, taker: str) -> str:
    """What people did with an incident goes where its alerts went; the reason that it is closed for."""
    connection = change.connection
    connection.execute(
        "UPDATE incident SET owner = CASE owner WHEN '' THEN ? ELSE owner END,"
        " severity = coalesce(severity, ?), status = CASE status WHEN 'New' THEN ? ELSE status END,"
        " changed = ?, revision = revision + 1 WHERE id = ?",
        (row["owner"], row["severity"], row["status"], change.now, taker),
    )
    connection.execute("UPDATE comment SET about = ? WHERE about = ?", (taker, row["id"]))
    number = connection.execute("SELECT number FROM incident WHERE id = ?", (taker,)).fetchone()["number"]
    return f"its alerts are in incident {number}"


def _tell(change: _Change, row: Row, reason: str) -> None:
    """Whoever works on an incident has to know that it is void. Of its alerts each one's own message tells."""
    text = (
        "SELECT alert.content FROM incident_alert JOIN alert ON alert.id = alert WHERE incident = ?"
        " ORDER BY alert.first, alert.key LIMIT 1"
    )
    last = change.connection.execute(text, (row["id"],)).fetchone()
    said = {} if last is None else json.loads(last["content"])
    content = {
        "incident": row["number"],
        "name": f"incident {row['number']}{f': {name}' if (name := said.get('name')) else ''}",
        "severity": row["severity"] or said.get("severity", "Informational"),
        "rule": row["rule"],
        "owner": row["owner"],
        "reason": reason,
    }
    told = Told(row["id"], "closed", row["revision"] + 1, json.dumps(content, sort_keys=True), is_alert=False)
    owe(change.connection, told, change.now)
