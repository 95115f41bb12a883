"""A worker process: gives up what it does not need, opens a session, then answers one request after another.

Only the standard library is imported before the process is confined, as it must still have one thread then.
"""

import json
import os
import socket
import threading
from collections.abc import Iterator
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from bluetick.workers.confinement import Confinement
from bluetick.workers.frames import MOST, Kind, packed_json, receive, send

if TYPE_CHECKING:
    import pyarrow as pa

    from bluetick.engines.duckdb import DuckDbEngine
    from bluetick.execution.request import QueryRequest
    from bluetick.execution.result import Result
    from bluetick.session import Session

_WANTED: Final = 1 << 20  # bytes of a frame, where rows are not larger
_WARM_UP: Final = "print x = 1 | summarize count() by tostring(x)"


def main(handle: int) -> None:
    """Serves the socket that was inherited as `handle`, until the other side closes it."""
    with socket.socket(fileno=handle) as connection:
        kind, payload = receive(connection)
        if kind is not Kind.SETTINGS:
            raise RuntimeError("the first frame is not the settings")
        settings = json.loads(payload)
        version = Confinement(**settings["confinement"]).apply()
        os.environ["OPENBLAS_NUM_THREADS"] = "1"  # numpy's, which would take a core each
        _serve(connection, settings, version)


def _serve(connection: socket.socket, settings: dict[str, Any], version: int) -> None:
    from bluetick.workers.messages import pack_error  # noqa: PLC0415 - see above

    try:
        worker = _Worker(connection, settings)
    except Exception as error:
        send(connection, Kind.ERROR, pack_error(error))
        return
    connection.sendall(packed_json(Kind.READY, {"landlock": version}))
    worker.serve()


class _Worker:
    """The session, and the thread that hears a cancel while the main one is at work."""

    def __init__(self, connection: socket.socket, settings: dict[str, Any]) -> None:
        self._connection = connection
        self._engine, self._session = _opened(settings)
        self._requests: SimpleQueue[tuple[Kind, bytes]] = SimpleQueue()
        self._is_cancelled = False

    def serve(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            self._answer(*self._requests.get())

    def _listen(self) -> None:
        """The end of the connection is the end of the process, whatever the main thread does."""
        try:
            while True:
                kind, payload = receive(self._connection)
                if kind is Kind.CANCEL:
                    self._is_cancelled = True
                    self._engine.cancel()
                else:
                    self._is_cancelled = False
                    self._requests.put((kind, payload))
        finally:  # a worker that hears nothing more is of no use
            os._exit(0)

    def _answer(self, kind: Kind, payload: bytes) -> None:
        from bluetick.workers.messages import pack_check, pack_error, unpack_request  # noqa: PLC0415 - loaded long since

        try:
            request = unpack_request(payload)
            if kind is Kind.CHECK:
                send(self._connection, Kind.CHECKED, pack_check(self._session.check(request.text, request.schemas)))
                return
            self._send_results(request)
        except ConnectionError:
            os._exit(0)
        except Exception as error:
            send(self._connection, Kind.ERROR, pack_error(error))
        else:
            send(self._connection, Kind.END)

    def _send_results(self, request: "QueryRequest") -> None:
        from bluetick.diagnostics.errors import QueryCancelled  # noqa: PLC0415 - loaded long since
        from bluetick.workers.messages import TableHead, pack_heads  # noqa: PLC0415

        results = self._session.run(request)
        try:
            heads = [TableHead(one.name, one.columns, one.visualization, one.versions) for one in results]
            send(self._connection, Kind.HEADS, pack_heads(heads))
            for number, result in enumerate(results):
                for kind, part in _parts(result):
                    if self._is_cancelled:
                        raise QueryCancelled("the query was cancelled")
                    send(self._connection, kind, number.to_bytes(2, "big"), part)
        finally:
            for result in results:
                result.close()


def _parts(result: "Result") -> Iterator[tuple[Kind, memoryview]]:
    """A result as Arrow IPC: the schema before the first batch, then batches of a frame's size."""
    is_first = True
    for batch in result.batches():
        if is_first:
            yield Kind.SCHEMA, memoryview(batch.schema.serialize())
            is_first = False
        for part in _sliced(batch):
            yield Kind.BATCH, memoryview(part.serialize())


def _sliced(batch: "pa.RecordBatch") -> Iterator["pa.RecordBatch"]:
    """Parts of the wanted size, if a row is not larger than that; one row that is too large is a LimitError."""
    from bluetick.diagnostics.errors import Limit, LimitError  # noqa: PLC0415 - loaded long since

    size = batch.get_total_buffer_size()
    if size <= _WANTED or batch.num_rows <= 1:
        if size > MOST // 2:
            raise LimitError(f"a row of the result is larger than {MOST >> 21} MB", Limit.RESULT)
        yield batch
        return
    parts = min(-(-size // _WANTED), batch.num_rows)
    step = -(-batch.num_rows // parts)
    for at in range(0, batch.num_rows, step):
        yield batch.slice(at, step)


def _opened(settings: dict[str, Any]) -> "tuple[DuckDbEngine, Session]":
    """Everything that a first query would load, loaded."""
    from bluetick.engines.duckdb import DuckDbEngine  # noqa: PLC0415 - after the process was confined
    from bluetick.engines.protocol import Fence  # noqa: PLC0415
    from bluetick.session import Session  # noqa: PLC0415
    from bluetick.workers.settings import session_arguments  # noqa: PLC0415

    fence = settings["fence"]
    engine = DuckDbEngine(**settings["engine"], fence=None if fence is None else Fence(*map(tuple, fence)))
    session = Session(engine=engine, **session_arguments(settings["arguments"]))
    session.baseline = None  # nothing that a query makes outlives it
    session.query(_WARM_UP).to_arrow()
    return engine, session
