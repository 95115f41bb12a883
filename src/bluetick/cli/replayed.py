"""What commands that replay rules over days share: the days, and the labelled events."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from bluetick.cli.options import Moment
from bluetick.cli.tables import summarise
from bluetick.detections.differences.measuring import Span
from bluetick.session import Session

_MOST_DAYS = 3_650

days_option = click.option(
    "--days", type=click.IntRange(1, _MOST_DAYS), default=30, show_default=True, help="Replayed before --now."
)
labels_option = click.option(
    "--labels",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="What happened, in the form that backtest reads (docs/backtest.md).",
)


def span_until(session: Session, now: Moment, days: int) -> Span:
    """The days before `now`; 'newest' is just after the newest row of any table here."""
    last = now if isinstance(now, datetime) else datetime.now(UTC)
    if now == "newest":
        times = (summarise(session, name).last for name in session.catalog.names())
        last = max((time for time in times if time is not None and time < last), default=last)
        last += timedelta(microseconds=1)
    return Span(last - timedelta(days=days), last)
