"""Every other rule: what it finds, and what it leaves alone."""

from datetime import timedelta
from typing import Any

import pytest

from bluetick.detections.alerting import AlertDetails, Alerting, RuleKind
from bluetick.detections.linting.attack_facts import tactics_of_techniques
from bluetick.detections.linting.registry import RULES, lint
from bluetick.detections.model import AlertSeverity, Allowance, Comparison, EntityMapping, Threshold
from linting.linted import SCHEDULED, TODAY, codes, linted, rule_of, told

_HOST = (EntityMapping("Host", (("HostName", "Computer"),)),)
_ALERTING: dict[str, Any] = {**SCHEDULED, "severity": AlertSeverity.LOW, "entities": _HOST, "schemas": "sentinel"}
_DEFENDER: dict[str, Any] = {"schemas": "defender", "frequency": timedelta(hours=1), "severity": AlertSeverity.LOW}


def _days(days: float) -> timedelta:
    return timedelta(days=days)


# --- time and schedule ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "fields", "expected"),
    [
        ("SecurityEvent | where EventID == 1", {}, [("BTL001", "SecurityEvent")]),
        ("SecurityEvent | where TimeGenerated > ago(1d)", {}, []),
        ("DeviceInfo | where Timestamp > ago(1d) and TimeGenerated != datetime(null)", {"schemas": "sentinel"}, []),
        ("SecurityEvent | where bin(TimeGenerated, 1d) >= ago(7d)", {}, []),
        ("SecurityEvent | summarize Last = max(TimeGenerated) by Computer | where Last < ago(1d)", {}, []),
        ("SecurityEvent | make-series count() on TimeGenerated from ago(1d) to now() step 1h", {}, []),
        ("SecurityEvent | where EventID == 1", SCHEDULED, []),
        ("SecurityEvent | where TimeGenerated > ago(2d)", SCHEDULED, [("BTL001", "TimeGenerated > ago(2d)")]),
        ("SecurityEvent | extend T = TimeGenerated | where T > ago(2d)", SCHEDULED, [("BTL001", "T > ago(2d)")]),
        ("SecurityEvent | where TimeGenerated < ago(2d)", SCHEDULED, []),
        ("DeviceInfo | where Timestamp > ago(5h)", _DEFENDER, [("BTL001", "Timestamp > ago(5h)")]),
        ("DeviceInfo | where Timestamp > ago(4h)", _DEFENDER, []),
    ],
)
def test_unbounded_time(query: str, fields: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert [one for one in told(query, **fields) if one[0] == "BTL001"] == expected


def test_a_table_that_is_read_often_is_told_once() -> None:
    (found,) = [
        one for one in linted("union SecurityEvent, (SecurityEvent | where EventID == 1)") if one.code == "BTL001"
    ]
    assert "in 2 places" in found.message


def test_a_near_real_time_rule_is_bounded_by_what_it_is() -> None:
    assert "BTL001" not in codes("SecurityEvent", alerting=Alerting(kind=RuleKind.NRT))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"frequency": _days(1), "lookback": _days(14)}, set()),
        ({"frequency": _days(1), "lookback": _days(15)}, {"BTL002"}),
        ({"frequency": timedelta(minutes=1), "lookback": _days(1)}, {"BTL002"}),
        ({"frequency": _days(1), "lookback": timedelta(hours=1)}, {"BTL003"}),
        ({"frequency": _days(1), "lookback": _days(30), "schemas": "defender"}, set()),
        ({"frequency": timedelta(hours=1), "lookback": _days(30), "schemas": "defender"}, {"BTL002"}),
    ],
)
def test_the_schedule(fields: dict[str, Any], expected: set[str]) -> None:
    assert codes("SecurityEvent", **fields) & {"BTL002", "BTL003"} == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SecurityEvent | where TimeGenerated > ago(1h)", True),
        ("SecurityEvent | where TimeGenerated > ago(1d)", False),
        ("SecurityEvent | where EventID == 1", False),
        ("SecurityEvent | where TimeGenerated > startofday(now())", False),  # which hangs on the hour of the run
        ("SecurityEvent | where TimeGenerated > ago(1h) | union (Heartbeat | where TimeGenerated > ago(1d))", False),
        ("SecurityEvent | where TimeGenerated > ago(1h) | union (Heartbeat | where TimeGenerated > ago(2h))", True),
        ("print 1", False),
    ],
)
def test_a_query_that_looks_back_less_than_its_rule_waits(query: str, expected: bool) -> None:
    assert ("BTL003" in codes(query, **SCHEDULED)) is expected


