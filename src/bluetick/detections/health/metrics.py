"""The service's metrics for Prometheus, made anew from the ledger for each scrape.

Names and units: https://prometheus.io/docs/practices/naming/. What is counted comes from the ledger, so that a restart
sets nothing back. There are as many series as rules that are not retired, tables and outputs.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from bluetick.detections.health.assessing import is_overdue
from bluetick.detections.health.facts import Facts, RuleFacts
from bluetick.detections.health.gathering import rule_facts
from bluetick.detections.health.silence import newest_row
from bluetick.detections.ledger.conditions import last_beat, standing_alerts
from bluetick.detections.ledger.deliveries import output_health
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.tallies import DELAYS, Spent, Tallies, read_tallies

_SECOND: Final = 1e6
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00Z")

Latest = Callable[[], tuple[Facts, datetime] | None]


class LedgerMetrics(Collector):
    """Of one ledger; `latest` gives what was last assessed, and when, for what stands in no ledger."""

    def __init__(self, ledger: Ledger, latest: Latest, now: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._latest = latest
        self._now = now

    def describe(self) -> list[Metric]:
        """Nothing is read before the first scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """A SourceError where the ledger cannot be read."""
        yield InfoMetricFamily("bluetick", "The program.", {"version": version("bluetick")})
        rules = rule_facts(self._ledger)
        yield from _runs(read_tallies(self._ledger), [rule.id for rule in rules])
        overdue = GaugeMetricFamily("bluetick_rule_overdue", "Whether a rule is behind, or paused.", labels=["rule"])
        for rule in rules:
            overdue.add_metric([rule.id], float(is_overdue(rule, self._now())))
        yield overdue
        yield from self._windows(rules)
        yield from self._messages()
        yield from self._signs()
        yield from _of_lake(self._latest())

    def _windows(self, rules: list[RuleFacts]) -> Iterator[Metric]:
        text = "SELECT rule, count(*) AS n FROM window INDEXED BY window_open WHERE status <> 'done' GROUP BY rule"
        waiting = {row["rule"]: row["n"] for row in self._ledger.read(text)}
        told = GaugeMetricFamily("bluetick_open_windows", "Windows that wait to be evaluated.", labels=["rule"])
        for rule in rules:
            told.add_metric([rule.id], waiting.get(rule.id, 0))
        yield told
        alerts = CounterMetricFamily("bluetick_alerts", "Alerts that were raised.", labels=["rule"])
        for row in self._ledger.read("SELECT rule, count(*) AS n FROM alert GROUP BY rule"):
            alerts.add_metric([row["rule"]], row["n"])
        yield alerts

    def _messages(self) -> Iterator[Metric]:
        owed = GaugeMetricFamily("bluetick_outbox_owed", "Messages that an output has not taken.", labels=["output"])
        aside = GaugeMetricFamily("bluetick_outbox_refused", "Messages that an output refused.", labels=["output"])
        for output in output_health(self._ledger):
            owed.add_metric([output.name], output.owed)
            aside.add_metric([output.name], output.aside)
        yield owed
        yield aside

    def _signs(self) -> Iterator[Metric]:
        standing = GaugeMetricFamily("bluetick_conditions", "Conditions that stand.", labels=["code"])
        for code, count in standing_alerts(self._ledger).items():
            standing.add_metric([code], count)
        yield standing
        beat = last_beat(self._ledger)
        if beat is not None:
            words = "The service's last sign of life."
            yield GaugeMetricFamily("bluetick_heartbeat_timestamp_seconds", words, value=beat / _SECOND)
        yield GaugeMetricFamily("bluetick_ledger_bytes", "The ledger's files.", value=_size(self._ledger.path))


def _runs(tallies: Tallies, rules: list[str]) -> Iterator[Metric]:
    windows = CounterMetricFamily("bluetick_windows", "Evaluations of windows.", labels=["rule", "status"])
    words = "How long the evaluation of a window took."
    evaluation = SummaryMetricFamily("bluetick_evaluation_seconds", words, labels=["rule"])
    for rule in rules:
        for status in ("done", "failed"):
            windows.add_metric([rule, status], tallies.runs.get((rule, status), 0))
        spent = tallies.evaluations.get(rule, Spent())
        evaluation.add_metric([rule], spent.count, spent.total / _SECOND)
    yield windows
    yield evaluation
    counts = accumulate(tallies.delays.get(place, Spent()).count for place in range(len(DELAYS) + 1))
    bounds = [*(str(float(bound)) for bound in DELAYS), "+Inf"]
    total = sum(spent.total for spent in tallies.delays.values()) / _SECOND
    words = "When windows were first evaluated, after they were due."
    buckets = [(bound, float(count)) for bound, count in zip(bounds, counts, strict=True)]
    yield HistogramMetricFamily("bluetick_window_delay_seconds", words, buckets, total)


def _of_lake(latest: tuple[Facts, datetime] | None) -> Iterator[Metric]:
    if latest is None:
        return
    facts, now = latest
    words = "The newest row of a table that is not of the future."
    rows = GaugeMetricFamily("bluetick_source_last_row_timestamp_seconds", words, labels=["table"])
    for table in facts.tables:
        newest = newest_row(table.arrivals, now)
        if newest is not None:
            rows.add_metric([table.name], (newest - _EPOCH).total_seconds())
    yield rows
    free = GaugeMetricFamily("bluetick_disk_free_ratio", "What part of a file system is free.", labels=["place"])
    for disk in facts.disks:
        free.add_metric([disk.name], disk.free / max(disk.total, 1))
    yield free


def _size(path: Path) -> int:
    files = (path.with_name(f"{path.name}{end}") for end in ("", "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
