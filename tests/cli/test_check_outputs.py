"""What check finds, in each of its forms. Positions are counted by hand in the documents below."""

import json
import os
import re
from pathlib import Path
from typing import Any, NoReturn
from xml.etree import ElementTree

import pytest

from bluetick.cli.checked import judging, workers
from bluetick.cli.main import run_command
from bluetick.detections.model import Detection
from bluetick.diagnostics import Diagnostic

Json = dict[str, Any]

# Line 8 of the document is the query's second; its name of no column begins after an astral character.
WRONG = """id: 11111111-2222-4333-8444-555555555555
name: Wrong column
severity: Low
queryFrequency: 1h
queryPeriod: 1h
query: |
  VMConnection
  | where "\U0001f4c4" != Directoin
"""
# It runs every day and looks at one hour: lint rule BTL003, schedule-gap.
GAPPY = """id: 21111111-2222-4333-8444-555555555555
name: Gap <&> "quoted"
severity: Low
queryFrequency: 1d
queryPeriod: 1h
query: |
  VMConnection
  | where Direction == "outbound"
  | project Computer
"""


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "my rules"
    folder.mkdir()
    (folder / "gappy.yaml").write_text(GAPPY, "utf-8")
    (folder / "wrong #1.yaml").write_text(WRONG, "utf-8")
    monkeypatch.chdir(tmp_path)
    return Path("my rules")


def check(capfd: pytest.CaptureFixture[str], *arguments: object, code: int) -> str:
    assert run_command(["check", *map(str, arguments)]) == code
    return capfd.readouterr().out


