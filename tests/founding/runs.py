"""Runs a founding document through the public surface, over Arrow tables and given profiles."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

import bluetick
from bluetick.detections.model import Detection
from bluetick.detections.runs import query_request
from bluetick.enrichment.profiles import answer_table

Row = Mapping[str, Any]


class GivenProfiles:
    """A provider that knows exactly these files, by their ids as they are written; it remembers what it was asked."""

    version = "given"
    note = ""

    def __init__(self, profiles: Mapping[str, Row]) -> None:
        self.profiles = profiles
        self.asked: list[str] = []

    def lookup(self, key_column: str, keys: Sequence[str]) -> pa.Table:
        self.asked += keys
        unknown: Row = {"ProfileAvailability": "Missing"}
        return answer_table([{**self.profiles.get(key, unknown), "lookup_key": key} for key in keys])


def run_document(
    detection: Detection, table: str, data: pa.Table, now: datetime, profiles: Mapping[str, Row] | None = None
) -> list[tuple[Any, ...]]:
    """The rows of a document over one table."""
    with bluetick.connect(tables={table: data}, profiles=GivenProfiles(profiles or {}), now=now) as session:
        return list(session.run(query_request(detection, now))[-1].rows())
