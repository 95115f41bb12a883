"""What tables say of a rule beside what it found: the ledger's facts, and those of its document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.model import Comparison, Detection
from bluetick.values import format_timespan

_KEPT: Final = 1_000
# https://learn.microsoft.com/rest/api/securityinsights/alert-rules (AlertRuleTriggerOperator)
_OPERATORS: Final = {
    Comparison.GREATER: "GreaterThan",
    Comparison.LESS: "LessThan",
    Comparison.EQUAL: "Equal",
    Comparison.NOT_EQUAL: "NotEqual",
}


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """One version of a rule. Lengths are microseconds; `lookback` is how far back a window reads, else its own
    length."""

    name: str
    frequency: int
    lookback: int
    suppression: int
    tables: frozenset[str]
    detection: Detection

    @property
    def kind(self) -> str:
        """The kind of rule, in Sentinel's word; one of which nothing is said is scheduled."""
        return "NRT" if self.detection.is_near_real_time else "Scheduled"

    @property
    def settings(self) -> Mapping[str, str]:
        """How it runs, in the words in which Sentinel's tables say it."""
        threshold = self.detection.threshold
        return {
            "period": format_timespan(self.lookback),
            "frequency": format_timespan(self.frequency),
            "operator": _OPERATORS[threshold.operator],
            "threshold": str(threshold.value),
            "grouping": self.detection.alerting.event_grouping.value,
        }


@dataclass(slots=True)
class Rules:
    """The rules of a ledger; `read` gives the detection of a document."""

    ledger: Ledger
    read: Callable[[str], Detection]
    _found: dict[tuple[str, str], RuleFacts] = field(default_factory=dict)

    def version(self, rule: str, version: str) -> RuleFacts:
        if (rule, version) not in self._found:
            if len(self._found) >= _KEPT:
                self._found.clear()
            self._found[rule, version] = self._facts(rule, version)
        return self._found[rule, version]

    def at(self, rule: str, hi: int) -> RuleFacts:
        """The version of a window, else the one that the rule has now."""
        (row,) = self.ledger.read(
            "SELECT coalesce((SELECT version FROM window WHERE rule = ? AND hi = ?), version) AS version"
            " FROM rule WHERE id = ?",
            (rule, hi, rule),
        )
        return self.version(rule, row["version"])

    def _facts(self, rule: str, version: str) -> RuleFacts:
        (row,) = self.ledger.read(
            "SELECT name, frequency, lookback, suppression, document, (SELECT group_concat(value, char(10))"
            " FROM json_each(tables)) AS tables FROM rule_version WHERE rule = ? AND version = ?",
            (rule, version),
        )
        return RuleFacts(
            row["name"],
            row["frequency"],
            row["lookback"] or row["frequency"],
            row["suppression"],
            frozenset((row["tables"] or "").split("\n")),
            self.read(row["document"]),
        )


Entry = Mapping[str, Any]
