"""Samples run: what is given, what is expected, and what a failure shows."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sampled import RULE, TOP, one, outcomes, problem, write

from bluetick.detections.documents import read_document
from bluetick.detections.samples import Surroundings, read_samples, run_samples, samples_path

ROWS = """
tables:
  SigninLogs:
    - {TimeGenerated: now - 5m, ResultType: "50126", UserPrincipalName: ann}
    - {TimeGenerated: now - 4m, ResultType: "50126", UserPrincipalName: ann}
    - {TimeGenerated: now - 3m, ResultType: "50126", UserPrincipalName: ann}
"""
ANY = "SigninLogs | project UserPrincipalName"


def failures(count: int, expect: str, **changed: str) -> str:
    """A sample with so many failures of ann, a minute apart."""
    cells = {"TimeGenerated": "now() - i * 1m", "ResultType": '"50126"', "UserPrincipalName": '"ann"'} | changed
    columns = ", ".join(f"{name} = {value}" for name, value in cells.items())
    return f"tables:\n  SigninLogs: range i from 1 to {count} step 1 | project {columns}\nexpect: {expect}"


# --- what is expected ---


@pytest.mark.parametrize(
    "expect",
    [
        "{rows: 1}",
        "{alert: true}",
        "{rows: [{UserPrincipalName: ann, Failures: 3}], alert: true}",
        "{rows: [{First: now - 5m}]}",
        "{rows: [{First: 2026-01-15T11:55:00Z}], ordered: true}",
    ],
)
def test_met(tmp_path: Path, expect: str) -> None:
    outcome = one(tmp_path, f"{ROWS}expect: {expect}")
    assert outcome.passed, outcome.failure
    assert outcome.kind == "hit"


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ("{rows: 0}", "expected 0 rows, got 1 row"),
        ("{alert: false}", "expected no alert, got an alert"),
        ("{rows: []}", "+ unexpected: {UserPrincipalName: ann, Failures: 3, First: 2026-01-15T11:55:00Z}"),
        ("{rows: [{Failures: 4}]}", "- missing: {Failures: 4}"),
        ("{rows: [{Failures: 4, UserPrincipalName: ann}]}", "Failures: expected 4, got 3"),
        ("{rows: [{First: now - 6m}]}", "- missing: {First: 2026-01-15T11:54:00Z}"),
        ("{rows: [{Failures: 3}, {Failures: 3}]}", "expected 2 rows, got 1 row"),
        ("{rows: [{Failure: 3}]}", "did you mean 'Failures'?"),
        ("{rows: [{Failures: three}]}", "this is no long, which 'Failures' is"),
        ("{error: SEM0100}", "expected the error SEM0100, got 1 rows"),
    ],
)
def test_not_met(tmp_path: Path, expect: str, words: str) -> None:
    outcome = one(tmp_path, f"{ROWS}expect: {expect}")
    assert not outcome.passed
    assert words in problem(outcome)


def test_order_counts_only_where_it_is_asked_for(tmp_path: Path) -> None:
    rule = "SigninLogs | project UserPrincipalName | order by UserPrincipalName desc"
    given = "tables:\n  SigninLogs:\n    - {TimeGenerated: now - 5m, UserPrincipalName: ann}\n"
    given += "    - {TimeGenerated: now - 5m, UserPrincipalName: bob}\nexpect:\n"
    rows = "  rows: [{UserPrincipalName: ann}, {UserPrincipalName: bob}]\n"
    assert one(tmp_path, f"{given}{rows}", rule).passed
    failed = one(tmp_path, f"{given}{rows}  ordered: true", rule)
    assert "~ row 1\n    UserPrincipalName: expected ann, got bob" in problem(failed)


def test_each_expected_row_finds_one_of_its_own(tmp_path: Path) -> None:
    """The looser row must leave the stricter one its only match."""
    rule = "SigninLogs | project UserPrincipalName, ResultType"
    given = "tables:\n  SigninLogs:\n    - {TimeGenerated: now - 5m, UserPrincipalName: ann, ResultType: a}\n"
    given += "    - {TimeGenerated: now - 5m, UserPrincipalName: ann, ResultType: b}\nexpect:\n"
    assert one(tmp_path, f"{given}  rows: [{{UserPrincipalName: ann}}, {{ResultType: a}}]", rule).passed
    assert one(tmp_path, f"{given}  rows: [{{UserPrincipalName: ann}}, {{ResultType: b}}]", rule).passed
    assert not one(tmp_path, f"{given}  rows: [{{ResultType: a}}, {{ResultType: a}}]", rule).passed


@pytest.mark.parametrize(("count", "kind"), [(4, "miss"), (5, "hit")])
def test_a_threshold_makes_the_kind(tmp_path: Path, count: int, kind: str) -> None:
    rule = RULE.replace("Threshold: 0", "Threshold: 4").replace("| where Failures >= 3\n", "")
    rows = failures(count, f"{{rows: {count}, alert: {str(count > 4).lower()}}}", UserPrincipalName='strcat("u", i)')
    outcome = one(tmp_path, rows, rule)
    assert outcome.passed, outcome.failure
    assert outcome.kind == kind


@pytest.mark.parametrize(
    ("rule", "code"),
    [("SigninLogs | where Nothing == 1", "SEM0100"), ("SigninLogs | where ==", "SYN"), ("Nowhere | take 1", "SEM0100")],
)
def test_an_expected_error(tmp_path: Path, rule: str, code: str) -> None:
    failed = one(tmp_path, "expect: {alert: true}", rule)
    assert f"error[{code}" in problem(failed)
    exact = problem(failed).partition("error[")[2].partition("]")[0]
    assert one(tmp_path, f"expect: {{error: {exact}}}", rule).passed


# --- what is given ---


def test_a_table_that_is_not_given_is_empty(tmp_path: Path) -> None:
    rule = "SigninLogs | join kind=leftanti (AuditLogs | project UserPrincipalName = Identity) on UserPrincipalName"
    outcome = one(tmp_path, f"{ROWS}expect: {{rows: 3}}", rule)
    assert outcome.passed, outcome.failure


def test_rows_of_the_future_and_of_before_the_lookback_are_not_read(tmp_path: Path) -> None:
    rule = RULE.replace("| where TimeGenerated > ago(1h)\n", "")
    for shift in ("now() + i * 1m", "now() - 1d - i * 1s"):
        assert one(tmp_path, failures(3, "{rows: 0}", TimeGenerated=shift), rule).passed
    assert one(tmp_path, failures(3, "{rows: 1}", TimeGenerated="now() - 1d + i * 1s"), rule).passed


def test_parts_of_a_table_and_of_the_file_add_up(tmp_path: Path) -> None:
    top = f"{TOP}tables:\n  SigninLogs:\n    - {{TimeGenerated: now - 1m, UserPrincipalName: shared}}\n"
    case = """
