"""What the page writes into queries: conditions that give exactly the rows of a cell, where they belong."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pytest
from playwright.sync_api import Browser

import bluetick
from bluetick.server.cells import RowWriter, dump
from console.hostile import hostile_texts

_SOURCES: Final = Path(__file__).resolve().parents[2] / "console"
_ENTRY: Final = """
import { parseExactly } from "SOURCES/src/api/exactly";
import * as kql from "SOURCES/src/results/kql_text";
self.call = (name, given) => kql[name](...parseExactly(given));
"""
Call: TypeAlias = Callable[..., Any]


@pytest.fixture(scope="module")
def kql(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Call]:
    """Calls a function of the page's `kql_text.ts`. The arguments are JSON texts, as the server would send them."""
    folder = tmp_path_factory.mktemp("kql_text")
    entry, program = folder / "entry.ts", folder / "program.js"
    entry.write_text(_ENTRY.replace("SOURCES", str(_SOURCES)), encoding="utf-8")
    esbuild = _SOURCES / "node_modules/.bin/esbuild"
    assert esbuild.exists(), "the page's libraries are missing: make console"
    command = [str(esbuild), str(entry), "--bundle", "--format=iife", "--log-level=error", f"--outfile={program}"]
    subprocess.run(command, check=True, env={**os.environ, "NODE_PATH": str(_SOURCES / "node_modules")})
    page = browser.new_page()
    page.add_script_tag(content=program.read_text(encoding="utf-8"))
    yield lambda name, *given: page.evaluate("([name, given]) => call(name, given)", [name, f"[{','.join(given)}]"])
    page.close()


_NASTY: Final = [
    "",
    " ",
    '"',
    "'",
    "\\",
    '\\"',
    "a;b",
    "a|b",
    "// no comment",
    "/* */",
    "```",
    "~~~",
    'h"x"',
    "line\nfeed",
    "cr\rlf\r\n",
    "tab\t",
    "\x00",
    "\x1b[31m",
    "\u202egnp.exe",
    "\u2066x\u2069",
    "zero\u200bwidth",
    "\ufeffbom",
    "\U000e0041tag",
    "😀",
    "\u2028",
    "\x85",
    "\\u0041",
    "\\n",
    "%s {0} ${x}",
    "']",
    '"]',
    "C:\\Windows\\System32\\cmd.exe",
    "null",
    "datetime(2020-01-01)",
    "\uffff",
    "é",
    "e\u0301",
]
# By type: how a text becomes a value of it, and texts. An empty text is a null, but of string.
_VALUES: Final[dict[str, tuple[str, list[str]]]] = {
    "string": ("s", [*_NASTY, *hostile_texts()]),
    "long": ("tolong(s)", ["", "0", "-1", str(2**53), str(2**53 + 1), str(2**63 - 1), str(-(2**63))]),
    "int": ("toint(s)", ["", "0", "-1", str(2**31 - 1), str(-(2**31))]),
    "real": (
        "toreal(s)",
        ["", "0", "0.1", "-0.1", "1e22", "1e-300", "5e-324", "Infinity", "-Infinity", "NaN", "1e15", "123456789.125"],
    ),
    "bool": ("tobool(s)", ["", "true", "false"]),
    "datetime": ("todatetime(s)", ["", "0001-01-01", "2026-06-01T12:30:01.123456Z", "9999-12-31T23:59:59.999999Z"]),
    "timespan": ("totimespan(s)", ["", "00:00:00", "-1.02:03:04.567891", "00:00:00.000001", "9999.00:00:00"]),
    "guid": ("toguid(s)", ["", "74be27de-1e4e-49d9-b579-fe0b331d3642"]),
    "decimal": ("todecimal(s)", ["", "0.1", "-12345678901234567890.5", "3"]),
    "dynamic": (
        "parse_json(s)",
        [
            "",
            "1",
            "9007199254740993",
            "1.5",
            "true",
            '"text \u202e;|"',
            '["a;b",{"c":"\\"\\u202e"}]',
            '{"a":[],"b":null,"c":{}}',
            "[-1,1.5]",
        ],
    ),
}


@pytest.mark.parametrize("type_", _VALUES)
def test_conditions_tell_a_cell_from_all_others(kql: Call, type_: str) -> None:
    """By the wire and back: `==` gives the row of the cell, `!=` all others; no problem is found in any text."""
    expression, texts = _VALUES[type_]
    texts = list(dict.fromkeys(texts))
    table = pa.table({"n": pa.array(range(len(texts)), pa.int64()), "s": texts})
    query = f"T // ;|\n| extend ['x |;'] = {expression} | sort by n asc | render table"
    column = json.dumps({"name": "x |;", "type": type_})
    with bluetick.connect(tables={"T": table}) as session:
        result = session.query(query)
        assert dict(result.columns)["x |;"] == type_
        cells = [row[2] for row in _wire(result)]
        for n, cell in enumerate(cells):
            equal = kql("condition", column, cell, '"=="')
            other = kql("condition", column, cell, '"!="')
            found = session.query(_with(kql, query, equal)).to_arrow()["n"].to_pylist()
            assert found == [n], equal
            rest = session.query(_with(kql, query, other)).to_arrow()["n"].to_pylist()
            assert n not in rest, other