def test_text_counts_codes_at_its_end(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = check(capfd, rules, "--rule", "schedule-gap", code=1)
    assert "ok       my rules/gappy.yaml" in out
    assert "refused  my rules/wrong #1.yaml  Wrong column" in out
    assert "2 checked, 1 refused, 1 with warnings\n" in out
    tail = out.split("with warnings\n")[1].splitlines()
    assert [line.split(":")[0].split() for line in tail] == [["1", "BTL003", "schedule-gap"], ["1", "SEM0100"]]


def test_strict_makes_a_warning_fail(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    gappy = rules / "gappy.yaml"
    check(capfd, gappy, code=0)
    out = check(capfd, gappy, "--strict", code=1)
    assert "warned   my rules/gappy.yaml" in out
    line = json.loads(check(capfd, gappy, "--strict", "--rule", "BTL003", "--format", "json", code=1))
    assert line["ok"] is False
    assert [one["code"] for one in line["diagnostics"]] == ["BTL003"]


def test_a_rule_is_chosen_and_left_out_by_id_or_name(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def codes(*options: str) -> list[str]:
        line = json.loads(check(capfd, rules / "gappy.yaml", *options, "--format", "json", code=0))
        return [one["code"] for one in line["diagnostics"]]

    assert "BTL003" in codes()
    assert codes("--rule", "BTL003") == codes("--rule", "schedule-gap") == ["BTL003"]
    assert "BTL003" not in codes("--ignore", "schedule-gap")
    assert codes("--rule", "BTL003", "--ignore", "BTL003") == []
    assert run_command(["check", str(rules), "--rule", "schedule-gpa"]) == 2
    assert "did you mean schedule-gap?" in capfd.readouterr().err
    # An error is never left out.
    assert run_command(["check", str(rules), "--ignore", "SEM0100"]) == 1


def test_json_tells_where_a_finding_ends(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    line = json.loads(check(capfd, rules / "wrong #1.yaml", "--format", "json", code=1))
    assert (line["name"], line["file"]) == ("Wrong column", "my rules/wrong #1.yaml")
    error = next(one for one in line["diagnostics"] if one["severity"] == "error")
    # Characters, not bytes nor UTF-16: two blanks, '| where "', the astral character, '" != '.
    assert (error["line"], error["column"], error["endLine"], error["endColumn"]) == (8, 18, 8, 27)


# --- JUnit, as pytest writes it -------------------------------------------------------------------------------------


def test_junit_has_a_case_a_detection(rules: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "report.xml"
    assert check(capfd, rules, "--format", "junit", "--output", target, "--rule", "BTL003", code=1) == ""
    suites = ElementTree.fromstring(target.read_bytes())  # noqa: S314 - our own
    (suite,) = suites
    assert (suites.tag, suite.tag) == ("testsuites", "testsuite")
    counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "2", "failures": "1", "errors": "0", "skipped": "0"}
    gappy, wrong = suite
    assert (gappy.get("name"), gappy.get("classname")) == ('Gap <&> "quoted"', "my rules/gappy.yaml")
    assert [child.tag for child in gappy] == ["system-out"]
    assert "BTL003" in str(gappy[0].text)
    assert [child.tag for child in wrong] == ["failure"]
    assert str(wrong[0].get("message")).startswith("SEM0100: ")
    assert "--> my rules/wrong #1.yaml:8:18" in str(wrong[0].text)
    assert wrong.get("line") == "7"  # pytest counts from 0
    assert re.fullmatch(r"\d+\.\d{3}", str(wrong.get("time")))


def test_junit_holds_no_character_that_xml_does_not(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "odd.kql"
    path.write_text("// Name: Odd \ufffe name\nVMConnection\n| where Direction == '\uffff' and Nope\n", "utf-8")
    out = check(capfd, path, "--format", "junit", code=1)
    case = ElementTree.fromstring(out.encode())[0][0]  # noqa: S314 - our own
    assert case.get("name") == "Odd \N{REPLACEMENT CHARACTER} name"


# --- SARIF ----------------------------------------------------------------------------------------------------------


def sarif(capfd: pytest.CaptureFixture[str], *arguments: object, code: int = 1) -> Json:
    log = json.loads(check(capfd, *arguments, "--format", "sarif", code=code))
    assert isinstance(log, dict)
    check_log(log)
    return log


def check_log(log: Json) -> None:
    """What SARIF 2.1.0 demands of the properties that are used here (the number of its section beside each)."""
    assert log["version"] == "2.1.0"  # 3.13.2
    assert str(log["$schema"]).endswith("sarif-schema-2.1.0.json")  # 3.13.3
    runs = log["runs"]
    for run in runs:
        assert set(run) <= {"tool", "columnKind", "originalUriBaseIds", "results"}
        assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}  # 3.14.17
        driver = run["tool"]["driver"]
        assert driver["name"]  # 3.19.8
        ids = [rule["id"] for rule in driver["rules"]]  # 3.49.3
        assert len(ids) == len(set(ids))
        for rule in driver["rules"]:
            assert rule["shortDescription"]["text"].endswith(".")  # 3.49.9, 3.11: ends with a period
            assert rule["help"]["text"]
            assert rule["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"}  # 3.50.3
        for base in run["originalUriBaseIds"].values():
            assert str(base.get("uri", "/")).endswith("/")  # 3.14.14
        for result in run["results"]:
            check_result(result, ids, run["originalUriBaseIds"])


def check_result(result: Json, ids: list[str], bases: Json) -> None:
    assert result["ruleId"] == ids[result["ruleIndex"]]  # 3.27.6
    assert result["level"] in {"none", "note", "warning", "error"}  # 3.27.10
    assert result["message"]["text"]  # 3.27.11
    (location,) = result["locations"]
    check_place(location["physicalLocation"], bases)
    for logical in location.get("logicalLocations", ()):
        assert logical["fullyQualifiedName"]  # 3.33.5
    for fix in result.get("fixes", ()):  # 3.27.30
        for change in fix["artifactChanges"]:  # 3.55.3
            for replacement in change["replacements"]:  # 3.56.3
                check_region(replacement["deletedRegion"])  # 3.57.3
                assert isinstance(replacement["insertedContent"]["text"], str)


def check_place(place: Json, bases: Json) -> None:
    artifact = place["artifactLocation"]
    uri = artifact["uri"]
    assert re.fullmatch(r"[A-Za-z0-9\-._~%/!$&'()*+,;=:@]+", uri)  # RFC 3986, as 3.4.3 demands
    if "uriBaseId" in artifact:  # 3.4.4
        assert artifact["uriBaseId"] in bases
        assert not uri.startswith("/")
    else:
        assert uri.startswith("file:///")
    check_region(place["region"])


def check_region(region: Json) -> None:
    start, end = (region["startLine"], region["startColumn"]), (region["endLine"], region["endColumn"])
    assert min(*start, *end) >= 1  # 3.30.5 to 3.30.8
    assert start <= end


def test_sarif_points_at_utf16_columns_of_the_document(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = sarif(capfd, rules, "--rule", "BTL003")
    (run,) = log["runs"]
    results = {result["ruleId"]: result for result in run["results"]}
    assert set(results) == {"BTL003", "SEM0100"}
    place = results["SEM0100"]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "my%20rules/wrong%20%231.yaml", "uriBaseId": "SRCROOT"}
    # One more than in characters: the astral character is two code units.
    assert place["region"] == {"startLine": 8, "startColumn": 19, "endLine": 8, "endColumn": 28}
    assert (results["SEM0100"]["level"], results["BTL003"]["level"]) == ("error", "warning")
    rule = run["tool"]["driver"]["rules"][results["BTL003"]["ruleIndex"]]
    assert (rule["name"], rule["defaultConfiguration"]) == ("ScheduleGap", {"level": "warning"})
    assert "docs/lint.md#btl003-schedule-gap" in rule["help"]["text"]


def test_sarif_tells_of_a_document_of_several_rules_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "two.md"
    path.write_text("# Two\n\n```kql\nVMConnection\n| take 1\n```\n\n```kql\nVMConnection\n| take 2\n```\n", "utf-8")
    log = sarif(capfd, path, "--rule", "BTL003", code=0)
    (run,) = log["runs"]
    assert [result["ruleId"] for result in run["results"]].count("BTK0213") == 1
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == path.as_uri()


def test_a_fingerprint_stays_when_lines_move(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def fingerprint() -> str:
        log = sarif(capfd, rules / "wrong #1.yaml", "--rule", "BTL003")
        (run,) = log["runs"]
        (result,) = run["results"]
        return str(result["partialFingerprints"]["findingAndItsText/v1"])

    before = fingerprint()
    (rules / "wrong #1.yaml").write_text(WRONG.replace("severity: Low\n", "version: 1.0.1\nseverity: Low\n"), "utf-8")
    assert fingerprint() == before
    (rules / "wrong #1.yaml").write_text(WRONG.replace("Directoin", "Driection"), "utf-8")
    assert fingerprint() != before


# --- several processes ----------------------------------------------------------------------------------------------


def test_processes_say_the_same_in_the_same_order(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for number in range(25):
        text = WRONG if number % 3 == 0 else GAPPY
        (tmp_path / f"{number:02}.yaml").write_text(text.replace("name: ", f"name: {number} "), "utf-8")
    alone = check(capfd, tmp_path, "--format", "json", "--jobs", "1", code=1)
    assert len(alone.splitlines()) == 25
    assert check(capfd, tmp_path, "--format", "json", "--jobs", "2", code=1) == alone


def _dies_at_once(paths: list[Path]) -> NoReturn:
    os._exit(9)


def test_a_process_that_dies_is_an_error(
    rules: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for number in range(40):  # more than one process takes before the other has begun
        (rules / f"{number}.yaml").write_text(GAPPY, "utf-8")
    monkeypatch.setattr(workers, "_judge", _dies_at_once)
    assert run_command(["check", str(rules), "--jobs", "2"]) == 1
    assert "error: a process that checked documents ended before its work did" in capfd.readouterr().err


def test_a_fault_of_ours_is_told_of_its_document(
    rules: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(detection: Detection, *_: object) -> list[Diagnostic]:
        if detection.name == "Wrong column":
            raise KeyError("x")
        return []

    monkeypatch.setattr(judging, "lint", broken)
    lines = [json.loads(line) for line in check(capfd, rules, "--format", "json", code=1).splitlines()]
    assert [line["ok"] for line in lines] == [True, False]
    (fault,) = lines[1]["diagnostics"]
    assert fault["code"] == "BTK0170"
    assert fault["message"].startswith("a fault of bluetick's own: KeyError: 'x' (test_check_outputs.py:")