tables:
  SigninLogs:
    - datatable(TimeGenerated:datetime, UserPrincipalName:string)[datetime(2026-01-15 11:00), "written"]
    - print TimeGenerated = ago(5m), UserPrincipalName = "printed"
    - {TimeGenerated: 2026-01-15T11:59:00Z, UserPrincipalName: row}
expect: {rows: [{UserPrincipalName: shared}, {UserPrincipalName: row}, {UserPrincipalName: written},
  {UserPrincipalName: printed}]}
"""
    outcome = one(tmp_path, case, ANY, top)
    assert outcome.passed, outcome.failure
    alone = case.replace("{UserPrincipalName: shared}, ", "") + "alone: true\n"
    assert one(tmp_path, alone, ANY, top).passed


def test_defaults_stand_where_nothing_is_given(tmp_path: Path) -> None:
    top = f"{TOP}defaults:\n  SigninLogs: {{TimeGenerated: now - 1m, ResultType: '0'}}\n"
    case = (
        "tables:\n  SigninLogs:\n    - {}\n    - {ResultType: '1'}\n    - print ResultType = '2'\n    - print X = 1\n"
    )
    rule = "SigninLogs | project ResultType, X = 1"
    expect = "expect: {rows: [{ResultType: '0'}, {ResultType: '1'}, {ResultType: '2'}, {ResultType: '0'}]}"
    outcome = one(tmp_path, case + expect, rule, top)
    assert outcome.passed, outcome.failure


def test_files_beside(tmp_path: Path) -> None:
    event = {"TimeGenerated": "2026-01-15T11:00:00Z", "UserPrincipalName": "ndjson"}
    (tmp_path / "a.ndjson").write_text(json.dumps(event) + "\n", "utf-8")
    (tmp_path / "b.csv").write_text("TimeGenerated,UserPrincipalName\n2026-01-15T11:00:00Z,csv\n", "utf-8")
    times = pa.array([datetime(2026, 1, 15, 11, tzinfo=UTC)])
    pq.write_table(pa.table({"TimeGenerated": times, "UserPrincipalName": ["parquet"]}), tmp_path / "c.parquet")
    names = ("ndjson", "csv", "parquet", "row")
    case = "tables:\n  SigninLogs:\n    file: [a.ndjson, b.csv, c.parquet]\n    rows: "
    case += "[{TimeGenerated: now - 1m, UserPrincipalName: row}]\n"
    expect = f"expect: {{rows: [{', '.join(f'{{UserPrincipalName: {name}}}' for name in names)}]}}"
    outcome = one(tmp_path, case + expect, ANY)
    assert outcome.passed, outcome.failure


def test_values_of_every_type(tmp_path: Path) -> None:
    """A row that is written goes through the table's types and comes back as what was written."""
    rule = "SecurityEvent | project EventID, Computer, SourceComputerId, TimeGenerated, X = 1.5"
    case = """
tables:
  SecurityEvent:
    - {TimeGenerated: now - 2h30m, EventID: 4624, Computer: "5", SourceComputerId: null}
expect:
  rows:
    - {EventID: 4624, Computer: "5", SourceComputerId: "", TimeGenerated: 2026-01-15T09:30:00Z, X: 1.5}
"""
    outcome = one(tmp_path, case, rule)
    assert outcome.passed, outcome.failure