def test_a_rule_that_asks_how_things_stand_may_look_back_less() -> None:
    threshold = Threshold(Comparison.LESS, 1, declared=True)
    assert "BTL003" not in codes("Heartbeat | where TimeGenerated > ago(5m)", threshold=threshold, **SCHEDULED)


def test_a_time_filter_behind_a_join() -> None:
    query = (
        "SecurityEvent | join kind=inner (Heartbeat | where TimeGenerated > ago(1d)) on Computer | where {} > ago(1d)"
    )
    assert ("BTL012", "TimeGenerated > ago(1d)") in told(query.format("TimeGenerated"))
    early = "SecurityEvent | where TimeGenerated > ago(1d) | join kind=inner (Heartbeat) on Computer"
    assert "BTL012" not in codes(f"{early} | where TimeGenerated > ago(1h)")


# --- joins ----------------------------------------------------------------------------------------------------------

_SIGN_INS = "let Other = SigninLogs | project Country = Location; SigninLogs | where TimeGenerated > ago(1d)"


@pytest.mark.parametrize(
    ("join", "expected"),
    [
        ("join kind=inner (VMConnection) on $left.Location == $right.RemoteCountry", False),  # a place is no country
        ("extend Country = Location | join kind=inner (SigninLogs) on $left.Country == $right.Location", True),
        ("extend Country = Location | join kind=inner (SigninLogs) on $left.Country == $right.Location, UserId", False),
        ("extend Country = Location | join kind=leftanti (SigninLogs) on $left.Country == $right.Location", False),
        ("summarize n = count() by Country = Location | join kind=inner (Other) on Country", False),
        ("extend Country = Location | join kind=inner (Other) on Country", True),
        ("extend Country = Location | join kind=inner (datatable(Country:string, n:long)['a', 1]) on Country", False),
        (
            "extend Level = 1 | join kind=inner (SigninLogs | extend Level = 1) on Level",
            False,
        ),  # all with all, as meant
        ("extend Odd = IsInteractive | join kind=inner (SigninLogs | extend Odd = IsInteractive) on Odd", True),
    ],
)
def test_a_join_on_few_values(join: str, expected: bool) -> None:
    assert ("BTL004" in codes(f"{_SIGN_INS} | {join}")) is expected


@pytest.mark.parametrize(
    ("left", "kind", "after", "expected"),
    [
        ("SecurityEvent", "", "", "BTL010"),
        ("SecurityEvent", "kind=innerunique", "", "BTL007"),
        ("SecurityEvent", "kind=inner", "", ""),
        ("SecurityEvent", "", "| project Computer, OSType", ""),  # nothing but the key is used
        ("SecurityEvent", "", "| summarize count() by Computer, Account", "BTL010"),
        ("SecurityEvent | summarize arg_max(TimeGenerated, *) by Computer", "", "", ""),
        ("SecurityEvent | distinct Computer", "", "", ""),
        ("SecurityEvent | summarize count() by Computer, Account", "", "", "BTL010"),
        ("SecurityEvent | summarize n = count() by Computer | where n > 5 | extend m = n", "", "", ""),
    ],
)
def test_joins_that_drop_left_rows(left: str, kind: str, after: str, expected: str) -> None:
    query = f"{left} | join {kind} (Heartbeat | project Computer, OSType) on Computer {after}"
    assert codes(query) & {"BTL007", "BTL010"} == ({expected} if expected else set())


