"""What a rule cannot see is a field of every form, a list of sentences."""

import pytest

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
