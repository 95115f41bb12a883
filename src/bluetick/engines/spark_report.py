"""What a Spark is made of, and whether that is what we need: see `Engine.examine`."""

import platform
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import pyspark
from pyspark.sql import SparkSession

from bluetick.diagnostics.errors import BluetickError
from bluetick.engines.protocol import Finding
from bluetick.engines.spark_errors import DRIVER_ERRORS, translate
from bluetick.engines.spark_session import SessionSource, is_over, wrong_settings
from bluetick.engines.spark_settings import REQUIRED

_OLDEST_SPARK: Final = 4  # the first with variant values, which JSON is read with
_OLDEST_JAVA: Final = 17
_WAIT_SECONDS: Final = 30.0


def examine_spark(source: SessionSource) -> Iterator[Finding]:
    """One finding a question; a question that cannot be asked is a finding too."""
    try:
        session = source.session()
    except BluetickError as error:
        yield Finding("Spark", False, str(error))
        return
    yield _asked("Spark", session, lambda: _versions(session))
    yield _asked("Java", session, lambda: _java(session))
    yield _asked("settings", session, lambda: _settings(source))
    yield _asked("executors", session, lambda: _executors(session))


def _asked(name: str, session: SparkSession, question: Callable[[], tuple[bool, str]]) -> Finding:
    try:
        return Finding(name, *question())
    except BluetickError as error:
        return Finding(name, False, str(error))
    except DRIVER_ERRORS as error:
        return Finding(name, False, str(translate(error, is_over=is_over(session.sparkContext))))


def _versions(session: SparkSession) -> tuple[bool, str]:
    theirs, ours = session.version, pyspark.__version__
    words = f"{theirs} at {session.sparkContext.master}, pyspark {ours}, Python {platform.python_version()}"
    if int(theirs.partition(".")[0]) < _OLDEST_SPARK:
        return False, f"{words}; bluetick needs Spark {_OLDEST_SPARK} or later on the cluster"
    if theirs.split(".")[:2] != ours.split(".")[:2]:
        return False, f"{words}; install the version of the cluster: pip install 'pyspark=={theirs}'"
    return True, words


def _java(session: SparkSession) -> tuple[bool, str]:
    jvm: Any = session.sparkContext._jvm
    version = str(jvm.java.lang.System.getProperty("java.version"))
    if int(version.partition(".")[0].partition("-")[0]) < _OLDEST_JAVA:
        return False, f"{version}; Spark needs Java {_OLDEST_JAVA} or later: let JAVA_HOME name its folder"
    return True, version


def _settings(source: SessionSource) -> tuple[bool, str]:
    wrong = wrong_settings(source.child())
    if wrong:
        return (
            False,
            f"{', '.join(wrong)} cannot be set for a query, and answers depend on it; see Spark's configuration",
        )
    changed = wrong_settings(source.session())
    note = f"; set differently in the session itself, and for queries alone: {', '.join(changed)}" if changed else ""
    return True, f"all {len(REQUIRED)} that answers depend on are set{note}"


def _executors(session: SparkSession) -> tuple[bool, str]:
    """Those that run tasks: in a local session the driver does. A cluster may take a moment to start them."""
    store: Any = session.sparkContext._jsc.sc().statusStore()
    is_local = str(session.sparkContext.master).startswith("local")
    ends = time.monotonic() + _WAIT_SECONDS
    while True:
        listed = store.executorList(True)
        found = [listed.apply(place) for place in range(listed.size())]
        workers = found if is_local else [executor for executor in found if executor.id() != "driver"]
        if workers or time.monotonic() > ends:
            break
        time.sleep(0.2)
    if not workers:
        return False, (
            "the cluster gives none, so no query would end: see that its workers have free cores, and at least the "
            "memory that spark.executor.memory asks for"
        )
    cores = sum(int(executor.totalCores()) for executor in workers)
    memory = sum(int(executor.maxMemory()) for executor in workers)
    page = session.sparkContext.getConf().get("spark.buffer.pageSize")
    hint = "" if page else "; spark.buffer.pageSize=4m would let queries of many operators need less memory"
    return True, f"{len(workers)}, {cores} cores, {memory / 1e9:.1f} GB for tasks{hint}"
