"""What becomes of a rule's rows: when it runs at all, how rows make alerts, how alerts make incidents.

The words are Sentinel's; the values here are what its service does where a document is silent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

# How often a rule of near real time runs.
NEAR_REAL_TIME: Final = timedelta(minutes=1)
# Of one run, where each row makes an alert; the last one holds all rows.
# https://learn.microsoft.com/azure/sentinel/sentinel-service-limits
_MOST_ALERTS: Final = 150
_MOST_NRT_ALERTS: Final = 30


class RuleKind(Enum):
    """How a rule is run: on a schedule, or as soon as rows come in."""

    SCHEDULED = "Scheduled"
    NRT = "NRT"


class RuleState(Enum):
    """What a service does with a rule: runs it; runs it and tells nobody; leaves it alone."""

    LIVE = "live"
    SHADOW = "shadow"
    OFF = "off"


class EventGrouping(Enum):
    """One alert for all rows of a run, or one for each row."""

    SINGLE_ALERT = "SingleAlert"
    ALERT_PER_RESULT = "AlertPerResult"


class IncidentMatching(Enum):
    """Which alerts of a rule belong to one incident."""

    ALL_ENTITIES = "AllEntities"
    ANY_ALERT = "AnyAlert"
    SELECTED = "Selected"


@dataclass(frozen=True, slots=True)
class Suppression:
    """After an alert the rule does not run for this long, where it is enabled."""

    enabled: bool = False
    duration: timedelta | None = None


@dataclass(frozen=True, slots=True)
class AlertDetails:
    """What of an alert comes from the rows: texts with `{{Column}}` in them, and columns."""

    name_format: str = ""
    description_format: str = ""
    severity_column: str = ""
    tactics_column: str = ""
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class IncidentGrouping:
    """Alerts that share what `matching` names, within `lookback`, make one incident."""

    enabled: bool = False
    reopen_closed: bool = False
    lookback: timedelta = timedelta(hours=5)
    matching: IncidentMatching = IncidentMatching.ALL_ENTITIES
    entities: tuple[str, ...] = ()
    alert_details: tuple[str, ...] = ()
    custom_details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Incidents:
    """Whether alerts make incidents, and how they are grouped."""

    create: bool = True
    grouping: IncidentGrouping = IncidentGrouping()


@dataclass(frozen=True, slots=True)
class Alerting:
    """`kind` is None where the document does not say it, as hunting queries do not.

    `custom_details` are (name, result column) pairs.
    """

    kind: RuleKind | None = None
    enabled: bool = True
    suppression: Suppression = Suppression()
    event_grouping: EventGrouping = EventGrouping.SINGLE_ALERT
    custom_details: tuple[tuple[str, str], ...] = ()
    alert_details: AlertDetails = AlertDetails()
    incidents: Incidents = Incidents()

    @property
    def most_alerts(self) -> int:
        """The most alerts of one run."""
        return _MOST_NRT_ALERTS if self.kind is RuleKind.NRT else _MOST_ALERTS


def is_quiet(now: datetime, raised: datetime | None, duration: timedelta) -> bool:
    """Whether a run as of `now` is suppressed by the alerts that one as of `raised` made."""
    return raised is not None and now < raised + duration


SILENT = Alerting()
