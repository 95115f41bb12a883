"""Kusto's client for Node, unmodified; needs Node, and fetches the client from the package registry."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from server.running import DATABASE, EVERY_TYPE, Served

NODE = Path(__file__).parent / "node"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        any(shutil.which(name) is None for name in ("node", "npm")), reason="Node runs the client, and it is not here"
    ),
]


def run(command: list[str], text: str = "") -> str:
    done = subprocess.run(command, cwd=NODE, input=text, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def client() -> None:
    """The pinned client, unless it is there."""
    if not (NODE / "node_modules" / "azure-kusto-data").is_dir():
        run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"])


def ask(on: Served, *questions: dict[str, Any]) -> list[Any]:
    asked = {"url": on.url, "database": DATABASE, "questions": questions}
    answers: list[Any] = json.loads(run(["node", "ask.mjs"], json.dumps(asked)))
    return answers


def test_what_the_client_reads(client: None, on: Served) -> None:
    types, parameters, error, command, cut = ask(
        on,
        {"text": EVERY_TYPE},
        {"text": "declare query_parameters(n:long); Numbers | where x > n", "parameters": {"n": "7"}},
        {"text": "Numbers | where y == 1"},
        {"text": ".show tables | project TableName"},
        {"text": "Numbers", "options": {"query_take_max_records": 1}},
    )
    (table,) = types
    assert [type_ for _, type_ in table["columns"]] == [
        "bool",
        "int",
        "long",
        "real",
        "decimal",
        "string",
        "datetime",
        "timespan",
        "guid",
        "dynamic",
    ]
    first, null = table["rows"][0], table["rows"][3]
    assert first[:2] == [True, 2**31 - 1]
    assert first[2] == pytest.approx(2**63)  # JavaScript's numbers are doubles
    assert first[3:6] == [1.5, "123.45", "plain"]
    assert first[6] == {"date": "2026-06-18T12:00:00.123Z"}  # its Date has milliseconds
    assert first[8:] == ["74be27de-1e4e-49d9-b579-fe0b331d3642", {"a": [1, None, "x"], "b": {"c": True}}]
    assert null == [None, None, None, None, None, "", None, None, None, None]
    assert parameters[0]["rows"] == [[8], [9]]
    assert "SEM0100" in error["error"]["@message"]
    assert command[0]["rows"] == [["Events"], ["Numbers"]]
    assert cut[0]["rows"] == [[0]]