def test_what_an_arbitrary_row_gives_may_be_shown_but_not_decide() -> None:
    query = "SecurityEvent | summarize take_any(Activity, Account), count() by Computer"
    assert "BTL007" not in codes(query)
    assert "BTL007" in codes(f"{query} | where Activity has 'x'")
    assert "BTL007" in codes(query, entities=(EntityMapping("Account", (("FullName", "Account"),)),))


# --- nulls ----------------------------------------------------------------------------------------------------------

_PROFILE = "DeviceFileEvents | invoke FileProfile(SHA1) | where "
_OUTER = "SecurityEvent | join kind=leftouter (SecurityEvent | summarize n = count() by Computer) on Computer | where "


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (_PROFILE + "GlobalPrevalence < 100", True),
        (_PROFILE + "100 >= GlobalPrevalence", True),
        (_PROFILE + "GlobalFirstSeen > ago(7d)", True),
        (_PROFILE + "isnull(GlobalPrevalence) or GlobalPrevalence < 100", False),
        (_PROFILE + "isnotnull(GlobalPrevalence) | where GlobalPrevalence < 100", False),
        (_PROFILE + "coalesce(GlobalPrevalence, 0) < 100", False),
        (_PROFILE + "GlobalPrevalence > 100", False),
        (_PROFILE + "Signer != 'x'", False),  # a string is never null
        (_OUTER + "n < 5", True),
        (_OUTER + "n == 0", True),
        (_OUTER + "n == 7", False),
        (_OUTER.replace("leftouter", "inner") + "n < 5", False),
        ("DeviceFileEvents | where FileSize < 5", False),
    ],
)
def test_comparisons_that_drop_what_is_not_known(query: str, expected: bool) -> None:
    assert ("BTL006" in codes(query)) is expected


@pytest.mark.parametrize(
    ("lookup", "expected"),
    [
        ("invoke FileProfile(SHA1) | where Signer == 'x'", True),
        ("invoke FileProfile(SHA1, 1000) | where Signer == 'x'", False),
        ("invoke FileProfile(SHA1) | project Signer", False),
        ("take 50 | invoke FileProfile(SHA1) | where Signer == 'x'", False),
    ],
)
def test_a_provider_that_is_asked_for_few(lookup: str, expected: bool) -> None:
    assert ("BTL024" in codes(f"DeviceFileEvents | {lookup}")) is expected


# --- rows -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "threshold", "expected"),
    [
        ("SecurityEvent | summarize count()", Threshold(Comparison.GREATER, 0, declared=True), True),
        ("SecurityEvent | count", Threshold(Comparison.GREATER, 5, declared=True), True),
        ("SecurityEvent | summarize n = count() | where n > 5", Threshold(Comparison.GREATER, 0, declared=True), False),
        ("SecurityEvent | summarize n = count() | where n > 5", Threshold(Comparison.GREATER, 1, declared=True), True),
        ("SecurityEvent | top 10 by EventID", Threshold(Comparison.GREATER, 10, declared=True), True),
        ("SecurityEvent | top 10 by EventID", Threshold(Comparison.GREATER, 9, declared=True), False),
        ("SecurityEvent | summarize count() by Computer", Threshold(Comparison.GREATER, 0, declared=True), False),
        ("SecurityEvent", Threshold(Comparison.LESS, 1, declared=True), False),
        ("SecurityEvent | count", Threshold(Comparison.LESS, 1, declared=True), True),
        ("SecurityEvent | count", Threshold(), False),  # a hunting query's
    ],
)
def test_thresholds(query: str, threshold: Threshold, expected: bool) -> None:
    assert ("BTL016" in codes(query, threshold=threshold)) is expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SecurityEvent | take 10", True),
        ("SecurityEvent | sort by TimeGenerated | take 10", False),
        ("SecurityEvent | top 10 by TimeGenerated", False),
        ("SecurityEvent | sample 10", False),
        ("SecurityEvent | count | take 1", False),
        ("SecurityEvent | sort by TimeGenerated | project Computer | where Computer != 'a' | limit 10", False),
    ],
)
def test_arbitrary_rows(query: str, expected: bool) -> None:
    assert ("BTL017" in codes(query)) is expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SecurityEvent | sort by EventID | summarize count() by Computer", True),
        ("SecurityEvent | sort by EventID | summarize make_list(EventID) by Computer", False),
        ("SecurityEvent | sort by EventID | summarize take_any(EventID) by Computer", False),
        ("SecurityEvent | sort by EventID | distinct Computer", True),
        ("SecurityEvent | sort by EventID | join kind=inner (Heartbeat) on Computer", True),
        ("SecurityEvent | sort by EventID | take 10 | summarize count() by Computer", False),
        ("SecurityEvent | sort by EventID | extend n = row_number() | summarize max(n) by Computer", False),
        ("SecurityEvent | sort by EventID", False),
    ],
)
def test_an_order_that_is_lost(query: str, expected: bool) -> None:
    assert ("BTL021" in codes(query)) is expected