def test_dynamic_values(tmp_path: Path) -> None:
    rule = "AuditLogs | project Name = tostring(TargetResources[0].name), N = TargetResources[0].n, InitiatedBy"
    case = """
tables:
  AuditLogs:
    - {TimeGenerated: now - 1m, TargetResources: [{name: x, n: 5}], InitiatedBy: {user: {ip: "1", ok: true, no: null}}}
expect:
  rows:
    - {Name: x, N: 5, InitiatedBy: {user: {ip: "1", ok: true, no: null}}}
"""
    outcome = one(tmp_path, case, rule)
    assert outcome.passed, outcome.failure


def test_a_table_that_no_schema_knows_has_the_columns_that_are_written(tmp_path: Path) -> None:
    rule = "Own_CL | where Count > 1.5 and IsBad and When > ago(1h) | project Name, Inner.a"
    case = """
tables:
  Own_CL:
    - {Name: "1", Count: 2, IsBad: true, When: now - 5m, Inner: {a: 7}}
    - {Name: x, Count: 1.5, IsBad: true, When: now - 5m}
    - {Name: y, Count: 2, IsBad: false, When: now - 5m}
expect:
  rows: [{Name: "1", Inner_a: 7}]
"""
    outcome = one(tmp_path, case, rule)
    assert outcome.passed, outcome.failure


