"""Windows event logs in their binary form, chunk by chunk: a chunk has all that its records need."""

import io
from collections.abc import Iterator
from typing import Any

from bluetick.diagnostics.errors import SourceError
from bluetick.sources.blocks import Gathering, Reading
from bluetick.sources.records import Records
from bluetick.sources.streams import ByteStream

_HEADER_BYTES = 4096
_CHUNK_BYTES = 64 * 1024
_CHUNK_MAGIC = b"ElfChnk\0"
_RECORD_MAGIC = b"**\0\0"
_CHUNK_HEADER_BYTES = 512
_USED_AT = 48  # of a chunk: how many of its bytes are in use
_OF_ONE_RECORD = "Failed to parse record number"
_DAMAGED_CHUNK = "a damaged chunk of an event log"
_DAMAGED_RECORD = "a damaged record of an event log"


def read_evtx(stream: ByteStream, reading: Reading) -> Iterator[Records]:
    """Each event as JSON. Its text stands for its bytes, which mean nothing outside of their chunk: offsets count over
    the texts, and over the bytes of what cannot be read."""
    parse = _parser(stream.name)
    gathering, end = Gathering(reading), 0
    with stream.open_at(0) as whole:
        for raw, fault in _events(whole, parse):
            end += len(raw)
            if end <= reading.start:
                continue
            gathering.add(raw, raw.decode("utf-8") if not fault else None, end, fault)
            if gathering.is_full:
                yield gathering.take()
    if len(gathering):
        yield gathering.take()


def _parser(name: str) -> Any:
    try:
        import evtx  # noqa: PLC0415  # an extra: few read event logs in this form
    except ImportError:
        raise SourceError(f"{name}: event logs (EVTX) need an extra: pip install 'bluetick[evtx]'", name) from None
    return evtx.PyEvtxParser


def _events(stream: ByteStream, parse: Any) -> Iterator[tuple[bytes, str]]:
    """The JSON of each event, or the bytes that cannot be read and why."""
    header = _of_one_chunk(stream.read(_HEADER_BYTES))
    while chunk := stream.read(_CHUNK_BYTES):
        if len(chunk) == _CHUNK_BYTES and chunk.startswith(_CHUNK_MAGIC):
            yield from _chunk_events(chunk, parse(io.BytesIO(header + chunk), 1).records_json())
        elif chunk.strip(b"\0"):
            yield chunk, stream.fault or _DAMAGED_CHUNK
    if stream.fault:
        yield b"", stream.fault


def _of_one_chunk(header: bytes) -> bytes:
    """The header of a file that has one chunk, its first."""
    return header[:8] + bytes(16) + header[24:42] + (1).to_bytes(2, "little") + header[44:]


def _chunk_events(chunk: bytes, events: Iterator[dict[str, Any]]) -> Iterator[tuple[bytes, str]]:
    """The parser gives an event or an error for each record in order, and ends where it cannot find the next."""
    done = _CHUNK_HEADER_BYTES
    for begin, end in _record_spans(chunk):
        try:
            event = next(events, None)
        except RuntimeError as error:
            if not str(error).startswith(_OF_ONE_RECORD):
                break
            yield chunk[begin:end], _DAMAGED_RECORD
        else:
            if event is None:
                break
            yield event["data"].encode("utf-8"), ""
        done = end
    used = min(int.from_bytes(chunk[_USED_AT : _USED_AT + 4], "little"), _CHUNK_BYTES)
    if done < used:
        yield chunk[done:used], _DAMAGED_CHUNK


def _record_spans(chunk: bytes) -> Iterator[tuple[int, int]]:
    """Where the records of a chunk begin and end: each has its size behind its magic."""
    begin = _CHUNK_HEADER_BYTES
    while chunk.startswith(_RECORD_MAGIC, begin):
        end = begin + int.from_bytes(chunk[begin + 4 : begin + 8], "little")
        if not begin < end <= _CHUNK_BYTES:
            return
        yield begin, end
        begin = end
