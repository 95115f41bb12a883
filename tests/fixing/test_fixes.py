"""Each fix as text before and after, written by hand; and what is not mended because nobody knows what was meant."""

from datetime import date, timedelta

import pytest

from bluetick.detections.documents.reading import read_document_text
from bluetick.detections.fixing.proposing import propose
from bluetick.detections.fixing.registry import FIXERS
from bluetick.detections.fixing.repairs import Edit, Repair, apply
from bluetick.detections.linting.model import LintContext
from bluetick.detections.linting.registry import RULES
from bluetick.diagnostics import Span
from bluetick.session import Session, connect

TODAY = LintContext(date(2026, 6, 18))


@pytest.fixture(scope="module")
def session() -> Session:
    return connect()


def repair_of(session: Session, query: str, *codes: str) -> Repair | None:
    header = "// Name: A rule\n// QueryFrequency: 1h\n// QueryPeriod: 1h\n"
    (detection,) = read_document_text((header + query).encode(), "rule.kql").detections
    assert detection.query == query
    assert detection.lookback == timedelta(hours=1)
    return propose(session, detection, TODAY, lambda finding: finding.code in codes)


def check(session: Session, code: str, query: str, expected: str) -> Repair:
    repair = repair_of(session, query, code)
    assert repair is not None
    assert repair.repaired == expected
    assert {fix.code for fix in repair.fixes} == {code}
    return repair


def test_every_fix_is_of_a_rule_that_there_is() -> None:
    assert set(FIXERS) <= {rule.id for rule in RULES}


# --- BTL005: what cannot change the result ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("let a = 1;\nlet b = 2; // the second\nT | where x == a", "let a = 1;\nT | where x == a"),
        ("let a = 1; let b = 2; T | where x == a", "let a = 1;  T | where x == a"),
        ("let f = (y:long) {\n  y + 1\n};\nT | take 5", "T | take 5"),
    ],
)
def test_a_let_that_is_not_used(session: Session, query: str, expected: str) -> None:
    table = "DeviceEvents | extend x = ReportId"
    check(session, "BTL005", query.replace("T |", f"{table} |"), expected.replace("T |", f"{table} |"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "VMConnection\n| where TimeGenerated > ago(1h)\n| where TimeGenerated > ago(2h)\n| project Computer",
            "VMConnection\n| where TimeGenerated > ago(1h)\n| project Computer",
        ),
        (
            "VMConnection | where TimeGenerated > ago(1h) and TimeGenerated > ago(2h) and Computer == 'a'",
            "VMConnection | where TimeGenerated > ago(1h) and Computer == 'a'",
        ),
        (
            "VMConnection\n| where 1 == 1 // always\n| where Computer == 'a'",
            "VMConnection\n| where Computer == 'a'",
        ),
        (
            "let t = VMConnection // all\n| where 1 == 1;\nt\r\n  | where 1 == 1",
            "let t = VMConnection // all\n;\nt",
        ),
    ],
)
def test_a_condition_that_removes_nothing(session: Session, query: str, expected: str) -> None:
    check(session, "BTL005", query, expected)


EXCLUSION = """let common = VMConnection | where TimeGenerated < ago(1h) | summarize n = count() by RemoteCountry;
let known = VMConnection | where TimeGenerated < ago(1h)
  | summarize n = count() by ProcessName, RemoteCountry;
VMConnection
| where TimeGenerated >= ago(1h){dead}
| join kind=leftanti common on RemoteCountry"""


def test_an_exclusion_that_a_later_one_implies_goes_with_its_let(session: Session) -> None:
    query = EXCLUSION.replace(
        "{dead}", " // new ones\n| join kind=leftanti (\n    known\n  ) on ProcessName, RemoteCountry"
    )
    expected = EXCLUSION.replace("{dead}", " // new ones")
    expected = expected[: expected.index("let known")] + expected[expected.index("VMConnection\n|") :]
    repair = check(session, "BTL005", query, expected)
    assert [fix.effect for fix in repair.fixes] == ["the rows stay the same"] * 2
    # Of the query as it is only the step is dead: the let is used by it.
    assert [fix.title for fix in repair.direct] == ["remove a step that cannot change the result"]


def test_a_condition_that_no_row_passes_is_left_to_its_author(session: Session) -> None:
    query = "VMConnection | where Direction == 'outbound' | where Direction == 'inbound'"
    assert repair_of(session, query, "BTL005") is None


# --- BTL021 ---------------------------------------------------------------------------------------------------------


def test_an_order_that_is_lost(session: Session) -> None:
    query = "VMConnection\n| sort by TimeGenerated desc\n| summarize n = count() by Computer"
    check(session, "BTL021", query, "VMConnection\n| summarize n = count() by Computer")


def test_an_order_before_a_join_may_have_been_meant(session: Session) -> None:
    query = "VMConnection\n| sort by TimeGenerated desc\n| join kind=innerunique (VMConnection) on Computer"
    assert repair_of(session, query, "BTL021") is None


