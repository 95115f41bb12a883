"""Alerts are what the findings of all windows say, in whatever order the windows were evaluated."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluetick.detections.alerting import RuleState
from bluetick.detections.ledger.alerts import Finding, replace_findings
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.rules import Rule, open_windows, register
from bluetick.detections.ledger.times import to_micros

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINDOWS = 14
KEYS = ("a", "b")


class Alert(NamedTuple):
    key: str
    first: int
    last: int
    content: str


def ledger_of(lookback: int, suppression: int, state: RuleState = RuleState.LIVE) -> Ledger:
    """A ledger with one rule of hourly windows, all of them open."""
    ledger = Ledger(Path(":memory:"))
    rule = Rule(
        id="rule",
        version="1",
        name="A rule",
        frequency=HOUR,
        lookback=HOUR * lookback,
        delay=timedelta(0),
        tables=frozenset({"T"}),
        document="",
        start=START,
        suppression=HOUR * suppression,
        state=state,
    )
    with ledger.transaction() as connection:
        register(connection, [rule])
        open_windows(connection, to_micros(START + HOUR * (WINDOWS - 1)))
    return ledger


def end_of(number: int) -> int:
    return to_micros(START + HOUR * number)


def say(ledger: Ledger, number: int, found: dict[str, str]) -> None:
    """A window is evaluated, and finds these."""
    with ledger.transaction() as connection:
        connection.execute("UPDATE window SET triggered = ? WHERE hi = ?", (bool(found), end_of(number)))
        findings = [Finding(key, content) for key, content in found.items()]
        replace_findings(connection, "rule", end_of(number), findings, 0)


def alerts_of(ledger: Ledger) -> list[Alert]:
    """Those that are not retracted, with numbers of windows for their ends."""
    rows = ledger.read("SELECT key, first, last, content FROM alert WHERE NOT is_retracted")
    hour = 3_600_000_000
    return sorted(
        Alert(row["key"], (row["first"] - end_of(0)) // hour, (row["last"] - end_of(0)) // hour, row["content"])
        for row in rows
    )


def expected(windows: dict[int, dict[str, str]], lookback: int, suppression: int) -> list[Alert]:
    """The same from all windows at once, one after another."""
    alerts: list[Alert] = []
    current: dict[str, Alert] = {}
    raised = None
    for number in sorted(windows):
        if not windows[number] or (suppression and raised is not None and number - raised < suppression):
            continue
        raised = number
        for key, content in windows[number].items():
            known = current.get(key)
            if known is not None and number - known.last <= max(lookback, 1):
                current[key] = Alert(key, known.first, number, content)
                continue
            alerts += [known] if known is not None else []
            current[key] = Alert(key, number, number, content)
    return sorted([*alerts, *current.values()])


found = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(("1", "2")))
steps = st.lists(st.tuples(st.integers(0, WINDOWS - 1), found), max_size=30)


@settings(max_examples=300, deadline=None)
@given(steps, st.integers(0, 3), st.sampled_from((0, 0, 2, 5)))
def test_alerts_do_not_depend_on_the_order(said: list[tuple[int, dict[str, str]]], lookback: int, quiet: int) -> None:
    ledger = ledger_of(lookback, quiet)
    windows: dict[int, dict[str, str]] = {}
    for number, what in said:
        windows[number] = what
        say(ledger, number, what)
        assert alerts_of(ledger) == expected(windows, lookback, quiet)
    check_messages(ledger)
    ledger.close()


def check_messages(ledger: Ledger) -> None:
    """An alert is raised once; from then on it is retracted and restored in turn."""
    for row in ledger.read("SELECT id, is_retracted FROM alert"):
        kinds = [
            one["kind"] for one in ledger.read("SELECT kind FROM outbox WHERE alert = ? ORDER BY id", (row["id"],))
        ]
        assert kinds == ["raised", *(("retracted", "restored")[i % 2] for i in range(len(kinds) - 1))]
        assert bool(row["is_retracted"]) == (kinds[-1] == "retracted")


def kinds_of(ledger: Ledger) -> list[str]:
    return [row["kind"] for row in ledger.read("SELECT kind FROM outbox ORDER BY id")]


def test_windows_that_overlap_give_one_alert() -> None:
    ledger = ledger_of(24, 0)
    for number in range(5):
        say(ledger, number, {"host": "1"})
    assert alerts_of(ledger) == [Alert("host", 0, 4, "1")]
    assert kinds_of(ledger) == ["raised"]


def test_what_comes_back_is_a_new_alert() -> None:
    ledger = ledger_of(1, 0)
    say(ledger, 0, {"host": "1"})
    say(ledger, 2, {"host": "1"})
    assert alerts_of(ledger) == [Alert("host", 0, 0, "1"), Alert("host", 2, 2, "1")]


def test_a_changed_content_is_a_quiet_revision() -> None:
    ledger = ledger_of(1, 0)
    say(ledger, 0, {"host": "5"})
    say(ledger, 0, {"host": "7"})
    assert alerts_of(ledger) == [Alert("host", 0, 0, "7")]
    assert ledger.read("SELECT revision FROM alert")[0]["revision"] == 1
    assert kinds_of(ledger) == ["raised"]


def test_an_alert_without_findings_is_retracted_and_said_to_be() -> None:
    ledger = ledger_of(1, 0)
    say(ledger, 0, {"host": "1"})
    say(ledger, 0, {})
    assert alerts_of(ledger) == []
    say(ledger, 0, {"host": "1"})
    assert kinds_of(ledger) == ["raised", "retracted", "restored"]


def test_late_data_that_joins_two_alerts_retracts_the_later() -> None:
    ledger = ledger_of(1, 0)
    say(ledger, 0, {"host": "1"})
    say(ledger, 2, {"host": "3"})
    say(ledger, 1, {"host": "2"})
    assert alerts_of(ledger) == [Alert("host", 0, 2, "3")]
    assert kinds_of(ledger) == ["raised", "raised", "retracted"]


def test_a_suppressed_window_raises_nothing_until_the_one_before_it_is_gone() -> None:
    ledger = ledger_of(1, 3)
    say(ledger, 0, {"a": "1"})
    say(ledger, 2, {"b": "1"})
    assert alerts_of(ledger) == [Alert("a", 0, 0, "1")]
    say(ledger, 0, {})
    assert alerts_of(ledger) == [Alert("b", 2, 2, "1")]


def test_of_a_shadow_rule_nobody_is_told() -> None:
    ledger = ledger_of(1, 0, RuleState.SHADOW)
    say(ledger, 0, {"host": "1"})
    assert alerts_of(ledger) == [Alert("host", 0, 0, "1")]
    assert kinds_of(ledger) == []


@pytest.mark.parametrize("numbers", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_the_name_of_an_alert_stays(numbers: Iterable[int]) -> None:
    """A closed alert stays closed when earlier windows turn out to have found the same."""
    ledger = ledger_of(1, 0)
    first, *others = numbers
    say(ledger, first, {"host": "1"})
    (name,) = (row["id"] for row in ledger.read("SELECT id FROM alert"))
    for number in sorted(others, key=lambda n: abs(n - first)):
        say(ledger, number, {"host": "1"})
    assert [row["id"] for row in ledger.read("SELECT id FROM alert WHERE NOT is_retracted")] == [name]


def test_suppression_ends_when_its_time_is_over() -> None:
    """The window that ends three hours after one that raised alerts raises them again, as in a backtest."""
    ledger = ledger_of(1, 3)
    say(ledger, 0, {"a": "1"})
    say(ledger, 2, {"b": "1"})
    say(ledger, 3, {"c": "1"})
    assert alerts_of(ledger) == [Alert("a", 0, 0, "1"), Alert("c", 3, 3, "1")]
