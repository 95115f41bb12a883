"""Every message of the lint, one factory each: BTL001 and on. What each means stands in docs/lint.md."""

from collections.abc import Sequence
from datetime import timedelta

from bluetick.diagnostics.model import Diagnostic, Severity, Span


def _finding(code: str, message: str, span: Span, hint: str = "") -> Diagnostic:
    return Diagnostic(code, message, span, Severity.WARNING, hint=hint)


def duration(value: timedelta) -> str:
    """A duration in the largest units that tell it: 30 d, 1 h, 1 d 12 h."""
    seconds = int(value.total_seconds())
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number} {unit}")
    return " ".join(parts) or "0 s"


def listed(words: Sequence[str], limit: int = 5) -> str:
    """Words with commas; of many the first."""
    more = f" and {len(words) - limit} more" if len(words) > limit else ""
    return ", ".join(words[:limit]) + more


def lookback_too_long(span: Span, lookback: timedelta, limit: timedelta) -> Diagnostic:
    return _finding(
        "BTL002",
        f"the lookback of {duration(lookback)} is longer than the {duration(limit)} that Sentinel allows",
        span,
        "Sentinel refuses the rule, or reads less than it asks for",
    )


def outside_limits(span: Span, what: str, value: timedelta, least: timedelta, most: timedelta) -> Diagnostic:
    return _finding(
        "BTL002",
        f"the {what} of {duration(value)} is outside of Sentinel's {duration(least)} to {duration(most)}",
        span,
    )


def defender_lookback(span: Span, frequency: timedelta, lookback: timedelta, given: timedelta) -> Diagnostic:
    return _finding(
        "BTL002",
        f"the lookback is {duration(lookback)}, but Defender gives a rule that runs every {duration(frequency)} the "
        f"last {duration(given)}",
        span,
    )


def gap_between_runs(span: Span, frequency: timedelta, lookback: timedelta) -> Diagnostic:
    return _finding(
        "BTL003",
        f"it runs every {duration(frequency)} and looks back {duration(lookback)}: "
        f"{duration(frequency - lookback)} before each run are never looked at",
        span,
        "make the lookback at least as long as the frequency",
    )
