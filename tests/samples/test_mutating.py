"""Conditions that no sample looks at."""

from datetime import timedelta
from pathlib import Path

import pytest
from sampled import TOP, write

from bluetick.cli.main import run_command
from bluetick.detections.documents import read_document_text
from bluetick.detections.samples.mutating import mutants

RULE = """// QueryPeriod: 1h
// QueryFrequency: 1h
let window = 1h;
SigninLogs
| where TimeGenerated >= ago(window) and (ResultType == "1" or AppId == "a")
| where UserType == "Guest"
| join kind=leftanti (AuditLogs | project UserPrincipalName = Identity) on UserPrincipalName
| join kind=inner (AuditLogs | project UserPrincipalName = Identity) on UserPrincipalName
| extend Kind = case(Level == "x", "y", Level == "z" and AppId == "q", "w", "v"), One = iff(Location == "l", 1, 2)
| summarize Guests = dcountif(UserId, Category == "c") by UserPrincipalName
"""


def test_every_condition_is_changed_once() -> None:
    (rule,) = read_document_text(RULE.encode(), "a.kql").detections
    assert rule.lookback == timedelta(hours=1)
    assert [(one.text.split("\n")[0][:24], one.change.value) for one in mutants(rule)] == [
        ('ResultType == "1"', "never true"),
        ('AppId == "a"', "never true"),
        ('UserType == "Guest"', "left out"),
        ("join kind=leftanti (Audi", "join left out"),
        ('Level == "x"', "never true"),
        ('Level == "z"', "left out"),
        ('AppId == "q"', "left out"),
        ('Location == "l"', "never true"),
        ('Category == "c"', "left out"),
    ]


def test_a_bound_of_time_that_is_not_the_lookback_is_changed() -> None:
    (rule,) = read_document_text(RULE.replace("= 1h", "= 30m").encode(), "a.kql").detections
    assert mutants(rule)[0].text == "TimeGenerated >= ago(window)"


def test_the_changed_rule_binds_and_differs_there_only() -> None:
    (rule,) = read_document_text(RULE.encode(), "a.kql").detections
    changed = mutants(rule)[2].of(rule)
    assert changed.query == rule.query.replace('UserType == "Guest"', "true")
    without_join = mutants(rule)[3].of(rule).query
    assert "leftanti" not in without_join
    assert "| where true\n| join kind=inner" in without_join


SAMPLES = """samples:
  - name: found
    tables: {SigninLogs: [{TimeGenerated: now - 5m, ResultType: "1", UserType: Guest}]}
    expect: {rows: 1}
  - name: not found
    tables: {SigninLogs: [{TimeGenerated: now - 5m, ResultType: "2", UserType: Guest}]}
    expect: {rows: 0}
"""


def test_what_no_sample_notices_is_told_with_its_place(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rule = 'SigninLogs\n| where ResultType == "1"\n| where UserType == "Guest"\n'
    path = write(tmp_path, f"{TOP}{SAMPLES}", rule)
    assert run_command(["test", "--mutate", str(path)]) == 0
    out = capfd.readouterr().out
    assert f'{path}:3:9  left out: UserType == "Guest"' in out
    assert "left out: ResultType" not in out
    assert "2 passed, 1 of 2 changes noticed" in out
