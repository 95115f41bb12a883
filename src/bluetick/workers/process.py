"""A worker process as the server sees it: started, asked, stopped."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

from bluetick.diagnostics.errors import BluetickError, EngineError, Limit, LimitError
from bluetick.engines.duckdb_errors import NO_MEMORY
from bluetick.workers.confinement import Confinement, module_path
from bluetick.workers.frames import Kind, packed, packed_json, read
from bluetick.workers.messages import unpack_error
from bluetick.workers.settings import Opening

# The environment is empty, so the way to the modules is told here; -I: neither it nor the current folder is looked at.
_BOOT: Final = "import sys; sys.path[:] = sys.argv[2:]; from bluetick.workers.main import main; main(int(sys.argv[1]))"
_AHEAD: Final = 1 << 20  # bytes that are read before anyone wants them; the system's own buffers come on top
_START_SECONDS: Final = 60.0
_LAST_WORDS: Final = "errors.txt"
_NICE: Final = 19
_SHOWN: Final = 300
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_MOSTLY: Final = 0.8
_SIGNALS: Final = frozenset(signal.valid_signals())


@dataclass(frozen=True, slots=True)
class Fences:
    """Which fences stand around a worker: DuckDB's own lock, and Landlock. (The first one, that only what was
    understood is translated, is no setting.)"""

    engine: bool = True
    kernel: bool = True


ALL_FENCES: Final = Fences()


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How a worker runs. `memory` is what its queries may take, in bytes: DuckDB's own limit, and in case that does not
    hold the system's for the process. `temporary` is a folder that it has for itself."""

    opening: Opening
    temporary: str
    memory: int
    threads: int
    temp_limit: str | None = None
    fences: Fences = ALL_FENCES

    def plain(self) -> dict[str, Any]:
        opening = self.opening
        read = (*opening.folders, *opening.files)
        engine = {
            "memory_limit": f"{self.memory >> 20}MiB",
            "threads": self.threads,
            "temp_directory": self.temporary,
            "temp_limit": self.temp_limit,
        }
        confinement = Confinement(read, opening.listed, self.temporary, self.memory, self.fences.kernel)
        return {
            "arguments": opening.arguments,
            "confinement": asdict(confinement),
            "engine": engine,
            "fence": [opening.folders, opening.files] if self.fences.engine else None,
        }


