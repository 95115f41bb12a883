"""What people decide about incidents stays, and late alerts respect it."""

import json
from typing import Any

import pytest
from incident_ledger import by_entities, content, end_of, grouped, incident_sets, ledger_of, say

from bluetick.detections.alerting import IncidentMatching, Incidents
from bluetick.detections.incidents.deciding import (
    Edits,
    OpenStatus,
    close_incident,
    comment_on,
    own_alert,
    update_incident,
)
from bluetick.detections.incidents.listing import Wanted, comments_of, find_incident, find_incidents, incident_of
from bluetick.detections.ledger.listing import Verdict, close_alert, find_alert, find_alerts
from bluetick.detections.ledger.opening import Ledger
from bluetick.diagnostics.errors import SourceError


def close(ledger: Ledger, said: str = "1", verdict: Verdict = Verdict.BENIGN, now: int = 7) -> int:
    return close_incident(ledger, find_incident(ledger, said), verdict, "the audit", now)


def states(ledger: Ledger) -> list[tuple[int, str, str | None, int]]:
    """Number, status, classification and alerts of each incident."""
    found = find_incidents(ledger, Wanted(every=True))
    return [
        (one.number, one.status, one.classification, sum(member.is_in for member in one.members))
        for one in reversed(found)
    ]


def two_alerts(configured: Incidents) -> Ledger:
    ledger = ledger_of(configured)
    say(ledger, 2, {"k1": content("a")})
    say(ledger, 4, {"k2": content("a", "High")})
    return ledger


def test_an_incident_says_what_its_alerts_say() -> None:
    ledger = ledger_of(grouped(IncidentMatching.ANY_ALERT))
    say(ledger, 2, {"k1": content("a", "Low", tactics=["Persistence"], techniques=["T1"])})
    say(ledger, 3, {"k1": content("a", "Low", tactics=["Persistence"], techniques=["T1"])})
    say(ledger, 4, {"k2": content("b", "High"), "k3": content("a", "Medium", techniques=["T1", "T2"])})
    incident = find_incident(ledger, "1")
    assert (incident.title, incident.severity, incident.status) == ("Something on a", "High", "New")
    assert (incident.first, incident.last) == (end_of(2), end_of(4))
    said = incident.to_json()
    assert said["tactics"] == ["Persistence", "Execution"]
    assert said["techniques"] == ["T1", "T2"]
    assert said["entities"] == [{"kind": "Host", "HostName": "a"}, {"kind": "Host", "HostName": "b"}]
    assert [alert["name"] for alert in said["alerts"]] == ["Something on a", "Something on b", "Something on a"]
    assert "rows" not in json.dumps(said)
    assert find_incident(ledger, incident.id[:8]) == incident


def test_closing_an_incident_closes_its_alerts() -> None:
    ledger = two_alerts(by_entities())
    decided = find_alerts(ledger)[0]
    close_alert(ledger, decided.id, Verdict.TRUE_POSITIVE, "seen", 5)
    assert close(ledger) == 1
    assert states(ledger) == [(1, "Closed", "BenignPositive", 2)]
    verdicts = {alert.id: (alert.verdict, alert.reason) for alert in find_alerts(ledger, every=True)}
    assert verdicts.pop(decided.id) == ("tp", "seen")
    assert list(verdicts.values()) == [("benign", "the audit")]


def test_closing_otherwise_closes_the_alerts_otherwise() -> None:
    ledger = two_alerts(by_entities())
    close(ledger)
    assert close(ledger, verdict=Verdict.TRUE_POSITIVE, now=8) == 2
    assert states(ledger) == [(1, "Closed", "TruePositive", 2)]
    assert {alert.verdict for alert in find_alerts(ledger, every=True)} == {"tp"}


def test_closing_all_alerts_leaves_the_incident_open() -> None:
    ledger = two_alerts(by_entities())
    for alert in find_alerts(ledger):
        close_alert(ledger, alert.id, Verdict.FALSE_POSITIVE, "seen", 5)
    assert states(ledger) == [(1, "New", None, 2)]


@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_closed_incident_takes_no_alerts(number: int) -> None:
    ledger = two_alerts(by_entities())
    close(ledger)
    say(ledger, number, {"k3": content("a")})
    assert states(ledger) == [(1, "Closed", "BenignPositive", 2), (2, "New", None, 1)]
    say(ledger, 6, {"k4": content("a")})
    assert states(ledger)[1] == (2, "New", None, 2)


def test_a_closed_incident_is_opened_by_an_alert_where_the_rule_says_so() -> None:
    ledger = two_alerts(by_entities(reopen=True))
    close(ledger)
    say(ledger, 5, {"k3": content("a")})
    assert states(ledger) == [(1, "Active", None, 3)]
    assert [alert.verdict for alert in find_alerts(ledger, every=True)] == [None, "benign", "benign"]


def test_what_comes_after_the_lookback_opens_no_closed_incident() -> None:
    ledger = two_alerts(by_entities(hours=5, reopen=True))
    close(ledger)
    say(ledger, 8, {"k3": content("a")})
    assert states(ledger) == [(1, "Closed", "BenignPositive", 2), (2, "New", None, 1)]


@pytest.mark.parametrize("reopen", [True, False])
def test_an_alert_that_comes_back_is_where_it_was_judged(reopen: bool) -> None:
    ledger = two_alerts(by_entities(reopen=reopen))
    close(ledger)
    say(ledger, 4, {})
    assert states(ledger) == [(1, "Closed", "BenignPositive", 1)]
    say(ledger, 2, {})
    assert states(ledger) == [(1, "Closed", "BenignPositive", 0)]
    say(ledger, 4, {"k2": content("a")})
    assert states(ledger) == [(1, "Closed", "BenignPositive", 1)]