# --- texts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('DeviceProcessEvents | where FileName == "cmd.exe"', {"BTL011"}),
        ('DeviceProcessEvents | where FileName in ("cmd.exe", "x.exe")', {"BTL011"}),
        ('DeviceProcessEvents | where FileName =~ "cmd.exe" or FileName in~ ("x.exe")', set()),
        ('DeviceProcessEvents | where tolower(FileName) == "cmd.exe"', set()),
        ('DeviceProcessEvents | where tolower(FileName) == "Cmd.exe"', {"BTL022"}),
        ('DeviceProcessEvents | extend Name = toupper(FileName) | where Name in ("CMD.EXE", "x.EXE")', {"BTL022"}),
        ('DeviceProcessEvents | where FileName == ""', set()),
        ('DeviceProcessEvents | where FileName == "dseditgroup"', set()),  # of macOS
        (r'DeviceProcessEvents | where FolderPath != @"C:\Temp\x"', {"BTL011"}),
        ('DeviceProcessEvents | where ActionType == "ProcessCreated"', set()),
    ],
)
def test_the_case_of_text(query: str, expected: set[str]) -> None:
    assert codes(query) & {"BTL011", "BTL022"} == expected


# --- documents ------------------------------------------------------------------------------------------------------


def _entity(kind: str, identifier: str, column: str) -> dict[str, Any]:
    return {"entities": (EntityMapping(kind, ((identifier, column),)),)}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"entities": ()}, "maps no entity"),
        (_entity("Host", "HostName", "Computr"), "no column of the result"),
        (_entity("Hots", "HostName", "Computer"), "not an entity type"),
        (_entity("Host", "Address", "Computer"), "has no identifier 'Address'"),
        ({"alerting": Alerting(custom_details=(("Where", "Nowhere"),))}, "'Nowhere', which is no column"),
        ({"alerting": Alerting(alert_details=AlertDetails(name_format="At {{Place}}"))}, "'Place', which is no column"),
        (_entity("Host", "OSFamily", "Computer"), "is identified by FullName or HostName"),
        ({"entities": tuple(_HOST * 11)}, "11 entity mappings"),
    ],
)
def test_what_alerts_take_from_the_rows(fields: dict[str, Any], words: str) -> None:
    found = [one.message for one in linted("SecurityEvent", **{**_ALERTING, **fields}) if one.code == "BTL008"]
    assert any(words in message for message in found)


def test_a_whole_rule_has_no_finding() -> None:
    assert linted("SecurityEvent | where EventID == 4625", **_ALERTING) == []


def test_columns_that_only_a_run_knows_are_not_missed() -> None:
    query = "SecurityEvent | extend d = parse_json(EventData) | evaluate bag_unpack(d)"
    assert "BTL008" not in codes(query, **{**_ALERTING, **_entity("Host", "HostName", "Inside")})