# --- BTL006: comparisons that drop what is not known -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("GlobalPrevalence < 5", "GlobalPrevalence < 5 or isnull(GlobalPrevalence)"),
        ("5 >= GlobalPrevalence", "5 >= GlobalPrevalence or isnull(GlobalPrevalence)"),
        (
            "GlobalPrevalence < 5 and DeviceName != ''",
            "(GlobalPrevalence < 5 or isnull(GlobalPrevalence)) and DeviceName != ''",
        ),
        (
            "DeviceName != '' and ['GlobalPrevalence'] < 5",
            "DeviceName != '' and (['GlobalPrevalence'] < 5 or isnull(['GlobalPrevalence']))",
        ),
    ],
)
def test_rows_of_which_nothing_is_known_are_kept(session: Session, condition: str, expected: str) -> None:
    query = "DeviceFileEvents\n| where Timestamp > ago(1h)\n| invoke FileProfile('SHA1', 1000)\n| where {}\n| take 9"
    check(session, "BTL006", query.replace("{}", condition), query.replace("{}", expected))


def test_of_a_left_outer_join_too(session: Session) -> None:
    query = """let seen = VMConnection | summarize Days = dcount(bin(TimeGenerated, 1d)) by Computer;
VMConnection | join kind=leftouter seen on Computer
| where Days < 2"""
    check(session, "BTL006", query, f"{query} or isnull(Days)")


# --- BTL004 and BTL010: joins ---------------------------------------------------------------------------------------

SIDES = """let new = VMConnection | where TimeGenerated > ago(1h) | summarize n = count() by Computer, RemoteCountry;
let all = VMConnection | summarize Bytes = sum(BytesSent) by Computer, RemoteCountry, Protocol;
new | join {kind}all on RemoteCountry{keys}"""


def test_a_join_on_a_country_alone_gets_what_both_sides_share(session: Session) -> None:
    before, after = SIDES.format(kind="kind=inner ", keys=""), SIDES.format(kind="kind=inner ", keys=", Computer")
    repair = check(session, "BTL004", before, after)
    assert repair.fixes[0].title == "join on Computer too"
    assert "innerunique" not in repair.fixes[0].effect
    # Of the rows with one country it kept one; of those with one country and host it may keep more.
    other = check(session, "BTL004", before.replace("inner", "innerunique"), after.replace("inner", "innerunique"))
    assert other.fixes[0].effect.endswith("those come that innerunique dropped")


def test_what_sides_share_by_name_alone_is_no_key(session: Session) -> None:
    query = SIDES.format(kind="kind=inner ", keys="").replace(
        "let all = VMConnection |", "let all = VMConnection | extend Computer = ProcessName |"
    )
    assert repair_of(session, query, "BTL004") is None


def test_a_default_kind_is_written_out(session: Session) -> None:
    query = "VMConnection | project Computer, Port = DestinationPort\n| join (VMConnection | take 9) on Computer"
    expected = query.replace("| join (", "| join kind=innerunique (")
    repair = check(session, "BTL010", query, expected)
    assert repair.fixes[0].effect == "the rows stay the same"


# --- BTL011: case ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("FileName == 'cmd.exe'", "FileName =~ 'cmd.exe'"),
        ("FileName in ('cmd.exe', 'a.exe') and ReportId > 5", "FileName in~ ('cmd.exe', 'a.exe') and ReportId > 5"),
        ("not(FileName != 'cmd.exe')", "not(FileName !~ 'cmd.exe')"),
    ],
)
def test_names_of_any_case(session: Session, condition: str, expected: str) -> None:
    query = "DeviceProcessEvents | where Timestamp > ago(1h) and {}"
    check(session, "BTL011", query.replace("{}", condition), query.replace("{}", expected))


def test_contains_is_never_made_has(session: Session) -> None:
    query = "DeviceProcessEvents | where Timestamp > ago(1h) and ProcessCommandLine contains 'mimi'"
    assert repair_of(session, query, *FIXERS) is None


# --- all together ---------------------------------------------------------------------------------------------------


def test_a_query_that_does_not_bind_has_no_repair(session: Session) -> None:
    assert repair_of(session, "let a = 1; VMConnection | where Nope == 1", *FIXERS) is None


def test_fixes_of_several_rules_follow_one_another(session: Session) -> None:
    rest = "\n| summarize n = count() by DeviceId"
    query = f"let a = 1;\nDeviceProcessEvents\n| sort by FileName asc\n| where FileName == 'cmd.exe'{rest}"
    repair = repair_of(session, query, *FIXERS)
    assert repair is not None
    assert repair.repaired == f"DeviceProcessEvents\n| where FileName =~ 'cmd.exe'{rest}"
    assert [fix.code for fix in repair.fixes] == ["BTL005", "BTL021", "BTL011"]
    # Each of them by itself is an edit of the query as it is.
    for fix in repair.direct:
        assert apply(query, fix.edits) != query


def test_edits_do_not_overlap() -> None:
    assert apply("abcd", [Edit(Span(2, 3), "X"), Edit(Span(0, 0), ">")]) == ">abXd"
    with pytest.raises(ValueError, match="overlap"):
        apply("abcd", [Edit(Span(0, 2)), Edit(Span(1, 3))])
