"""`check --fix`: proposals, what they do to the user's data, and where they are written."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bluetick.cli.main import run_command
from bluetick.detections.documents.reading import read_document

NOW = datetime(2026, 6, 18, 12, tzinfo=UTC)
QUERY = "VMConnection\n| where TimeGenerated > ago(1h)\n| sort by Computer asc\n| summarize n = count() by Computer"
MENDED = "VMConnection\n| where TimeGenerated > ago(1h)\n| summarize n = count() by Computer"
YAML = """id: 11111111-2222-4333-8444-555555555555
name: Lost order   # é \U0001f4c4
query: |
  VMConnection
  | where TimeGenerated > ago(1h)
  | sort by Computer asc

  | summarize n = count() by Computer
severity: Low
"""
SHORT = ("--rule", "BTL021")


def fixed(capfd: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> list[dict[str, Any]]:
    assert run_command(["check", *map(str, arguments), "--fix", "--format", "json"]) == code
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_text_shows_a_difference_of_the_document(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text(YAML, "utf-8")
    assert run_command(["check", str(path), "--fix", *SHORT]) == 0
    out = capfd.readouterr().out
    shown = out[out.index("fix:\n") : out.index("\n\n1 checked")]
    assert shown.splitlines() == [
        "fix:",
        "  BTL021 remove an order that is lost: the rows stay the same",
        f"--- {path}",
        f"+++ {path} (proposed)",
        "@@ -3,7 +3,6 @@",
        " query: |",
        "   VMConnection",
        "   | where TimeGenerated > ago(1h)",
        "-  | sort by Computer asc",
        " ",
        "   | summarize n = count() by Computer",
        " severity: Low",
    ]
    assert path.read_text("utf-8") == YAML


def test_nothing_to_mend_says_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rule.kql").write_text(f"// Name: Fine\n{MENDED}\n", "utf-8")
    assert fixed(capfd, tmp_path, *SHORT)[0]["fix"] is None
    assert run_command(["check", str(tmp_path), "--fix", *SHORT]) == 0
    assert "fix:" not in capfd.readouterr().out


# --- what is written ------------------------------------------------------------------------------------------------


def test_documents_are_written_elsewhere_with_only_the_query_changed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rules, out = tmp_path / "rules", tmp_path / "out"
    (rules / "deep").mkdir(parents=True)
    stored = {
        rules / "a.yaml": b"\xef\xbb\xbf" + YAML.encode(),
        rules
        / "deep"
        / "b.md": f"# Two â€“ rules\r\n\r\n```kql\r\n{QUERY}\r\n```\r\nand\r\n```kql\r\n{QUERY}\r\n```".encode(),
        rules / "deep" / "c.kql": f"// Name: Fine\n{MENDED}\n".encode(),
    }
    for path, data in stored.items():
        path.write_bytes(data)
    assert run_command(["check", str(rules), "--fix", "--write", str(out), *SHORT]) == 0
    assert capfd.readouterr().err == f"2 proposals in '{out}'\n"
    step = b"| sort by Computer asc\n"
    assert sorted(path.relative_to(out) for path in out.rglob("*.*")) == [Path("a.yaml"), Path("deep/b.md")]
    for path, data in stored.items():
        assert path.read_bytes() == data
        if (written := out / path.relative_to(rules)).exists():
            assert written.read_bytes() == data.replace(b"  " + step, b"").replace(step, b"")
    # Again, over the proposals of the first time.
    assert run_command(["check", str(rules), "--fix", "--write", str(out), *SHORT]) == 0


def test_a_query_in_a_form_of_its_own_is_written_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text(f"id: a\nname: Quoted\nseverity: Low\nquery: {json.dumps(QUERY)}\n", "utf-8")
    (line,) = fixed(capfd, path, *SHORT, "--write", tmp_path / "out")
    assert "its query (proposed)" in line["fix"]["diff"]
    assert (tmp_path / "out" / "rule.kql").read_text("utf-8") == f"{MENDED}\n"


def test_a_document_is_never_written_over(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text(YAML, "utf-8")
    assert run_command(["check", str(path), "--fix", "--write", str(tmp_path), *SHORT]) == 1
    assert "is a document itself: --write needs a folder of its own" in capfd.readouterr().err
    assert path.read_text("utf-8") == YAML
    assert run_command(["check", str(path), "--write", str(tmp_path)]) == 2
    assert "--write goes with --fix" in capfd.readouterr().err


def test_what_is_written_is_a_document_with_the_repaired_query(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rule.md"
    path.write_text(f"# Rule\n\n```kql\n{QUERY}\n```\n", "utf-8")
    (line,) = fixed(capfd, path, *SHORT, "--write", tmp_path / "out")
    (detection,) = read_document(tmp_path / "out" / "rule.md").detections
    assert detection.query.rstrip() == line["fix"]["query"].rstrip() == MENDED


def test_sarif_has_the_replacement(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text(YAML, "utf-8")
    assert run_command(["check", str(path), "--fix", "--format", "sarif", *SHORT]) == 0
    (result,) = [r for r in json.loads(capfd.readouterr().out)["runs"][0]["results"] if r["ruleId"] == "BTL021"]
    ((change,),) = [fix["artifactChanges"] for fix in result["fixes"]]
    (replacement,) = change["replacements"]
    # The line of the step, from its first column to that of the next line's: the blank line stays.
    region = {"startLine": 6, "startColumn": 3, "endLine": 7, "endColumn": 1}
    assert replacement == {"deletedRegion": region, "insertedContent": {"text": ""}}


# --- with data ------------------------------------------------------------------------------------------------------

# The last join is on the country alone, so each new connection meets every connection to its country.
COUNTRIES = """// Name: Country alone
// QueryFrequency: 1h
// QueryPeriod: 1d
// AlertTriggerOperator: gt
// AlertTriggerThreshold: 2
let fresh = VMConnection | where TimeGenerated > ago(1h) | summarize n = count() by Computer, RemoteCountry;
let all = VMConnection | summarize Bytes = sum(BytesSent) by Computer, RemoteCountry, ProcessName;
fresh | join kind=inner all on RemoteCountry | project Computer, Other = Computer1, n, Bytes
"""


@pytest.fixture
def connections(tmp_path: Path) -> Path:
    """Of two hosts with one connection to Chad each in the last hour; the second has an older one too."""
    times = [NOW - timedelta(minutes=5), NOW - timedelta(minutes=6), NOW - timedelta(hours=5)]
    table = pa.table(
        {
            "TimeGenerated": pa.array(times, pa.timestamp("us", "UTC")),
            "Computer": ["a", "b", "b"],
            "ProcessName": ["p", "q", "r"],
            "RemoteCountry": ["Chad"] * 3,
            "BytesSent": pa.array([1, 2, 4], pa.int64()),
        }
    )
    path = tmp_path / "connections.parquet"
    pq.write_table(table, path)
    return path


def test_the_effect_on_data_is_told(tmp_path: Path, connections: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rule.kql"
    path.write_text(COUNTRIES, "utf-8")
    options = ("--table", f"VMConnection={connections}", "--now", NOW.isoformat(), "--rule", "BTL004")
    (line,) = fixed(capfd, path, *options)
    # By country: a and b with each of three groups, six pairs. By host too: a with one, b with two.
    rows = [
        {"Computer": c, "Other": o, "n": 1, "Bytes": b} for c, o, b in (("a", "b", 2), ("a", "b", 4), ("b", "a", 1))
    ]
    data = line["fix"]["data"]
    lost = sorted(data.pop("lostRows"), key=lambda row: str(row["Computer"]) + str(row["Bytes"]))
    assert lost == rows
    assert data == {
        "now": "2026-06-18T12:00:00.0000000Z",
        "before": 6,
        "after": 3,
        "gained": 0,
        "lost": 3,
        "firesBefore": True,
        "firesAfter": True,
        "gainedRows": [],
    }
    path.write_text(COUNTRIES.replace("Threshold: 2", "Threshold: 5"), "utf-8")
    assert run_command(["check", str(path), "--fix", *options]) == 0
    out = capfd.readouterr().out
    assert "as of 2026-06-18T12:00:00.0000000Z: 6 rows, then 3: 0 gained, 3 lost\n  the rule no longer fires\n" in out
    assert out.count("\n  lost  {") == 3


def test_an_effect_that_cannot_be_told_says_why(
    tmp_path: Path, connections: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rule.kql"
    path.write_text(
        "// Name: Elsewhere\nDeviceEvents\n| sort by DeviceId\n| summarize n = count() by DeviceId\n", "utf-8"
    )
    (line,) = fixed(capfd, path, "--table", f"VMConnection={connections}", *SHORT)
    assert "DeviceEvents" in line["fix"]["data"]["error"]
