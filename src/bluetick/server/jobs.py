"""Work that takes long, for the console: each job is a command in a process of its own, so that none of them can take
the server down. Some run at once, some wait; the results of the last ones are kept."""

import asyncio
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from time import monotonic
from typing import Any, Final
from uuid import uuid4

import orjson

from bluetick.diagnostics.errors import BluetickError, Limit, LimitError, SourceError
from bluetick.engines.spill import SpillFolder
from bluetick.server.access import Caller, Right
from bluetick.server.errors import Failure, RequestRefused, failure_of, not_there, without_folders
from bluetick.workers.commands import PROGRESS, Command, CommandSettings, Done, run_command
from bluetick.workers.messages import Busy

# The JSON text of a job's result, of what its command wrote; None where that is no result.
Finish = Callable[[bytes], bytes | None]
_KILLED: Final = -signal.SIGKILL
_MOST_WORDS: Final = 4_000


class JobState(Enum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class JobLimits:
    """How many run at once and wait, for how long one may run, and how many results are kept, in how many bytes."""

    at_once: int = 2
    waiting: int = 8
    seconds: float = 1800.0
    kept: int = 50
    kept_bytes: int = 256 << 20


@dataclass(slots=True, eq=False)
class Job:
    """One of them, from its begin on. `hidden` are the folders whose names nobody is told. One that `is_shared` is for
    all to look at."""

    id: str
    kind: str
    owner: str
    begun: datetime
    hidden: tuple[str, ...] = ()
    is_shared: bool = False
    state: JobState = JobState.RUNNING
    waits: bool = True
    seconds: float | None = None
    result: bytes | None = None
    error: Failure | None = None
    folder: Path | None = None
    task: "asyncio.Task[None] | None" = None
    on_end: Callable[["Job"], None] = lambda _: None

    @property
    def progress(self) -> float | None:
        """From 0 to 1, where its command says it."""
        if self.state is JobState.DONE:
            return 1.0
        if self.folder is None:
            return None
        with suppress(OSError, ValueError, ZeroDivisionError):
            done, _, total = (self.folder / PROGRESS).read_text("ascii").partition("/")
            return min(int(done) / int(total), 1.0)
        return None

    def to_json(self) -> dict[str, Any]:
        error = self.error
        return {
            "job": self.id,
            "kind": self.kind,
            "state": self.state.value,
            "waiting": self.state is JobState.RUNNING and self.waits,
            "begun": self.begun.isoformat().replace("+00:00", "Z"),
            "seconds": self.seconds,
            "progress": self.progress,
            "result": None if self.result is None else orjson.Fragment(self.result),
            "error": None if error is None else {"code": error.code, "message": error.detail},
        }


@dataclass(slots=True, eq=False)
class Jobs:
    """All of a server's. Used by one event loop."""

    settings: CommandSettings = field(default_factory=CommandSettings)
    limits: JobLimits = field(default_factory=JobLimits)
    temporary: str | None = None
    _jobs: dict[str, Job] = field(default_factory=dict)
    _places: asyncio.Semaphore | None = None
    _folders: SpillFolder | None = None

    def begin(self, job: Job, prepare: Callable[[Path], Command], finish: Finish) -> Job:
        """Begins a job, or lets it wait; Busy where too many wait. `prepare` is called in a thread, with the job's own
        folder."""
        running = sum(one.state is JobState.RUNNING for one in self._jobs.values())
        if running >= self.limits.at_once + self.limits.waiting:
            raise Busy("too many jobs at once")
        if self._places is None:
            self._places = asyncio.Semaphore(self.limits.at_once)
        if self._folders is None:
            self._folders = SpillFolder(self.temporary)
        self._jobs[job.id] = job
        job.task = asyncio.create_task(self._work(job, self._places, prepare, finish))
        return job

    def find(self, caller: Caller, id_: str, *, is_looked_at: bool = True) -> Job:
        """The caller's own, an admin's any, and what all may look at; a 404 for others."""
        job = self._jobs.get(id_)
        is_own = job is not None and (job.owner == caller.name or caller.right is Right.ADMIN)
        if job is None or not (is_own or (is_looked_at and job.is_shared)):
            raise not_there("there is no such job, or it is long over")
        return job

    async def cancel(self, job: Job) -> None:
        """Its process is killed; one that is over stays as it is."""
        if job.task is not None and not job.task.done():
            job.task.cancel()
            with suppress(asyncio.CancelledError):
                await job.task
            if job.state is JobState.RUNNING:  # it was not even begun
                self._over(job, JobState.CANCELLED, 0.0)

    async def close(self) -> None:
        """Stops everything."""
        for job in list(self._jobs.values()):
            await self.cancel(job)
        if self._folders is not None:
            self._folders.close()

    async def _work(
        self, job: Job, places: asyncio.Semaphore, prepare: Callable[[Path], Command], finish: Finish
    ) -> None:
        began = monotonic()
        state = JobState.CANCELLED
        try:
            async with places:
                job.waits, began = False, monotonic()
                job.result = _result(await self._ran(job, prepare), finish)
            state = JobState.DONE
        except Exception as error:  # whatever it is, it is this job's alone
            state, job.error = JobState.FAILED, _shown(job, error)
        finally:
            self._over(job, state, monotonic() - began)

    def _over(self, job: Job, state: JobState, seconds: float) -> None:
        job.seconds, job.state = seconds, state
        self._forget()
        job.on_end(job)

    async def _ran(self, job: Job, prepare: Callable[[Path], Command]) -> Done:
        folder = await asyncio.to_thread(_made, self._folders)
        job.folder, job.hidden = folder, (str(folder), *job.hidden)
        try:
            command = await asyncio.to_thread(prepare, folder)
            async with asyncio.timeout(self.limits.seconds):
                return await run_command(self.settings, command, folder)
        except TimeoutError as error:
            raise LimitError(f"it took longer than {self.limits.seconds:g} s", Limit.TIME) from error
        finally:
            job.folder = None
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))

    def _forget(self) -> None:
        """All but the last ones, of those that are over."""
        size, over = 0, [job for job in self._jobs.values() if job.state is not JobState.RUNNING]
        for number, job in enumerate(reversed(over), 1):
            size += len(job.result or b"")
            if number > self.limits.kept or (size > self.limits.kept_bytes and number > 1):
                self._jobs.pop(job.id, None)