def test_profiles_and_watchlists(tmp_path: Path) -> None:
    rule = """DeviceFileEvents
| invoke FileProfile("SHA1", 1000)
| where GlobalPrevalence < 10 and DeviceName in ((_GetWatchlist("Crown") | project SearchKey))
| project DeviceName, GlobalPrevalence, Signer, ProfileAvailability"""
    sha = "a" * 40
    case = f"""
tables:
  DeviceFileEvents:
    - {{Timestamp: now - 1m, DeviceName: pc1, SHA1: {sha}}}
    - {{Timestamp: now - 1m, DeviceName: pc2, SHA1: {sha}}}
profiles:
  - {{SHA1: {sha}, GlobalPrevalence: 3, Signer: Contoso}}
watchlists:
  Crown:
    - {{Host: pc1, Owner: ann}}
expect:
  rows: [{{DeviceName: pc1, GlobalPrevalence: 3, Signer: Contoso, ProfileAvailability: Available}}]
"""
    outcome = one(tmp_path, case, rule)
    assert outcome.passed, outcome.failure
    unknown = case.replace(f"  - {{SHA1: {sha}, GlobalPrevalence: 3, Signer: Contoso}}\n", "").replace(
        "profiles:\n", "profiles: []\n"
    )
    assert "expected 1 row, got 0 rows" in problem(one(tmp_path, unknown, rule))
    assert "FileProfile" in problem(one(tmp_path, unknown.replace("profiles: []\n", ""), rule))


def test_external_data(tmp_path: Path) -> None:
    rule = 'externaldata(ip:string)["https://feeds.example/ips.csv"] with (format="csv")'
    (tmp_path / "ips.csv").write_text("192.0.2.1\n", "utf-8")
    case = "external: {'https://feeds.example/ips.csv': ips.csv}\nexpect: {rows: [{ip: 192.0.2.1}]}"
    outcome = one(tmp_path, case, rule)
    assert outcome.passed, outcome.failure


# --- what is wrong with what is given ---


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ("[{UserPrincipalName: ann}]", "a row of 'SigninLogs' has no TimeGenerated"),
        ("[{TimeGenerated: now - 5m, UserPrincipleName: ann}]", "did you mean 'UserPrincipalName'?"),
        ("[{TimeGenerated: soon}]", "this is no datetime, which 'TimeGenerated' is"),
        ("[{TimeGenerated: now - 5 apples}]", "this is no datetime"),
        ("[{TimeGenerated: now - 5m, UserPrincipalName: [a]}]", "this is no string"),
        ("print TimeGenerated = now() - 5m, ResultType = 50126", "'ResultType' of 'SigninLogs' is string"),
        ("print TimeGenerated = now() - 5m, Nothing = 1", "SigninLogs has no column 'Nothing'"),
        ("print TimeGenerated = nowhere()", "BTK0308"),
        ("OtherTable", "BTK0308"),
        ("{file: none.ndjson}", "none.ndjson"),
        ("range i from 1 to 200001 step 1 | project TimeGenerated = now() - 1m", "more than 200,000 rows"),
    ],
)
def test_told_at_its_place(tmp_path: Path, tables: str, words: str) -> None:
    outcome = one(tmp_path, f"tables:\n  SigninLogs: {tables}\nexpect: {{rows: 0}}")
    assert not outcome.passed
    assert words in problem(outcome)
    assert "rule.tests.yaml:5" in problem(outcome)


@pytest.mark.parametrize("name", ["SigninLog", '"it\'s"', "Other_CL"])
def test_a_table_that_the_rule_does_not_read(tmp_path: Path, name: str) -> None:
    outcome = one(tmp_path, f"tables:\n  {name}: [{{TimeGenerated: now - 5m}}]\nexpect: {{rows: 0}}")
    assert not outcome.passed
    assert "the rule reads no table" in problem(outcome) or "cannot be a table name" in problem(outcome)
    if name == "SigninLog":
        assert "did you mean 'SigninLogs'?" in problem(outcome)


