"""`bluetick hunt`: run, promote, new."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bluetick.cli.main import run_command
from bluetick.detections.documents import read_document
from bluetick.detections.hunts.reading import read_hunt

NOW = "2026-06-18T12:00:00Z"
HUNT = """\
---
tactics: [Exfiltration]
techniques: [T1041]
---
# Who sends much?

## Hypothesis

Who takes much away sends much.

```kql id=large
Logs | where Timestamp > ago(1d) | where Size > 10 | project Name, Size
```

```kql
Logs | count
```
"""


def logs(path: Path, *rows: tuple[str, int]) -> None:
    times = pa.array([datetime(2026, 6, 18, 11, tzinfo=UTC)] * len(rows), pa.timestamp("us", "UTC"))
    names, sizes = zip(*rows, strict=True)
    pq.write_table(pa.table({"Timestamp": times, "Name": list(names), "Size": pa.array(sizes, pa.int64())}), path)


@pytest.fixture
def hunt(tmp_path: Path) -> Path:
    logs(tmp_path / "logs.parquet", ("a", 11), ("b", 1), ("c", 30))
    path = tmp_path / "hunts" / "much.md"
    path.parent.mkdir()
    path.write_text(HUNT)
    return path


def run(hunt: Path, capfd: pytest.CaptureFixture[str], *more: str) -> list[dict[str, Any]]:
    data = hunt.parents[1] / "logs.parquet"
    arguments = ["hunt", "run", str(hunt), "--table", f"Logs={data}", "--now", NOW, "--format", "json", *more]
    assert run_command(arguments) == 0, capfd.readouterr().err
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_the_second_run_tells_what_is_new(hunt: Path, capfd: pytest.CaptureFixture[str]) -> None:
    first, count = run(hunt, capfd)
    assert (first["hunt"], first["cell"], first["now"]) == ("much", "large", "2026-06-18T12:00:00.0000000Z")
    assert first["columns"] == [["Name", "string"], ["Size", "long"]]
    assert sorted(first["rows"]) == [["a", 11], ["c", 30]]
    assert (first["new_count"], first["uncompared"], first["snapshot"]) == (
        None,
        "this is the first run",
        {"Logs": None},
    )
    assert (count["cell"], count["rows"]) == ("cell-2", [[3]])
    logs(hunt.parents[1] / "logs.parquet", ("a", 11), ("d", 40), ("e", 2))
    (second,) = run(hunt, capfd, "--cell", "LARGE")
    marked = dict(zip((row[0] for row in second["rows"]), second["is_new"], strict=True))
    assert (marked, second["new_count"], second["gone_count"]) == ({"a": False, "d": True}, 1, 1)
    assert second["compared"] == first["ran"]
    assert hunt.read_text() == HUNT


def test_rows_of_after_the_instant_are_not_read(hunt: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = hunt.parents[1] / "logs.parquet"
    arguments = [
        "hunt",
        "run",
        str(hunt),
        "--table",
        f"Logs={data}",
        "--now",
        "2026-06-18T10:00:00Z",
        "--format",
        "json",
    ]
    assert run_command(arguments) == 0
    assert [json.loads(line)["rows"] for line in capfd.readouterr().out.splitlines()] == [[], [[0]]]


def test_a_lakes_versions_are_pinned(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source, lake, hunt = tmp_path / "e.ndjson", tmp_path / "lake", tmp_path / "h.md"
    hunt.write_text("# T\n\n```kql id=a\nlet f = toscalar(DeviceInfo | count); DeviceEvents | count | extend f\n```\n")
    for second in range(2):
        for table in ("DeviceEvents", "DeviceInfo")[: second + 1][::-1]:
            source.write_text(json.dumps({"Timestamp": f"2026-06-18T12:00:0{second}Z", "DeviceName": table}) + "\n")
            assert run_command(["ingest", str(source), "--table", table, "--lake", str(lake)]) == 0
    capfd.readouterr()
    assert run_command(["hunt", "run", str(hunt), "--lake", str(lake), "--format", "json"]) == 0
    (line,) = capfd.readouterr().out.splitlines()
    assert run_command(["tables", "--lake", str(lake), "--format", "json"]) == 0
    tables = [json.loads(one) for one in capfd.readouterr().out.splitlines()]
    assert json.loads(line)["snapshot"] == {one["name"]: one["version"] for one in tables}
    assert len(tables) == 2


def test_a_cell_that_fails_is_told_and_the_others_run(hunt: Path, capfd: pytest.CaptureFixture[str]) -> None:
    hunt.write_text(HUNT.replace("project Name, Size", "project Nmae"))
    data = hunt.parents[1] / "logs.parquet"
    assert run_command(["hunt", "run", str(hunt), "--table", f"Logs={data}", "--format", "json"]) == 1
    told = capfd.readouterr()
    assert [json.loads(line)["cell"] for line in told.out.splitlines()] == ["cell-2"]
    assert f"{hunt}:12:" in told.err
    assert "Nmae" in told.err
    assert [path.name for path in hunt.with_name("much.results").iterdir()] == ["cell-2.ndjson"]


def test_text_marks_new_rows(hunt: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(hunt, capfd)
    logs(hunt.parents[1] / "logs.parquet", ("a", 11), ("d\x1b[2J", 987_654))
    data = hunt.parents[1] / "logs.parquet"
    assert (
        run_command(["hunt", "run", str(hunt.parent), "--table", f"Logs={data}", "--now", NOW, "--cell", "large"]) == 0
    )
    told = capfd.readouterr().out
    assert "2 rows; 1 new, 1 gone since" in told
    assert "\x1b[2J" not in told
    (line,) = [line for line in told.splitlines() if "987654" in line.replace(",", "")]
    assert line.split()[0] == "+"


def refused(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run_command(["hunt", *arguments]) == 1
    return capfd.readouterr().err


def test_what_cannot_be_run(hunt: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert "has no cell 'x'; it has large, cell-2" in refused(capfd, "run", str(hunt), "--cell", "x")
    (hunt.parent / "two.md").write_text("```kql id=a\nprint 1; print 2\n```\n")
    assert "gives 2 results; a cell holds one" in refused(capfd, "run", str(hunt.parent / "two.md"))
    (hunt.parent / "bad.md").write_text("```kql id=a\nprint 1\n```\n```kql id=a\nprint 2\n```\n")
    assert "there are two cells 'a'" in refused(capfd, "run", str(hunt.parent / "bad.md"))
    (hunt.parent / "empty").mkdir()
    assert "holds no hunt" in refused(capfd, "run", str(hunt.parent / "empty"))
    assert "no such file" in refused(capfd, "run", str(hunt.parent / "none.md"))


PROMOTED = ("--name", "Much sent", "--frequency", "1h", "--period", "1d", "--severity", "high")


def test_a_cell_becomes_a_rule_that_passes_the_check(hunt: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rules, data = hunt.parents[1] / "rules", ("--table", f"Logs={hunt.parents[1] / 'logs.parquet'}")
    asked = ["promote", str(hunt), "--cell", "large", *PROMOTED, "--to", str(rules), *data]
    assert run_command(["hunt", *asked]) == 0
    path = Path(capfd.readouterr().out.strip())
    assert path == rules / "much_sent.yaml"
    (rule,) = read_document(path).detections
    assert rule.query == "Logs | where Timestamp > ago(1d) | where Size > 10 | project Name, Size"
    assert rule.description == "Who takes much away sends much."
    assert (rule.tactics, rule.techniques) == (("Exfiltration",), ("T1041",))
    assert (str(rule.frequency), str(rule.lookback)) == ("1:00:00", "1 day, 0:00:00")
    assert not rule.id_derived
    assert run_command(["check", str(rules), *data]) == 0
    before = path.read_bytes()
    assert "is there already" in refused(capfd, *asked)
    assert path.read_bytes() == before
    assert hunt.read_text() == HUNT


def test_what_does_not_bind_becomes_no_rule(hunt: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rules = hunt.parents[1] / "rules"
    assert "'Logs'" in refused(capfd, "promote", str(hunt), "--cell", "large", *PROMOTED, "--to", str(rules))
    assert not rules.exists()


def test_a_new_hunt_is_one_and_runs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["hunt", "new", "odd_logons", "--to", str(tmp_path)]) == 0
    path = Path(capfd.readouterr().out.strip())
    hunt = read_hunt(path.read_text(), "odd_logons")
    assert (hunt.title, hunt.problems, len(hunt.queries)) == ("Odd logons", (), 1)
    assert run_command(["hunt", "run", str(path)]) == 0
    assert run_command(["hunt", "new", "odd_logons", "--to", str(tmp_path)]) == 1
    assert run_command(["hunt", "new", "../x", "--to", str(tmp_path)]) == 1


def test_hunts_below_a_folder_of_rules_are_no_rules(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rule.kql").write_text("// Name: one\nprint x = 1\n")
    assert run_command(["hunt", "new", "mine", "--to", str(tmp_path / "hunts")]) == 0
    capfd.readouterr()
    assert run_command(["check", str(tmp_path), "--format", "json"]) == 0
    assert len(capfd.readouterr().out.splitlines()) == 1
