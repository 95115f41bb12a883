"""What a rule cannot see is a field of every form, a list of sentences."""

from pathlib import Path

import pytest

from bluetick.cli.main import run_command
from bluetick.detections.documents import read_document_text

SPOTS = ("A sensor that is off, or lags.", "Names that were changed: nobody looks behind them.")

HEADER = """// Name: Rule
// BlindSpots: A sensor that is off,
//   or lags.
// BlindSpots: Names that were changed: nobody looks behind them.
// Tactics: Execution
T | take 1
"""
MARKDOWN = """# Rule

Prose.

## Blind spots

- A sensor that is off,
  or lags.
- Names that were changed: nobody looks behind them.

## Query

```kql
T | take 1
```
"""
SENTINEL = """id: 5b0c6f0a-8f0e-4c36-9b7e-1f6f1d1a8e52
name: Rule
blindSpots:
  - A sensor that is off,
    or lags.
  - "Names that were changed: nobody looks behind them."
query: T | take 1
"""


@pytest.mark.parametrize(
    ("name", "text"), [("a.kql", HEADER), ("a.md", MARKDOWN), ("a.yaml", SENTINEL)], ids=lambda text: text[:6]
)
def test_read(name: str, text: str) -> None:
    read = read_document_text(text.encode(), name)
    (rule,) = read.detections
    assert read.diagnostics == ()
    assert rule.blind_spots == SPOTS
    assert rule.fields == ()


def test_an_overlay_may_say_it() -> None:
    overlay = b"blindSpots: [A sensor that is off.]"
    (rule,) = read_document_text(b"T | take 1", "a.kql", overlay=overlay).detections
    assert rule.blind_spots == ("A sensor that is off.",)


@pytest.mark.parametrize("target", ["sentinel", "kql"])
def test_another_form_has_them_too(tmp_path: Path, capfd: pytest.CaptureFixture[str], target: str) -> None:
    (tmp_path / "a.md").write_text(MARKDOWN.replace("T | take 1", "SigninLogs | take 1"), "utf-8")
    run_command(["convert", "--to", target, "--lossy", str(tmp_path / "a.md")])
    written = capfd.readouterr().out
    name = {"sentinel": "a.yaml", "kql": "a.kql"}[target]
    assert read_document_text(written.encode(), name).detections[0].blind_spots == SPOTS