def test_a_table_stands_for_a_function(tmp_path: Path) -> None:
    case = "tables:\n  OwnParser: [{Who: ann, When: now - 5m}]\nexpect: {rows: [{Who: ann}]}"
    outcome = one(tmp_path, case, "OwnParser | where When > ago(1h) | project Who")
    assert outcome.passed, outcome.failure
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "OwnParser.kql").write_text("SigninLogs | project Who = UserPrincipalName", "utf-8")
    path = write(
        tmp_path,
        f"{TOP}samples:\n  - name: it\n    tables:\n      SigninLogs: "
        "[{TimeGenerated: now - 5m, UserPrincipalName: bob}]\n    expect: {rows: [{Who: bob}]}\n",
        "OwnParser",
    )
    (rule,) = read_document(path).detections
    surroundings = Surroundings(functions=tmp_path / "functions")
    (ran,) = run_samples(rule, read_samples(samples_path(path)).samples, surroundings)
    assert ran.passed, ran.failure


def test_a_search_reads_what_is_given(tmp_path: Path) -> None:
    case = "tables:\n  SigninLogs: [{TimeGenerated: now - 5m, UserPrincipalName: ann}]\nexpect: {rows: 1}"
    outcome = one(tmp_path, case, 'search "ann"')
    assert outcome.passed, outcome.failure


def test_one_failure_keeps_no_other_from_running(tmp_path: Path) -> None:
    cases = "".join(
        f"  - name: {name}\n    {given}\n    expect: {{rows: 0}}\n"
        for name, given in (
            ("broken", "tables: {SigninLogs: [{UserPrincipalName: x}]}"),
            (
                "seen",
                "tables: {SigninLogs: 'range i from 1 to 5 step 1 | project TimeGenerated = ago(1m), "
                'ResultType = "50126"\'}',
            ),
            ("empty", "alone: true"),
        )
    )
    done = outcomes(tmp_path, f"{TOP}samples:\n{cases}")
    assert [(o.name, o.passed) for o in done] == [("broken", False), ("seen", False), ("empty", True)]


def test_tables_are_not_shared(tmp_path: Path) -> None:
    cases = "".join(
        f"  - name: n{number}\n    tables:\n      SigninLogs: "
        f"[{{TimeGenerated: now - 1m, UserPrincipalName: u{number}}}]\n"
        f"    expect: {{rows: [{{UserPrincipalName: u{number}}}]}}\n"
        for number in range(3)
    )
    assert all(outcome.passed for outcome in outcomes(tmp_path, f"{TOP}samples:\n{cases}", ANY))


def test_a_failure_shows_what_removed_the_rows(tmp_path: Path) -> None:
    outcome = one(tmp_path, failures(2, "{rows: 1}"))
    assert outcome.failure is not None
    assert any("near: only `Failures >= 3` removed" in line and "off by 1" in line for line in outcome.failure.traces)
    assert outcome.failure.actual == ()
    outcome = one(tmp_path, failures(3, "{rows: 1}", ResultType='"0"'))
    assert outcome.failure is not None
    assert any('near: only `ResultType == "50126"` removed' in line for line in outcome.failure.traces)


def test_what_came_out_is_told_in_the_form_of_the_file(tmp_path: Path) -> None:
    """Taken over into the file it is met."""
    rule = """print S = 'a "b": c', E = "", N = "null", T = "true", L = long(5), Z = long(null), R = 1.5, B = true,
D = datetime(2026-01-02 03:04:05.678), W = 90m, J = dynamic({"a": [1, "x", null]}), G = guid(null), K = "5",
C = decimal(1.25), M = "two\\nlines", Y = dynamic("x")"""
    failed = one(tmp_path, "expect: {rows: 0}", rule)
    assert failed.failure is not None
    (row,) = failed.failure.actual
    assert row.startswith("{S: ")
    outcome = one(tmp_path, f"expect:\n  rows:\n    - {row}", rule)
    assert outcome.passed, outcome.failure
