"""Metrics, scraped over HTTP and read by Prometheus' own parser."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from bluetick.detections.health.facts import Arrival, Disk, Facts, TableFacts
from bluetick.detections.health.metrics import LedgerMetrics
from bluetick.detections.health.serving import MetricsServer
from bluetick.detections.ledger.conditions import Found, beat, note_conditions
from bluetick.detections.ledger.deliveries import register_outputs
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.rules import Rule, open_windows, register
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.ledger.windows import Failure, Outcome, claim, complete, enlist, fail
from bluetick.diagnostics.errors import SourceError

START = datetime(2026, 6, 18, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
AWKWARD = 'a "rule"\\\nwith { a name }'


def rule(id_: str) -> Rule:
    return Rule(id_, "1", id_, HOUR, HOUR, 5 * MINUTE, frozenset({"Logons"}), "", START)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Two rules with three windows each. Of the one two are done, 20 s and 10 min late, and one has failed once."""
    with closing(Ledger(tmp_path / "ledger")) as kept:
        with kept.transaction() as connection:
            register(connection, [rule("one"), rule(AWKWARD)])
            register_outputs(connection, {"out": None}, set())
            open_windows(connection, to_micros(START + 2 * HOUR + 5 * MINUTE))
            enlist(connection, "w", 0)
            connection.execute("UPDATE window SET due = ? WHERE rule <> 'one'", (2**60,))
            for hours, late in ((0, 20), (1, 600)):
                work(kept, hours, late)
            claimed = claim(connection, "w", 2**55, lambda _: 1, is_oldest=True)
            assert claimed is not None
            fail(connection, "w", claimed, Failure("no"), (0, 1_000_000))
        yield kept


def work(ledger: Ledger, hours: int, late: int) -> None:
    """The window of a full hour is evaluated so many seconds after it was due, in two seconds."""
    connection = ledger._connection
    claimed = claim(connection, "w", 2**55, lambda _: 1, is_oldest=True)
    assert claimed is not None
    hi = to_micros(START + hours * HOUR)
    assert list(claimed.windows) == [hi]
    ended = to_micros(START + hours * HOUR + 5 * MINUTE + timedelta(seconds=late))
    complete(connection, "w", claimed, Outcome(hi, 0, False), (ended - 2_000_000, ended))


@pytest.fixture
def server(ledger: Ledger) -> Iterator[MetricsServer]:
    facts = Facts(
        tables=(TableFacts("Logons", (Arrival(START, START - MINUTE),)), TableFacts("Empty", ())),
        disks=(Disk("lake", 1, 4),),
    )
    metrics = LedgerMetrics(ledger, lambda: (facts, START), lambda: START + 4 * HOUR)
    served = MetricsServer("127.0.0.1", 0, metrics, lambda: True)
    yield served
    served.close()


def ask(server: MetricsServer, path: str, **headers: str) -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()
    finally:
        connection.close()


def samples(server: MetricsServer) -> list[Sample]:
    status, form, text = ask(server, "/metrics")
    assert status == 200
    assert form.startswith("text/plain")
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def value(found: list[Sample], name: str, **labels: str) -> float:
    (one,) = (sample.value for sample in found if sample.name == name and sample.labels == labels)
    return one


def test_what_the_ledger_has_is_told(server: MetricsServer, ledger: Ledger) -> None:
    beat(ledger, to_micros(START))
    found = samples(server)
    assert value(found, "bluetick_windows_total", rule="one", status="done") == 2
    assert value(found, "bluetick_windows_total", rule="one", status="failed") == 1
    assert value(found, "bluetick_windows_total", rule=AWKWARD, status="done") == 0
    assert value(found, "bluetick_evaluation_seconds_count", rule="one") == 2
    assert value(found, "bluetick_evaluation_seconds_sum", rule="one") == 4
    assert value(found, "bluetick_open_windows", rule="one") == 1
    assert value(found, "bluetick_open_windows", rule=AWKWARD) == 3
    assert value(found, "bluetick_rule_overdue", rule="one") == 0
    assert value(found, "bluetick_rule_overdue", rule=AWKWARD) == 1
    assert value(found, "bluetick_outbox_owed", output="out") == 0
    assert value(found, "bluetick_heartbeat_timestamp_seconds") == START.timestamp()
    assert value(found, "bluetick_ledger_bytes") > 4_096
    assert value(found, "bluetick_source_last_row_timestamp_seconds", table="Logons") == (START - MINUTE).timestamp()
    assert value(found, "bluetick_disk_free_ratio", place="lake") == 0.25


def test_delays_fall_into_buckets(server: MetricsServer) -> None:
    found = samples(server)
    buckets = {
        sample.labels["le"]: sample.value for sample in found if sample.name == "bluetick_window_delay_seconds_bucket"
    }
    assert buckets == {
        **{bound: 0 for bound in ("1.0", "5.0", "15.0")},
        **{bound: 1 for bound in ("30.0", "60.0", "120.0", "300.0")},
        **{bound: 2 for bound in ("900.0", "1800.0", "3600.0", "21600.0", "86400.0", "+Inf")},
    }
    assert value(found, "bluetick_window_delay_seconds_count") == 2
    assert value(found, "bluetick_window_delay_seconds_sum") == 620


