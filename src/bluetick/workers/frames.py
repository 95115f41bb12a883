"""Frames between the server and a worker: a length, a kind and bytes. Nothing in them is code."""

import asyncio
import json
import socket
import struct
from enum import Enum
from typing import Any, Final

from bluetick.diagnostics.errors import EngineError

_HEAD: Final = struct.Struct("!IB")
MOST: Final = 256 << 20  # bytes of a frame: a row of a result is one at least


class Kind(Enum):
    """What a frame holds."""

    SETTINGS = 1  # JSON, to the worker: what it opens, and what it may reach
    READY = 2  # JSON
    QUERY = 3  # JSON, to the worker
    CANCEL = 4  # nothing, to the worker: stop the query of this frame's predecessor
    HEADS = 5  # JSON: the tables of the answer
    SCHEMA = 6  # two bytes for the table's number, then Arrow IPC
    BATCH = 7  # the same
    END = 8  # nothing: the answer is complete
    ERROR = 9  # JSON: the answer ends so
    CHECK = 10  # as QUERY, but nothing runs
    CHECKED = 11  # JSON: the whole answer to that


def packed(kind: Kind, payload: bytes = b"") -> bytes:
    """A small frame."""
    return _HEAD.pack(len(payload), kind.value) + payload


def packed_json(kind: Kind, value: Any) -> bytes:
    return packed(kind, json.dumps(value).encode("ascii"))


def send(connection: socket.socket, kind: Kind, *parts: "bytes | memoryview") -> None:
    """Sends one frame; waits for as long as nobody reads."""
    connection.sendall(_HEAD.pack(sum(len(part) for part in parts), kind.value))
    for part in parts:
        connection.sendall(part)


def receive(connection: socket.socket) -> tuple[Kind, bytes]:
    """The next frame; EOFError where there is no more."""
    size, kind = _HEAD.unpack(_exactly(connection, _HEAD.size))
    return Kind(kind), _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = bytearray(size)
    view, at = memoryview(found), 0
    while at < size:
        count = connection.recv_into(view[at:])
        if count == 0:
            raise EOFError
        at += count
    return bytes(found)


async def read(reader: asyncio.StreamReader) -> tuple[Kind, bytes]:
    """The next frame. EOFError (which IncompleteReadError is) where there is no more, an EngineError for what is none:
    who sends may be in a stranger's hands."""
    size, kind = _HEAD.unpack(await reader.readexactly(_HEAD.size))
    if size > MOST or kind not in _KINDS:
        raise EngineError("a worker process sent what is no answer")
    return Kind(kind), await reader.readexactly(size)


_KINDS: Final = frozenset(kind.value for kind in Kind)
