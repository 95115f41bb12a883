"""The one way from a stream to records, whatever the container."""

from collections.abc import Callable, Iterator, Mapping

from bluetick.diagnostics.errors import SourceError
from bluetick.sources.blocks import BLOCK_BYTES, LIMITS, Limits, Reading, owning_all
from bluetick.sources.delimited import read_csv
from bluetick.sources.documents import read_documents
from bluetick.sources.evtx import read_evtx
from bluetick.sources.parquet_rows import read_parquet_rows
from bluetick.sources.plain_text import read_text
from bluetick.sources.records import Records
from bluetick.sources.splitting import read_lines
from bluetick.sources.streams import ByteStream
from bluetick.sources.zeek_lines import read_zeek

_READERS: Mapping[str, Callable[[ByteStream, Reading], Iterator[Records]]] = {
    "lines": read_lines,
    "documents": read_documents,
    "csv": read_csv,
    "zeek": read_zeek,
    "text": read_text,
}
# Whose offsets are not those of the stream.
_APART: Mapping[str, Callable[[ByteStream, Reading], Iterator[Records]]] = {
    "evtx": read_evtx,
    "parquet": read_parquet_rows,
}
CONTAINERS = (*_READERS, *_APART)


def read_blocks(
    stream: ByteStream,
    container: str,
    *,
    start: int = 0,
    number: int = 1,
    block_bytes: int = BLOCK_BYTES,
    at_end: bool = True,
    limits: Limits = LIMITS,
) -> Iterator[Records]:
    """The records of a stream from the offset `start` on, of which the first has this number.

    At constant memory, however large the stream. The blocks own every byte from `start` to the end of the stream; where
    `at_end` is False (a file that grows), a record that is not known to be complete is left for later, and nobody owns
    its bytes. A stream that breaks off ends with one faulty record that says why.
    """
    if container not in CONTAINERS:
        raise SourceError(f"'{container}' is no container of records; there are {', '.join(CONTAINERS)}", stream.name)
    reading = Reading(start, number, block_bytes, at_end, limits)
    if container in _APART:
        yield from _APART[container](stream, reading)
        return
    if stream.position != start:
        stream = stream.open_at(start)
    with stream:
        yield from owning_all(_READERS[container](stream, reading), stream, reading)
