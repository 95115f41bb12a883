"""Windows of stored rules over a session: what each finds, as alerts will tell it."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bluetick.detections.alerts.grouping import findings_of, signals_of
from bluetick.detections.backtest.replay import ReplayOptions, WindowResult, replay
from bluetick.detections.health.warming import as_warming, first_rows, warming_of
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.ledger.windows import Failure, Outcome
from bluetick.detections.model import Detection
from bluetick.detections.publishing.own_rows import without_own_rows
from bluetick.detections.schedule.rules import Stored, checked_plan, stored, tables_of
from bluetick.diagnostics.errors import BluetickError, QueryError, TuningError
from bluetick.plan.relations import QueryPlan
from bluetick.session import Session
from bluetick.values import json_rows

_KEPT: Final = 512


class SessionEvaluator:
    """Evaluates documents of the ledger. `session` gives the session to use, which may be another each time; a window
    may take `seconds`."""

    def __init__(self, session: Callable[[], Session], seconds: float) -> None:
        self._session = session
        self._options = ReplayOptions(seconds=seconds)
        self._over: Session | None = None
        self._known: OrderedDict[str, tuple[Stored, QueryPlan]] = OrderedDict()

    def evaluate(self, document: str, ends: Sequence[datetime]) -> Iterator[Outcome | Failure]:
        """A query that is refused fails lastingly; what fails in a run (a failed assert too) may pass."""
        try:
            session = self._session()
            rule, plan = self._rule(session, document)
            held = session.pinned()
            versions, firsts = _versions(held, tables_of(plan)), first_rows(held, plan)
            for result in replay(held, rule.detection, ends, options=self._options, tuning=rule.tuning):
                if result.error is not None:
                    yield Failure(str(result.error))
                    return
                outcome = _outcome(rule.detection, result, versions)
                yield as_warming(outcome, warming_of(firsts, result.now, rule.detection.reach))
        except (QueryError, TuningError) as error:
            yield Failure(str(error), is_lasting=True)
        except BluetickError as error:
            yield Failure(str(error))

    def _rule(self, session: Session, document: str) -> tuple[Stored, QueryPlan]:
        """A rule with its plan, which may read other tables over another session."""
        if session is not self._over:
            self._over = session
            self._known.clear()
        if document not in self._known:
            self._known[document] = _prepared(session, stored(document))
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end(document)
        return self._known[document]


def _prepared(session: Session, rule: Stored) -> tuple[Stored, QueryPlan]:
    plan = checked_plan(session, rule.detection)
    present = [name for name in tables_of(plan) if session.catalog.table(name) is not None]
    return replace(rule, tuning=without_own_rows(rule.detection.id, present, rule.tuning)), plan


def _versions(session: Session, tables: Iterable[str]) -> dict[str, int]:
    found = {name: session.catalog.version(name) for name in tables}
    return {name: version for name, version in found.items() if version is not None}


def _outcome(detection: Detection, result: WindowResult, versions: Mapping[str, int]) -> Outcome:
    rows = list(json_rows(result.columns, result.rows))
    names = [name for name, _ in result.columns]
    hi = to_micros(result.now)
    findings = findings_of(detection, hi, names, rows, result.identity) if result.triggered else ()
    return Outcome(hi, len(rows), result.triggered, findings, versions, signals_of(names, rows, result.identity))
