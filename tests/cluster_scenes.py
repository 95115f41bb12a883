"""What happens to queries on a standalone cluster, scene by scene, in a process of its own (a process has one Spark).

`python -m cluster_scenes URL FOLDER PIDS`: PIDS is JSON, name to process id. Prints one JSON object: a scene's
name to what was seen. The test beside it says what must have been seen.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from founding.documents import LONG_RUNNING, RARE_COUNTRIES, founding_document
from pyspark import SparkContext
from spark_cluster import executors, kill, wait_for

import bluetick
from bluetick.detections.runs import query_request
from bluetick.diagnostics.errors import BluetickError, EngineError, Limit, LimitError, QueryCancelled
from bluetick.engines import spark as engine_module
from bluetick.session import QueryRequest

T = TypeVar("T")
END = datetime(2026, 6, 18, 12, tzinfo=UTC)
INSTANTS = (END, END - timedelta(days=6, seconds=1))
TABLES = ("VMConnection", "DeviceNetworkEvents")
MANY = (
    "DeviceNetworkEvents | extend k = range(1, {0}) | mv-expand k to typeof(long) | summarize n = count(), s = sum(k)"
)
ENDLESS = "SELECT sum(a.id * b.id) AS x FROM range(100000000) a CROSS JOIN range(100000000) b"
BOUND = 120


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the scenes play."""

    session: bluetick.Session
    folder: str
    pids: dict[str, int]

    @property
    def context(self) -> Any:
        return SparkContext._active_spark_context

    def running_tasks(self, *, of_rows: bool = False) -> int:
        """Tasks at work; `of_rows`: without those that read the schemas of files before a query begins."""
        tracker = self.context.statusTracker()
        infos = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        return sum(i.numActiveTasks for i in infos if i and not (of_rows and i.name.startswith("parquet")))

    def left_over(self) -> dict[str, int]:
        """What a query leaves behind, which should be nothing; work that was told to end may take a moment."""
        wait_for("no task runs", lambda: self.running_tasks() == 0, 60)
        return {"persisted": self.context._jsc.getPersistentRDDs().size()}


def open_session(folder: str, engine: str) -> bluetick.Session:
    tables: Any = {table: f"{folder}/{table}/*.parquet" for table in TABLES}
    return bluetick.connect(tables=tables, profiles=f"{folder}/profiles.parquet", engine=engine)


def founding_rows(stage: Stage) -> dict[str, Any]:
    """Both documents on the cluster and on DuckDB: the number of rows at each instant, and whether they are equal."""
    seen: dict[str, Any] = {}
    with open_session(stage.folder, "duckdb") as duckdb:
        for number in (RARE_COUNTRIES, LONG_RUNNING):
            detection = founding_document(number)
            counts, equal = [], []
            for now in INSTANTS:
                request = query_request(detection, now)
                expected = list(duckdb.run(request)[-1].rows())
                equal.append(list(stage.session.run(request)[-1].rows()) == expected)
                counts.append(len(expected))
            seen[number] = {"rows": counts, "equal": equal}
    return seen


