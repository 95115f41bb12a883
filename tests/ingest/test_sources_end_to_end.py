"""Every source's golden input through a whole ingest: told apart by content, stored once, and a second run changes
nothing."""

import json
from datetime import UTC, datetime
from pathlib import Path

from bluetick.ingest.running import Options, ingest_paths
from bluetick.lake.folder import DeltaFolder
from bluetick.lake.layout import is_delta

GOLDENS = Path(__file__).parent / "goldens"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_folder_of_all_sources_is_stored_once(tmp_path: Path) -> None:
    inputs = sorted(GOLDENS.glob("*/input.*"))
    faults = sum(
        len(json.loads((path.parent / "expected.json").read_text("utf-8")).get("faults", {})) for path in inputs
    )
    lake = tmp_path / "lake"
    first = ingest_paths([GOLDENS], lake, Options(now=lambda: NOW))
    told = first.tally
    assert {Path(name).name for name in first.left_out} == {"expected.json"}
    assert told.input == told.stored + told.quarantined + told.duplicates
    assert told.bytes["input"] == sum(path.stat().st_size for path in inputs)
    assert told.quarantined == faults
    versions = {folder.name: DeltaFolder(folder).snapshot().version for folder in lake.iterdir() if is_delta(folder)}
    assert len(versions) > 20

    second = ingest_paths([GOLDENS], lake, Options(now=lambda: NOW)).tally
    assert (second.input, second.duplicates, second.stored) == (told.input, told.input, 0)
    assert versions == {name: DeltaFolder(lake / name).snapshot().version for name in versions}
