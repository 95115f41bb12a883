"""Rules about how often a detection runs and how far it looks back."""

from collections.abc import Iterator
from datetime import timedelta

from bluetick.detections.linting.model import WHOLE, LintRule, Subject
from bluetick.diagnostics import Diagnostic, lint_codes

# https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview: both from 5 minutes to 14 days.
SENTINEL_LEAST, SENTINEL_MOST = timedelta(minutes=5), timedelta(days=14)
# https://learn.microsoft.com/defender-xdr/custom-detection-rules: what each frequency reads.
DEFENDER_LOOKBACK = {
    timedelta(hours=24): timedelta(days=30),
    timedelta(hours=12): timedelta(hours=48),
    timedelta(hours=3): timedelta(hours=12),
    timedelta(hours=1): timedelta(hours=4),
}


def _lookback_limit(subject: Subject) -> Iterator[Diagnostic]:
    detection = subject.detection
    frequency, lookback = detection.frequency, detection.lookback
    if detection.schemas == "defender":
        given = None if frequency is None else DEFENDER_LOOKBACK.get(frequency)
        if frequency is not None and lookback is not None and given is not None and lookback > given:
            yield lint_codes.defender_lookback(WHOLE, frequency, lookback, given)
        return
    if lookback is not None and lookback > SENTINEL_MOST:
        yield lint_codes.lookback_too_long(WHOLE, lookback, SENTINEL_MOST)
    for what, value in (("frequency", frequency), ("lookback", lookback)):
        if value is not None and (value < SENTINEL_LEAST or (value > SENTINEL_MOST and what == "frequency")):
            yield lint_codes.outside_limits(WHOLE, what, value, SENTINEL_LEAST, SENTINEL_MOST)


def _gap(subject: Subject) -> Iterator[Diagnostic]:
    frequency, lookback = subject.detection.frequency, subject.detection.lookback
    if frequency is not None and lookback is not None and frequency > lookback:
        yield lint_codes.gap_between_runs(WHOLE, frequency, lookback)


RULES = (
    LintRule(
        "BTL002",
        "lookback-limit",
        "The schedule is one that the service does not allow.",
        _lookback_limit,
        needs_plan=False,
    ),
    LintRule("BTL003", "schedule-gap", "Events between two runs are never looked at.", _gap, needs_plan=False),
)