def test_a_window_that_runs_again_has_no_second_delay(server: MetricsServer, ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        connection.execute("UPDATE window SET status = 'dirty', due = 0 WHERE rule = 'one' AND finished IS NOT NULL")
        work(ledger, 0, 90_000)
    found = samples(server)
    assert value(found, "bluetick_window_delay_seconds_count") == 2
    assert value(found, "bluetick_windows_total", rule="one", status="done") == 3


def test_counts_outlive_the_records_of_runs(server: MetricsServer, ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        connection.execute("DELETE FROM run")
    assert value(samples(server), "bluetick_windows_total", rule="one", status="done") == 2


def test_what_stands_and_what_is_owed(server: MetricsServer, ledger: Ledger) -> None:
    for minute in range(2):
        found = Found("bluetick.health", "disk_low", "lake", {"rule": "bluetick.health"})
        note_conditions(ledger, [found], to_micros(START + minute * MINUTE))
    told = samples(server)
    assert value(told, "bluetick_conditions", code="disk_low") == 1
    assert value(told, "bluetick_outbox_owed", output="out") == 1
    assert value(told, "bluetick_alerts_total", rule="bluetick.health") == 1


def test_prometheus_own_form_is_given_where_it_is_asked_for(server: MetricsServer) -> None:
    status, form, text = ask(server, "/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert (status, form.split(";")[0]) == (200, "application/openmetrics-text")
    families = {family.name: family.type for family in read_openmetrics(text)}  # type: ignore[no-untyped-call]
    assert families["bluetick_windows"] == "counter"
    assert families["bluetick_window_delay_seconds"] == "histogram"
    assert families["bluetick_open_windows"] == "gauge"
    assert families["bluetick_evaluation_seconds"] == "summary"


def test_a_retired_rule_has_no_series(server: MetricsServer, ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        register(connection, [rule(AWKWARD)])
    assert {sample.labels["rule"] for sample in samples(server) if "rule" in sample.labels} == {AWKWARD}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:9464", 200),
        ("localhost:9464", 200),
        ("LOCALHOST", 200),
        ("[::1]:9464", 200),
        ("10.1.2.3:9464", 200),
        (socket.gethostname(), 200),
        ("attacker.example:9464", 403),
        ("attacker.example", 403),
        ("127.0.0.1.attacker.example", 403),
        ("localhost.attacker.example", 403),
        ("", 403),
        ("[attacker.example]:80", 403),
        ("1" * 100_00, 403),
    ],
)
@pytest.mark.parametrize("path", ["/metrics", "/healthz"])
def test_a_page_that_comes_by_another_name_gets_nothing(
    server: MetricsServer, host: str, status: int, path: str
) -> None:
    found, _, text = ask(server, path, Host=host)
    assert found == status
    assert ("bluetick_windows" in text) == (status == 200 and path == "/metrics")


def test_there_are_two_pages(server: MetricsServer) -> None:
    assert ask(server, "/healthz")[0] == 200
    assert ask(server, "/healthz?x=1")[0] == 200
    assert ask(server, "/")[0] == 404
    assert ask(server, "/metrics/../etc")[0] == 404


def test_only_reading_is_allowed(server: MetricsServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("POST", "/metrics", b"x")
    assert connection.getresponse().status == 501
    connection.close()


def test_a_dead_service_is_not_healthy(ledger: Ledger) -> None:
    with closing(MetricsServer("127.0.0.1", 0, LedgerMetrics(ledger, lambda: None, lambda: START), lambda: False)) as s:
        status, _, text = ask(s, "/healthz")
        assert (status, json.loads(text)) == (503, {"alive": False})
        assert ask(s, "/metrics")[0] == 200


def test_a_ledger_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    broken = Ledger(tmp_path / "l")
    broken.read("DROP TABLE tally")
    with closing(broken), closing(
        MetricsServer("127.0.0.1", 0, LedgerMetrics(broken, lambda: None, lambda: START), lambda: True)
    ) as server:  # fmt: skip
        status, _, text = ask(server, "/metrics")
        assert (status, "cannot be read" in text) == (503, True)


def test_a_port_that_is_taken_is_said(server: MetricsServer, ledger: Ledger) -> None:
    with pytest.raises(SourceError, match="metrics cannot be served at"):
        MetricsServer("127.0.0.1", server.port, LedgerMetrics(ledger, lambda: None, lambda: START), lambda: True)


def test_a_client_that_says_nothing_does_not_keep_others_waiting_for_ever(
    server: MetricsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bluetick.detections.health.serving._Handler.timeout", 0.2)
    with socket.create_connection(("127.0.0.1", server.port)) as silent:
        silent.sendall(b"GET /metr")
        assert ask(server, "/healthz")[0] == 200


def test_it_listens_where_it_is_told_to_only(ledger: Ledger) -> None:
    metrics = LedgerMetrics(ledger, lambda: None, lambda: START)
    elsewhere = MetricsServer("127.0.0.2", 0, metrics, lambda: True)
    with closing(elsewhere) as server, pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)
