"""The answer of a worker on its way: heads, then batches, then the end or an error."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

import pyarrow as pa

from bluetick.diagnostics.errors import BluetickError, EngineError, Limit, LimitError, QueryCancelled
from bluetick.session import Check
from bluetick.types import Type
from bluetick.values import arrow_type
from bluetick.workers.frames import Kind
from bluetick.workers.messages import TableHead, unpack_check, unpack_error, unpack_heads
from bluetick.workers.process import WorkerProcess

Release = Callable[[WorkerProcess, bool], None]
_LONG: Final = 2.0  # seconds after which a query leaves the cores to shorter ones
_GRACE: Final = 0.5  # seconds that a worker has to stop by itself


class WorkerAnswer:
    """Read to its end or closed by whoever has it. `seconds` is the whole time of the query, for its error; `ends` the
    instant (of the loop's clock) when it is over. `release` gets the worker back, and whether it can be used again."""

    def __init__(self, worker: WorkerProcess, seconds: float, ends: float, release: Release) -> None:
        self.heads: tuple[TableHead, ...] = ()
        self._worker = worker
        self._release = release
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._stopped: BluetickError | None = None
        self._is_over = False
        self._reading = asyncio.Lock()  # who closes may come while another reads
        self._timers = [
            self._loop.call_later(_LONG, worker.give_way),
            self._loop.call_at(ends + _GRACE, self._overrun),
        ]

    @property
    def pid(self) -> int:
        """Of the process that answers."""
        return self._worker.pid

    async def begin(self, request: bytes) -> None:
        """Asks, and waits for the heads; what the query fails with before it has any comes here."""
        try:
            await self._worker.ask(request)
            kind, payload = await self._next()
            if kind is not Kind.HEADS:
                raise EngineError("a worker process sent rows before it told of which table")
            self.heads = unpack_heads(payload)
        except EngineError:
            await self._refuse()
            raise
        except BaseException:
            await self.close()
            raise

    async def check(self, request: bytes) -> Check:
        """Asks what binding finds; that is the whole answer."""
        try:
            await self._worker.ask(request, Kind.CHECK)
            kind, payload = await self._next()
            if kind is not Kind.CHECKED:
                raise EngineError("a worker process did not answer what it was asked")
            self._end(is_sound=True)
            return unpack_check(payload)
        except BaseException:
            await self.close()
            raise

    async def batches(self) -> AsyncIterator[tuple[int, pa.RecordBatch]]:
        """(number of the table, rows in physical types), the tables in order."""
        schemas: dict[int, pa.Schema] = {}
        while not self._is_over:
            kind, payload = await self._next()
            if kind is Kind.END:
                self._end(is_sound=True)
                return
            number, data = int.from_bytes(payload[:2], "big"), pa.py_buffer(payload[2:])
            try:
                if kind is Kind.SCHEMA:
                    schemas[number] = self._schema(number, data)
                    continue
                batch = _batch(data, schemas.get(number))
            except EngineError:
                await self._refuse()
                raise
            yield number, batch

    def cancel(self) -> None:
        """The reader gets QueryCancelled."""
        self._stop(QueryCancelled("the query was cancelled"))

    async def close(self) -> None:
        """Stops what still runs, by a word or by force, and gives the worker back."""
        if self._is_over:
            return
        self._stop(QueryCancelled("the query was cancelled"))
        try:
            while True:
                await self._next()
        except (BluetickError, asyncio.CancelledError):
            if not self._is_over:
                self._end(is_sound=False)

    async def _refuse(self) -> None:
        """Of a worker that sends what it should not nothing more is taken. One that told of an error is free."""
        if not self._is_over:
            self._worker.signal_kill()
            await self.close()

    def _stop(self, error: BluetickError) -> None:
        if self._stopped is None and not self._is_over:
            self._stopped = error
            self._worker.cancel()
            self._timers.append(self._loop.call_later(_GRACE, self._worker.signal_kill))

    def _overrun(self) -> None:
        """The worker ends a query at its deadline by itself, if it can."""
        self._stopped = self._stopped or self._late()
        self._worker.signal_kill()

    def _late(self) -> BluetickError:
        return LimitError(f"the query did not finish within {self._seconds:g} s", Limit.TIME)

    def _own(self, error: BluetickError) -> BluetickError:
        """The worker knows only of the time that was left when it was asked."""
        return self._late() if isinstance(error, LimitError) and error.limit is Limit.TIME else error

    async def _next(self) -> tuple[Kind, bytes]:
        """The next frame of the answer; its errors are raised, and after an error or an end there is no next."""
        if self._is_over:
            raise EngineError("the answer has ended")
        try:
            async with self._reading:
                kind, payload = await self._worker.read()
        except EOFError:
            cause = self._stopped or await self._worker.kill()
            self._end(is_sound=False)
            raise cause from None
        except BluetickError:
            self._end(is_sound=False)
            raise
        if kind is Kind.ERROR:
            raise self._ended_by(payload)
        if kind is Kind.END and self._stopped is not None:
            self._end(is_sound=True)
            raise self._stopped
        return kind, payload

    def _ended_by(self, payload: bytes) -> BluetickError:
        try:
            error = self._own(unpack_error(payload))
        except EngineError:
            self._end(is_sound=False)
            raise
        self._end(is_sound=True)
        return self._stopped or error

    def _end(self, *, is_sound: bool) -> None:
        if not self._is_over:
            self._is_over = True
            for timer in self._timers:
                timer.cancel()
            self._release(self._worker, is_sound)

    def _schema(self, number: int, data: pa.Buffer) -> pa.Schema:
        if number >= len(self.heads):
            raise EngineError("a worker process sent rows of a table that it did not tell of")
        try:
            schema = pa.ipc.read_schema(data)
        except (pa.ArrowException, ValueError, OSError) as error:
            raise EngineError("a worker process sent what is no Arrow schema") from error
        wanted = [Type(name) for _, name in self.heads[number].columns]
        if len(schema) != len(wanted) or not all(map(_fits, schema.types, wanted)):
            raise EngineError("a worker process sent rows of other types than it told of")
        return schema


def _fits(found: pa.DataType, type_: Type) -> bool:
    return pa.types.is_decimal128(found) if type_ is Type.DECIMAL else found == arrow_type(type_)


def _batch(data: pa.Buffer, schema: pa.Schema | None) -> pa.RecordBatch:
    """Whoever took over a worker may send anything: every offset and every text is looked at."""
    if schema is None:
        raise EngineError("a worker process sent rows before their schema")
    try:
        batch = pa.ipc.read_record_batch(data, schema)
        batch.validate(full=True)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise EngineError("a worker process sent what is no Arrow batch") from error
    return batch