class _Unsuccessful(BluetickError):
    """A command that gave no result; the message is what it said."""


def new_job(caller: Caller, kind: str, begun: datetime) -> Job:
    return Job(uuid4().hex, kind, caller.name, begun)


def _made(folders: SpillFolder | None) -> Path:
    """A folder for a job; one that the server could not remove, because it was killed, its next start does."""
    name = "" if folders is None else folders.new()
    if not name:
        raise SourceError("there is no place for temporary files: name one (--temp-directory)")
    Path(name).mkdir(mode=0o700, parents=True)
    return Path(name)


def _result(done: Done, finish: Finish) -> bytes:
    found = finish(done.output)
    if found is not None:
        return found
    if done.code == _KILLED:
        raise LimitError("it needed more memory than there is for it", Limit.MEMORY)
    raise _Unsuccessful(done.said[-_MOST_WORDS:] or f"it ended without a word (exit code {done.code})")


def _shown(job: Job, error: Exception) -> Failure:
    """What is told of it: never a folder's name."""
    if isinstance(error, _Unsuccessful):
        failure = Failure(400, "General_BadRequest", "The job failed.", "", str(error))
    elif isinstance(error, RequestRefused):
        failure = error.failure
    else:
        failure = failure_of(error)
    words = without_folders(failure.detail, job.hidden)
    return Failure(failure.status, failure.code, failure.message, failure.kind, words)
