"""CSV of strangers' texts: each row stays one row."""

import csv
import io

import pytest

from bluetick.cli.main import run_command

TEXTS = ("a\rb", "\r", "a\nb", "a\r\nb", 'a"b', "a,b", "", "  a ", "=1+1", "\u2028")


def test_a_cell_cannot_end_its_line(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    texts = ", ".join('"' + text.translate({13: "\\r", 10: "\\n", 34: '\\"'}) + '"' for text in TEXTS)
    numbered = f"print n = range(0, {len(TEXTS) - 1}), t = pack_array({texts})"
    query = f"{numbered} | mv-expand n to typeof(long), t to typeof(string) | sort by n asc"
    assert run_command(["query", query, "--format", "csv"]) == 0
    written = capfdbinary.readouterr().out.decode()
    assert written.endswith("\n")
    assert not written.endswith("\r\n")
    rows = list(csv.reader(io.StringIO(written, newline="")))
    assert rows == [["n", "t"], *([str(number), text] for number, text in enumerate(TEXTS))]
