"""What the service writes to tables, over a ledger."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from publishing_place import HOUR, START, MemoryTables, detection

from bluetick.detections.alerting import RuleState
from bluetick.detections.incidents.deciding import Edits, OpenStatus, close_incident, comment_on, update_incident
from bluetick.detections.incidents.listing import Wanted, find_incidents
from bluetick.detections.ledger.alerts import Finding
from bluetick.detections.ledger.listing import Verdict, close_alert
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.rules import Rule, open_windows, register
from bluetick.detections.ledger.signals import MOST_SIGNALS, Signal
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.ledger.windows import Failure, Outcome, claim, complete, enlist, fail
from bluetick.detections.model import Detection
from bluetick.detections.publishing.health import HealthRow, note_health
from bluetick.detections.publishing.publisher import PAUSE, Publisher, Unpublished
from bluetick.diagnostics.errors import SourceError

WORKER = "one"
MICROSECOND = timedelta(microseconds=1)


def rule(tables: frozenset[str] = frozenset({"T"}), state: RuleState = RuleState.LIVE) -> Rule:
    return Rule("r1", "v1", "The rule", HOUR, 2 * HOUR, 0 * HOUR, tables, "r1", START, state=state)


def content(hosts: Sequence[str]) -> str:
    """An alert's content, about these hosts."""
    entities = [{"kind": "Host", "HostName": host} for host in hosts]
    said = {"name": "Found", "description": "d", "severity": "High", "tactics": ["Impact"], "entities": entities}
    more = {"techniques": ["T1059.001"], "custom_details": {"Shade": ["red"]}, "row_count": len(hosts), "rows": [[1]]}
    return json.dumps({**said, **more})


class Place:
    """A rule of the ledger, and what is published of it."""

    def __init__(self, path: Path, of: Rule | None = None) -> None:
        self.ledger = Ledger(path)
        self.tables = MemoryTables()
        self.now = START + 24 * HOUR
        self.said: list[str] = []
        self.publisher = Publisher(self.ledger, self.tables, detection, lambda: self.now, self.said.append)
        with self.ledger.transaction() as connection:
            enlist(connection, WORKER, 0)
            register(connection, [of or rule()])
            open_windows(connection, to_micros(START + 3 * HOUR))

    def evaluate(
        self, number: int, hosts: Sequence[str], *, is_triggered: bool = True, least: int | None = None
    ) -> None:
        """The window that ends so many hours after the start finds these hosts, and an alert of all of them."""
        hi = to_micros(START + number * HOUR)
        signals = tuple(Signal(json.dumps([host]), json.dumps({"Host": host})) for host in hosts)
        findings = (Finding("one thing", content(hosts)),) if hosts and is_triggered else ()
        self._again(hi)
        with self.ledger.transaction() as connection:
            taken = claim(connection, WORKER, 2**62, lambda _: 1, is_oldest=False)
            assert taken is not None
            outcome = Outcome(hi, least or len(hosts), is_triggered and bool(hosts), findings, {}, signals)
            assert complete(connection, WORKER, taken, outcome, (hi + 1, hi + 2))

    def refuse(self, number: int, reason: str) -> None:
        hi = to_micros(START + number * HOUR)
        self._again(hi)
        with self.ledger.transaction() as connection:
            taken = claim(connection, WORKER, 2**62, lambda _: 1, is_oldest=False)
            assert taken is not None
            fail(connection, WORKER, taken, Failure(reason), (hi + 1, hi + 2))

    def published(self, table: str, *names: str) -> list[tuple[Any, ...]]:
        self.publisher.publish_all()
        return [tuple(row[name] for name in names) for row in self.tables.rows.get(table, [])]

    def _again(self, hi: int) -> None:
        """Only this window is open."""
        with self.ledger.transaction() as connection:
            connection.execute("UPDATE window SET status = CASE hi WHEN ? THEN 'dirty' ELSE 'done' END, due = 0", (hi,))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "ledger")


def hour(number: int) -> datetime:
    return START + number * HOUR


# --- rows -------------------------------------------------------------------------------------------------------------


def test_each_row_of_a_window_is_a_row_with_its_window(place: Place) -> None:
    place.evaluate(1, ["a", "b"])
    (first, second) = place.published(
        "BluetickSignals", "TimeGenerated", "RuleId", "RuleName", "RuleVersion", "WindowStart", "WindowEnd", "Attempt",
        "IsTriggered", "RowNumber", "RowCount", "Row", "Identity",
    )  # fmt: skip
    assert first == (*(hour(1), "r1", "The rule", "v1", hour(-1), hour(1), 1, True, 0, 2, '{"Host": "a"}', '["a"]'),)
    assert second[-4:] == (1, 2, '{"Host": "b"}', '["b"]')


