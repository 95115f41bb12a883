"""Hunts over HTTP: read, written, run, made rules; nothing but the folder's files is reached."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from worker_scene import append, new_scene, small

import bluetick
from bluetick.cli.main import run_command
from bluetick.detections.documents import read_document
from bluetick.server.access import kept
from bluetick.server.service import Work
from bluetick.session import connect
from bluetick.workers.pool import WorkerPool
from server.running import Served, served

TEXT = """\
---
tactics: [Exfiltration]
techniques: [T1041]
tags: [upload]
---
# Who sends much?

## Hypothesis

Who takes much away sends much.

```kql id=large
Logs | where Size > 10 | project Name, Size | sort by Size asc
```

Then:

```kql
Logs | count
```
"""
PROMOTION = {"cell": "large", "name": "Much sent", "frequency": 3600, "period": 86400, "severity": "High"}


def logs(folder: Path, *rows: tuple[str, int]) -> Path:
    times = pa.array([datetime(2026, 1, 1, tzinfo=UTC)] * len(rows), pa.timestamp("us", "UTC"))
    names, sizes = zip(*rows, strict=True)
    path = folder / "logs.parquet"
    pq.write_table(pa.table({"Timestamp": times, "Name": list(names), "Size": pa.array(sizes, pa.int64())}), path)
    return path


@pytest.fixture
def hunting(tmp_path: Path) -> Iterator[Served]:
    """One hunt, `much`, over a table of three rows; rules go to an own folder."""
    (tmp_path / "hunts").mkdir()
    (tmp_path / "hunts" / "much.md").write_bytes(TEXT.encode())
    (tmp_path / "secret.md").write_text("# secret\n")
    work = Work(hunts=tmp_path / "hunts", rules=tmp_path / "rules")
    data = logs(tmp_path, ("a", 11), ("b", 1), ("c", 30))
    with bluetick.connect(tables={"Logs": data}) as session, served(session, work=work) as running:
        yield running
        assert running.faults == []


def ask(on: Served, method: str, path: str, body: Any = None, token: str | None = None) -> httpx.Response:
    with on.http(token) as client:
        return client.request(method, path, json=body)


def sound(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def results(hunt: dict[str, Any]) -> dict[str, Any]:
    return {cell["id"]: cell["result"] for cell in hunt["cells"] if cell["kind"] == "kql"}


def test_hunts_are_listed_and_shown(hunting: Served, tmp_path: Path) -> None:
    (tmp_path / "hunts" / "bad.md").write_bytes(b"\xff")
    bad, much = sound(ask(hunting, "GET", "/api/hunts"))["hunts"]
    assert much == {
        "name": "much",
        "title": "Who sends much?",
        "hypothesis": "Who takes much away sends much.",
        "tags": ["upload"],
        "techniques": ["T1041"],
        "cells": 2,
        "lastRun": None,
        "newRows": None,
        "error": None,
    }
    assert bad["name"] == "bad"
    assert "is not UTF-8" in bad["error"]
    assert str(tmp_path) not in bad["error"]
    hunt = sound(ask(hunting, "GET", "/api/hunts/much"))
    assert hunt["text"] == TEXT
    assert (hunt["tactics"], hunt["problems"], hunt["schemas"]) == (["Exfiltration"], [], None)
    assert [(cell["id"], cell["kind"], cell["line"], cell["result"]) for cell in hunt["cells"]] == [
        ("text-1", "markdown", 6, None),
        ("large", "kql", 13, None),
        ("text-3", "markdown", 15, None),
        ("cell-2", "kql", 19, None),
    ]


def test_a_second_run_marks_new_rows(hunting: Served, tmp_path: Path) -> None:
    first = sound(ask(hunting, "POST", "/api/hunts/much/run", {}))
    found = results(first)
    assert found["large"]["columns"] == [["Name", "string"], ["Size", "long"]]
    assert found["large"]["rows"] == [["a", 11], ["c", 30]]
    assert (found["large"]["rowCount"], found["large"]["isNew"], found["large"]["newCount"]) == (2, [False] * 2, None)
    assert found["large"]["snapshot"] == {"Logs": None}
    assert found["large"]["error"] is None
    assert found["large"]["now"] == found["large"]["ran"]
    assert found["cell-2"]["rows"] == [[3]]
    logs(tmp_path, ("a", 11), ("d", 40))
    second = results(sound(ask(hunting, "POST", "/api/hunts/much/run", {"cell": "large"})))
    assert (second["large"]["rows"], second["large"]["isNew"]) == ([["a", 11], ["d", 40]], [False, True])
    assert (second["large"]["newCount"], second["large"]["goneCount"]) == (1, 1)
    assert second["large"]["compared"] == found["large"]["ran"]
    assert second["cell-2"] == found["cell-2"]
    assert results(sound(ask(hunting, "GET", "/api/hunts/much"))) == second
    (line,) = sound(ask(hunting, "GET", "/api/hunts"))["hunts"]
    assert (line["newRows"], line["lastRun"]) == (1, second["large"]["ran"])
    asked = "BluetickAudit | where Operation == 'Hunt' | summarize Times = count(), Rows = sum(Rows) by Text"
    audit = hunting.query(f"{asked} | sort by Times asc").json()[2]["Rows"]
    large = "Logs | where Size > 10 | project Name, Size | sort by Size asc\n"
    assert audit == [["Logs | count\n", 1, 1], [large, 2, 4]]


def test_the_command_line_and_the_server_pin_the_same(hunting: Served, tmp_path: Path) -> None:
    text = "# T\n\n```kql id=a\nprint r = real(nan), d = decimal(1.50), t = datetime(2026-01-01), s = 1.5h, "
    text += 'n = int(null), j = dynamic({"b":[1,null,"\\u00e9"],"a":9007199254740993}), e = ""\n```\n'
    (tmp_path / "hunts" / "types.md").write_text(text)
    assert run_command(["hunt", "run", str(tmp_path / "hunts" / "types.md")]) == 0
    found = results(sound(ask(hunting, "POST", "/api/hunts/types/run", {})))["a"]
    assert (found["newCount"], found["goneCount"], found["rowCount"]) == (0, 0, 1)


def test_a_cell_that_fails_leaves_what_was_pinned(hunting: Served, tmp_path: Path) -> None:
    before = results(sound(ask(hunting, "POST", "/api/hunts/much/run", {})))
    path = tmp_path / "hunts" / "much.md"
    path.write_text(TEXT.replace("project Name", "project Nmae") + "\n```kql id=two\nprint 1; print 2\n```\n")
    after = results(sound(ask(hunting, "POST", "/api/hunts/much/run", {})))
    assert "'Nmae'" in after["large"]["error"]
    assert (after["large"]["rows"], after["large"]["isStale"]) == (before["large"]["rows"], True)
    assert (after["cell-2"]["error"], after["cell-2"]["newCount"]) == (None, 0)
    assert after["two"]["error"] == "the query gives 2 results; a cell holds one"
    assert (after["two"]["ran"], after["two"]["rows"]) == (None, [])


def test_damage_of_a_result_is_told(hunting: Served, tmp_path: Path) -> None:
    sound(ask(hunting, "POST", "/api/hunts/much/run", {}))
    path = tmp_path / "hunts" / "much.results" / "large.ndjson"
    path.write_bytes(path.read_bytes().replace(b'"c",30', b'"c",31'))
    shown = results(sound(ask(hunting, "GET", "/api/hunts/much")))
    assert "is damaged" in shown["large"]["error"]
    assert str(tmp_path) not in shown["large"]["error"]
    assert shown["large"]["rows"] == []
    again = results(sound(ask(hunting, "POST", "/api/hunts/much/run", {})))
    assert (again["large"]["error"], again["large"]["uncompared"]) == (None, "the last result is damaged")


def test_texts_are_written_to_the_byte_and_changes_of_others_are_kept(hunting: Served, tmp_path: Path) -> None:
    path = tmp_path / "hunts" / "mine.md"
    text = "\ufeff# Mine\r\n\u202e\n```kql\nprint 1\n```"
    made = sound(ask(hunting, "PUT", "/api/hunts/mine", {"text": text}))
    assert path.read_bytes() == text.encode()
    assert made["text"] == text
    assert ask(hunting, "PUT", "/api/hunts/mine", {"text": "# Other\n"}).status_code == 409
    assert ask(hunting, "PUT", "/api/hunts/mine", {"text": "# Other\n", "etag": "0" * 64}).status_code == 409
    assert path.read_bytes() == text.encode()
    changed = sound(ask(hunting, "PUT", "/api/hunts/mine", {"text": "# Two\n", "etag": made["etag"]}))
    assert path.read_text() == "# Two\n"
    path.write_text("# By hand\n")
    refused = ask(hunting, "PUT", "/api/hunts/mine", {"text": "# Three\n", "etag": changed["etag"]})
    assert refused.status_code == 409
    assert "has been changed since it was read" in refused.json()["error"]["@message"]
    assert path.read_text() == "# By hand\n"


@pytest.mark.parametrize(
    "name",
    ["..", "../secret", "..%2fsecret", "%2e%2e%2fsecret", "..%5csecret", ".hidden", "%00", "a%0a", "x" * 101, "README"],
)
def test_no_name_leads_out_of_the_folder(hunting: Served, tmp_path: Path, name: str) -> None:
    before = sorted(tmp_path.rglob("*"))
    for method, path, body in (
        ("GET", f"/api/hunts/{name}", None),
        ("PUT", f"/api/hunts/{name}", {"text": "# T\n"}),
        ("POST", f"/api/hunts/{name}/run", {}),
        ("POST", f"/api/hunts/{name}/promote", PROMOTION),
    ):
        answer = ask(hunting, method, path, body)
        assert answer.status_code in (400, 404, 405), (method, answer.text)
        assert "secret" not in answer.json().get("text", "")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_cell_becomes_a_rule(hunting: Served, tmp_path: Path) -> None:
    answer = sound(ask(hunting, "POST", "/api/hunts/much/promote", PROMOTION))
    assert answer["file"] == "much_sent.yaml"
    (rule,) = read_document(tmp_path / "rules" / "much_sent.yaml").detections
    assert (rule.id, rule.name, rule.techniques) == (answer["id"], "Much sent", ("T1041",))
    assert rule.description == "Who takes much away sends much."
    assert rule.query == "Logs | where Size > 10 | project Name, Size | sort by Size asc"
    again = ask(hunting, "POST", "/api/hunts/much/promote", PROMOTION)
    assert again.status_code == 400
    assert "is there already" in again.json()["error"]["@message"]


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("run", {"cell": "none"}, "has no cell 'none'"),
        ("run", {"cell": 1}, "'cell' must be"),
        ("run", {"cell": "text-1"}, "has no cell 'text-1'"),
        ("promote", PROMOTION | {"cell": "none"}, "has no cell"),
        ("promote", PROMOTION | {"frequency": 0}, "'frequency'"),
        ("promote", PROMOTION | {"severity": "Dire"}, "'severity'"),
        ("promote", PROMOTION | {"name": " "}, "'name' is empty"),
        ("promote", PROMOTION | {"name": "two\nlines"}, "a rule's name"),
    ],
)
def test_what_is_refused(hunting: Served, tmp_path: Path, path: str, body: Any, words: str) -> None:
    answer = ask(hunting, "POST", f"/api/hunts/much/{path}", body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]["@message"]
    assert not (tmp_path / "rules").exists()


def test_texts_that_are_refused(hunting: Served) -> None:
    for body in ({}, {"text": 1}, {"text": "\ud800"}, {"text": "# T", "etag": 5}, {"text": "x" * ((1 << 20) + 1)}):
        with hunting.http() as client:
            data = json.dumps(body)
            answer = client.put("/api/hunts/odd", content=data, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, answer.text
    assert ask(hunting, "GET", "/api/hunts/odd").status_code == 404


def test_a_hunt_with_a_problem_is_shown_and_not_run(hunting: Served) -> None:
    text = "```kql id=a\nprint 1\n```\n```kql id=a\nprint 2\n```\n"
    made = sound(ask(hunting, "PUT", "/api/hunts/two", {"text": text}))
    assert made["problems"] == ["line 4: there are two cells 'a'"]
    for path, body in (("run", {}), ("promote", PROMOTION | {"cell": "a"})):
        answer = ask(hunting, "POST", f"/api/hunts/two/{path}", body)
        assert answer.status_code == 400
        assert "there are two cells 'a'" in answer.json()["error"]["@message"]


def test_who_may_only_read_changes_nothing(tmp_path: Path) -> None:
    tokens = (kept("reader", "r" * 43, "read"), kept("author", "a" * 43, "rules"))
    (tmp_path / "hunts").mkdir()
    work = Work(hunts=tmp_path / "hunts", rules=tmp_path / "rules")
    writing: tuple[tuple[str, str, Any], ...] = (
        ("PUT", "/api/hunts/x", {"text": "```kql id=large\nprint 1\n```\n"}),
        ("POST", "/api/hunts/x/run", {}),
        ("POST", "/api/hunts/x/promote", PROMOTION),
    )
    with bluetick.connect() as session, served(session, tokens=tokens, work=work) as on:
        assert ask(on, "GET", "/api/hunts").status_code == 401
        assert ask(on, "GET", "/api/hunts", token="r" * 43).status_code == 200
        for method, path, body in writing:
            assert ask(on, method, path, body, "r" * 43).status_code == 403
            assert ask(on, method, path, body).status_code == 401
        assert list(tmp_path.rglob("*.*")) == []
        for method, path, body in writing:
            assert ask(on, method, path, body, "a" * 43).status_code == 200
        assert ask(on, "GET", "/api/hunts/x", token="r" * 43).status_code == 200


def test_without_a_folder_there_are_none_and_none_is_written(on: Served) -> None:
    assert sound(ask(on, "GET", "/api/hunts")) == {"hunts": []}
    assert ask(on, "GET", "/api/hunts/x").status_code == 404
    answer = ask(on, "PUT", "/api/hunts/x", {"text": "# T\n"})
    assert answer.status_code == 400
    assert "--hunts DIR" in answer.json()["error"]["@message"]


def test_a_worker_tells_the_versions_that_it_read(tmp_path: Path) -> None:
    scene = new_scene(tmp_path)
    (tmp_path / "hunts").mkdir()
    (tmp_path / "hunts" / "h.md").write_text("```kql id=a\nEvents | count | extend x = toscalar(Events | count)\n```\n")
    pool = WorkerPool(scene.session, small())
    work = Work(hunts=tmp_path / "hunts")
    with connect(scene.lake) as session, served(session, executor=pool, lake=scene.lake, work=work) as on:
        before = results(sound(ask(on, "POST", "/api/hunts/h/run", {})))["a"]
        append(scene.lake, "Events", ["late"])
        after = results(sound(ask(on, "POST", "/api/hunts/h/run", {})))["a"]
        assert after["snapshot"] == {"Events": before["snapshot"]["Events"] + 1}
        assert (before["rows"], after["rows"], after["newCount"]) == ([[3, 3]], [[4, 4]], 1)
