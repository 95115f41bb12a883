"""Windows of stored rules over a session: what each finds, as alerts will tell it."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from bluetick.detections.alerts.grouping import findings_of, signals_of
from bluetick.detections.backtest.replay import ReplayOptions, WindowResult, replay
from bluetick.detections.health.warming import as_warming, first_rows, warming_of
from bluetick.detections.ledger.times import to_micros, to_moment
from bluetick.detections.ledger.windows import Failure, Outcome
from bluetick.detections.runs import query_request
from bluetick.detections.schedule.rules import Stored, stored, tables_of
from bluetick.detections.tuning.applying import tuned
from bluetick.diagnostics.errors import BluetickError, QueryError, TuningError
from bluetick.plan.identity import identity_columns
from bluetick.session import Session
from bluetick.types import Type
from bluetick.values import json_cell

_KEPT: Final = 512


class SessionEvaluator:
    """Evaluates documents of the ledger. `session` gives the session to use, which may be another each time; a window
    may take `seconds`."""

    def __init__(self, session: Callable[[], Session], seconds: float) -> None:
        self._session = session
        self._options = ReplayOptions(seconds=seconds)
        self._read: OrderedDict[str, Stored] = OrderedDict()

    def evaluate(self, document: str, ends: Sequence[datetime]) -> Iterator[Outcome | Failure]:
        """A query that is refused fails lastingly; what fails in a run (a failed assert too) may pass."""
        session = self._session().pinned()
        try:
            rule = self._stored(document)
            plan, _ = session.plan(tuned(query_request(rule.detection, ends[-1]), rule.tuning))
            tables = tables_of(session, rule.detection)
        except (QueryError, TuningError) as error:
            yield Failure(str(error), is_lasting=True)
            return
        try:
            windows = replay(session, rule.detection, ends, options=self._options, tuning=rule.tuning)
            identity = identity_columns(plan.statements[-1])
            firsts = first_rows(session, plan)
            for outcome in _outcomes(rule, windows, identity, _versions(session, tables)):
                yield as_warming(outcome, warming_of(firsts, to_moment(outcome.hi), rule.detection.reach))
        except BluetickError as error:
            yield Failure(str(error))

    def _stored(self, document: str) -> Stored:
        if document in self._read:
            self._read.move_to_end(document)
        else:
            self._read[document] = stored(document)
            if len(self._read) > _KEPT:
                self._read.popitem(last=False)
        return self._read[document]


def _versions(session: Session, tables: Iterable[str]) -> dict[str, int]:
    found = {name: session.catalog.version(name) for name in tables}
    return {name: version for name, version in found.items() if version is not None}


def _outcomes(
    rule: Stored, windows: Iterable[WindowResult], identity: Sequence[int], versions: Mapping[str, int]
) -> Iterator[Outcome]:
    """Of each window; what fails in one raises."""
    for result in windows:
        if result.error is not None:
            raise result.error
        rows = _cells(result)
        names = [name for name, _ in result.columns]
        hi = to_micros(result.now)
        findings = findings_of(rule.detection, hi, names, rows, identity) if result.triggered else ()
        yield Outcome(hi, len(rows), result.triggered, findings, versions, signals_of(names, rows, identity))


def _cells(result: WindowResult) -> list[list[Any]]:
    types = [Type(type_) for _, type_ in result.columns]
    return [[json_cell(value, type_) for value, type_ in zip(row, types, strict=True)] for row in result.rows]
