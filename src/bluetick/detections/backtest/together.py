"""Windows that lie equally far apart, computed together by one statement.

A few go first: if those were quick, all others follow (of very many some), else as few again, so that no statement
becomes too large for the machine. What cannot be
computed so, or fails, is left to runs of its own: those tell the window that is at fault.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from time import perf_counter
from typing import Any, Final, TypeAlias

from bluetick.diagnostics.errors import BluetickError, QueryCancelled
from bluetick.execution.program import build_program
from bluetick.execution.result import Result
from bluetick.execution.run import Execution
from bluetick.plan.relations import QueryPlan, TabularStatement
from bluetick.rewrite.many_windows import in_one_pass
from bluetick.rewrite.rules import MANY_WINDOWS, OF_SINGLE_RUNS, REWRITES, rewritten
from bluetick.rewrite.window_rows import NotTogetherError, Windows
from bluetick.session import QueryRequest, Session

FEWEST: Final = 6  # fewer are quicker one by one
_FIRST: Final = 24  # that go together
_MOST: Final = 1_000
_QUICK: Final = 2.0  # seconds

Rows: TypeAlias = tuple[tuple[Any, ...], ...]


def together(
    session: Session, plan: QueryPlan, request: QueryRequest, windows: Sequence[datetime], seconds: float | None
) -> Generator[Rows]:
    """The rows of each window, in order, as far as they can be computed together. A window may take `seconds`."""
    step = _step(windows)
    if step is None or not session.flavour.keeps_lets or MANY_WINDOWS in request.without_rewrites:
        return
    statement = rewritten(plan.statements[-1], OF_SINGLE_RUNS | request.without_rewrites)
    try:
        yield from _Pass(session, plan, request, statement, step).rows(windows, seconds)
    except QueryCancelled:
        raise
    except (NotTogetherError, BluetickError):
        return


def _step(windows: Sequence[datetime]) -> timedelta | None:
    """How far apart they are; None where that differs."""
    if len(windows) < FEWEST:
        return None
    steps = {after - before for before, after in pairwise(windows)}
    return steps.pop() if len(steps) == 1 and min(steps) > timedelta() else None


@dataclass(frozen=True, slots=True)
class _Pass:
    session: Session
    plan: QueryPlan
    request: QueryRequest
    statement: TabularStatement
    step: timedelta

    def rows(self, windows: Sequence[datetime], seconds: float | None) -> Iterator[Rows]:
        start, size = 0, _FIRST
        while start < len(windows):
            some = windows[start : start + size]
            begun = perf_counter()
            yield from self._of(some, None if seconds is None else seconds * len(some))
            start += size
            size = _MOST if perf_counter() - begun < _QUICK else size

    def _of(self, windows: Sequence[datetime], seconds: float | None) -> Iterator[Rows]:
        """What is not yet told of a window when something fails is not told at all."""
        left = list(reversed(windows))
        found: list[tuple[Any, ...]] = []
        with closing(self._result(windows, seconds)) as result:
            for now, *row in result.passing_rows():
                while left[-1] != now:
                    yield tuple(found)
                    found = []
                    left.pop()
                found.append(tuple(row))
        while left:
            yield tuple(found)
            found = []
            left.pop()

    def _result(self, windows: Sequence[datetime], seconds: float | None) -> Result:
        session, request = self.session, self.request
        values = session.parameters(self.plan, request, windows[-1])
        same = {name: value for name, value in values.items() if name not in _OF_ONE_RUN}
        own = Windows(windows[0], self.step, len(windows), request.lookback, same)
        statement = rewritten(in_one_pass(self.statement, own), request.without_rewrites | _ONCE_MADE)
        program = build_program(
            statement, session.flavour, has_lower_bound=False, has_upper_bound=False, by_reading=True
        )
        work = Execution(session.engine, session.catalog, session.providers, values, seconds, statement=statement)
        return Result(program, work)


_OF_ONE_RUN: Final = frozenset({"now", "scope_start", "scope_end"})
# Of the rewrites only what a single reading of a table leaves unread is asked again.
_ONCE_MADE: Final = frozenset(REWRITES) - {"unread-columns"}
