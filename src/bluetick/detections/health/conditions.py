"""What can be wrong with a service and its data, and the words for it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final, NamedTuple

from bluetick.detections.model import AlertSeverity

HEALTH_RULE: Final = "bluetick.health"


class Code(Enum):
    """Names what is wrong for good: outputs and scripts may be told of it by this."""

    HEARTBEAT_OLD = "heartbeat_old"
    SERVICE_BEHIND = "service_behind"
    RULE_OVERDUE = "rule_overdue"
    RULE_PAUSED = "rule_paused"
    WINDOWS_FAILED = "windows_failed"
    TABLE_SILENT = "table_silent"
    SOURCE_SILENT = "source_silent"
    COLUMN_EMPTY = "column_empty"
    FUTURE_ROWS = "future_rows"
    CLOCK_BEHIND = "clock_behind"
    DISK_LOW = "disk_low"
    QUARANTINE_HIGH = "quarantine_high"
    MESSAGES_OWED = "messages_owed"


class _Kind(NamedTuple):
    title: str
    severity: AlertSeverity
    advice: str


_HIGH: Final = AlertSeverity.HIGH
_MEDIUM: Final = AlertSeverity.MEDIUM
KINDS: Final = {
    Code.HEARTBEAT_OLD: _Kind(
        "The detection service does not run", _HIGH, "start it again; no window is lost, it catches up"
    ),
    Code.SERVICE_BEHIND: _Kind(
        "The detection service is behind with many rules",
        _HIGH,
        "see whether it has just come back from an outage (then wait), or the machine is too small: "
        "bluetick_evaluation_seconds names the slow rules",
    ),
    Code.RULE_OVERDUE: _Kind(
        "A rule is overdue", _HIGH, "see 'bluetick alerts rules'; other rules may take too long, or this one"
    ),
    Code.RULE_PAUSED: _Kind(
        "A rule is paused", _HIGH, "mend its query, or bring its table; then start the service again"
    ),
    Code.WINDOWS_FAILED: _Kind(
        "Windows of a rule fail", _HIGH, "see the reason; they are tried again without end, up to every hour"
    ),
    Code.TABLE_SILENT: _Kind("A table gets no new rows", _HIGH, "see what became of what sends it, and of the ingest"),
    Code.SOURCE_SILENT: _Kind(
        "A source fell silent", _HIGH, "see what became of the sensor, or of what sends its logs"
    ),
    Code.COLUMN_EMPTY: _Kind(
        "A column went empty", _HIGH, "see what changed at the source: its format, its settings, its version"
    ),
    Code.FUTURE_ROWS: _Kind(
        "Rows come from the future", _MEDIUM, "set the clock of what sends them; such rows are not seen until then"
    ),
    Code.CLOCK_BEHIND: _Kind(
        "The clock of this machine is behind", _HIGH, "set it: windows are due when its time has come"
    ),
    Code.DISK_LOW: _Kind(
        "A disk is nearly full", _HIGH, "make room: 'bluetick lake vacuum', 'bluetick lake optimize', older backups"
    ),
    Code.QUARANTINE_HIGH: _Kind(
        "Many records become no rows", _MEDIUM, "see the reasons: 'bluetick quarantine list'; then retry them"
    ),
    Code.MESSAGES_OWED: _Kind("Alerts cannot be delivered", _HIGH, "see 'bluetick alerts outputs'"),
}


# Their subject is a rule's id.
_OF_A_RULE: Final = frozenset({Code.RULE_OVERDUE, Code.RULE_PAUSED, Code.WINDOWS_FAILED})


class RuleName(NamedTuple):
    """A rule that suffers."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong: of what (`subject`), in words that stay the same while it lasts, since when, and which
    rules suffer by it."""

    code: Code
    subject: str
    what: str
    since: datetime | None = None
    rules: tuple[RuleName, ...] = ()

    @property
    def severity(self) -> AlertSeverity:
        """Silence that no rule hears is for the record."""
        is_unheard = self.code in (Code.TABLE_SILENT, Code.SOURCE_SILENT) and not self.rules
        return AlertSeverity.LOW if is_unheard else KINDS[self.code].severity

    @property
    def advice(self) -> str:
        return KINDS[self.code].advice

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code.value,
            "subject": self.subject,
            "severity": self.severity.value,
            "what": self.what,
            "since": _iso(self.since),
            "rules": [{"id": rule.id, "name": rule.name} for rule in self.rules],
            "advice": self.advice,
        }

    def content(self) -> dict[str, Any]:
        """The same as alerts say what they say."""
        kind = KINDS[self.code]
        label = self.rules[0].name if self.code in _OF_A_RULE else self.subject
        columns = ["code", "subject", "since", "what", "rules"]
        names = [rule.name for rule in self.rules]
        return {
            "rule": HEALTH_RULE,
            "name": f"{kind.title}: {label}" if label else kind.title,
            "description": f"{self.what}. What to do: {kind.advice}.",
            "severity": self.severity.value,
            "tactics": [],
            "techniques": [],
            "entities": [],
            "custom_details": {"code": [self.code.value], "rules": names},
            "row_count": 1,
            "columns": columns,
            "rows": [[self.code.value, self.subject, _iso(self.since), self.what, names]],
        }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
