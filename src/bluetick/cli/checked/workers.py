"""Many documents judged: by this process, or by several where there are enough of them to pay for starting those."""

import gc
import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from threading import current_thread, main_thread

from bluetick.cli.checked.judging import Wanted, judge_file
from bluetick.cli.checked.verdicts import Verdict
from bluetick.cli.main import COLLECT_AFTER
from bluetick.cli.options import DataOptions
from bluetick.cli.progress import progress_of
from bluetick.diagnostics.errors import EngineError
from bluetick.session import Session

# A process takes a second to start and to learn what this one knows, in which this one judges a hundred documents.
_PAYS_FROM = 250
_CHUNK = 10
_AHEAD = 2
_MOST = 8


def judge_all(
    data: DataOptions, session: Session, paths: Sequence[Path], wanted: Wanted, jobs: int | None = None
) -> list[Verdict]:
    """A verdict for each detection of the documents, in their order. `session` is of `data`, for this process.

    `jobs` None: as many processes, this one among them, as there are cores, where that pays.
    """
    count = _jobs(data, len(paths)) if jobs is None else min(jobs, len(paths))
    verdicts: list[Verdict] = []
    with progress_of(len(paths), "checking") as advance:
        found = _by_processes(data, session, paths, wanted, count) if count > 1 else _by_this(session, paths, wanted)
        for some in found:
            verdicts += some
            next(advance)
    return verdicts


def _jobs(data: DataOptions, documents: int) -> int:
    """One where another engine than the embedded one would have to start in each process."""
    if documents < _PAYS_FROM or data.engine != "duckdb":
        return 1
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, _MOST)


def _by_this(session: Session, paths: Sequence[Path], wanted: Wanted) -> Iterator[list[Verdict]]:
    for path in paths:
        yield judge_file(session, path, wanted)


def _by_processes(
    data: DataOptions, session: Session, paths: Sequence[Path], wanted: Wanted, count: int
) -> Iterator[list[Verdict]]:
    """The other processes take chunks from the front, as many as they work on, and this one takes them from the end."""
    chunks = deque((at, paths[at : at + _CHUNK]) for at in range(0, len(paths), _CHUNK))
    found: dict[int, list[list[Verdict]]] = {}
    # A fork would share the threads and the locks of this process's engine.
    pool = ProcessPoolExecutor(count - 1, get_context("spawn"), _start, (data, wanted))
    try:
        sent: dict[int, Future[list[list[Verdict]]]] = {}
        for number in range(0, len(paths), _CHUNK):
            while number not in found and not (number in sent and sent[number].done()):
                while chunks and sum(not future.done() for future in sent.values()) < _AHEAD * (count - 1):
                    at, chunk = chunks.popleft()
                    with _interrupts_ignored():
                        sent[at] = pool.submit(_judge, chunk)
                if not chunks:
                    break
                at, chunk = chunks.pop()
                found[at] = [*_by_this(session, chunk, wanted)]
            yield from found.pop(number) if number in found else sent.pop(number).result()
    except BrokenProcessPool as error:
        words = "a process that checked documents ended before its work did, perhaps for want of memory (--jobs 1)"
        raise EngineError(words, retryable=True) from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """A process that starts meanwhile ignores Ctrl-C for ever: that is for this one, which then ends the others."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class _Worker:
    """What a worker process keeps between documents."""

    session: Session
    wanted: Wanted


def _start(data: DataOptions, wanted: Wanted) -> None:
    gc.set_threshold(COLLECT_AFTER)
    _Worker.session = data.open(is_quiet=True).pinned()
    _Worker.wanted = wanted


def _judge(paths: Sequence[Path]) -> list[list[Verdict]]:
    return [judge_file(_Worker.session, path, _Worker.wanted) for path in paths]
