"""One query of a client, from its request to the last byte: started, watched, cut at its limits, written down."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeVar
from uuid import uuid4

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bluetick.diagnostics.errors import QueryCancelled
from bluetick.server.cells import KUSTO, Encoder, RowWriter
from bluetick.server.errors import FAULT, Asked, failure_of, now
from bluetick.server.executor import Answer, TableHead
from bluetick.server.limits import LimitedRows
from bluetick.types import Type

T = TypeVar("T")
NO_CONTENT = b""


def asked_by(request: Request) -> Asked:
    """The ids of a request: the client's own, echoed as it is if it is short printable text, and ours."""
    given = request.headers.get("x-ms-client-request-id", "")
    client = given if 0 < len(given) <= 256 and given.isascii() and given.isprintable() else f"unspecified;{uuid4()}"
    return Asked(client, str(uuid4()), now())


@dataclass(slots=True)
class Reading:
    """An answer whose first rows are here, or its error was raised before anything was sent."""

    answer: Answer
    rows: LimitedRows
    asked: Asked
    began: float
    on_close: Callable[["Reading", Exception | None], None]
    error: Exception | None = None
    _chunks: AsyncIterator[tuple[int, bytes]] | None = None
    _first: tuple[int, bytes] | None = None
    _is_closed: bool = False

    @property
    def heads(self) -> list[TableHead]:
        return list(self.answer.heads)

    @property
    def seconds(self) -> float:
        return monotonic() - self.began

    async def begin(self) -> None:
        """Waits for the first rows, so that what fails before them is an error of its own and no half answer."""
        self._chunks = self.rows.chunks()
        self._first = await anext(self._chunks, None)

    async def tables(self) -> AsyncIterator[tuple[int, bytes]]:
        """(table, text of rows), in order. An error ends it, and is in `error`."""
        try:
            if self._first is not None:
                yield self._first
                self._first = None
            async for chunk in self._chunks or _nothing():
                yield chunk
        except Exception as error:  # whatever it is, the answer that has begun must be ended in its own form
            self.error = error

    async def close(self, error: Exception | None = None) -> None:
        if not self._is_closed:
            self._is_closed = True
            with anyio.CancelScope(shield=True):
                await self.answer.close()
            self.on_close(self, error or self.error)


async def _nothing() -> AsyncIterator[tuple[int, bytes]]:
    return
    yield


@dataclass(frozen=True, slots=True)
class Forms:
    """How rows are written."""

    cells: Mapping[Type, Encoder] = field(default_factory=lambda: KUSTO)
    as_objects: bool = False

    def writers(self, answer: Answer) -> list[RowWriter]:
        return [RowWriter(head.columns, self.cells, as_objects=self.as_objects) for head in answer.heads]


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The work's result. When the client goes away it is cancelled, and that is a QueryCancelled. The request's body
    must have been read."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request.receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise QueryCancelled("the client went away")
        return task.result()
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
            with anyio.CancelScope(shield=True), suppress(asyncio.CancelledError, Exception):
                await task


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Streamed(Response):
    """A response whose body is written while rows come. The query is stopped when the client goes away."""

    def __init__(self, reading: Reading, body: AsyncIterator[bytes]) -> None:
        super().__init__(NO_CONTENT, media_type="application/json")
        del self.headers["content-length"]
        self._reading = reading
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._watch, receive, group.cancel_scope)
                await self._send(send)
                if self._reading.error is not None and failure_of(self._reading.error).status == FAULT:
                    scope["app"].state.log(self._reading.error)
                group.cancel_scope.cancel()
        finally:
            await self._reading.close(QueryCancelled("the client left"))

    async def _watch(self, receive: Receive, scope: anyio.CancelScope) -> None:
        await _gone(receive)
        scope.cancel()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for part in self._body:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await self._reading.close()
        await send({"type": "http.response.body", "body": NO_CONTENT, "more_body": False})
