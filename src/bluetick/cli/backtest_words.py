"""What the text and the page say of a backtest in the same words."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from bluetick.cli.run import needs
from bluetick.detections.backtest.entities import TOP
from bluetick.detections.backtest.report import Backtest
from bluetick.detections.backtest.scoring import LabelOutcome


def minute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")


def length(span: timedelta) -> str:
    """A duration in its largest fitting units: 2d 3h, 45m, 20s."""
    seconds = int(span.total_seconds())
    parts = []
    for name, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{name}")
    return " ".join(parts[:2]) or "0s"


def plural(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def span(one: Backtest) -> str:
    return f"{minute(one.options.first)} to {minute(one.options.last)}, every {length(one.step)}"


def headline(one: Backtest) -> str:
    runs = sum(window.is_alerting for window in one.windows)
    words = f"{plural(one.alerts, 'alert')} in {plural(len(one.windows), 'run')}"
    return words if runs == one.alerts else f"{words} (of {plural(runs, 'run')})"


def facts(one: Backtest) -> Iterator[str]:
    """Lines about the whole: the threshold, the rows, what did not run."""
    days = one.days()
    if days:
        busiest = max(days, key=lambda day: days[day])
        mean = one.alerts / len(days)
        yield f"{mean:.2g} alerts a day, {days[busiest]:,} on the busiest ({busiest.isoformat()})"
    if one.spread is not None:
        s = one.spread
        words = f"min {s.least:,}, median {s.median:,g}, 95 % up to {s.p95:,}, max {s.most:,}"
        yield f"rows a run: {words}; an alert needs {needs(one.detection.threshold)}"
    suppressed = sum(window.is_suppressed for window in one.windows)
    if suppressed:
        yield f"{plural(suppressed, 'run')} suppressed by an alert before"


def warnings(one: Backtest) -> Iterator[str]:
    """What makes the figures less than they seem."""
    short = [window for window in one.windows if window.is_short]
    if short:
        alerts = sum(window.alerts for window in short)
        empty = [table for table, first in one.baseline.first_rows if first is None]
        begins = [f"{table} at {minute(first)}" for table, first in one.baseline.first_rows if first is not None]
        where = f"rows begin: {', '.join(begins)}" if begins else f"no rows in {', '.join(empty)}"
        yield (
            f"cold start: {plural(len(short), 'run')} look back to before the data begins ({where}); "
            f"{plural(alerts, 'alert')} of them may only be new to the data"
        )
    if one.failed:
        first = one.failed[0]
        reason = first.error.splitlines()[0] if first.error else ""
        yield f"{plural(len(one.failed), 'run')} failed, the first at {minute(first.now)}: {reason}"


def noise(one: Backtest) -> str:
    """Who makes the alerts."""
    share = percent(one.entities.top_share)
    guess = " (taken by their columns' names: the document maps none)" if one.entities.is_guess else ""
    return f"the {min(TOP, len(one.entities.counts))} most frequent are in {share} of the alerting runs{guess}"


def verdict(one: LabelOutcome) -> str:
    """What became of a label."""
    if not one.in_time:
        return "not in this time"
    if one.found is None:
        unheard = f", {plural(one.unheard, 'run')} with its rows raised none" if one.unheard else ""
        return f"{'missed' if one.label.is_expected else 'no alert, rightly'}{unheard}"
    after = "" if one.delay is None else f" after {length(one.delay)}"
    word = "found" if one.label.is_expected else "alerted, wrongly,"
    return f"{word}{after} at {minute(one.found)}, in {plural(one.alerts, 'run')}"


def scored(one: Backtest) -> str:
    if one.score is None:
        return ""
    expected = [o for o in one.score.outcomes if o.label.is_expected and o.in_time]
    hits = sum(o.found is not None for o in expected)
    words = f"{hits} of {len(expected)} found"
    if one.score.precision is not None:
        words += f"; of the labelled alerts {percent(one.score.precision)} are right"
    return f"{words}; {plural(one.score.unlabelled, 'alerting run')} without a label"


def late(one: Backtest) -> Iterator[str]:
    """What rows that came late cost."""
    found = one.lateness
    if found is None:
        return
    alerts = sum(window.alerts for window in found.windows)
    yield (
        f"as received, {length(found.delay)} after each instant: {plural(alerts, 'alert')}; "
        f"{plural(found.fewer_rows, 'run')} had fewer rows"
    )
    if found.lost:
        yield f"lost to late rows: {plural(len(found.lost), 'alerting run')}: {_some(found.lost)}"
    if found.gained:
        yield f"alerted only because rows were not there yet: {plural(len(found.gained), 'run')}: {_some(found.gained)}"


def _some(moments: tuple[datetime, ...]) -> str:
    shown = ", ".join(minute(one) for one in moments[:5])
    return shown if len(moments) <= 5 else f"{shown} ..."