def test_rows_below_the_threshold_are_there_too(place: Place) -> None:
    place.evaluate(1, ["a"], is_triggered=False)
    assert place.published("BluetickSignals", "IsTriggered", "RowNumber") == [(False, 0)]
    assert place.published("SecurityAlert") == []


def test_a_window_without_rows_has_none(place: Place) -> None:
    place.evaluate(1, [])
    assert place.published("BluetickSignals") == []
    assert len(place.published("SentinelHealth")) == 1


def test_a_window_that_finds_something_else_later_has_a_higher_attempt(place: Place) -> None:
    place.evaluate(1, ["a"])
    place.evaluate(1, ["a", "b"])
    assert place.published("BluetickSignals", "Attempt", "RowNumber", "RowCount") == [(1, 0, 1), (2, 0, 2), (2, 1, 2)]


def test_a_window_that_finds_the_same_in_another_order_writes_nothing(place: Place) -> None:
    place.evaluate(1, ["a", "b"])
    place.evaluate(1, ["b", "a"])
    assert len(place.published("BluetickSignals")) == 2


def test_a_window_that_has_no_rows_any_more_says_so_once(place: Place) -> None:
    place.evaluate(1, ["a"])
    place.evaluate(1, [])
    place.evaluate(1, [])
    found = place.published("BluetickSignals", "Attempt", "RowNumber", "RowCount", "Row")
    assert found == [(1, 0, 1, '{"Host": "a"}'), (2, -1, 0, "{}")]
    place.evaluate(1, ["a"])
    assert place.published("BluetickSignals", "Attempt", "RowNumber")[-1] == (4, 0)


def test_of_absurdly_many_rows_the_count_is_true(place: Place) -> None:
    place.evaluate(1, ["a"], least=MOST_SIGNALS + 5)
    assert place.published("BluetickSignals", "RowCount") == [(MOST_SIGNALS + 5,)]


# --- alerts -----------------------------------------------------------------------------------------------------------


def test_an_alert_has_a_row_for_each_change(place: Place) -> None:
    place.evaluate(1, ["a"])
    place.evaluate(1, ["a", "b"])
    place.evaluate(1, [])
    place.evaluate(1, ["a"])
    (row,) = place.ledger.read("SELECT id FROM alert")
    close_alert(place.ledger, row["id"], Verdict.FALSE_POSITIVE, "a test", to_micros(hour(30)))
    found = place.published("SecurityAlert", "SystemAlertId", "Status", "TimeGenerated", "ExtendedProperties")
    assert {name for name, *_ in found} == {row["id"]}
    assert [status for _, status, *_ in found] == ["New", "New", "Dismissed", "New", "Dismissed"]
    said = [json.loads(properties) for *_, properties in found]
    assert [one["Event"] for one in said] == ["raised", "revised", "retracted", "restored", "closed"]
    assert [one["Revision"] for one in said] == ["0", "1", "2", "3", "3"]
    assert said[-1]["Verdict Reason"] == "a test"
    assert found[-1][2] == hour(30)


def test_what_a_row_of_an_alert_says(place: Place) -> None:
    place.evaluate(1, ["a"])
    (row,) = place.published(
        "SecurityAlert", "AlertName", "AlertSeverity", "AlertType", "ProviderName", "ProductName", "StartTime",
        "EndTime", "Tactics", "Techniques", "SubTechniques", "CompromisedEntity", "Type", "ProductComponentName",
    )  # fmt: skip
    assert row == (
        *("Found", "High", "r1", "bluetick", "bluetick", hour(-1), hour(1), "Impact", '["T1059"]', '["T1059.001"]'),
        *("a", "SecurityAlert", "Scheduled Alerts"),
    )
    ((entities, properties),) = place.published("SecurityAlert", "Entities", "ExtendedProperties")
    assert json.loads(entities) == [{"$id": "1", "HostName": "a", "Type": "host"}]
    said = json.loads(properties)
    assert json.loads(said["Custom Details"]) == {"Shade": ["red"]}
    assert said["Query Period"] == "02:00:00"
    assert said["Query Start Time UTC"] == "2026-02-28 23:00:00Z"
    assert said["Analytic Rule Ids"] == '["r1"]'


def test_defenders_tables_have_one_row_an_alert_and_one_an_entity(place: Place) -> None:
    place.evaluate(1, ["a"])
    assert place.published("AlertEvidence", "DeviceName") == [("a",)]
    place.evaluate(1, ["a", "b"])
    place.evaluate(1, [])
    place.evaluate(1, ["b", "c"])
    assert place.published("AlertInfo", "Title", "Category", "ServiceSource") == [("Found", "Impact", "bluetick")]
    found = place.published("AlertEvidence", "EntityType", "DeviceName")
    assert found == [("Machine", "a"), ("Machine", "b"), ("Machine", "c")]