def executor_killed(stage: Stage) -> dict[str, Any]:
    """An executor dies while tasks run; the query is asked once more if it says that this may help."""
    with open_session(stage.folder, "duckdb") as duckdb:
        rows = next(duckdb.query("DeviceNetworkEvents | count").rows())[0]
    asked, tries = 30, 0

    def work() -> list[Any]:
        return list(stage.session.query(MANY.format(asked)).rows())

    def retried() -> list[Any]:
        nonlocal tries
        tries = 1
        try:
            return work()
        except EngineError as error:
            if not error.retryable:
                raise
            tries = 2
            return work()

    def meanwhile() -> int:
        wait_for("tasks run", lambda: stage.running_tasks(of_rows=True), BOUND)
        victim = executors(pid for name, pid in stage.pids.items() if name != "master")[0]
        kill(victim)
        return victim

    answer, victim = together(retried, meanwhile)
    return {"right": answer == [(rows * asked, rows * asked * (asked + 1) // 2)], "tries": tries, "killed": victim > 0}


def cancelled(stage: Stage) -> dict[str, Any]:
    """A cross join of 10^16 rows is cancelled once its tasks run."""
    with stage.session.engine.start() as run:

        def meanwhile() -> float:
            wait_for("tasks run", stage.running_tasks, BOUND)
            run.cancel()
            return time.monotonic()

        error, since = together(lambda: raised(lambda: run.stream(ENDLESS)), meanwhile)
        took = time.monotonic() - since
    return {"cancelled": isinstance(error, QueryCancelled), "seconds": took, **stage.left_over()}


def out_of_time(stage: Stage) -> dict[str, Any]:
    started = time.monotonic()
    error = raised(lambda: stage.session.run(QueryRequest(MANY.format(20_000), seconds=8)))
    is_time = isinstance(error, LimitError) and error.limit is Limit.TIME
    return {"limit": is_time, "seconds": time.monotonic() - started, **stage.left_over()}


def context_stopped(stage: Stage) -> dict[str, Any]:
    """Spark's own half stops beneath a query; the next query starts it again."""

    def meanwhile() -> None:
        wait_for("tasks run", stage.running_tasks, BOUND)
        stage.context._jsc.stop()

    error, _ = together(lambda: raised(lambda: stage.session.query(MANY.format(20_000))), meanwhile)
    after = list(stage.session.query("print x = 1 + 1").rows())
    return {"error": str(error), "retryable": is_retryable(error), "after": after}


def cluster_lost(stage: Stage) -> dict[str, Any]:
    """Master, workers and executors die while tasks run."""
    setattr(engine_module, "PATIENCE_SECONDS", 10.0)  # noqa: B010 a constant to everyone else

    def meanwhile() -> float:
        wait_for("tasks run", stage.running_tasks, BOUND)
        victims = [*stage.pids.values(), *executors(stage.pids.values())]
        for pid in victims:
            kill(pid)
        return time.monotonic()

    error, since = together(lambda: raised(lambda: stage.session.query(MANY.format(20_000))), meanwhile)
    took = time.monotonic() - since
    stage.context.stop()
    unreachable = raised(lambda: stage.session.query("print 1"))
    return {
        "error": str(error),
        "retryable": is_retryable(error),
        "seconds": took,
        "unreachable": str(unreachable),
        "unreachable_retryable": is_retryable(unreachable),
    }


def together(work: Callable[[], T], meanwhile: Callable[[], Any]) -> tuple[T, Any]:
    """What two threads give, which must both end."""
    with ThreadPoolExecutor(2) as pool:
        first: Future[T] = pool.submit(work)
        second = pool.submit(meanwhile)
        return first.result(BOUND), second.result(BOUND)


def raised(work: Callable[[], object]) -> BluetickError | None:
    try:
        work()
    except BluetickError as error:
        return error
    return None


def is_retryable(error: BluetickError | None) -> bool:
    return isinstance(error, EngineError) and error.retryable


SCENES = (founding_rows, executor_killed, cancelled, out_of_time, context_stopped, cluster_lost)


def main() -> None:
    """Runs every scene; one that fails is told and does not keep the next from running."""
    url, folder, pids = sys.argv[1:]
    threading.Timer(9 * BOUND, lambda: os._exit(3)).start()  # nothing hangs, whatever happens
    stage = Stage(open_session(folder, f"{url}?spark.executor.memory=1g"), folder, json.loads(pids))
    seen: dict[str, Any] = {}
    for scene in SCENES:
        began = time.monotonic()
        try:
            seen[scene.__name__] = scene(stage)
        except Exception as error:  # told to the test, which fails
            seen[scene.__name__] = {"failed": f"{type(error).__name__}: {error}"}
        print(f"{scene.__name__} {time.monotonic() - began:.1f} s {seen[scene.__name__]}", file=sys.stderr, flush=True)
    print(json.dumps(seen, default=str), flush=True)
    os._exit(0)  # Spark's own end would look for a master that is gone


if __name__ == "__main__":
    main()
