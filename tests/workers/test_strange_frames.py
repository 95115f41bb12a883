"""A worker in a stranger's hands: whatever it sends is an error of its query, never a fault of the server."""

import asyncio
import json
import struct

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluetick.diagnostics.errors import BluetickError, EngineError
from bluetick.workers.answer import WorkerAnswer
from bluetick.workers.frames import MOST, Kind, packed, read
from bluetick.workers.messages import pack_error

_HEAD = {"name": "T", "columns": [["x", "long"], ["s", "string"]], "visualization": {}, "versions": {"Logs": 3}}
HEADS = json.dumps([_HEAD]).encode()
BATCH = pa.record_batch({"c0": pa.array([1, 2]), "c1": pa.array(["a", "bc"])})
SCHEMA_PART, BATCH_PART = BATCH.schema.serialize().to_pybytes(), BATCH.serialize().to_pybytes()
FIRST = b"\x00\x00"


class Strange:
    """What an answer asks of a worker, over bytes that are there already."""

    pid = 1

    def __init__(self, sent: bytes) -> None:
        self.reader = asyncio.StreamReader()
        self.reader.feed_data(sent)
        self.reader.feed_eof()
        self.was_killed = False

    async def ask(self, request: bytes, kind: Kind = Kind.QUERY) -> None: ...

    async def read(self) -> tuple[Kind, bytes]:
        return await read(self.reader)

    def cancel(self) -> None: ...

    def give_way(self) -> None: ...

    def signal_kill(self) -> None:
        self.was_killed = True

    async def kill(self) -> BluetickError:
        return EngineError("the process ended")


def new_answer(strange: Strange, released: list[bool]) -> WorkerAnswer:
    ends = asyncio.get_running_loop().time() + 60
    return WorkerAnswer(strange, 60.0, ends, lambda _, is_sound: released.append(is_sound))  # type: ignore[arg-type]


def answered(sent: bytes) -> tuple[int, bool]:
    """How many rows an answer of these bytes has, and whether its worker may be used again."""
    released: list[bool] = []

    async def main() -> int:
        answer = new_answer(Strange(sent), released)
        try:
            await answer.begin(b"")
            return sum([batch.num_rows async for _, batch in answer.batches()])
        finally:
            await answer.close()

    try:
        found = asyncio.run(main())
    finally:
        assert len(released) == 1
    return found, released[0]


GOOD = packed(Kind.HEADS, HEADS) + packed(Kind.SCHEMA, FIRST + SCHEMA_PART)


def test_what_is_sound_is_read() -> None:
    assert answered(GOOD + packed(Kind.BATCH, FIRST + BATCH_PART) * 2 + packed(Kind.END)) == (4, True)


def _other_schema() -> bytes:
    return pa.schema([("c0", pa.string()), ("c1", pa.string())]).serialize().to_pybytes()


STRANGE = {
    "nothing": b"",
    "half a frame": packed(Kind.HEADS, HEADS)[:-5],
    "an unknown kind": struct.pack("!IB", 0, 77),
    "a frame of four gigabytes": struct.pack("!IB", 2**32 - 1, Kind.BATCH.value),
    "a frame above the most": struct.pack("!IB", MOST + 1, Kind.BATCH.value),
    "rows before heads": packed(Kind.BATCH, FIRST + BATCH_PART),
    "rows before their schema": packed(Kind.HEADS, HEADS) + packed(Kind.BATCH, FIRST + BATCH_PART),
    "rows of a table that is not there": GOOD + packed(Kind.SCHEMA, b"\x00\x07" + SCHEMA_PART),
    "other types": packed(Kind.HEADS, HEADS) + packed(Kind.SCHEMA, FIRST + _other_schema()),
    "no end": GOOD,
    "heads that are no JSON": packed(Kind.HEADS, b"{"),
    "heads of another form": packed(Kind.HEADS, b'[{"a": 1}]'),
    "heads of a type that is none": packed(Kind.HEADS, HEADS.replace(b"long", b"lang"))
    + packed(Kind.SCHEMA, FIRST + SCHEMA_PART),
    "an error that is no JSON": packed(Kind.ERROR, b"\xff"),
    "an error of another form": packed(Kind.ERROR, b'{"kind": "query"}'),
    "an error of no form": packed(Kind.ERROR, b"[]"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_strange_is_an_error(name: str) -> None:
    with pytest.raises(BluetickError):
        answered(STRANGE[name])


@given(st.integers(0, len(BATCH_PART) - 1), st.integers(0, 255))
def test_a_batch_with_another_byte_is_rows_or_an_error(at: int, value: int) -> None:
    altered = BATCH_PART[:at] + bytes([value]) + BATCH_PART[at + 1 :]
    try:
        answered(GOOD + packed(Kind.BATCH, FIRST + altered) + packed(Kind.END))
    except BluetickError as error:
        assert isinstance(error, EngineError)


def test_a_worker_that_told_of_an_error_is_free_again() -> None:
    error = packed(Kind.ERROR, pack_error(EngineError("DuckDB failed: a fault of ours")))
    released: list[bool] = []
    killed: list[bool] = []

    async def main() -> None:
        strange = Strange(error)
        answer = new_answer(strange, released)
        try:
            await answer.begin(b"")
        finally:
            killed.append(strange.was_killed)

    with pytest.raises(EngineError, match="a fault of ours"):
        asyncio.run(main())
    assert (released, killed) == ([True], [False])