@pytest.mark.parametrize(
    ("techniques", "tactics", "expected"),
    [
        (("T1059",), ("Execution",), False),
        (("T1059.001",), ("Execution", "Impact"), False),
        (("T1059",), ("Impact",), True),
        (("T1059",), (), False),
        (("T1059",), ("Discover",), False),  # which is told where it is read
        (("T1066",), ("DefenseEvasion",), True),  # revoked
        (("T1574.002",), ("DefenseEvasion",), True),  # now T1574.001
        (("T9999",), ("DefenseEvasion",), False),  # of a later version, maybe
        (("T1059.099",), ("Execution",), False),
        (("T0054",), ("Execution",), False),  # of the matrix for AI
        (("T0803",), ("InhibitResponseFunction",), False),
    ],
)
def test_techniques(techniques: tuple[str, ...], tactics: tuple[str, ...], expected: bool) -> None:
    assert ("BTL009" in codes("SecurityEvent", techniques=techniques, tactics=tactics)) is expected


def test_every_technique_serves_a_tactic_that_is_known() -> None:
    facts = tactics_of_techniques()
    assert len(facts) > 800
    assert facts["T1078"] == {"InitialAccess", "Persistence", "PrivilegeEscalation", "DefenseEvasion"}
    assert all(number.partition(".")[0] in facts for number in facts)


@pytest.mark.parametrize(
    ("fields", "lacking"),
    [
        ({}, ""),
        ({"id_derived": True}, ""),  # a note
        ({"id_derived": True, "techniques": ("T1059",)}, "id"),
        ({"description": " ", "tactics": ("Execution",)}, "description"),
        ({"severity": AlertSeverity.LOW}, "frequency"),
        ({"lookback": _days(1)}, "severity, frequency"),
        ({"severity": AlertSeverity.LOW, "alerting": Alerting(kind=RuleKind.NRT)}, ""),
    ],
)
def test_what_a_document_does_not_state(fields: dict[str, Any], lacking: str) -> None:
    found = [
        one.message.removeprefix("the document states no ")
        for one in linted("print 1", **fields)
        if one.code == "BTL015"
    ]
    assert found == ([lacking] if lacking else [])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("search *", True),
        ("union * | where TimeGenerated > ago(1d)", True),
        ("union Security* | take 1", False),
        ("SecurityEvent | where Computer != '" + "x" * 10_000 + "'", True),
    ],
)
def test_what_sentinel_refuses(query: str, expected: bool) -> None:
    detection = rule_of(query, **_ALERTING)
    assert ("BTL019" in {one.code for one in lint(detection, None, TODAY)}) is expected


@pytest.mark.parametrize(("query", "expected"), [("DeviceInfo | project DeviceId", True), ("DeviceInfo", False)])
def test_the_columns_that_defender_asks_for(query: str, expected: bool) -> None:
    assert ("BTL014" in codes(query, **_DEFENDER)) is expected


# --- allowances -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        ((), {"BTL001"}),
        ((Allowance("BTL001", "all of it is wanted"),), set()),
        ((Allowance("unbounded-time", "all of it is wanted"),), set()),
        ((Allowance("BTL001", ""),), {"BTL023"}),
        ((Allowance("BTL001", "so"), Allowance("BTL017", "so")), {"BTL023"}),
        ((Allowance("BTL999", "so"),), {"BTL001", "BTL023"}),
    ],
)
def test_a_rule_that_is_allowed(allowed: tuple[Allowance, ...], expected: set[str]) -> None:
    assert codes("SecurityEvent", allowed=allowed) == expected


def test_an_allowance_for_a_query_that_does_not_bind_is_not_judged() -> None:
    allowed = (Allowance("BTL001", "so"),)
    assert lint(rule_of("Nothing", allowed=allowed), None, TODAY) == []


# --- the registry ---------------------------------------------------------------------------------------------------


def test_ids_and_names_are_each_of_one_rule() -> None:
    words = [word for rule in RULES for word in (rule.id, rule.name)]
    assert len(set(words)) == len(words)
    assert all(rule.id.startswith("BTL") and len(rule.id) == 6 for rule in RULES)


def test_a_time_that_a_step_passes_on_more_than_once_is_still_the_tables() -> None:
    """mv-apply makes the row's columns again, each time."""
    step = "| mv-apply e = d on (where tostring(e) has 'x' | project e)\n"
    query = f"SecurityEvent | extend d = parse_json(EventData)\n{step}{step}{step}| project TimeGenerated, Account"
    assert "BTL003" not in codes(query, **SCHEDULED)
