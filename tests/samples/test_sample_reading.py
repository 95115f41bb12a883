"""Files of samples: what is wrong in them is told, with its place, before anything runs."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sampled import TOP, read

from bluetick.detections.samples import read_samples

CASE = "  - name: it\n    expect: {rows: 0}\n"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "BTK0228", "empty"),
        ("now: x\n", "BTK0302", "'now' must be an instant"),
        (TOP, "BTK0302", "'samples' must be a list"),
        (f"{TOP}samples: []\n", "BTK0302", "'samples' must be a list"),
        (f"{TOP}samples:\n  - it\n", "BTK0302", "each a sample"),
        (f"{TOP}cases: []\nsamples:\n{CASE}", "BTK0300", "'cases' is no key of a file of samples"),
        (f"samples:\n{CASE}", "BTK0301", "at which instant"),
        (f"{TOP}samples:\n  - expect: {{rows: 0}}\n", "BTK0301", "has no name"),
        (f"{TOP}samples:\n  - name: it\n", "BTK0301", "nothing is expected"),
        (f"{TOP}samples:\n{CASE}    table: {{}}\n", "BTK0300", "'table' is no key of a sample"),
        (f"{TOP}samples:\n{CASE}{CASE}", "BTK0303", "two samples are named 'it'"),
        (f"{TOP}samples:\n{CASE}    tables: {{A: {{row: []}}}}\n", "BTK0300", "'row' is no key of a table"),
        (f"{TOP}samples:\n{CASE}    tables: {{A: [[1]]}}\n", "BTK0302", "'a table' must be rows"),
        (f"{TOP}samples:\n{CASE}    tables: {{A: {{rows: x}}}}\n", "BTK0302", "'rows' must be a list of rows"),
        (f"{TOP}samples:\n{CASE}    tables: []\n", "BTK0302", "'tables' must be a mapping"),
        (f"{TOP}samples:\n{CASE}    watchlists: {{A: x}}\n", "BTK0302", "'A' must be a list of rows"),
        (f"{TOP}samples:\n{CASE}    alone: perhaps\n", "BTK0302", "'alone' must be true or false"),
        (f"{TOP}samples:\n{CASE}".replace("rows: 0", "rows: -1"), "BTK0302", "'rows' must be a number of rows"),
        (f"{TOP}samples:\n{CASE}".replace("rows: 0", "rows: [{}]"), "BTK0302", "at least one column"),
        (f"{TOP}samples:\n{CASE}".replace("rows: 0", "row: 0"), "BTK0300", "did you mean 'rows'?"),
        (f"{TOP}samples:\n{CASE}".replace("rows: 0", "error: X, rows: 0"), "BTK0302", "the only thing"),
        (f"{TOP}samples: &a []\n", "BTK0228", "anchors"),
        (f"{TOP}defaults: []\nsamples:\n{CASE}", "BTK0302", "'defaults' must be a mapping"),
    ],
)
def test_told(tmp_path: Path, text: str, code: str, words: str) -> None:
    file = read(tmp_path, text)
    assert file.samples == ()
    found = [(one.code, f"{one.message} {one.hint}") for one in file.diagnostics]
    assert any(words in message for _, message in found), found
    if code.startswith("BTK03"):
        assert any(code == one and words in message for one, message in found), found


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.tests.yaml").write_bytes(b"now: \xff\xfe")
    assert "no UTF-8" in read_samples(tmp_path / "a.tests.yaml").diagnostics[0].message
    (tmp_path / "c.tests.yaml").write_text("#" * 900_000, "utf-8")
    assert "200,000" in read_samples(tmp_path / "c.tests.yaml").diagnostics[0].message
    (tmp_path / "b.tests.yaml").mkdir()
    assert "cannot be read" in read_samples(tmp_path / "b.tests.yaml").diagnostics[0].message


def test_places_and_instants(tmp_path: Path) -> None:
    file = read(tmp_path, f"{TOP}samples:\n{CASE}  - name: later\n    now: 2026-02-01\n    expect: {{rows: 0}}\n")
    assert file.diagnostics == ()
    assert [(one.name, one.line, one.now.date().isoformat()) for one in file.samples] == [
        ("it", 3, "2026-01-15"),
        ("later", 5, "2026-02-01"),
    ]
    assert file.samples[0].now == datetime(2026, 1, 15, 12, tzinfo=UTC)
