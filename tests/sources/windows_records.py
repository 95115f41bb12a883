"""Windows events read without a lake: blocks of records, whole files, and the rows that came of them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from bluetick.ingest.batches import Tally
from bluetick.schema.packs import PackName, load_pack, stored_name
from bluetick.sources.opening import open_streams
from bluetick.sources.reading import read_blocks
from bluetick.sources.records import Normalised, Records
from bluetick.sources.sniffing import HEAD_BYTES, container_of
from bluetick.sources.windows import WindowsEvents

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """A record that could not become a row: the bytes of the stream that it owns, its own ones, and why."""

    owned: range
    raw: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of files: rows by block, and the account of every record and byte."""

    parts: tuple[Normalised, ...]
    tally: Tally
    faults: tuple[Fault, ...]

    def rows(self, table: str, pack: PackName) -> list[Row]:
        """The rows of a table under the names by which a pack knows its columns."""
        names = [name for name, _ in load_pack(pack)[table].columns]
        return [{name: row[stored_name(table, name)] for name in names} for row in rows_of(self.parts, table)]

    @property
    def is_complete(self) -> bool:
        """Whether every record has one fate, and every byte too."""
        tally, sizes = self.tally, self.tally.bytes
        return (
            tally.input == tally.stored + tally.duplicates + tally.quarantined
            and sizes["input"] == sizes["stored"] + sizes["duplicates"] + sizes["quarantined"]
        )


def read_files(paths: Sequence[Path], **options: Any) -> Reading:
    """The files as one reading by `WindowsEvents`, which gets these options."""
    normaliser = WindowsEvents(**options)
    tally, parts, faults = Tally(), [], []
    for block in _blocks(paths):
        done = normaliser.normalise(block)
        tally.add(block, done)
        parts.append(done)
        faults += [_fault(block, index, reason) for index, reason in sorted(done.faults.items())]
    return Reading((*parts, normaliser.finish()), tally, tuple(faults))


def _blocks(paths: Sequence[Path]) -> Iterator[Records]:
    for path in paths:
        for stream in open_streams(path):
            with stream:
                container = container_of(stream.peek(HEAD_BYTES), path)
                yield from read_blocks(stream.open_at(0), container)


def _fault(block: Records, index: int, reason: str) -> Fault:
    owned = range(block.offsets[index].as_py(), block.offsets[index + 1].as_py())
    return Fault(owned, block.raw[index].as_py(), reason)


def block_of(records: Sequence[dict[str, Any] | bytes], number: int = 1) -> Records:
    """A block of JSON lines; bytes are a line as they are."""
    raw = [record if isinstance(record, bytes) else json.dumps(record).encode() for record in records]
    ends = [0]
    for line in raw:
        ends.append(ends[-1] + len(line) + 1)
    lines = pa.array(raw, pa.large_binary())
    texts: Any = lines.cast(pa.large_string())
    return Records(number, lines, texts, pa.array(ends, pa.int64()))


def rows_of(parts: Iterable[Normalised], table: str) -> list[Row]:
    """The rows of a table over several blocks."""
    return [row for part in parts if table in part.tables for row in part.tables[table].to_pylist()]
