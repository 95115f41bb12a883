"""Exports as they come: one JSON document over many lines that wraps its records in a list."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bluetick.ingest.running import Options, Report, ingest_paths

GOLDENS = Path(__file__).parent / "goldens"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "key"), [("cloudtrail", "Records"), ("azurediagnostics", "records"), ("entragraph", "value"), ("m365", "")]
)
def test_a_wrapped_export_gives_what_its_lines_give(form: str, key: str, tmp_path: Path) -> None:
    lines = (GOLDENS / form / "input.ndjson").read_text("utf-8")
    records = [json.loads(line) for line in lines.splitlines()]
    (tmp_path / "lines.json").write_text(lines)
    (tmp_path / "document.json").write_text(json.dumps({key: records} if key else records, indent=2))

    one, other = (_ingest(tmp_path, name).tally for name in ("lines", "document"))

    assert one.input == other.input == len(records)
    assert (one.rows, one.reasons) == (other.rows, other.reasons)
    assert one.stored == len(records) - sum(one.reasons.values())


def _ingest(folder: Path, name: str) -> Report:
    return ingest_paths([folder / f"{name}.json"], folder / name, Options(now=lambda: NOW, threads=1))
