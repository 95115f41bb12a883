"""What is wrong, as a function of facts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bluetick.detections.health.assessing import MOST_OVERDUE, assess
from bluetick.detections.health.conditions import KINDS, Code, Condition, RuleName
from bluetick.detections.health.facts import Arrival, Disk, Facts, Heartbeat, Owed, RuleFacts, TableFacts
from bluetick.detections.health.silence import Silence, find_silence, newest_row
from bluetick.detections.model import AlertSeverity
from bluetick.lake.fullness import FellSilent, WentEmpty

NOW = datetime(2026, 6, 18, 12, tzinfo=UTC)  # a Thursday
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
RULE = RuleFacts("r1", "Rule one", HOUR, NOW, frozenset({"Logons"}))
OTHER = RuleFacts("r2", "Rule two", HOUR, NOW, frozenset({"Files"}))
NAME = RuleName("r1", "Rule one")


def codes(facts: Facts) -> list[Code]:
    return [condition.code for condition in assess(facts, NOW)]


def only(facts: Facts) -> Condition:
    (condition,) = assess(facts, NOW)
    return condition


def test_nothing_is_wrong() -> None:
    assert assess(Facts(rules=(RULE, OTHER), disks=(Disk("lake", 11, 100),)), NOW) == []


def test_every_code_has_its_words() -> None:
    assert set(KINDS) == set(Code)


# --- rules ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frequency", "waits", "is_overdue"),
    [
        (HOUR, 2 * HOUR, False),
        (HOUR, 2 * HOUR + MINUTE, True),
        (DAY, 47 * HOUR, False),
        (DAY, 49 * HOUR, True),
        (MINUTE, 5 * MINUTE, False),
        (MINUTE, 6 * MINUTE, True),
    ],
)
def test_a_rule_is_overdue_after_two_intervals(frequency: timedelta, waits: timedelta, is_overdue: bool) -> None:
    facts = Facts(rules=(replace(RULE, frequency=frequency, late=NOW - waits), OTHER))
    assert codes(facts) == ([Code.RULE_OVERDUE] if is_overdue else [])
    if is_overdue:
        found = only(facts)
        assert (found.subject, found.since, found.rules) == ("r1", NOW - waits, (NAME,))
        assert found.content()["name"] == "A rule is overdue: Rule one"


def test_many_rules_that_are_overdue_are_one_condition() -> None:
    late = tuple(replace(RULE, id=f"r{n}", late=NOW - (10 + n) * HOUR) for n in range(MOST_OVERDUE + 1))
    assert codes(Facts(rules=late[:-1])) == [Code.RULE_OVERDUE] * MOST_OVERDUE
    found = only(Facts(rules=late))
    assert (found.code, len(found.rules)) == (Code.SERVICE_BEHIND, MOST_OVERDUE + 1)
    assert found.since == NOW - 20 * HOUR


def test_a_paused_rule_is_that_and_not_overdue_too() -> None:
    paused = replace(RULE, pause="KQ101: no table\nat 1:1", late=NOW - DAY, failed=3, failed_since=NOW - DAY)
    found = only(Facts(rules=(paused,)))
    assert (found.code, found.since, found.rules) == (Code.RULE_PAUSED, NOW - DAY, (NAME,))
    assert found.what == "none of its windows is evaluated: KQ101: no table"


def test_failed_windows_come_with_their_reason() -> None:
    failed = replace(RULE, failed=2, failed_since=NOW - 3 * HOUR, error="out of memory\nmore")
    found = only(Facts(rules=(failed,)))
    assert (found.code, found.since) == (Code.WINDOWS_FAILED, NOW - 3 * HOUR)
    assert found.what == "windows from 2026-06-18 09:00 on failed: out of memory"


# --- silence ----------------------------------------------------------------------------------------------------------


def arrivals(moments: Sequence[datetime], lag: timedelta = timedelta(seconds=20)) -> tuple[Arrival, ...]:
    """A commit at each of these, with rows that are a little older."""
    return tuple(Arrival(moment, moment - lag) for moment in moments)


def steady(until: datetime, days: float, every: timedelta = 5 * MINUTE) -> list[datetime]:
    count = int(days * DAY / every)
    return [until - number * every for number in reversed(range(count))]


def test_a_table_that_stops_is_silent_after_three_usual_gaps() -> None:
    until = NOW - 20 * MINUTE
    found = find_silence(arrivals(steady(until, 10)), NOW)
    assert found == Silence(until - timedelta(seconds=20), 5 * MINUTE)
    assert find_silence(arrivals(steady(NOW - 14 * MINUTE, 10)), NOW) is None


def test_a_slow_table_has_more_time() -> None:
    assert find_silence(arrivals(steady(NOW - 17 * HOUR, 13, 6 * HOUR)), NOW) is None
    assert find_silence(arrivals(steady(NOW - 19 * HOUR, 13, 6 * HOUR)), NOW) is not None


def at_work(moments: Sequence[datetime]) -> list[datetime]:
    return [moment for moment in moments if moment.weekday() < 5 and 7 <= moment.hour < 18]


@pytest.mark.parametrize(
    ("now", "is_silent"),
    [
        (NOW, False),  # Thursday noon
        (NOW + 11 * HOUR, False),  # the night
        (NOW + 2 * DAY, False),  # Saturday
        (NOW + 3 * DAY + 23 * HOUR, True),  # Monday at eleven, and nobody has come
    ],
)
def test_nights_and_weekends_are_quiet_every_time(now: datetime, is_silent: bool) -> None:
    moments = at_work(steady(datetime(2026, 6, 19, 17, 59, tzinfo=UTC), 15))
    found = find_silence(arrivals([moment for moment in moments if moment <= now]), now)
    assert (found is not None) == is_silent


def test_of_few_commits_nothing_is_said() -> None:
    assert find_silence(arrivals(steady(NOW - DAY, 1)[-20:]), NOW) is None
    assert find_silence(arrivals(steady(NOW - DAY, 1)[-21:]), NOW) is not None
    assert find_silence((), NOW) is None


def test_of_old_logs_nothing_is_said() -> None:
    assert find_silence(arrivals(steady(NOW - HOUR, 2), 100 * DAY), NOW) is None


def test_a_source_that_sends_only_old_rows_again_is_silent() -> None:
    fresh = arrivals(steady(NOW - 3 * HOUR, 10))
    again = tuple(Arrival(moment, NOW - 4 * HOUR) for moment in steady(NOW, 2.9 / 24))
    found = find_silence((*fresh, *again), NOW)
    assert found is not None
    assert found.since == fresh[-1].newest


def test_a_row_of_the_future_does_not_hide_silence() -> None:
    before = arrivals(steady(NOW - 3 * HOUR, 10))
    wrong = Arrival(NOW - 2 * HOUR, NOW + 30 * DAY)
    found = find_silence((*before, wrong), NOW)
    assert found is not None
    assert found.since == NOW - 2 * HOUR
    assert newest_row((*before, wrong), NOW) == NOW - 2 * HOUR


def test_a_silent_table_names_the_rules_that_read_it() -> None:
    table = TableFacts("Logons", arrivals(steady(NOW - 5 * HOUR, 10)))
    found = only(Facts(rules=(RULE, OTHER), tables=(table,)))
    assert (found.code, found.subject, found.rules) == (Code.TABLE_SILENT, "Logons", (NAME,))
    assert found.severity is AlertSeverity.HIGH
    assert found.what == "Logons has no row since 2026-06-18 06:59; usually one comes every 5 min"
    assert only(Facts(rules=(OTHER,), tables=(table,))).severity is AlertSeverity.LOW


def test_a_source_is_told_of_where_its_table_is_not_silent() -> None:
    silent = FellSilent("Logons", "edr", NOW - 8 * HOUR, 8 * HOUR, HOUR)
    found = only(Facts(rules=(RULE, OTHER), silent=(silent,)))
    assert (found.code, found.subject, found.since) == (Code.SOURCE_SILENT, "Logons, edr", NOW - 8 * HOUR)
    assert found.rules == (NAME,)
    table = TableFacts("Logons", arrivals(steady(NOW - 5 * HOUR, 10)))
    assert codes(Facts(rules=(RULE,), silent=(silent,), tables=(table,))) == [Code.TABLE_SILENT]


# --- columns ----------------------------------------------------------------------------------------------------------


def test_a_column_that_went_empty_names_who_is_blind_and_since_when() -> None:
    empty = WentEmpty("Logons", "edr", "Account", 0.5, NOW - DAY, 1_000)
    facts = Facts(
        rules=(RULE, OTHER), emptied=(empty,), readers={("Logons", "Account"): frozenset({"r1"})}
    )  # fmt: skip
    found = only(facts)
    assert (found.code, found.subject) == (Code.COLUMN_EMPTY, "Logons.Account, edr")
    assert (found.since, found.rules) == (NOW - DAY, (NAME,))
    assert "50 % of the rows of edr until 2026-06-17 12:00" in found.what
    assert assess(replace(facts, readers={}), NOW) == []


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_rows_of_the_future_are_told_of_for_a_day() -> None:
    def after(age: timedelta, ahead: timedelta) -> list[Code]:
        return codes(Facts(tables=(TableFacts("Logons", (Arrival(NOW - age, NOW - age + ahead),)),)))

    assert after(HOUR, 2 * HOUR) == [Code.FUTURE_ROWS]
    assert after(HOUR, HOUR) == []
    assert after(25 * HOUR, 2 * HOUR) == []


def test_a_clock_that_is_behind_what_was_done() -> None:
    assert codes(Facts(last_run=NOW + 6 * MINUTE)) == [Code.CLOCK_BEHIND]
    assert codes(Facts(last_run=NOW + 5 * MINUTE)) == []
    ahead = TableFacts("Logons", (Arrival(NOW + HOUR, NOW + HOUR),))
    assert codes(Facts(tables=(ahead,))) == [Code.CLOCK_BEHIND]


# --- machine ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("free", "is_low"), [(9, True), (10, False), (0, True)])
def test_a_disk_with_less_than_a_tenth(free: int, is_low: bool) -> None:
    found = codes(Facts(disks=(Disk("lake", free, 100),)))
    assert found == ([Code.DISK_LOW] if is_low else [])


@pytest.mark.parametrize(
    ("quarantined", "stored", "is_high"), [(1, 999, False), (2, 998, True), (0, 0, False), (1, 0, True)]
)
def test_more_than_a_thousandth_in_quarantine(quarantined: int, stored: int, is_high: bool) -> None:
    found = codes(Facts(quarantined=quarantined, stored=stored))
    assert found == ([Code.QUARANTINE_HIGH] if is_high else [])


@pytest.mark.parametrize(("age", "is_told"), [(10, False), (11, True)])
def test_messages_that_are_owed_for_ten_minutes(age: int, is_told: bool) -> None:
    facts = Facts(owed=(Owed("hook", 3, NOW - age * MINUTE), Owed("stdout", 1, NOW)))
    assert [(one.code, one.subject) for one in assess(facts, NOW)] == (
        [(Code.MESSAGES_OWED, "hook")] if is_told else []
    )


@pytest.mark.parametrize(
    ("last", "is_told"), [(NOW - 3 * MINUTE, False), (NOW - 4 * MINUTE, True), (None, True), (NOW + HOUR, False)]
)
def test_a_service_without_a_sign_of_life_is_dead(last: datetime | None, is_told: bool) -> None:
    found = assess(Facts(rules=(RULE,), heartbeat=Heartbeat(last)), NOW)
    assert [one.code for one in found] == ([Code.HEARTBEAT_OLD] if is_told else [])
    if found:
        assert (found[0].since, found[0].rules) == (last, (NAME,))


def test_the_worst_stands_first() -> None:
    facts = Facts(disks=(Disk("lake", 1, 100),), heartbeat=Heartbeat(None), rules=(replace(RULE, pause="no table"),))
    assert codes(facts) == [Code.HEARTBEAT_OLD, Code.RULE_PAUSED, Code.DISK_LOW]


def test_a_condition_as_json_and_as_an_alert() -> None:
    condition = Condition(Code.DISK_LOW, "lake", "less than 10% is free", NOW, (NAME,))
    assert condition.to_json() == {
        "code": "disk_low",
        "subject": "lake",
        "severity": "High",
        "what": "less than 10% is free",
        "since": "2026-06-18T12:00:00Z",
        "rules": [{"id": "r1", "name": "Rule one"}],
        "advice": KINDS[Code.DISK_LOW].advice,
    }
    content = condition.content()
    assert (content["rule"], content["name"], content["severity"]) == (
        "bluetick.health",
        "A disk is nearly full: lake",
        "High",
    )
    assert content["rows"] == [["disk_low", "lake", "2026-06-18T12:00:00Z", "less than 10% is free", ["Rule one"]]]
