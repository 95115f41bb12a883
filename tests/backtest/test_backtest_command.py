"""`bluetick backtest` at the terminal, as JSON and as a page."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bluetick.cli.backtest_text import bars
from bluetick.cli.main import run_command

START = datetime(2026, 6, 1, tzinfo=UTC)
SPAN = ["--from", "2026-06-01", "--to", "2026-06-02"]
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"
RULE = f"""id: 11111111-1111-4111-8111-111111111111
name: '{EVIL}'
description: |
  {EVIL}
  "quoted" & 'so'
severity: Low
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
kind: Scheduled
entityMappings:
  - entityType: Host
    fieldMappings:
      - identifier: HostName
        columnName: Name
query: |
  T | where Kind == "bad" | summarize n = count() by Name
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rows: list[dict[str, Any]] = [
        {"TimeGenerated": START + timedelta(hours=hour, minutes=5), "Kind": kind, "Name": name}
        for hour, kind, name in (
            (0, "good", "a"),
            (3, "bad", EVIL),
            (9, "bad", "b"),
            (9, "bad", EVIL),
            (23, "good", "a"),
        )
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    (tmp_path / "rule.yaml").write_text(RULE)
    (tmp_path / "labels.csv").write_text(
        "name,from,to,match,note\n" + f'{EVIL},2026-06-01T09:00Z,2026-06-01T10:00Z,n == 1,"{EVIL}"\n'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "60")
    return tmp_path


def command(*options: str) -> int:
    return run_command(["backtest", "rule.yaml", "--table", "T=t.parquet", *SPAN, *options])


def test_json_has_all_of_it_on_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--format", "json", "--labels", "labels.csv") == 0
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert (found["runs"], found["alerts"], found["every"]) == (24, 2, 3600.0)
    assert found["alerts_by_day"] == {"2026-06-01": 2}
    assert [window["now"] for window in found["windows"] if window["alerts"]] == [
        "2026-06-01T04:00:00Z",
        "2026-06-01T10:00:00Z",
    ]
    assert (found["labels"]["recall"], found["labels"]["precision"]) == (1.0, 1.0)
    assert found["labels"]["labels"][0]["time_to_detect"] == 3600.0
    assert found["labels"]["unlabelled_runs"] == 1


def test_a_terminal_shows_bars_as_wide_as_it_is(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command() == 0
    out = capsys.readouterr().out
    assert "2 alerts in 24 runs" in out
    assert re.search(r"2026-06-01 +2 █+", out)
    assert max(len(line) for line in out.splitlines()) <= 60


def test_another_frequency_and_threshold(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--every", "6h", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["runs"], found["alerts"]) == (4, 0)  # a run looks at one hour: what is between is not seen
    assert run_command(["backtest", "rule.yaml", "--table", "T=t.parquet", *SPAN, "--every", "soon"]) == 2


class Page(HTMLParser):
    """The elements of a page, with all that could reach outside or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_needs_nothing_outside_and_runs_nothing(here: Path) -> None:
    assert command("--format", "html", "--output", "page.html", "--labels", "labels.csv") == 0
    text = (here / "page.html").read_text("utf-8")
    page = Page(text)
    assert {"script", "img", "link", "iframe", "a"}.isdisjoint(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "href", "style")]
    assert not re.search(r"https?:|url\(|@import", text)
    assert "default-src 'none'" in text
    assert page.words.count(EVIL) >= 4  # title, entity, label and its note: as words
    assert any(EVIL in words and "\"quoted\" & 'so'" in words for words in page.words)
    assert ("svg" in page.tags, page.tags.count("rect")) == (True, 2)
    assert "prefers-color-scheme: dark" in text


def test_a_run_that_fails_is_told_and_the_rest_is_there(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    query = "T | where assert(toscalar(print now()) != datetime(2026-06-01 04:00), 'at four') | where Kind == 'bad'"
    (here / "rule.yaml").write_text(RULE.split("query: |", maxsplit=1)[0] + f'query: "{query}"\n')
    assert command("--format", "json") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["failed"], found["alerts"]) == (1, 1)
    assert "at four" in next(window["error"] for window in found["windows"] if "error" in window)
    assert command() == 1
    assert "1 run failed" in capsys.readouterr().out


def test_what_cannot_be_replayed_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "rule.kql").write_text("T | where Nothing == 1\n")
    assert run_command(["backtest", "rule.kql", "--table", "T=t.parquet", *SPAN, "--every", "1h"]) == 1
    assert "Nothing" in capsys.readouterr().err
    (here / "rule.kql").write_text("T | take 1\n")
    assert run_command(["backtest", "rule.kql", "--table", "T=t.parquet", *SPAN]) == 1
    assert "--every" in capsys.readouterr().err


def test_bars_grow_with_the_width_and_many_days_become_weeks() -> None:
    days = {date(2026, 6, 1) + timedelta(days=n): n % 4 for n in range(10)}
    lines = dict(bars(days, 72))
    assert [len(bar) for bar in lines.values()] == [0, 17, 34, 50, 0, 17, 34, 50, 0, 17]
    assert max(len(bar) for _, bar in bars(days, 200)) == 178
    year = {date(2026, 1, 5) + timedelta(days=n): 1 for n in range(364)}  # a Monday
    assert {beside.split()[-1] for beside, _ in bars(year, 72)} == {"7"}
    assert len(list(bars(year, 72))) == 52