def test_an_incident_that_is_opened_again_is_as_if_it_had_never_been_closed() -> None:
    ledger = two_alerts(by_entities())
    close(ledger)
    say(ledger, 5, {"k3": content("a")})
    comment_on(ledger, find_incident(ledger, "2"), "ann", "look at this", 8)
    update_incident(ledger, find_incident(ledger, "1"), Edits(status=OpenStatus.ACTIVE), 9)
    assert states(ledger) == [(1, "Active", None, 3), (2, "Closed", "Undetermined", 0)]
    assert {alert.verdict for alert in find_alerts(ledger, every=True)} == {None}
    assert [comment.text for comment in find_incident(ledger, "1").comments] == ["look at this"]
    assert find_incident(ledger, "2").reason == "its alerts are in incident 1"


@pytest.mark.parametrize("first", ["a", "b"])
def test_a_closed_incident_keeps_an_alert_that_says_another_thing(first: str) -> None:
    """Opened again, each alert is where it belongs."""
    ledger = two_alerts(by_entities())
    close(ledger)
    say(ledger, 4, {"k2": content("b")})
    say(ledger, 2, {"k1": content(first)})
    assert states(ledger) == [(1, "Closed", "BenignPositive", 2)]
    update_incident(ledger, find_incident(ledger, "1"), Edits(status=OpenStatus.ACTIVE), 9)
    expected = [(1, "Active", None, 1), (2, "New", None, 1)] if first == "a" else [(1, "Active", None, 2)]
    assert states(ledger) == expected


def test_what_was_judged_opens_no_incident() -> None:
    ledger = ledger_of(by_entities(reopen=True))
    say(ledger, 2, {"k1": content("a")})
    say(ledger, 4, {"k2": content("b")})
    close(ledger, "1")
    close(ledger, "2")
    say(ledger, 4, {"k2": content("a")})
    assert states(ledger) == [(1, "Closed", "BenignPositive", 2), (2, "Closed", "BenignPositive", 0)]


def test_an_incident_without_alerts_cannot_be_opened() -> None:
    ledger = ledger_of(by_entities())
    say(ledger, 2, {"k1": content("a")})
    say(ledger, 2, {})
    with pytest.raises(SourceError, match="its alerts were retracted"):
        update_incident(ledger, find_incident(ledger, "1"), Edits(status=OpenStatus.ACTIVE), 9)
    assert states(ledger) == [(1, "Closed", "Undetermined", 0)]


def told(ledger: Ledger) -> list[dict[str, Any]]:
    """The messages that are of incidents."""
    rows = ledger.read("SELECT subject, kind, content FROM outbox WHERE alert IS NULL ORDER BY id")
    return [{"id": row["subject"], "event": row["kind"], **json.loads(row["content"])} for row in rows]


def test_who_works_on_an_incident_is_told_that_it_is_void() -> None:
    ledger = two_alerts(Incidents())
    update_incident(ledger, find_incident(ledger, "1"), Edits(owner="ann"), 5)
    say(ledger, 4, {})
    assert told(ledger) == []
    say(ledger, 2, {})
    assert told(ledger) == [
        {
            **{"id": find_incident(ledger, "1").id, "event": "closed", "incident": 1, "rule": "rule", "owner": "ann"},
            **{"name": "incident 1: Something on a", "severity": "Medium", "reason": "its alerts were retracted"},
        }
    ]


def test_edits_change_what_they_name_and_count() -> None:
    ledger = two_alerts(by_entities())
    before = find_incident(ledger, "1")
    update_incident(ledger, before, Edits(owner="ann", severity="Low"), 5)
    after = find_incident(ledger, "1")
    assert (after.owner, after.severity, after.status, after.changed) == ("ann", "Low", "New", 5)
    assert after.revision == before.revision + 1
    update_incident(ledger, after, Edits(owner="", status=OpenStatus.ACTIVE), 6)
    after = find_incident(ledger, "1")
    assert (after.owner, after.severity, after.status) == ("", "Low", "Active")


def test_incidents_are_found_by_state_and_owner() -> None:
    ledger = ledger_of(Incidents())
    say(ledger, 1, {f"k{number}": content("a") for number in range(4)})
    update_incident(ledger, find_incident(ledger, "2"), Edits(owner="ann", status=OpenStatus.ACTIVE), 5)
    close(ledger, "3")

    def numbers(**wanted: Any) -> list[int]:
        return [incident.number for incident in find_incidents(ledger, Wanted(**wanted))]

    assert numbers() == [4, 2, 1]
    assert numbers(every=True) == [4, 3, 2, 1]
    assert numbers(status="Closed") == numbers(every=True, status="Closed") == [3]
    assert numbers(owner="ann") == numbers(status="Active") == [2]
    assert numbers(owner="") == [4, 1]
    assert numbers(rule="another") == []
    assert numbers(most=2) == [4, 2]


def test_an_unknown_incident_is_said_to_be() -> None:
    ledger = two_alerts(by_entities())
    for said in ("2", "x", "1234567890123"):
        with pytest.raises(SourceError, match="there is no incident"):
            find_incident(ledger, said)


def test_alerts_have_an_owner_comments_and_their_incident() -> None:
    ledger = two_alerts(by_entities())
    alert = find_alerts(ledger)[0]
    own_alert(ledger, alert.id, "ann")
    comment_on(ledger, alert.id, "bob", "hm", 5)
    assert find_alert(ledger, alert.id).owner == "ann"
    assert [(one.author, one.text) for one in comments_of(ledger, alert.id)] == [("bob", "hm")]
    assert incident_of(ledger, alert.id) == 1
    assert incident_sets(ledger) == [[(2, "k1"), (4, "k2")]]
