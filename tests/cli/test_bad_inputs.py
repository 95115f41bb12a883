"""Forty bad inputs: each gives words with a place, exit code 1 (2 for wrong usage), and never a traceback."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bluetick.cli.main import run_command

FAILED, USAGE = 1, 2
EVENTS = ["--table", "Events=events.csv"]
GOOD_RULE = "// Name: Good\n// Severity: Low\nEvents\n| where Size > 1\n"
HASH = "a" * 40


@dataclass(frozen=True)
class Case:
    """A command line; `place` and `words` are regular expressions that standard error must hold."""

    name: str
    arguments: list[str]
    place: str
    words: str
    code: int = FAILED


def query(name: str, text: str, place: str, words: str, *options: str) -> Case:
    return Case(name, ["query", text, *EVENTS, *options], place, words)


CASES = [
    # --- queries that are refused
    query("unknown column", "Events | where Nmae == 'a'", r"query:1:16", "Nmae.*(.|\n)*did you mean 'Name'"),
    query("wrong type", "Events | where Size > 'a'", r"query:1:16", "long, string"),
    query("missing parenthesis", "print (1 + (2)", r"query:1:\d+", r"Expected '\)'"),
    query("unterminated string", "print 'abc", r"query:1:7", "not closed"),
    query("unknown function", "print frobnicate(1)", r"query:1:7", "frobnicate"),
    query("unknown operator", "Events | wehre Size > 1", r"query:1:10", "did you mean 'where'"),
    query("unknown table", "Evants | take 1", r"query:1:1", "did you mean 'Events'"),
    query("known table without data", "DeviceInfo | take 1", r"query:1:1", "--table DeviceInfo=PATH"),
    query("aggregate in where", "Events | where count() > 1", r"query:1:\d+", "count"),
    query("dynamic group key", "Events | summarize count() by dynamic({'a': 1})", r"query:1:\d+", "dynamic|group"),
    query(
        "join key mismatch", "Events | join (Events) on $left.Name == $right.Size", r"query:1:\d+", "type|string|long"
    ),
    query("duplicate names", "Events | extend a = 1, a = 2", r"query:1:24", "'a' already exists"),
    query("bad datatable rows", "datatable(a: long, b: string) [1, 'x', 2]", r"query:1:\d+", "row|value|multiple"),
    query("recursive let", "let f = (x: long) { f(x) }; print f(1)", r"query:1:\d+", "'f'"),
    query("deep nesting", "print " + "(" * 500 + "1" + ")" * 500, r"query:1:\d+", "nested more than 100"),
    query("an assert that fails", "let t = 1; print x = assert(t > 2, 'too small')", r"query", "too small"),
    query("SQL", "SELECT * FROM Events", r"query:1:1", "SQL"),
    query("an empty text", "   ", r"query:1:\d+", r"."),
    query("only a comment", "// nothing", r"query:\d+:\d+", r"."),
    Case("a megabyte of (", ["query", "-f", "parentheses.kql"], r"parentheses\.kql", "bytes"),
    Case("a query above 256 KB", ["query", "-f", "long.kql"], r"long\.kql:1:1", "at most"),
    Case("a binary file as query", ["query", "-f", "binary.kql"], r"binary\.kql", "text|binary"),
    Case("NUL bytes in a query", ["query", "-f", "nul.kql"], r"nul\.kql", "text|binary"),
    Case("UTF-16 garbage", ["query", "-f", "utf16.kql"], r"utf16\.kql", "UTF-16"),
    Case("a directory as query file", ["query", "-f", "empty"], r"empty", "directory"),
    Case("a missing query file", ["query", "-f", "none.kql"], r"none\.kql", "no such file"),
    # --- data that cannot be read
    Case("an empty folder as table", ["query", "T", "--table", "T=empty"], r"'empty'", "holds no"),
    Case("a missing table file", ["query", "T", "--table", "T=none.csv"], r"none\.csv", "no file"),
    Case("a missing lake", ["query", "print 1", "--lake", "none"], r"none", "folder"),
    Case("a corrupt Parquet file", ["query", "T", "--table", "T=corrupt.parquet"], r"corrupt\.parquet", "."),
    Case("a file of no known format", ["query", "T", "--table", "T=notes.xyz"], r"notes\.xyz", "format"),
    Case(
        "text in a long column of a known table",
        ["query", "VMConnection | summarize sum(BytesSent)", "--table", "VMConnection=bytes.csv"],
        r"bytes\.csv",
        "BytesSent.*many|many.*BytesSent",
    ),
    Case(
        "Parquet with a wrong type",
        ["query", "VMConnection | summarize max(TimeGenerated)", "--table", "VMConnection=types.parquet"],
        r"types\.parquet",
        "TimeGenerated",
    ),
    Case("JSON with broken lines", ["query", "T | count", "--table", "T=broken.ndjson"], r"broken\.ndjson", "."),
    Case("a table name that is none", ["query", "print 1", "--table", "a;b=events.csv"], r"a;b", "table name"),
    Case("profiles that are missing", ["query", "print 1", "--profiles", "none.csv"], r"none\.csv", "."),
    Case("corrupt profiles", ["query", "print 1", "--profiles", "corrupt.parquet"], r"corrupt\.parquet", "."),
    query("no profile provider", f"print SHA1 = '{HASH}' | invoke FileProfile()", r"query|FileProfile", "--profiles"),
    Case("a schema file that is none", ["query", "print 1", "--schemas", "notes.xyz"], r"notes\.xyz", "."),
    Case("an engine that is none", ["query", "print 1", "--engine", "oracle"], r"'oracle'", "duckdb"),
    # --- documents
    Case("a document without a query", ["run", "prose.md"], r"prose\.md:\d+:\d+", "query"),
    Case("an empty document", ["run", "nothing.kql"], r"nothing\.kql:1:1", "empty|nothing"),
    Case("a missing document", ["run", "none.kql"], r"none\.kql", "no such file"),
    Case("a document with a bad query", ["run", "bad.kql", *EVENTS], r"bad\.kql:4:9", "Nmae"),
    Case("two documents, one bad", ["run", "good.kql", "bad.kql", *EVENTS], r"bad\.kql:4:9", "Nmae"),
    Case("a folder without documents", ["run", "empty"], r"'empty'", "no rule document"),
    Case("a simulation into a full folder", ["simulate", "."], r"'\.'", "not empty"),
    Case("an ingest of no log", ["ingest", "notes.xyz", "--lake", "lake"], r"notes\.xyz", "format"),
    Case("newest of nothing", ["query", "print 1", "--now", "newest"], r"query", "believable time"),
    # --- wrong usage
    Case("a bad --now", ["query", "print 1", "--now", "yesterday"], r"--now", "yesterday", USAGE),
    Case("a bad --table", ["query", "print 1", "--table", "events.csv"], r"--table", "NAME=PATH", USAGE),
    Case("an unknown format", ["query", "print 1", "--format", "xml"], r"--format", "xml", USAGE),
    Case("Parquet to the terminal", ["query", "print 1", "--format", "parquet"], r"--output", "parquet", USAGE),
    Case("a parameter that is not declared", ["query", "print 1", "--param", "n=1"], r"--param n", "declares", USAGE),
    Case("no query at all", ["query"], r"TEXT", "-f FILE", USAGE),
    Case("an unknown command", ["quary"], r"quary", "No such command", USAGE),
]


@pytest.fixture(scope="module")
def bad_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("bad")
    texts = {
        "events.csv": "Name,Size\na,1\nb,2\n",
        "bytes.csv": "TimeGenerated,BytesSent\n2026-01-01T00:00:00Z,10\n2026-01-01T00:00:00Z,many\n",
        "broken.ndjson": '{"a": 1}\n{"a": \n{"a": 3}\n',
        "notes.xyz": "Dear diary\n",
        "prose.md": "# A page\n\nThere is nothing to run here.\n",
        "nothing.kql": "\n",
        "good.kql": GOOD_RULE,
        "bad.kql": GOOD_RULE.replace("Size", "Nmae"),
        "parentheses.kql": "(" * 1_000_001,
        "long.kql": "print " + "1 + " * 70_000 + "1",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "binary.kql").write_bytes(bytes(range(256)) * 40)
    (folder / "nul.kql").write_bytes(b"print 1\x00\x00")
    (folder / "utf16.kql").write_bytes(b"\xff\xfe\x00\xd8\x00")
    (folder / "empty").mkdir()
    pq.write_table(pa.table({"a": [1, 2]}), folder / "whole.parquet")
    data = (folder / "whole.parquet").read_bytes()
    (folder / "corrupt.parquet").write_bytes(data[: len(data) // 2])
    pq.write_table(pa.table({"TimeGenerated": ["soon", "later"]}), folder / "types.parquet")
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_is_told_clearly(case: Case, bad_files: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = run_command(case.arguments)
    told = capfd.readouterr().err
    assert code == case.code, told
    assert re.search(case.place, told), told
    assert re.search(case.words, told), told
    assert "Traceback" not in told
    assert "fault of bluetick" not in told
    assert str(Path(__file__).parents[2]) not in told, "a place inside bluetick's own files"


def test_there_are_forty() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)


def test_the_good_document_beside_a_bad_one_runs(bad_files: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", "bad.kql", "good.kql", *EVENTS, "--format", "json"]) == FAILED
    out = capfd.readouterr().out
    assert out.count("\n") == 1
    assert '"name":"Good"' in out
    assert '"rows":[["b",2]]' in out


def test_every_error_of_a_query_is_told(bad_files: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["query", "Events | where Nmae == 'a' and Sise > 1", *EVENTS]) == FAILED
    told = capfd.readouterr().err
    assert "'Nmae'" in told
    assert "'Sise'" in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["query", "print nosuch"], "query:1:7"),
        (["query", "-f", "binary.kql"], "binary.kql"),
        (["query", "T", "--table", "T=corrupt.parquet"], "corrupt.parquet"),
    ],
)
def test_a_real_process_says_the_same(arguments: list[str], words: str, bad_files: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bluetick", *arguments], capture_output=True, text=True, check=False, cwd=bad_files
    )
    assert done.returncode == FAILED
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_reader_that_leaves_is_no_error(bad_files: Path) -> None:
    command = f"{sys.executable} -m bluetick query 'range x from 1 to 300000 step 1' --format csv | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, cwd=bad_files)
    assert done.stdout == "x\n"
    assert done.stderr == ""
