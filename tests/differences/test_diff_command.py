"""`bluetick diff` in a repository of rules, on small tables."""

import json
import os
import re
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bluetick.cli.main import run_command
from bluetick.cli.pull_request import code

NOW = "2026-05-10T00:00:00Z"
END = datetime(2026, 5, 10)
RULE = "// Name: {name}\n// Frequency: 1d\n// Lookback: 1d\n{query}\n"
TUNING = """exceptions:
  - {{name: quiet, table: Events, where: "{where}", reason: r, owner: o, expires: 2030-01-01}}
"""
GIT = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, and a lake with an event at noon of each of ten days: Size is the day of May, Host is d<day>."""
    days = list(range(9, -1, -1))
    times = [END - timedelta(days=day, hours=12) for day in days]
    table = pa.table(
        {
            "Timestamp": pa.array(times, pa.timestamp("us")),
            "Size": [time.day for time in times],
            "Host": [f"d{time.day}" for time in times],
            "Note": ["x" * 50_000] * 10,
        }
    )
    (tmp_path / "lake" / "Events").mkdir(parents=True)
    pq.write_table(table, tmp_path / "lake" / "Events" / "part.parquet")
    root = tmp_path / "rules"
    root.mkdir()
    git(root, "init", "-q")
    monkeypatch.chdir(root)
    return root


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True, env={**os.environ, **GIT})


def commit(root: Path, files: dict[str, str | None]) -> None:
    for name, text in files.items():
        if text is None:
            (root / name).unlink()
        else:
            (root / name).write_text(text, encoding="utf-8")
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "x")


def rule(query: str, name: str = "r") -> str:
    return RULE.format(name=name, query=query)


def arguments(rules: Path, *more: str) -> list[str]:
    lake = str(rules.parent / "lake")
    return ["diff", "HEAD~1..HEAD", "--lake", lake, "--now", NOW, "--days", "9", *more]


def told(rules: Path, capfd: pytest.CaptureFixture[str], *more: str, code: int = 0) -> dict[str, Any]:
    assert run_command(arguments(rules, "--format", "json", "--sample", "100", *more)) == code
    answer: dict[str, Any] = json.loads(capfd.readouterr().out)
    return answer


def only(answer: dict[str, Any]) -> dict[str, Any]:
    (one,) = answer["rules"]
    assert isinstance(one, dict)
    return one


def days_of(rows: dict[str, Any]) -> list[int]:
    place = [name for name, _ in rows["columns"]].index("Size")
    return sorted(row[place] for row in rows["sample"])


def test_rows_and_alerts_gained_and_lost(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Nine days are replayed, 1 May (the event of 30 April is not seen) to 9 May: one row a run that fires."""
    commit(rules, {"a.kql": rule("Events | where Size between (2 .. 5) | project Size, Host")})
    commit(rules, {"a.kql": rule("Events | where Size between (4 .. 7) | project Size, Host")})
    one = only(told(rules, capfd))
    assert (one["kind"], one["parts"], one["before"]["runs"], one["after"]["runs"]) == ("changed", ["query"], 9, 9)
    assert (one["before"]["rows"], one["after"]["rows"]) == (4, 4)
    assert (days_of(one["rows_gained"]), days_of(one["rows_lost"])) == ([6, 7], [2, 3])
    # The event of noon of 6 May is seen by the run at the end of that day.
    assert one["alerts_gained"] == ["2026-05-07T00:00:00.0000000Z", "2026-05-08T00:00:00.0000000Z"]
    assert one["alerts_lost"] == ["2026-05-03T00:00:00.0000000Z", "2026-05-04T00:00:00.0000000Z"]


