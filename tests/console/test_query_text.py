"""Which text a key runs: queries stand apart by blank lines, but not within a text of several lines, nor where a query
goes on. Places count characters, or the units that a browser counts."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
from playwright.sync_api import Browser

_SOURCES: Final = Path(__file__).resolve().parents[2] / "console"
Call: TypeAlias = Callable[..., Any]


@pytest.fixture(scope="module")
def call(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Call]:
    """Calls a function of the page's `statements.ts`."""
    program = tmp_path_factory.mktemp("statements") / "statements.js"
    esbuild = _SOURCES / "node_modules/.bin/esbuild"
    assert esbuild.exists(), "the page's libraries are missing: make console"
    source = _SOURCES / "src/query/statements.ts"
    options = ["--bundle", "--format=iife", "--global-name=statements", "--log-level=error", f"--outfile={program}"]
    subprocess.run([str(esbuild), str(source), *options], check=True)
    page = browser.new_page()
    page.add_script_tag(content=program.read_text("utf-8"))
    yield lambda name, *given: page.evaluate("([name, given]) => statements[name](...given)", [name, list(given)])
    page.close()


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        ("", []),
        ("\n\n// words alone\n\n", []),
        ("A", ["A"]),
        ("A\n| take 1\n\nB\n", ["A\n| take 1", "B"]),
        ("A\n \t\nB", ["A", "B"]),
        ("let x = 1;\n\nA | where b == x\n\nC", ["let x = 1;\n\nA | where b == x", "C"]),
        ("let x = 1; // one\n\nA", ["let x = 1; // one\n\nA"]),
        ("A\n\n| take 1", ["A\n\n| take 1"]),
        ("A\n\n// next\n| take 1", ["A\n\n// next\n| take 1"]),
        ("// head\n\nA\n\n// tail", ["// head\n\nA"]),
        ("print ```one\n\ntwo```\n\nB", ["print ```one\n\ntwo```", "B"]),
        ("print ~~~one\n\n~~~\n\nB", ["print ~~~one\n\n~~~", "B"]),
        ("print '```'\n\nB", ["print '```'", "B"]),
        ('print "\\"```"\n\nB', ['print "\\"```"', "B"]),
        ("print @'\\' // it's\n\nB", ["print @'\\' // it's", "B"]),
        ("// ```\nA\n\nB", ["// ```\nA", "B"]),
    ],
)
def test_queries_stand_apart(call: Call, text: str, queries: list[str]) -> None:
    found = call("queries", text)
    assert [one["text"] for one in found] == queries
    assert [text[one["start"] : one["end"]] for one in found] == queries


@pytest.mark.parametrize(
    ("offset", "query"),
    [(0, "A"), (1, "A"), (2, "A"), (3, "B\nC"), (5, "B\nC"), (6, "B\nC"), (8, "B\nC")],
)
def test_the_query_at_a_place(call: Call, offset: int, query: str) -> None:
    assert call("queryAt", "A\n\nB\nC\n\n", offset)["text"] == query


@pytest.mark.parametrize(("characters", "units"), [(0, 0), (1, 1), (2, 3), (3, 5), (4, 6), (9, 6)])
def test_characters_and_units(call: Call, characters: int, units: int) -> None:
    assert call("unitsOf", "a😀🤖é", characters) == units


@pytest.mark.parametrize(
    ("line", "column", "offset"),
    [(1, 1, 0), (1, 3, 3), (2, 1, 5), (2, 2, 7), (3, 1, 9), (7, 1, 9)],
)
def test_lines_and_columns(call: Call, line: int, column: int, offset: int) -> None:
    assert call("offsetOf", "a😀b\n🤖c\nd", line, column) == offset