class WorkerProcess:
    """One process, which answers one query at a time. `asked` counts them; `landlock` is the version that guards it; if
    it `gives_way`, it has less of the cores than others."""

    def __init__(self, process: "subprocess.Popen[bytes]", settings: WorkerSettings) -> None:
        self._process = process
        self._settings = settings
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self.asked = 0
        self.landlock = 0
        self.gives_way = False
        self._at_first = 0
        self._most_used = 0
        self._ending = asyncio.Lock()

    @property
    def pid(self) -> int:
        return self._process.pid

    @classmethod
    async def start(cls, settings: WorkerSettings) -> "WorkerProcess":
        """A worker that is ready for its first query. What its session raises comes here; a process that ends before
        it is ready is an EngineError."""
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-I", "-c", _BOOT, str(theirs.fileno()), *module_path(sys.path)]
        with theirs, open(os.path.join(settings.temporary, _LAST_WORDS), "wb") as errors:
            process = subprocess.Popen(  # noqa: S603 - this very interpreter
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={},
                cwd=settings.temporary,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        worker = cls(process, settings)
        worker._reader, worker._writer = await asyncio.open_connection(sock=ours, limit=_AHEAD)
        try:
            async with asyncio.timeout(_START_SECONDS):
                await worker._greet(settings)
        except BaseException:
            await worker.kill()
            raise
        return worker

    async def _greet(self, settings: WorkerSettings) -> None:
        try:
            self._writer.write(packed_json(Kind.SETTINGS, settings.plain()))
            await self._writer.drain()
            kind, payload = await read(self._reader)
        except (EOFError, OSError) as error:
            raise EngineError(f"a worker process ended before it was ready: {self._last_words()}") from error
        if kind is Kind.ERROR:
            raise unpack_error(payload)
        self.landlock = int(json.loads(payload)["landlock"])
        self._at_first = self.memory()

    @property
    def is_alive(self) -> bool:
        """Asked of the system: what a process leaves behind in the connection may be on its way still."""
        if self._process.returncode is not None or self._reader.at_eof():
            return False
        if not hasattr(os, "waitid"):  # macOS
            return True
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    async def ask(self, request: bytes, kind: Kind = Kind.QUERY) -> None:
        """Sends a packed request; the frames of its answer are `read`."""
        self.asked += 1
        with suppress(OSError):  # `read` tells that the process has ended
            self._writer.write(packed(kind, request))
            await self._writer.drain()

    async def read(self) -> tuple[Kind, bytes]:
        """The answer's next frame; EOFError where the process has ended."""
        try:
            return await read(self._reader)
        except OSError as error:
            raise EOFError from error

    def cancel(self) -> None:
        """Asks the worker to stop its query; it may not be able to."""
        with suppress(OSError):
            self._writer.write(packed(Kind.CANCEL))

    def give_way(self) -> None:
        """Leaves the cores to other processes, where they want them."""
        self._set_niceness(_NICE)
        self.gives_way = True

    def take_turns_again(self) -> None:
        """Few may undo that: a process that cannot be used for the next query still `gives_way`."""
        if self.gives_way:
            self.gives_way = not self._set_niceness(0)

    def _set_niceness(self, niceness: int) -> bool:
        """Of all threads; and of the group in which some kernels put each session."""
        try:
            os.setpriority(os.PRIO_PGRP, self.pid, niceness)
            with suppress(FileNotFoundError), open(f"/proc/{self.pid}/autogroup", "w", encoding="ascii") as file:
                file.write(str(niceness))
        except OSError:
            return False
        return True

    def signal_kill(self) -> None:
        """Ends the process, and its answer at once: where the cores are wanted elsewhere, dying takes a while. `kill`
        cleans up afterwards."""
        self._writer.transport.abort()
        self._reader.feed_eof()
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def kill(self) -> BluetickError:
        """Ends the process if it has not ended by itself, and says what it died of, as an error for its query."""
        async with self._ending:
            if self._process.returncode is None:
                self.signal_kill()
                _, status, usage = await asyncio.to_thread(os.wait4, self.pid, 0)
                self._process.returncode = os.waitstatus_to_exitcode(status)
                self._most_used = usage.ru_maxrss << 10
        return self._cause(-self._process.returncode)

    def _cause(self, number: int) -> BluetickError:
        """The system ends the largest process where the machine has no memory left; the engine ends itself where it
        gets no more and cannot go on without."""
        was_largest = number == signal.SIGKILL and self._most_used > _MOSTLY * self._settings.memory
        if was_largest or (number == signal.SIGABRT and "alloc" in self._last_words()):
            return LimitError(NO_MEMORY, Limit.MEMORY)
        how = signal.Signals(number).name if number in _SIGNALS else f"exit code {-number}"
        return EngineError(f"the process that ran the query ended ({how}); no other query was lost")

    def _last_words(self) -> str:
        """The end of what the process wrote to its standard error."""
        try:
            with open(os.path.join(self._settings.temporary, _LAST_WORDS), encoding="utf-8", errors="replace") as file:
                return file.read()[-_SHOWN:].strip()
        except OSError:
            return ""

    @property
    def growth(self) -> int:
        """Bytes that the process has more than at first."""
        return self.memory() - self._at_first

    def memory(self) -> int:
        """Bytes that are in use now."""
        try:
            with open(f"/proc/{self.pid}/statm", encoding="ascii") as file:
                return int(file.read().split()[1]) * _PAGE
        except (OSError, ValueError, IndexError):
            return 0