def _with(kql: Call, query: str, condition: str, result: int = 0) -> str:
    text = kql("withOperator", json.dumps(query), json.dumps(f"where {condition}"), str(result))
    assert isinstance(text, str)
    return text


def _wire(result: Any) -> list[list[str]]:
    """Each cell as the JSON text that the server sends."""
    texts: list[list[str]] = []
    writer = RowWriter(result.columns)
    for batch in result.batches():
        for rows in writer.rows(batch):
            texts += [[json.dumps(None) if cell is None else dump([cell]).decode() for cell in row] for row in rows]
    return texts


# Queries, which of their results, and what becomes of them with `where A == 1`. The last token of a statement is where
# its rows come from, whatever stands behind it.
_PLACES: Final[list[tuple[str, int, str | None]]] = [
    ("T", 0, "T\n| where A == 1"),
    ("T;", 0, "T\n| where A == 1;"),
    ("T // a comment; | render", 0, "T\n| where A == 1 // a comment; | render"),
    ("T\n// at the end\n", 0, "T\n| where A == 1\n// at the end\n"),
    ("T | render table", 0, "T\n| where A == 1\n| render table"),
    ("T\n| render piechart with (title = '|;')", 0, "T\n| where A == 1\n| render piechart with (title = '|;')"),
    ("T // x\n| render table // y", 0, "T\n| where A == 1 // x\n| render table // y"),
    ("let x = 1; T", 0, "let x = 1; T\n| where A == 1"),
    (
        "let f = () { let z = 1; T | where A == z }; f() | render table",
        0,
        "let f = () { let z = 1; T | where A == z }; f()\n| where A == 1\n| render table",
    ),
    ("T; T | take 5", 0, "T\n| where A == 1; T | take 5"),
    ("T; T | take 5", 1, "T; T | take 5\n| where A == 1"),
    ("T; let y = 2; T | take y;", 1, "T; let y = 2; T | take y\n| where A == 1;"),
    (
        'T | extend s = "|;render" | extend t = @"\\" | extend u = \'"\'',
        0,
        'T | extend s = "|;render" | extend t = @"\\" | extend u = \'"\'\n| where A == 1',
    ),
    ("T | extend s = ```a ; | render\n// b``` // c", 0, "T | extend s = ```a ; | render\n// b```\n| where A == 1 // c"),
    ("T | join kind=leftouter (T | take 1) on A", 0, "T | join kind=leftouter (T | take 1) on A\n| where A == 1"),
    ("T | where B has h'secret;' and A in (1, 2)", 0, "T | where B has h'secret;' and A in (1, 2)\n| where A == 1"),
    ('T | extend d = dynamic({"a": [";", "|"]})', 0, 'T | extend d = dynamic({"a": [";", "|"]})\n| where A == 1'),
    ("set notruncation; T", 0, "set notruncation; T\n| where A == 1"),
    ("union T, T | take 3", 0, "union T, T | take 3\n| where A == 1"),
    ('T | where B == "unclosed', 0, None),
    ("T | where (A == 1", 0, None),
    ("T | fork (take 1) (take 2)", 1, None),
    (".show tables", 0, None),
    ("T", 1, None),
]


@pytest.mark.parametrize(("query", "result", "expected"), _PLACES)
def test_an_operator_goes_behind_its_own_statement(kql: Call, query: str, result: int, expected: str | None) -> None:
    found = kql("withOperator", json.dumps(query), '"where A == 1"', str(result))
    assert found == expected
    if expected is not None:
        with bluetick.connect(tables={"T": pa.table({"A": [1, 2], "B": ["x", "y"]})}) as session:
            checked = session.check(found)
            assert [one.message for one in checked.diagnostics] == []


@pytest.mark.parametrize(
    "name",
    [
        "A",
        "a b",
        "and",
        "time",
        "datetime",
        "x-y",
        "x.y",
        "1st",
        "$t",
        "ünder",
        "a'b",
        'a"b',
        "a\\b",
        "kind",
        "by",
        "contains",
        "print",
        "dynamic",
        "count",
        "string",
        "bin",
        "now",
        "\u202ex",
        "a\nb",
        "in",
        "typeof",
        "range",
        "__proto__",
    ],
)
def test_a_column_of_any_name_is_read(kql: Call, name: str) -> None:
    with bluetick.connect(tables={"T": pa.table({name: [1, 2]})}) as session:
        condition = kql("condition", json.dumps({"name": name, "type": "long"}), "2", '"=="')
        assert session.query(_with(kql, "T | render table", condition)).to_arrow()[name].to_pylist() == [2]


def test_one_result_of_several_stands_alone(kql: Call) -> None:
    query = "let x = 1; T | take 1 // no\n;\nT | take x;T | count"
    assert [kql("onlyResult", json.dumps(query), str(n)) for n in range(4)] == [
        "let x = 1; T | take 1 // no\n;\n",
        "let x = 1; \nT | take x;",
        "let x = 1; \nT | count",
        None,
    ]