def test_exceptions_alone_are_a_change(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commit(rules, {"a.kql": rule("Events | where Size > 4 | project Size")})
    commit(rules, {"a.tuning.yaml": TUNING.format(where="Host == 'd6'")})
    one = only(told(rules, capfd))
    assert (one["parts"], days_of(one["rows_lost"]), one["rows_gained"]["count"]) == (["tuning"], [6], 0)


def test_added_removed_and_renamed(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commit(
        rules,
        {
            "gone.kql": rule("Events | where Size == 3 | project Size", "gone"),
            "old.kql": rule("Events | where Host == 'd4' | project Host, Size", "same"),
        },
    )
    commit(
        rules,
        {
            "gone.kql": None,
            "new.kql": rule("Events | summarize Size = max(Size), n = count() | where Size in (8, 9)", "quite new"),
            "old.kql": None,
            "moved.kql": rule("Events | where Host == 'd4' | project Host, Size", "same"),
        },
    )
    found = {one["file"]: one for one in told(rules, capfd)["rules"]}
    assert {file: one["kind"] for file, one in found.items()} == {
        "gone.kql": "removed",
        "new.kql": "added",
        "moved.kql": "renamed",
    }
    assert days_of(found["gone.kql"]["rows_lost"]) == [3]
    assert days_of(found["new.kql"]["rows_gained"]) == [8, 9]
    assert (found["moved.kql"]["replayed"], found["moved.kql"]["before"]) == (False, None)


def test_rows_with_other_columns_are_compared_by_those_of_both(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commit(rules, {"a.kql": rule("Events | where Size > 7 | project Size, Host")})
    commit(rules, {"a.kql": rule("Events | where Size > 8 | project Size, Twice = 2 * Size")})
    one = only(told(rules, capfd))
    assert one["compared_by"] == [["Size", "long"]]
    assert (days_of(one["rows_lost"]), one["rows_gained"]["count"]) == ([8], 0)


def test_where_no_column_is_shared_every_row_is_other(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commit(rules, {"a.kql": rule("Events | where Size > 7 | project Size")})
    commit(rules, {"a.kql": rule("Events | where Size > 7 | project Host")})
    one = only(told(rules, capfd))
    assert (one["rows_lost"]["count"], one["rows_gained"]["count"]) == (2, 2)


def test_a_budget_of_alerts(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commit(rules, {"a.kql": rule("Events | where Size == 5")})
    commit(rules, {"a.kql": rule("Events | where Size in (5, 6, 7)")})
    assert told(rules, capfd, "--max-new-alerts", "2")["beyond_budget"] == []
    (said,) = told(rules, capfd, "--max-new-alerts", "1", code=1)["beyond_budget"]
    assert said == "2 new alerts, 1 are allowed"


def test_a_budget_of_bytes(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commit(rules, {"a.kql": rule("Events | where Size > 8 | project Size")})
    commit(rules, {"a.kql": rule("Events | where Size > 8 | project Size, Note")})
    one = only(told(rules, capfd, "--max-cost", "1000000"))
    assert one["cost_ratio"] > 1
    (said,) = told(rules, capfd, "--max-cost", "1", code=1)["beyond_budget"]
    assert "times the bytes of before" in said


def test_a_rule_that_cannot_run_any_more_is_always_beyond(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commit(rules, {"a.kql": rule("Events | where Size > 8"), "b.kql": rule("Events | where Size > 8", "b")})
    commit(rules, {"a.kql": rule("Events | where Sise > 8"), "b.tuning.yaml": TUNING.format(where="Hots == 'x'")})
    answer = told(rules, capfd, code=1)
    assert len(answer["beyond_budget"]) == 2
    broken, mistuned = answer["rules"]
    assert broken["findings_new"][0]["code"] == "SEM0100"
    assert "Hots" in mistuned["after"]["refused"]


def test_a_rule_of_a_table_that_is_not_here_is_told_and_no_breach(
    rules: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    commit(rules, {"b.kql": rule("Events | where Size > 8", "b")})
    commit(rules, {"a.kql": rule("DeviceEvents | where ActionType == 'x'")})
    answer = told(rules, capfd)
    assert "DeviceEvents" in only(answer)["after"]["refused"]
    assert answer["beyond_budget"] == []
    commit(rules, {"b.kql": rule("DeviceEvents | where ActionType == 'x'", "b")})
    assert len(told(rules, capfd, code=1)["beyond_budget"]) == 1


def test_a_document_of_rules_must_stay_one(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A text that never held a rule is no matter."""
    fenced = f"# Hunt\n\n```kql\n{rule('Events')}```\n"
    commit(rules, {"a.md": fenced, "b.md": "# About"})
    commit(rules, {"a.md": fenced.replace("```kql", "```cpp"), "b.md": "# About us", "c.md": "# Thanks"})
    assert told(rules, capfd, code=1)["beyond_budget"] == ["a.md: no rule can be read any more"]


def test_findings_that_come_and_go_are_told(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commit(rules, {"a.kql": rule("Events | where Sise > 8")})
    commit(rules, {"a.kql": rule("Events | where Size > 8")})
    one = only(told(rules, capfd))
    assert (one["findings_gone"][0]["code"], one["findings_new"]) == ("SEM0100", [])
    assert one["before"]["refused"] and one["after"]["refused"] is None
    assert one["rows_gained"]["count"] == 1


def test_words_alone_are_not_replayed(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commit(rules, {"a.kql": rule("Events")})
    commit(rules, {"a.kql": rule("Events", name="another name")})
    one = only(told(rules, capfd))
    assert (one["parts"], one["replayed"], one["after"]) == (["words"], False, None)


@pytest.mark.parametrize("revisions", ["--output=x..HEAD", "nowhere..HEAD", "HEAD..", "HEAD..HEAD:a.kql"])
def test_revisions_are_commits(rules: Path, revisions: str, capfd: pytest.CaptureFixture[str]) -> None:
    commit(rules, {"a.kql": rule("Events")})
    expected = 0 if revisions == "HEAD.." else 1
    lake = str(rules.parent / "lake")
    assert run_command(["diff", "--lake", lake, "--now", NOW, "--", revisions]) == expected
    assert not list(rules.glob("x*"))
    capfd.readouterr()


def test_only_the_given_paths_from_where_one_stands(
    rules: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (rules / "sub").mkdir()
    commit(rules, {})
    commit(rules, {"sub/a.kql": rule("Events"), "b.kql": rule("Events", "b")})
    monkeypatch.chdir(rules / "sub")
    assert [one["file"] for one in told(rules, capfd, ".")["rules"]] == ["sub/a.kql"]
    assert [one["file"] for one in told(rules, capfd, "../b.kql")["rules"]] == ["b.kql"]
    assert len(told(rules, capfd, "..")["rules"]) == 2
    assert run_command(arguments(rules, "../../outside")) == 2


def test_text_for_people(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commit(rules, {"a.kql": rule("Events | where Size == 5 | project Host")})
    commit(rules, {"a.kql": rule("Events | where Size in (5, 6) | project Host")})
    assert run_command(arguments(rules)) == 0
    said = capfd.readouterr().out
    assert "1 rule differs in HEAD~1..HEAD" in said
    assert "rows: 1 -> 2; 1 gained, 0 lost by value" in said
    assert "alerts: 1 -> 2; 1 gained, 0 lost" in said
    assert "d6" in said


# --- markdown -------------------------------------------------------------------------------------------------------

EVIL = "</details><img src=x onerror=alert(1)> @someone `` [a](http://x.example) #1 \\| | **b** $(id)"


def test_a_time_without_rows_is_told(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commit(rules, {"a.kql": rule("Events | where Size > 8")})
    commit(rules, {"a.kql": rule("Events | where Size > 7")})
    assert run_command(arguments(rules)) == 0
    assert "reads nothing" not in capfd.readouterr().out
    assert run_command([*arguments(rules), "--now", "2027-05-10"]) == 0
    assert "the last run reads nothing" in capfd.readouterr().out


def test_markdown_is_inert_whatever_rules_and_rows_hold(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commit(rules, {})
    query = f"Events | where Size == 5 | project Evil = @'{EVIL}', ['x`|y'] = Size"
    commit(rules, {"`a` <b>.kql": rule(query, name=EVIL)})
    assert run_command(arguments(rules, "--format", "markdown", "--max-new-alerts", "0")) == 1
    said = capfd.readouterr().out
    outside = without_code(said)
    assert "someone" in said
    for word in ("someone", "<img", "[a]", "**b**", "#1", "<b>"):
        assert word not in outside, word
    assert outside.count("</details>") == outside.count("<details>") == 1


def without_code(text: str) -> str:
    """The text without its code spans, as CommonMark has them: a run of backticks to the next of the same length."""
    kept, at = [], 0
    for run in re.finditer(r"(?<!`)(`+)(?!`)", text):
        if run.start() < at:
            continue
        kept.append(text[at : run.start()])
        end = re.compile(rf"(?<!`){run[1]}(?!`)").search(text, run.end())
        at = run.end() if end is None else end.end()
    return "".join([*kept, text[at:]])


@pytest.mark.parametrize("text", ["a|b", "a\\|b", "a\\\\|b", "||", "\\", "a\nb|c", "`|`"])
def test_a_cell_of_a_table_stays_one_cell(text: str) -> None:
    """By the rule of tables: a bar ends a cell unless a backslash, which is not escaped itself, stands before it."""
    cell = code(text, in_table=True)
    assert "\n" not in cell
    assert re.sub(r"\\.", "", cell).count("|") == 0


def test_a_table_line_has_as_many_cells_as_its_head(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commit(rules, {})
    commit(rules, {"a.kql": rule("Events | where Size == 5 | project V = @'a|b\\|c', W = '`'", name="n|\\|m")})
    assert run_command(arguments(rules, "--format", "markdown")) == 0
    lines = [line for line in capfd.readouterr().out.splitlines() if line.startswith("|")]
    counts = [len(re.sub(r"\\.", "", line).split("|")) for line in lines]
    assert counts[:3] == [10, 10, 10]  # eight cells
    assert len(set(counts[3:])) == 1


# --- labelled events ------------------------------------------------------------------------------------------------


def test_labelled_events_that_are_no_longer_found(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Only what alerts show counts, of events that were to be found; a label of another rule is none of this one's."""
    labels = rules.parent / "labels.ndjson"
    given = [
        {"name": "break-in", "time": "2026-05-04T12:00:00Z", "match": {"Host": "d4"}},
        {"name": "theft", "time": "2026-05-07T12:00:00Z", "match": {"Host": "d7"}},
        {"name": "harmless", "time": "2026-05-03T12:00:00Z", "match": {"Host": "d3"}, "expected": False},
        {"name": "elsewhere", "time": "2026-05-03T12:00:00Z", "match": "NoSuchColumn == 'x'"},
    ]
    labels.write_text("".join(json.dumps(one) + "\n" for one in given), encoding="utf-8")
    commit(rules, {"a.kql": rule("Events | where Size in (3, 4, 5) | project Size, Host")})
    commit(rules, {"a.kql": rule("Events | where Size in (5, 6, 7) | project Size, Host")})
    answer = told(rules, capfd, "--labels", str(labels), code=1)
    assert (only(answer)["labels_lost"], only(answer)["labels_gained"]) == (["break-in"], ["theft"])
    assert answer["beyond_budget"] == ["1 labelled events are no longer found, 0 are allowed"]
    assert told(rules, capfd, "--labels", str(labels), "--max-lost-hits", "1")["beyond_budget"] == []


def test_a_removed_rule_loses_what_it_found(rules: Path, capfd: pytest.CaptureFixture[str]) -> None:
    labels = rules.parent / "labels.ndjson"
    labels.write_text('{"name": "break-in", "match": {"Host": "d4"}}\n', encoding="utf-8")
    commit(rules, {"a.kql": rule("Events | where Size in (3, 4, 5) | project Size, Host")})
    commit(rules, {"a.kql": None})
    assert only(told(rules, capfd, "--labels", str(labels), code=1))["labels_lost"] == ["break-in"]
