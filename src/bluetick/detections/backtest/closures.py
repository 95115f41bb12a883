"""Closed alerts of a service as labels: what people found them to be is what a backtest should find again, or leave.

A result row belongs to a closed alert where it is of the same thing as one of the alert's rows: where the columns that
say what a row is of (plan/identity.py) have the same values. Columns whose values cannot be compared as text (dynamic
ones, lengths of time, decimals) are left out of that.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from bluetick.detections.backtest.labels import Label, comparable
from bluetick.detections.ledger.listing import Alert, Verdict, find_alerts
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_moment
from bluetick.detections.model import Detection
from bluetick.detections.runs import query_request
from bluetick.plan.identity import identity_columns
from bluetick.session import Session
from bluetick.types import Type

_ALL: Final = 2**31
_ID_SHOWN: Final = 10
_VERDICTS: Final = {Verdict.TRUE_POSITIVE.value: True, Verdict.FALSE_POSITIVE.value: False, Verdict.BENIGN.value: False}
_COMPARED: Final = frozenset({Type.STRING, Type.LONG, Type.INT, Type.BOOL, Type.REAL, Type.GUID, Type.DATETIME})
_TIMES: Final = ("TimeGenerated", "Timestamp")


def closure_labels(ledger: Ledger, session: Session, detection: Detection, now: datetime) -> tuple[Label, ...]:
    """A label for each closed alert of a rule that is not retracted, but for those of which nobody could tell."""
    closed = [
        alert
        for alert in find_alerts(ledger, every=True, rule=detection.id, most=_ALL)
        if alert.verdict in _VERDICTS and not alert.is_retracted
    ]
    if not closed:
        return ()
    plan, _ = session.plan(query_request(detection, now))
    statement = plan.statements[-1]
    columns = [statement.relation.columns[place] for place in identity_columns(statement)]
    types = {column.name: column.type for column in columns if column.type in _COMPARED}
    return tuple(_label(alert, types, detection.reach or timedelta(0)) for alert in closed)


def _label(alert: Alert, types: Mapping[str, Type], reach: timedelta) -> Label:
    """Of the time of its rows, where they tell it, else of that which its windows saw."""
    rows = [dict(zip(alert.content["columns"], row, strict=True)) for row in alert.content["rows"]]
    names = tuple(name for name in types if name in alert.content["columns"])
    times = sorted(_times(rows))
    first = times[0] if times else to_moment(alert.first) - reach
    last = times[-1] if times else to_moment(alert.last)
    return Label(
        name=f"{alert.content['name']} ({alert.id[:_ID_SHOWN]})",
        first=first,
        last=last,
        is_expected=_VERDICTS[alert.verdict or ""],
        compared=names,
        alternatives=frozenset(comparable(_cell(row[name], types[name]) for name in names) for row in rows),
        note=alert.reason or "",
    )


def _cell(cell: Any, type_: Type) -> Any:
    """A cell of an alert as the value that it was."""
    return datetime.fromisoformat(cell) if type_ is Type.DATETIME and isinstance(cell, str) else cell


def _times(rows: Sequence[Mapping[str, Any]]) -> Iterator[datetime]:
    for name in _TIMES:
        cells = (row.get(name) for row in rows)
        yield from (datetime.fromisoformat(cell) for cell in cells if isinstance(cell, str))