def test_alerts_of_a_shadow_rule_are_not_there_and_its_rows_are(tmp_path: Path) -> None:
    place = Place(tmp_path / "ledger", rule(state=RuleState.SHADOW))
    place.evaluate(1, ["a"])
    place.evaluate(1, ["a", "b"])
    assert place.published("SecurityAlert") == place.published("AlertInfo") == []
    assert len(place.published("BluetickSignals")) == 3


@pytest.mark.parametrize("table", ["AlertInfo", "AlertEvidence"])
def test_alerts_of_a_rule_that_reads_defenders_tables_are_not_in_them(tmp_path: Path, table: str) -> None:
    place = Place(tmp_path / "ledger", rule(frozenset({"T", table})))
    place.evaluate(1, ["a"])
    assert place.published("AlertInfo") == place.published("AlertEvidence") == []
    assert len(place.published("SecurityAlert")) == 1


def test_an_alert_that_is_opened_again_is_new_from_when_that_is_written(place: Place) -> None:
    place.evaluate(1, ["a"])
    (incident,) = find_incidents(place.ledger, Wanted())
    close_incident(place.ledger, incident, Verdict.TRUE_POSITIVE, "seen", to_micros(hour(20)))
    update_incident(place.ledger, incident, Edits(status=OpenStatus.ACTIVE), to_micros(hour(21)))
    found = place.published("SecurityAlert", "Status", "TimeGenerated")
    assert found == [("New", hour(1) + 2 * MICROSECOND), ("Resolved", hour(20)), ("New", place.now)]


# --- incidents --------------------------------------------------------------------------------------------------------


def test_an_incident_has_a_row_for_each_change(place: Place) -> None:
    place.evaluate(1, ["a"])
    (incident,) = find_incidents(place.ledger, Wanted())
    comment_on(place.ledger, incident, "ann", "looking", to_micros(hour(10)))
    update_incident(place.ledger, incident, Edits("ann", OpenStatus.ACTIVE, "Low"), to_micros(hour(11)))
    close_incident(place.ledger, incident, Verdict.FALSE_POSITIVE, "a test", to_micros(hour(12)))
    found = place.published(
        "SecurityIncident",
        "TimeGenerated",
        "Status",
        "Classification",
        "ClassificationComment",
        "Severity",
        "ClosedTime",
    )
    assert found == [
        (hour(1) + 2 * MICROSECOND, "New", None, None, "High", None),
        (hour(10), "New", None, None, "High", None),
        (hour(11), "Active", None, None, "Low", None),
        (hour(12), "Closed", "FalsePositive", "a test", "Low", hour(12)),
    ]
    (*_, last) = place.published("SecurityIncident", "Owner", "Comments", "AdditionalData", "RelatedAnalyticRuleIds")
    owner, comments, more, rules = map(json.loads, last)
    assert (owner, rules) == ({"assignedTo": "ann"}, ["r1"])
    assert comments == [
        {"message": "looking", "author": {"name": "ann"}, "createdTimeUtc": "2026-03-01T10:00:00.0000000Z"}
    ]
    assert (more["alertsCount"], more["commentsCount"], more["tactics"]) == (1, 1, ["Impact"])


def test_an_incident_names_its_alerts_as_the_table_of_alerts_does(place: Place) -> None:
    place.evaluate(1, ["a"])
    ((title, number, alerts, first, last),) = place.published(
        "SecurityIncident", "Title", "IncidentNumber", "AlertIds", "FirstActivityTime", "LastActivityTime"
    )
    assert [(id_,) for id_ in json.loads(alerts)] == place.published("SecurityAlert", "SystemAlertId")
    assert (title, number, first, last) == ("Found", 1, hour(-1), hour(1))


def test_an_incident_whose_alerts_are_retracted_is_closed(place: Place) -> None:
    place.evaluate(1, ["a"])
    place.evaluate(1, [])
    found = place.published("SecurityIncident", "Status", "Classification", "AlertIds", "Title")
    assert [(status, title) for status, _, _, title in found] == [("New", "Found"), ("Closed", "Found")]
    assert found[-1][1:3] == ("Undetermined", "[]")


# --- health -----------------------------------------------------------------------------------------------------------


