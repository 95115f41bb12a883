"""A folder of real event logs, on demand: BLUETICK_EVTX names one, such as a clone of a public collection."""

import os
from pathlib import Path

import pytest

from bluetick.ingest.running import ingest_paths
from bluetick.sources.opening import open_streams
from bluetick.sources.reading import read_blocks

FOLDER = os.environ.get("BLUETICK_EVTX", "")


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER, reason="BLUETICK_EVTX names no folder of event logs")
def test_every_record_of_a_collection_is_stored_or_known(tmp_path: Path) -> None:
    files = sorted(Path(FOLDER).rglob("*.evtx"))
    assert files
    records = 0
    for file in files:
        (stream,) = open_streams(file)
        records += sum(len(block) for block in read_blocks(stream, "evtx"))
    lake = tmp_path / "lake"
    tally = ingest_paths(files, lake).tally
    assert tally.input == records == tally.stored + tally.duplicates + tally.quarantined
    assert tally.quarantined == 0, tally.reasons
    assert ingest_paths(files, lake).tally.duplicates == records
