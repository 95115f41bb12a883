"""Records: what a log is made of, before anyone knows what they mean, and what a normaliser makes of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Records:
    """A block of consecutive records of one stream, in the order in which they stand there.

    `raw` has the bytes of each record as they stand in the stream, without its line end (binary). `text` is the record
    as one JSON object (string, null for a record in `faults`); where the stream is JSON lines it is the raw text,
    whether or not that is JSON. `offsets` has one more element than there are records (int64): record i owns the bytes
    `offsets[i]..offsets[i + 1]` of the stream after decompression, line ends and blank lines included, so that the
    blocks of a stream leave no byte out. `faults` says why a record cannot be read at all, by its index.
    """

    number: int  # of the first record within its stream, from 1; blank lines are none
    raw: pa.LargeBinaryArray
    text: pa.LargeStringArray
    offsets: pa.Int64Array
    faults: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.raw)

    @property
    def start(self) -> int:
        return int(self.offsets[0].as_py())

    @property
    def end(self) -> int:
        return int(self.offsets[-1].as_py())


@dataclass(frozen=True, slots=True)
class Normalised:
    """What became of a block: rows by table, and the records that gave none because they are wrong or were seen before.

    Every record is in `faults` (its index to the reason), in `duplicates`, or has told the tables something. `notes`
    count what was missing, inferred or doubtful in records that were taken.
    """

    tables: Mapping[str, pa.Table]
    faults: Mapping[int, str] = field(default_factory=dict)
    duplicates: frozenset[int] = frozenset()
    notes: Counter[str] = field(default_factory=Counter)


class Normaliser(Protocol):
    """Turns records of one log format into rows of known tables. It sees the blocks of an ingest in order."""

    @property
    def name(self) -> str:
        """The format, as `_Source` names it: "windows", "zeek"."""
        ...

    @property
    def held(self) -> str:
        """What is held back, for a normaliser that goes on from here in another process; "" for nothing."""
        ...

    def normalise(self, block: Records) -> Normalised: ...

    def remembers(self, block: Records) -> bool:
        """Whether these records say something that records of other streams need."""
        ...

    def learn(self, block: Records) -> None:
        """Takes note of that, where the records are stored already."""
        ...

    def more(self) -> Normalised:
        """Further rows of the blocks so far, where they were too many for one answer; no tables when there are none."""
        ...

    def finish(self) -> Normalised:
        """What was held back until the end of the input, or a part of it (its faults and duplicates are empty); asked
        again until it has no tables."""
        ...