def test_each_run_has_a_row_of_health(place: Place) -> None:
    place.evaluate(1, ["a"])
    place.evaluate(2, [])
    place.refuse(3, "the engine\nis out of memory")
    found = place.published(
        "SentinelHealth", "OperationName", "SentinelResourceName", "Status", "Description", "Reason"
    )
    ran = "Scheduled analytics rule run"
    assert found == [
        (ran, "The rule", "Success", "Rule executed successfully, generating 1 alert(s).", ""),
        (
            *(ran, "The rule", "Success"),
            *("Rule executed successfully, but did not reach the threshold (0) required to generate an alert.", ""),
        ),
        (ran, "The rule", "Failure", "the engine\nis out of memory", "the engine"),
    ]
    (first, *_) = place.published("SentinelHealth", "ExtendedProperties")
    said = json.loads(first[0])
    assert said["QueryResultAmount"] == said["AlertsGeneratedAmount"] == said["EntitiesGeneratedAmount"] == 1
    assert (said["QueryFrequency"], said["QueryPeriod"]) == ("01:00:00", "02:00:00")
    assert said["WindowEndUTC"] == "2026-03-01T01:00:00.0000000Z"


def test_another_row_of_health_is_written_as_it_is_given(place: Place) -> None:
    with place.ledger.transaction() as connection:
        given = HealthRow(to_micros(hour(5)), "Source silent", "T", "T", "Failure", "no rows for 3 h", "silent-1")
        note_health(connection, given)
    found = place.published("SentinelHealth", "TimeGenerated", "OperationName", "Description", "RecordId")
    assert found == [(hour(5), "Source silent", "no rows for 3 h", "silent-1")]


# --- pace -------------------------------------------------------------------------------------------------------------


def test_rows_of_a_while_are_one_commit_a_table(place: Place) -> None:
    for number in (1, 2, 3):
        place.evaluate(number, ["a"])
        place.publisher.publish()
    assert place.tables.commits["BluetickSignals"] == 1
    place.now += PAUSE
    place.publisher.publish()
    assert place.tables.commits["BluetickSignals"] == 2
    assert len(place.tables.rows["BluetickSignals"]) == 3
    place.now += PAUSE
    place.publisher.publish()
    assert place.tables.commits["BluetickSignals"] == 2


def test_a_clock_that_is_set_back_holds_nothing_up(place: Place) -> None:
    place.publisher.publish()
    place.evaluate(1, ["a"])
    place.now -= 5 * HOUR
    place.publisher.publish()
    assert len(place.tables.rows["BluetickSignals"]) == 1


def test_tables_that_cannot_be_written_are_told_of_and_written_later(place: Place) -> None:
    def refuse(_: str) -> None:
        raise SourceError("the disk is full")

    place.evaluate(1, ["a"])
    place.tables.at_commit = refuse
    place.publisher.publish()
    assert place.said == ["rows for tables of the lake wait: the disk is full"]
    place.tables.at_commit = lambda _: None
    place.evaluate(2, ["b"])
    assert len(place.published("BluetickSignals")) == 2


def test_a_fault_of_ours_is_told_of_and_keeps_nothing_from_running(place: Place) -> None:
    def fault(_: str) -> Detection:
        raise IndexError("no such detection")

    place.evaluate(1, ["a"])
    Publisher(place.ledger, place.tables, fault, lambda: place.now, place.said.append).publish()
    assert place.said == ["rows for tables of the lake wait: IndexError: no such detection"]
    assert len(place.published("BluetickSignals")) == 1


def test_a_ledger_that_lies_behind_its_lake_loses_no_rows(place: Place) -> None:
    place.evaluate(1, ["a"])
    place.publisher.publish_all()
    with place.ledger.transaction() as connection:
        connection.execute("DELETE FROM publication")  # as an older copy of the ledger has it
    place.evaluate(2, ["b"])
    assert len(place.published("BluetickSignals")) == 2


def test_a_number_that_another_worker_took_behind_the_look_is_not_taken_again(place: Place) -> None:
    def beside(_: str) -> None:
        place.tables.at_commit = lambda _: None
        Publisher(place.ledger, place.tables, detection, lambda: place.now, place.said.append).publish_all()
        place.evaluate(2, ["b"])

    place.evaluate(1, ["a"])
    place.tables.at_commit = beside
    assert place.published("BluetickSignals", "Identity") == [('["a"]',), ('["b"]',)]


def test_without_tables_nothing_is_kept_for_later(place: Place) -> None:
    place.evaluate(1, ["a"])
    dropping = Unpublished(place.ledger)
    for _ in range(100):
        dropping.publish()
    assert place.published("BluetickSignals") == place.published("SentinelHealth") == []
    place.evaluate(1, ["a"])
    assert len(place.published("BluetickSignals")) == 1
