"""Worker processes that stand ready: who is next, and what becomes of one that is worn out, lost or too late."""

import asyncio
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from bluetick.diagnostics.errors import BluetickError, EngineError, Limit, LimitError, QueryCancelled, SourceError
from bluetick.engines.machine_memory import ceiling_of, memory_here
from bluetick.engines.spill import SpillFolder
from bluetick.execution.request import QueryRequest
from bluetick.session import Check
from bluetick.workers.answer import WorkerAnswer
from bluetick.workers.messages import Busy, pack_request, with_seconds
from bluetick.workers.process import ALL_FENCES, Fences, WorkerProcess, WorkerSettings
from bluetick.workers.settings import Opening, SessionSettings, mark_of, open_settings

_LEAST_MEMORY: Final = 128 << 20
_FIRST_RETRY, _LAST_RETRY = 0.5, 30.0  # seconds after a worker that did not start


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How many workers there are, and what each may take.

    Attributes:
        workers: that run queries at the same time; None: two more than there are cores.
        spares: that stand ready for one that is lost.
        waiting: queries that may wait for their turn; one more is refused.
        wait_seconds: for how long, at most.
        check_seconds: in which a text must be checked.
        most_seconds: for a query that has no deadline of its own, or a later one.
        queries: after so many a worker is replaced.
        growth: bytes more than at first, after which it is replaced too.
        memory: bytes for the queries of all workers; None: most of the machine's.
        threads: of each worker; None: half of the cores.
    """

    workers: int | None = None
    spares: int = 1
    waiting: int = 64
    wait_seconds: float = 30.0
    check_seconds: float = 10.0
    most_seconds: float = 3600.0
    queries: int = 2000
    growth: int = 512 << 20
    memory: int | None = None
    threads: int | None = None
    temp_directory: str | Path | None = None
    temp_limit: str | None = None
    fences: Fences = ALL_FENCES


@dataclass(frozen=True, slots=True)
class PoolState:
    """What the pool is doing. `landlock` is the version that stands guard over the workers' files, 0 for none; `lost`
    counts processes that were killed or died. `failure` says why the last one did not start."""

    running: int
    idle: int
    waiting: int
    lost: int
    landlock: int
    failure: str


class WorkerPool:
    """Runs queries in worker processes. Used by one event loop."""

    def __init__(self, session: SessionSettings, settings: PoolSettings | None = None) -> None:
        self._session = session
        self._settings = settings = settings or PoolSettings()
        cores = os.cpu_count() or 1
        self._size = settings.workers or cores + 2
        self._threads = settings.threads or max(1, cores // 2)
        total = settings.memory or ceiling_of(memory_here())
        self._memory = max(total // self._size, _LEAST_MEMORY)
        self._spill = SpillFolder(settings.temp_directory)
        self._opening: Opening | None = None
        self._opening_lock = asyncio.Lock()
        self._mark: object = None
        self._idle: list[WorkerProcess] = []
        self._workers: dict[WorkerProcess, tuple[Opening, str]] = {}  # all: what each was opened with, its folder
        self._answers: dict[str, WorkerAnswer] = {}
        self._waiting: dict[str, asyncio.Future[WorkerProcess]] = {}
        self._checks = count()
        self._busy = 0
        self._lost = 0
        self._failure: BluetickError | None = None
        self._filling: asyncio.Task[None] | None = None
        self._retiring: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def start(self) -> None:
        """Waits for the first worker; the others follow. What is wrong with the settings is raised here."""
        await self._refresh()
        self._idle.append(await self._new_worker())
        self._fill()

    @property
    def state(self) -> PoolState:
        landlock = min((worker.landlock for worker in self._workers), default=0)
        failure = "" if self._failure is None else str(self._failure)
        return PoolState(self._busy, len(self._idle), len(self._waiting), self._lost, landlock, failure)

    @property
    def processes(self) -> tuple[WorkerProcess, ...]:
        """All that are ready or at work."""
        return tuple(self._workers)

    async def run(self, request: QueryRequest, *, request_id: str) -> WorkerAnswer:
        """An answer that has its heads. `request_id` is unique among queries that run; `request.seconds` count from
        now. Busy where there is no place to wait in; else what the query fails with."""
        packed = pack_request(request)
        answer, left = await self._turn(request_id, request.seconds)
        await answer.begin(with_seconds(packed, left))
        return answer

    async def check(self, request: QueryRequest) -> Check:
        """What binding a text finds. It has its deadline too: a text may be made to bind for ever."""
        seconds = self._settings.check_seconds if request.seconds is None else request.seconds
        packed = pack_request(request)
        answer, left = await self._turn(f"check {next(self._checks)}", seconds)
        return await answer.check(with_seconds(packed, left))

    async def _turn(self, request_id: str, seconds: float | None) -> tuple[WorkerAnswer, float]:
        """A worker's next answer, and how many of its seconds are left."""
        most = self._settings.most_seconds
        seconds = most if seconds is None else min(seconds, most)
        if request_id in self._answers or request_id in self._waiting:
            raise ValueError(f"a query with the id '{request_id}' is running")
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        await self._refresh()
        worker = await self._next_worker(request_id, ends)

        def release(used: WorkerProcess, is_sound: bool) -> None:
            self._answers.pop(request_id, None)
            self._give_back(used, is_sound=is_sound)

        answer = self._answers[request_id] = WorkerAnswer(worker, seconds, ends, release)
        return answer, max(ends - loop.time(), 0.0)

    async def cancel(self, request_id: str) -> bool:
        """Stops a query that waits or runs; its reader gets QueryCancelled. False if there is none of this id."""
        turn = self._waiting.get(request_id)
        if turn is not None and not turn.done():
            turn.set_exception(QueryCancelled("the query was cancelled"))
            return True
        answer = self._answers.get(request_id)
        if answer is not None:
            answer.cancel()
        return answer is not None

    async def close(self) -> None:
        """Ends all processes and removes their files."""
        self._is_closed = True
        if self._filling is not None:
            self._filling.cancel()
            with suppress(asyncio.CancelledError):
                await self._filling
        for turn in self._waiting.values():
            if not turn.done():
                turn.set_exception(EngineError("the server is stopping", retryable=True))
        await asyncio.gather(*self._retiring, *(self._end(worker) for worker in tuple(self._workers)))
        self._spill.close()

    # --- turns ---

    async def _next_worker(self, request_id: str, ends: float) -> WorkerProcess:
        if self._is_closed:
            raise EngineError("the server is stopping", retryable=True)
        if len(self._waiting) >= self._settings.waiting and not self._has_place():
            raise Busy(f"{self._busy} queries run and {len(self._waiting)} wait: ask again in a moment")
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[WorkerProcess] = loop.create_future()
        self._waiting[request_id] = turn
        self._hand_out()
        latest = loop.time() + self._settings.wait_seconds
        try:
            async with asyncio.timeout_at(min(ends, latest)):
                return await turn
        except TimeoutError:
            self._put_back(turn)
            if ends <= latest:
                raise LimitError("the query waited for its turn until its time was over", Limit.TIME) from None
            words = f"the query waited {self._settings.wait_seconds:g} s for its turn: ask again in a moment"
            raise Busy(words) from None
        except asyncio.CancelledError:
            self._put_back(turn)
            raise
        finally:
            self._waiting.pop(request_id, None)

    def _put_back(self, turn: "asyncio.Future[WorkerProcess]") -> None:
        """The worker of a turn that came too late."""
        if turn.done() and not turn.cancelled() and turn.exception() is None:
            self._give_back(turn.result(), is_sound=True)

    def _has_place(self) -> bool:
        return self._busy < self._size and bool(self._idle)

    def _hand_out(self) -> None:
        """Workers to those who wait, in order."""
        for turn in tuple(self._waiting.values()):
            while self._has_place() and not turn.done():
                worker = self._idle.pop()
                if self._is_usable(worker):
                    self._busy += 1
                    turn.set_result(worker)
                else:
                    self._retire(worker)
        self._fill()

    def _give_back(self, worker: WorkerProcess, *, is_sound: bool) -> None:
        self._busy -= 1
        self._lost += not is_sound
        worker.take_turns_again()
        is_worn = worker.gives_way or worker.asked >= self._settings.queries or worker.growth > self._settings.growth
        if is_sound and not is_worn and self._is_usable(worker):
            self._idle.append(worker)
        else:
            self._retire(worker)
        self._hand_out()

    def _is_usable(self, worker: WorkerProcess) -> bool:
        return worker.is_alive and self._workers[worker][0] is self._opening and not self._is_closed

    # --- processes ---

    async def _refresh(self) -> None:
        """A worker may read what there was when it started: where that has changed, those that are idle go."""
        async with self._opening_lock:
            if self._opening is None:
                self._opening = await asyncio.to_thread(open_settings, self._session)
                self._mark = mark_of(self._session, self._opening)
            elif (mark := mark_of(self._session, self._opening)) != self._mark:
                self._mark = mark
                try:
                    self._opening = await asyncio.to_thread(open_settings, self._session)
                except BluetickError as error:  # a table is gone: the others can still be read
                    self._failure = error
                    return
                self._mark = mark_of(self._session, self._opening)
                while self._idle:
                    self._retire(self._idle.pop())
                self._fill()

    def _fill(self) -> None:
        if not self._is_closed and (self._filling is None or self._filling.done()) and self._missing() > 0:
            self._filling = asyncio.create_task(self._fill_up())

    def _missing(self) -> int:
        return self._size + self._settings.spares - self._busy - len(self._idle)

    async def _fill_up(self) -> None:
        """One after the other: each takes a core for a third of a second."""
        pause = _FIRST_RETRY
        while self._missing() > 0:
            try:
                worker = await self._new_worker()
            except BluetickError as error:
                self._failure = error
                self._give_up()
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LAST_RETRY)
            else:
                self._failure, pause = None, _FIRST_RETRY
                self._idle.append(worker)
                self._hand_out()

    def _give_up(self) -> None:
        """Where there is no worker at all those who wait learn why."""
        if self._failure is not None and not self._idle and not self._busy:
            for turn in self._waiting.values():
                if not turn.done():
                    turn.set_exception(self._failure)

    async def _new_worker(self) -> WorkerProcess:
        opening = self._opening
        if opening is None:
            raise RuntimeError("the pool has not started")
        folder = self._spill.new()
        if not folder:
            raise SourceError("there is no place for temporary files here: name one (--temp-directory)")
        settings = self._settings
        wanted = WorkerSettings(opening, folder, self._memory, self._threads, settings.temp_limit, settings.fences)
        try:
            os.mkdir(folder, 0o700)
            worker = await WorkerProcess.start(wanted)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise EngineError(f"no worker process can be started: {error.strerror}", retryable=True) from error
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._workers[worker] = (opening, folder)
        return worker

    def _retire(self, worker: WorkerProcess) -> None:
        task = asyncio.create_task(self._end(worker))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def _end(self, worker: WorkerProcess) -> None:
        await worker.kill()
        _, folder = self._workers.pop(worker, (None, ""))
        if folder:
            await asyncio.to_thread(shutil.rmtree, folder, True)
