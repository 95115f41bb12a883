"""Incidents are what the alerts of a rule say, in whatever order its windows were evaluated."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from incident_ledger import HOUR, WINDOWS, alert_places, by_entities, content, grouped, incident_sets, ledger_of, say

from bluetick.detections.alerting import IncidentMatching, Incidents, RuleState
from bluetick.detections.incidents.matching import settings_of, settings_text
from bluetick.detections.ledger import incidents as kept
from bluetick.detections.ledger.opening import Ledger

KEYS = ("k1", "k2", "k3")
HOSTS = ("a", "b", "")
SETTINGS = (
    Incidents(),
    by_entities(0),
    by_entities(2),
    by_entities(4, reopen=True),
    grouped(IncidentMatching.ANY_ALERT, 3),
    grouped(IncidentMatching.SELECTED, 3, alert_details=("Severity",)),
)


def shared(configured: Incidents, said: dict[str, Any], place: tuple[int, str]) -> Any:
    """What alerts of one incident share, as the documentation has it."""
    grouping = configured.grouping
    alone = ("alone", *place)
    if not grouping.enabled:
        return alone
    if grouping.matching is IncidentMatching.ANY_ALERT:
        return "any"
    if grouping.matching is IncidentMatching.SELECTED:
        return said["severity"]
    return said["entities"][0]["HostName"] if said["entities"] else alone


def expected(ledger: Ledger, configured: Incidents, windows: dict[int, dict[str, Any]], most: int) -> Any:
    """The same from all alerts at once, the earliest first."""
    groups: dict[Any, list[list[tuple[int, str]]]] = {}
    for first, key in sorted(alert_places(ledger)):
        found = groups.setdefault(shared(configured, windows[first][key], (first, key)), [])
        hours = configured.grouping.lookback.total_seconds() / 3600
        if found and len(found[-1]) < most and first - found[-1][0][0] <= hours:
            found[-1].append((first, key))
        else:
            found.append([(first, key)])
    return sorted(incident for found in groups.values() for incident in found)


found = st.dictionaries(st.sampled_from(KEYS), st.tuples(st.sampled_from(HOSTS), st.sampled_from(("Low", "High"))))
# Few windows, of which some come again and again: what comes back, moves and merges is what goes wrong.
steps = st.lists(st.tuples(st.one_of(st.integers(0, WINDOWS - 1), st.integers(0, 5)), found), max_size=25)


@settings(max_examples=300, deadline=None)
@given(
    steps,
    st.sampled_from(SETTINGS),
    st.sampled_from((2, 3, 150)),
    st.sampled_from((0, 0, 3)),
    st.sampled_from((1, 1, 3)),
)
# An alert that is true again, whose incident begins earlier by now and is full.
@example(
    [
        *((2, {"k1": ("a", "Low")}), (4, {"k1": ("a", "Low")}), (4, {})),
        *((0, dict.fromkeys(KEYS, ("a", "Low"))), (3, dict.fromkeys(KEYS[1:], ("a", "Low")))),
        (4, {"k1": ("a", "Low")}),
    ],
    by_entities(2),
    2,
    0,
    1,
)
def test_incidents_do_not_depend_on_the_order(
    said: list[tuple[int, dict[str, tuple[str, str]]]], configured: Incidents, most: int, quiet: int, reach: int
) -> None:
    """Windows are evaluated in any order, again, and differently; at each step incidents are those of the alerts."""
    ledger = ledger_of(configured, suppression=HOUR * quiet, lookback=HOUR * reach)
    windows: dict[int, dict[str, Any]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "MOST_ALERTS", most)
        for number, what in said:
            windows[number] = {key: content(*one) for key, one in what.items()}
            say(ledger, number, windows[number])
            assert incident_sets(ledger) == expected(ledger, configured, windows, most)
            check_states(ledger)
    ledger.close()


def check_states(ledger: Ledger) -> None:
    """Numbers count, an incident without alerts is closed and says so, all others are new."""
    rows = ledger.read(
        "SELECT number, status, classification, is_void, begin, begin_key, (SELECT count(*) FROM incident_alert"
        " WHERE incident = incident.id AND is_in) AS alerts, (SELECT min(first) FROM incident_alert"
        " WHERE incident = incident.id AND is_in) AS first FROM incident ORDER BY number"
    )
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    for row in rows:
        is_empty = not row["alerts"]
        assert (row["status"], row["classification"]) == (("Closed", "Undetermined") if is_empty else ("New", None))
        assert bool(row["is_void"]) == is_empty
        assert is_empty or row["begin"] == row["first"]


@pytest.mark.parametrize("configured", SETTINGS)
def test_settings_are_kept_as_they_are(configured: Incidents) -> None:
    assert settings_of(settings_text(configured)) == configured
    assert settings_of("") == Incidents()


def test_a_shadow_rule_makes_none() -> None:
    ledger = ledger_of(Incidents(), RuleState.SHADOW)
    say(ledger, 1, {"k1": content("a")})
    assert len(alert_places(ledger)) == 1
    assert incident_sets(ledger) == []


def test_a_rule_that_makes_no_incidents_makes_none() -> None:
    ledger = ledger_of(Incidents(create=False))
    say(ledger, 1, {"k1": content("a")})
    assert len(alert_places(ledger)) == 1
    assert incident_sets(ledger) == []


def test_an_incident_has_its_most_alerts_and_the_next_begins() -> None:
    ledger = ledger_of(grouped(IncidentMatching.ANY_ALERT))
    say(ledger, 1, {f"k{number:03}": content("a") for number in range(151)})
    assert [len(one) for one in incident_sets(ledger)] == [150, 1]
    say(ledger, 0, {"j": content("a")})
    assert [len(one) for one in incident_sets(ledger)] == [150, 2]


def test_an_incident_keeps_its_id_when_an_earlier_alert_comes() -> None:
    ledger = ledger_of(by_entities())
    say(ledger, 5, {"k1": content("a")})
    (known,) = ledger.read("SELECT id, number FROM incident")
    say(ledger, 2, {"k2": content("a")})
    say(ledger, 5, {})
    (after,) = ledger.read("SELECT id, number FROM incident")
    assert tuple(known) == tuple(after)
    assert incident_sets(ledger) == [[(2, "k2")]]


def test_what_people_said_goes_where_the_alerts_go() -> None:
    """A late alert makes two incidents one."""
    ledger = ledger_of(by_entities(4))
    say(ledger, 3, {"k1": content("a")})
    say(ledger, 6, {"k2": content("b")})
    with ledger.transaction() as connection:
        connection.execute("UPDATE incident SET owner = 'ann', status = 'Active', severity = 'Low' WHERE number = 2")
        connection.execute("INSERT INTO comment (about, author, text, created) SELECT id, 'ann', 'x', 0 FROM incident"
                           " WHERE number = 2")  # fmt: skip
    say(ledger, 6, {"k2": content("a")})
    assert incident_sets(ledger) == [[(3, "k1"), (6, "k2")]]
    one, other = ledger.read("SELECT * FROM incident ORDER BY number")
    assert (one["owner"], one["status"], one["severity"]) == ("ann", "Active", "Low")
    assert (other["status"], other["reason"]) == ("Closed", "its alerts are in incident 1")
    assert [row["about"] for row in ledger.read("SELECT about FROM comment")] == [one["id"]]


def test_a_retracted_alert_leaves_and_comes_back() -> None:
    ledger = ledger_of(by_entities())
    say(ledger, 3, {"k1": content("a")})
    with ledger.transaction() as connection:
        connection.execute("UPDATE incident SET status = 'Active'")
    say(ledger, 3, {})
    (row,) = ledger.read("SELECT * FROM incident")
    assert (row["status"], row["classification"], row["reason"]) == (
        *("Closed", "Undetermined"),
        "its alerts were retracted",
    )
    say(ledger, 3, {"k1": content("a")})
    (row,) = ledger.read("SELECT * FROM incident")
    assert (row["status"], row["classification"], row["reason"], row["closed"]) == ("Active", None, None, None)


def test_an_incident_that_is_void_is_no_place_to_begin() -> None:
    """The last alert is within reach of the one whose incident has gone, and not of the first."""
    ledger = ledger_of(by_entities(4, reopen=True))
    say(ledger, 7, {"k1": content("a")})
    say(ledger, 7, {})
    say(ledger, 4, {"k2": content("a")})
    say(ledger, 9, {"k3": content("a")})
    say(ledger, 8, {"k4": content("a")})
    assert incident_sets(ledger) == [[(4, "k2"), (8, "k4")], [(9, "k3")]]
    say(ledger, 8, {"k4": content("b")})
    say(ledger, 8, {"k4": content("a")})
    assert incident_sets(ledger) == [[(4, "k2"), (8, "k4")], [(9, "k3")]]


def test_an_alert_that_is_back_is_grouped_again() -> None:
    ledger = ledger_of(by_entities(4))
    say(ledger, 3, {"k1": content("a")})
    say(ledger, 3, {})
    say(ledger, 4, {"k2": content("a")})
    say(ledger, 3, {"k1": content("a")})
    assert incident_sets(ledger) == [[(3, "k1"), (4, "k2")]]


def test_an_alert_that_is_later_and_of_another_thing_joins_that() -> None:
    """The window that first found it does so no more; the next one says another host."""
    ledger = ledger_of(by_entities(4))
    say(ledger, 2, {"k2": content("b")})
    say(ledger, 3, {"k1": content("a")})
    say(ledger, 4, {"k1": content("b")})
    say(ledger, 3, {})
    assert incident_sets(ledger) == [[(2, "k2"), (4, "k1")]]


def test_a_retracted_alert_stays_with_its_incident() -> None:
    ledger = ledger_of(by_entities(4), lookback=HOUR * 3)
    say(ledger, 2, {"k2": content("a")})
    say(ledger, 3, {"k1": content("a")})
    say(ledger, 4, {"k1": content("b")})  # its first window says what it shares
    say(ledger, 4, {})
    say(ledger, 3, {})
    rows = ledger.read("SELECT key, is_in, number FROM incident_alert JOIN incident ON incident.id = incident")
    assert sorted(tuple(row) for row in rows) == [("k1", 0, 1), ("k2", 1, 1)]
