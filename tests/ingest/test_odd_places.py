"""Files with names in no encoding, and a lake below the folder that is read."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from bluetick.ingest.kept import chosen
from bluetick.ingest.running import Options, ingest_paths

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RECORD = json.dumps({"TimeGenerated": "2026-02-03T06:00:00Z", "Type": "Own_CL", "Name_s": "x"}) + "\n"


def test_a_file_name_that_is_no_text_stops_neither_this_ingest_nor_the_next(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.json"))
    path.write_text(RECORD + "{broken\n" + RECORD)
    options, lake = Options(now=lambda: NOW, threads=1), tmp_path / "lake"

    report = ingest_paths([path], lake, options)

    assert (report.tally.stored, report.tally.quarantined) == (2, 1)
    assert [Path(kept.file).name for kept in chosen(lake)] == ["caf\\udce9.json"]
    assert ingest_paths([path], lake, options).tally.duplicates == 3


def test_a_lake_in_the_folder_that_is_read_is_not_read_itself(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(RECORD)
    options, lake = Options(now=lambda: NOW, threads=1), tmp_path / "lake"

    ingest_paths([tmp_path], lake, options)
    again = ingest_paths([tmp_path], lake, options)

    assert (again.tally.input, again.tally.duplicates, again.left_out) == (1, 1, ())
