"""The data holds the stories that the ground truth tells; the founding ideas, in plain SQL, find what they should."""

from datetime import datetime, timedelta
from typing import Any

from .conftest import END, Made

COUNTRY_ROWS = """
    WITH common AS (
        SELECT RemoteCountry FROM buckets
        WHERE TimeGenerated >= $now - INTERVAL 30 DAY AND TimeGenerated < $now - INTERVAL 1 HOUR
          AND RemoteCountry <> '' AND Direction = 'outbound'
        GROUP BY 1 HAVING count(*) > 5)
    SELECT RemoteCountry, count(DISTINCT (Computer, ProcessName, SourceIp, DestinationIp, DestinationPort, MaliciousIp))
    FROM buckets
    WHERE TimeGenerated >= $now - INTERVAL 1 HOUR AND TimeGenerated < $now AND RemoteCountry <> ''
      AND Direction = 'outbound' AND RemoteCountry NOT IN (FROM common)
    GROUP BY 1"""

OLD_PROCESSES = """
    WITH old AS (
        SELECT InitiatingProcessSHA256 AS sha256, any_value(InitiatingProcessFileName) AS file FROM events
        WHERE InitiatingProcessSHA256 <> '' AND RemoteIPType = 'Public' AND ActionType = 'ConnectionSuccess'
          AND InitiatingProcessCreationTime < Timestamp - INTERVAL 10 DAY
        GROUP BY 1
        HAVING count(DISTINCT DeviceId) <= 5 AND count(DISTINCT RemoteUrl) FILTER (RemoteUrl <> '') <= 2)
    SELECT file, GlobalPrevalence FROM old LEFT JOIN profiles ON old.sha256 = profiles.SHA256"""


def _country_rows(made: Made, now: datetime) -> dict[str, int]:
    return dict(made.sql.execute(COUNTRY_ROWS, {"now": now}).fetchall())


def _expected(made: Made, detection: str) -> set[str]:
    return {story["process"] for story in made.truth["stories"] if detection in story["expected_detections"]}


def test_each_story_is_in_the_data_as_told(made: Made) -> None:
    query = """
        SELECT count(*), min(Timestamp), max(Timestamp), list_sort(list(DISTINCT DeviceName)),
               list_sort(list(DISTINCT RemoteIP)), list_sort(list(DISTINCT RemoteUrl) FILTER (RemoteUrl <> ''))
        FROM events WHERE list_contains($ips, RemoteIP)"""
    for story in made.truth["stories"]:
        ((count, first, last, devices, ips, urls),) = made.sql.execute(query, {"ips": story["ips"]}).fetchall()
        told: dict[str, Any] = {key: story[key] for key in ("connections", "devices", "ips", "urls")}
        assert told == {"connections": count, "devices": devices, "ips": ips, "urls": urls or []}, story["id"]
        assert (datetime.fromisoformat(story["first_seen"]), datetime.fromisoformat(story["last_seen"])) == (
            first,
            last,
        )


def test_hashes_and_processes_are_as_told(made: Made) -> None:
    query = """SELECT DISTINCT InitiatingProcessSHA1, InitiatingProcessSHA256 FROM events
               WHERE InitiatingProcessFileName = ? AND list_contains(?, RemoteIP)"""
    for story in made.truth["stories"]:
        assert made.rows(query, story["process"], story["ips"]) == [(story["sha1"], story["sha256"])], story["id"]


def test_countries_are_as_told(made: Made) -> None:
    query = """SELECT list_sort(list(DISTINCT RemoteCountry) FILTER (RemoteCountry <> '')) FROM buckets
               WHERE list_contains(?, RemoteIp)"""
    for story in made.truth["stories"]:
        ((countries,),) = made.rows(query, story["ips"])
        assert (countries or []) == story["countries"], story["id"]


def test_the_beacon_crosses_the_threshold_of_the_country_rule_and_nothing_else_is_new(made: Made) -> None:
    rows = _country_rows(made, END)
    assert rows == {"Seychelles": 8}
    assert _expected(made, "rare-outbound-country") == {made.story("c2-new-country")["process"]}


def test_the_beacon_begins_within_the_last_hour(made: Made) -> None:
    assert datetime.fromisoformat(made.story("c2-new-country")["first_seen"]) >= END - timedelta(hours=1)


def test_the_quiet_implant_and_the_new_service_never_cross_it(made: Made) -> None:
    found: dict[str, int] = {}
    for hour in range(1, 72):
        rows = _country_rows(made, END - timedelta(hours=hour))
        assert sum(rows.values()) <= 5, (hour, rows)
        found = {country: max(n, found.get(country, 0)) for country, n in (found | rows).items()}
    assert found == {"Panama": 1, "Iceland": 3}


def test_the_hunt_finds_the_rare_loader_only(made: Made) -> None:
    found = {file for file, prevalence in made.rows(OLD_PROCESSES) if prevalence is not None and prevalence <= 20}
    assert found == _expected(made, "rare-long-running-process") == {"vsspump.exe"}


def test_a_hunt_that_keeps_unknown_files_finds_the_other_loader_too(made: Made) -> None:
    found = {file for file, prevalence in made.rows(OLD_PROCESSES) if prevalence is None or prevalence <= 20}
    assert found == _expected(made, "rare-long-running-process-mended") == {"vsspump.exe", "mfcaudit.exe"}


def test_the_updater_is_left_alone_for_its_prevalence_only(made: Made) -> None:
    assert ("ScannerUpdateSvc.exe", 1_840_000) in made.rows(OLD_PROCESSES)


def test_the_own_agent_is_left_alone_for_its_many_machines_only(made: Made) -> None:
    query = """SELECT count(DISTINCT DeviceId), count(DISTINCT RemoteUrl) FROM events
               WHERE InitiatingProcessFileName = 'TarnAgent.exe'
                 AND InitiatingProcessCreationTime < Timestamp - INTERVAL 10 DAY"""
    ((machines, urls),) = made.rows(query)
    assert machines > 5
    assert urls == 1


def test_the_scan_and_the_sweep_stand_out(made: Made) -> None:
    ports = "SELECT count(DISTINCT LocalPort) FROM events WHERE RemoteIP = '203.0.113.77'"
    assert made.rows(ports) == [(62,)]
    sweep = """SELECT count(DISTINCT RemoteIP), max(Timestamp) - min(Timestamp) FROM events
               WHERE RemoteIP LIKE '10.99.7.%' AND ActionType = 'ConnectionFailed'"""
    ((addresses, duration),) = made.rows(sweep)
    assert addresses == 60
    assert duration < timedelta(minutes=1)


def test_every_malicious_story_is_on_addresses_kept_for_documentation_or_inside(made: Made) -> None:
    reserved = ("192.0.2.", "198.51.100.", "203.0.113.", "10.")
    for story in made.truth["stories"]:
        if story["kind"] == "malicious":
            assert all(ip.startswith(reserved) for ip in story["ips"]), story["id"]
