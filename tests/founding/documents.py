"""The founding documents themselves: they lie beside the repository, never in it."""

from pathlib import Path

import pytest

from bluetick.detections.documents.reading import read_document
from bluetick.detections.model import Detection

SHARED = Path(__file__).resolve().parents[3] / "shared"
RARE_COUNTRIES = "000"
LONG_RUNNING = "004"


def founding_document(number: str) -> Detection:
    """The detection of one founding document, read from its bytes; skips the test where it is not there."""
    found = sorted((SHARED / "seeds").glob(f"{number}_*.txt"))
    if not found:
        pytest.skip(f"founding document {number} is not here: it lies in ../shared/seeds, beside the repository")
    result = read_document(found[0])
    assert [d for d in result.diagnostics if d.is_error] == []
    (detection,) = result.detections
    return detection
