"""What the server asks of those who run queries, and the plainest of them: threads over one session.

A request goes in; the heads of its tables come out, then Arrow record batches, one table after the other. Errors are
those of the session (`BluetickError`), before the heads or between batches. `request.seconds` is the deadline, from the
moment when `run` is called: the time that a query waits for its turn is part of it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic
from typing import Any, Protocol, TypeVar

import pyarrow as pa

from bluetick.diagnostics.errors import Limit, LimitError, QueryCancelled
from bluetick.execution.result import Result
from bluetick.execution.run import Execution
from bluetick.session import Check, QueryRequest, Session
from bluetick.workers.messages import Busy, TableHead

__all__ = ["Answer", "Busy", "LocalExecutor", "QueryExecutor", "TableHead"]

T = TypeVar("T")


class Answer(Protocol):
    """A query that runs. Whoever has one reads its batches to their end or closes it; closing twice does no harm."""

    @property
    def heads(self) -> Sequence[TableHead]:
        """One for each tabular statement, in order."""
        ...

    def batches(self) -> AsyncIterator[tuple[int, pa.RecordBatch]]:
        """(index of the table, rows in physical types, see `values.arrow_type`), the tables in order. A BluetickError
        ends it. No more is read ahead than a few batches."""
        ...

    async def close(self) -> None:
        """Stops what still runs and gives its place to the next."""
        ...


class QueryExecutor(Protocol):
    """Runs queries."""

    async def run(self, request: QueryRequest, *, request_id: str) -> Answer:
        """Raises a BluetickError, of which Busy says that there is no place in the queue. `request_id` is unique."""
        ...

    async def cancel(self, request_id: str) -> bool:
        """Stops a query that waits or runs; its reader gets QueryCancelled. False if there is none of this id."""
        ...

    async def check(self, request: QueryRequest) -> Check:
        """What `Session.check` finds of the request's text and schemas; nothing of it runs. May raise Busy."""
        ...

    async def close(self) -> None:
        """Stops everything."""
        ...


@dataclass(eq=False, slots=True)
class _Turn:
    """A query from its coming to its end."""

    results: list[Result] = field(default_factory=list)
    works: list[Execution] = field(default_factory=list)
    is_cancelled: bool = False

    def start(self, session: Session, request: QueryRequest) -> None:
        results = session.run(request, self._began)
        if self.is_cancelled:
            for result in results:
                result.close()
            raise QueryCancelled("the query was cancelled")
        self.results += results

    def _began(self, work: Execution) -> None:
        if self.is_cancelled:
            raise QueryCancelled("the query was cancelled")
        self.works.append(work)

    def cancel(self) -> None:
        self.is_cancelled = True
        for work in self.works:
            work.cancel()


class LocalExecutor:
    """Threads of this process over one session: `places` queries at once, `waiting` more in the queue."""

    def __init__(self, session: Session, places: int = 4, waiting: int = 64) -> None:
        self._session = session
        self._free = asyncio.Semaphore(places)
        self._most = places + waiting
        self._turns: dict[str, _Turn] = {}
        self._threads = ThreadPoolExecutor(places, thread_name_prefix="query")

    async def run(self, request: QueryRequest, *, request_id: str) -> Answer:
        if len(self._turns) >= self._most:
            raise Busy("too many queries at once")
        ends = None if request.seconds is None else monotonic() + request.seconds
        turn = self._turns[request_id] = _Turn()
        try:
            await self._wait(ends)
        except BaseException:
            self._turns.pop(request_id, None)
            raise
        answer = _LocalAnswer(turn, self._in_thread, partial(self._leave, request_id))
        try:
            left = None if ends is None else max(ends - monotonic(), 0.0)
            await self._in_thread(partial(turn.start, self._session, replace(request, seconds=left)))
        except BaseException:
            turn.cancel()  # for a thread that still starts it
            await answer.close()
            raise
        return answer

    async def cancel(self, request_id: str) -> bool:
        turn = self._turns.get(request_id)
        if turn is not None:
            turn.cancel()
        return turn is not None

    async def check(self, request: QueryRequest) -> Check:
        return await self._in_thread(partial(self._session.check, request.text, request.schemas))

    async def close(self) -> None:
        for turn in self._turns.values():
            turn.cancel()
        self._threads.shutdown(wait=True)

    async def _wait(self, ends: float | None) -> None:
        try:
            async with asyncio.timeout(None if ends is None else max(ends - monotonic(), 0.0)):
                await self._free.acquire()
        except TimeoutError as error:
            raise LimitError("the query waited for its turn until its time was over", Limit.TIME) from error

    def _leave(self, request_id: str) -> None:
        if self._turns.pop(request_id, None) is not None:
            self._free.release()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


class _LocalAnswer:
    def __init__(self, turn: _Turn, in_thread: Callable[[Callable[[], Any]], Any], leave: Callable[[], None]) -> None:
        self._turn = turn
        self._in_thread = in_thread
        self._leave = leave

    @property
    def heads(self) -> Sequence[TableHead]:
        return [TableHead(one.name, one.columns, one.visualization, one.versions) for one in self._turn.results]

    async def batches(self) -> AsyncIterator[tuple[int, pa.RecordBatch]]:
        for index, result in enumerate(self._turn.results):
            arriving = result.batches()
            while (batch := await self._in_thread(partial(next, arriving, None))) is not None:
                yield index, batch

    async def close(self) -> None:
        self._turn.cancel()
        for result in self._turn.results:
            await self._in_thread(result.close)
        self._leave()
