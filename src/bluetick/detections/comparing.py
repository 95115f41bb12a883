"""One request on several engines, over the same sample of a user's data: are the rows equal?"""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from itertools import starmap

import pyarrow as pa

from bluetick.execution.catalog import Catalog, Table
from bluetick.execution.comparing import Comparison, Rule, compare_streams
from bluetick.execution.result import Result
from bluetick.plan.relations import Scan
from bluetick.plan.traversal import relations_in
from bluetick.session import QueryRequest, Session
from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class Side:
    """An engine by the name that the user gave it, with a session on it."""

    engine: str
    session: Session


@dataclass(frozen=True, slots=True)
class Sample:
    """What part of the data is compared: the time back from now, and how many files of each table (or what share of
    them, from 0 to 1). None: all."""

    window: timedelta | None = None
    files: int | float | None = None


class Verdict(Enum):
    """What a comparison came to; `NOTHING`: no row was read and none came out, so nothing was shown."""

    EQUAL = "equal"
    DIFFERENT = "different"
    REFUSED = "refused"
    NOTHING = "nothing compared"


@dataclass(frozen=True, slots=True)
class Input:
    """A table that was read: its files, how many of all those they are, their bytes, and the rows in the window that
    each engine counts, in the order of the engines. Without a time column it has no window: all its rows are read."""

    table: str
    time_column: str
    files: int
    all_files: int
    bytes: int
    rows: tuple[int, ...]


@dataclass(slots=True)
class EngineRun:
    """What one engine did; `error` says why it gave no rows, `seconds` include starting and reading them."""

    engine: str
    seconds: float = 0.0
    error: Exception | None = None
    columns: Sequence[tuple[tuple[str, str], ...]] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """`results` hold, for each result of the request, a comparison of each further engine with the first."""

    request: QueryRequest
    runs: tuple[EngineRun, ...]
    inputs: tuple[Input, ...] = ()
    results: tuple[tuple[Comparison, ...], ...] = ()

    @property
    def verdict(self) -> Verdict:
        if any(run.error is not None for run in self.runs):
            return Verdict.REFUSED
        if self.has_other_columns or self.has_other_inputs or any(not c.is_equal for c in self.comparisons):
            return Verdict.DIFFERENT
        has_rows = any(c.left_rows for c in self.comparisons) or any(any(one.rows) for one in self.inputs)
        return Verdict.EQUAL if has_rows else Verdict.NOTHING

    @property
    def comparisons(self) -> list[Comparison]:
        return [comparison for result in self.results for comparison in result]

    @property
    def has_other_columns(self) -> bool:
        """Whether the engines differ in columns or in the number of results; then no row is held against another."""
        return any(run.columns != self.runs[0].columns for run in self.runs)

    @property
    def has_other_inputs(self) -> bool:
        """Whether the engines read different numbers of rows."""
        return any(len(set(one.rows)) > 1 for one in self.inputs)

    @property
    def rows(self) -> int:
        """Rows of the first engine's results."""
        return sum(comparisons[0].left_rows for comparisons in self.results)


def keep_sample(catalog: Catalog, files: float | None) -> dict[str, int]:
    """Leaves so many files of each table (at least one), and says how many there were."""
    counts: dict[str, int] = {}
    for name in catalog.names():
        table = catalog.table(name)
        found = () if table is None else table.files
        counts[name] = len(found)
        if files is not None and found:
            catalog.keep_files(name, spread(found, files))
    return counts


def spread(files: Sequence[str], wanted: float) -> list[str]:
    """Files at equal distances in the list, its last one among them."""
    count = wanted if isinstance(wanted, int) else round(wanted * len(files))
    count = min(max(count, 1), len(files))
    return [files[(i + 1) * len(files) // count - 1] for i in range(count)]


def scoped(request: QueryRequest, window: timedelta | None) -> QueryRequest:
    """The request over no more than the window."""
    if window is None:
        return request
    return replace(request, lookback=window if request.lookback is None else min(window, request.lookback))


def compare_request(
    sides: Sequence[Side], request: QueryRequest, counts: dict[str, int], tolerance: float = 0.0
) -> Outcome:
    """Runs a request (which has a `now`) on every side. What an engine refuses or fails at stands in its run; `counts`
    are the files that each table has in all."""
    runs = tuple(EngineRun(side.engine) for side in sides)
    started = list(starmap(_start, zip(sides, runs, [request] * len(sides), strict=True)))
    outcome = Outcome(request, runs)
    try:
        if outcome.verdict is Verdict.REFUSED:
            return outcome
        inputs = _inputs(sides, runs, request, counts)
        if outcome.has_other_columns:
            return replace(outcome, inputs=inputs)
        results = tuple(_compare(runs, results, tolerance) for results in zip(*started, strict=True))
        return replace(outcome, inputs=inputs, results=results)
    except _StreamFailed:
        return outcome
    finally:
        for result in (result for results in started for result in results):
            result.close()


class _StreamFailed(Exception):
    """A stream ended with an error, which stands in its run."""


def _start(side: Side, run: EngineRun, request: QueryRequest) -> list[Result]:
    begun = time.perf_counter()
    try:
        results = side.session.run(request)
    except Exception as error:  # whatever keeps one engine from answering is what the comparison is to tell
        run.error = error
        return []
    finally:
        run.seconds += time.perf_counter() - begun
    run.columns = [result.columns for result in results]
    return results


def _compare(runs: Sequence[EngineRun], results: Sequence[Result], tolerance: float) -> tuple[Comparison, ...]:
    rule = Rule(tuple(Type(type_) for _, type_ in results[0].columns), tolerance)
    streams = [_timed(run, result.batches()) for run, result in zip(runs, results, strict=True)]
    return tuple(compare_streams(streams, rule))


def _timed(run: EngineRun, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    while True:
        begun = time.perf_counter()
        try:
            batch = next(batches, None)
        except Exception as error:
            run.error = error
            raise _StreamFailed from error
        finally:
            run.seconds += time.perf_counter() - begun
        if batch is None:
            return
        yield batch


def _inputs(
    sides: Sequence[Side], runs: Sequence[EngineRun], request: QueryRequest, counts: dict[str, int]
) -> tuple[Input, ...]:
    """The tables of the catalog that the request reads."""
    session = sides[0].session
    plan, _ = session.plan(request)
    times = dict(session.time_columns(plan))
    scans = [node for s in plan.statements for node in relations_in(s.relation, scalars=True) if isinstance(node, Scan)]
    found = []
    for name in dict.fromkeys(scan.table for scan in scans):
        table = session.catalog.table(name)
        if table is not None and name in session.catalog.names():
            counted = replace(request, text=f"['{name}'] | summarize Rows = count()", parameters={}, name=name)
            rows = tuple(_count(side, run, counted) for side, run in zip(sides, runs, strict=True))
            size = _bytes(table, table.files)
            found.append(Input(name, times.get(name, ""), len(table.files), counts.get(name, 0), size, rows))
    return tuple(found)


def _count(side: Side, run: EngineRun, request: QueryRequest) -> int:
    try:
        return int(next(side.session.run(request)[-1].rows())[0])
    except Exception as error:
        run.error = error
        raise _StreamFailed from error


def _bytes(table: Table, files: Sequence[str]) -> int:
    if isinstance(table.data, pa.Table):
        return table.data.nbytes
    return sum(os.stat(file).st_size for file in files)
