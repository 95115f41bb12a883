"""What an ingest would make of a file, without storing anything: format, tables, fill rates, what is left out."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from bluetick.diagnostics.errors import SourceError
from bluetick.engines.duckdb_records import RecordReader
from bluetick.ingest.declared import DeclaredFormat
from bluetick.ingest.plain_rows import RowsNormaliser
from bluetick.ingest.progress import part_of
from bluetick.ingest.proposals.document import document_of
from bluetick.ingest.proposals.fields import Sample, sample_of
from bluetick.ingest.proposals.proposing import Proposal, propose
from bluetick.ingest.recognition import RECORDS_TO_READ, Recognition
from bluetick.ingest.running import Options, recognition
from bluetick.lake.fill import is_filled
from bluetick.schema.packs import known_table, own_type
from bluetick.sources.opening import open_streams
from bluetick.sources.reading import read_blocks
from bluetick.sources.records import Normalised, Normaliser, Records
from bluetick.sources.sniffing import HEAD_BYTES, UTF16_HINT, container_of, is_utf16
from bluetick.sources.streams import ByteStream
from bluetick.types import Type

RECORDS: Final = 10_000  # looked at
_SAMPLED: Final = 2_000  # of which the fields are looked at


@dataclass(frozen=True, slots=True)
class TableExplained:
    """A table: its rows, how many of them have a value in each column, and why columns must be empty."""

    table: str
    rows: int
    filled: Mapping[str, int]
    lacks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A stream: what it is, and what would become of its first records.

    `claims` are the formats that know some of the first `asked` records. `left` are the fields that no column takes,
    None where the format does not tell. For a stream of no known format there are a `proposal` and its `document`."""

    name: str
    container: str
    records: int
    asked: int = 0
    format: str = ""
    claims: Sequence[tuple[str, int]] = ()
    tables: Sequence[TableExplained] = ()
    quarantined: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    left: Sequence[tuple[str, float, str]] | None = None
    doubt: str = ""
    proposal: Proposal | None = None
    document: str = ""


def explain_file(path: Path, options: Options) -> list[Explanation]:
    """What each stream of a file is. A SourceError says that it cannot be opened."""
    reader = RecordReader(options.threads)
    try:
        known = recognition(None, options, reader)
        return [_explain(stream, path, known) for stream in open_streams(path)]
    except OSError as error:
        raise SourceError(f"'{path}' cannot be read: {error.strerror or error}", str(path)) from error
    finally:
        reader.close()


def _explain(stream: ByteStream, path: Path, known: Recognition) -> Explanation:
    beginning = stream.peek(HEAD_BYTES)
    container = container_of(beginning, path)
    stream.close()
    if is_utf16(beginning):
        return Explanation(stream.name, "UTF-16", 0, doubt=UTF16_HINT)
    blocks = list(_first_blocks(stream, container))
    records = sum(map(len, blocks))
    if not records:
        return Explanation(stream.name, container, 0)
    head = part_of(blocks[0], 0, min(len(blocks[0]), RECORDS_TO_READ))
    claims, asked = known.claims(head), len(head)
    doubt = ""
    try:
        normaliser = known.recognise(blocks[0])
    except SourceError as error:  # rows that may be of several tables
        normaliser, doubt = None, str(error)
    sample = sample_of([text for block in blocks for text in block.text.to_pylist()][:_SAMPLED])
    if normaliser is None:
        found = propose(sample)
        document = document_of(found, path.name, container)
        return Explanation(
            stream.name, container, records, asked, claims=claims, doubt=doubt, proposal=found, document=document
        )
    done = list(_all_of(normaliser, blocks))
    return Explanation(
        stream.name,
        container,
        records,
        asked,
        normaliser.name,
        claims,
        list(_tables(normaliser, done)),
        Counter(reason for one in done for reason in one.faults.values()),
        sum((one.notes for one in done), Counter[str]()),
        _left(normaliser, sample),
    )


def _first_blocks(stream: ByteStream, container: str) -> Iterator[Records]:
    left = RECORDS
    for block in read_blocks(stream.open_at(0), container):
        if len(block):
            yield part_of(block, 0, min(left, len(block)))
        left -= len(block)
        if left <= 0:
            break


def _all_of(normaliser: Normaliser, blocks: Sequence[Records]) -> Iterator[Normalised]:
    """What blocks become, and what is held back to their end."""
    for block in blocks:
        yield normaliser.normalise(block)
        while (more := normaliser.more()).tables:
            yield more
    while (rest := normaliser.finish()).tables:
        yield rest
    yield rest


def _tables(normaliser: Normaliser, done: Sequence[Normalised]) -> Iterator[TableExplained]:
    lacks = normaliser.lacks if isinstance(normaliser, DeclaredFormat) else {}
    names = sorted({name for one in done for name in one.tables if not name.startswith("_")})
    for name in names:
        parts = [one.tables[name] for one in done if name in one.tables]
        rows: pa.Table = pa.concat_tables(parts, promote_options="default")
        schema = known_table(name)
        types = dict(schema.columns) if schema is not None else {}
        filled = {c: _filled(rows.column(c), types.get(c) or own_type(c)) for c in rows.column_names}
        yield TableExplained(name, rows.num_rows, filled, lacks.get(name, {}))


def _filled(column: Any, type_: Type) -> int:
    where = is_filled(column, type_)
    return 0 if where is None else int(pc.sum(where).as_py() or 0)


def _left(normaliser: Normaliser, sample: Sample) -> list[tuple[str, float, str]] | None:
    """The fields that no column takes, with how often they are filled and an example."""
    if not isinstance(normaliser, DeclaredFormat | RowsNormaliser):
        return None
    reads = normaliser.reads
    above = {way[:length] for way in reads for length in range(1, len(way) + 1)}
    return [
        (one.name, len(one.values) / sample.records, one.example)
        for one in sample.fields
        if not one.taken
        and one.way not in above
        and not any(one.way[:length] in reads for length in range(1, len(one.way)))
    ]
