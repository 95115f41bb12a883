"""Which alerts of a rule belong together: alerts with the same match may share an incident.

https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview and, for the settings,
https://learn.microsoft.com/javascript/api/@azure/arm-securityinsight/groupingconfiguration
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from bluetick.detections.alerting import IncidentGrouping, IncidentMatching, Incidents

# Names of Sentinel's alert details, where the content of an alert has another.
_DETAILS: Final = {"displayname": "name"}
_ANY: Final = "any"


def match_of(settings: Incidents, content: Mapping[str, Any]) -> str | None:
    """What alerts of a rule share that belong to one incident. None: this one stays alone, as there is no grouping, or
    nothing in it that could be shared."""
    grouping = settings.grouping
    if not grouping.enabled:
        return None
    match grouping.matching:
        case IncidentMatching.ANY_ALERT:
            return _ANY
        case IncidentMatching.ALL_ENTITIES:
            return _text([_entities(content)])
        case IncidentMatching.SELECTED:
            return _text(list(_selected(grouping, content)))


def _selected(grouping: IncidentGrouping, content: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    for kind in grouping.entities:
        yield [entity for entity in _entities(content) if entity["kind"].lower() == kind.lower()]
    for detail in grouping.alert_details:
        yield _values(_detail(content, detail))
    for name in grouping.custom_details:
        yield _values(content.get("custom_details", {}).get(name))


def _entities(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """In an order that does not depend on that of the rows."""
    entities = [{**entity, "kind": str(entity.get("kind", ""))} for entity in content.get("entities", ())]
    return sorted(entities, key=_sorted_text)


def _detail(content: Mapping[str, Any], detail: str) -> Any:
    name = _DETAILS.get(detail.lower(), detail.lower())
    return content.get(name, {**content.get("details", {})}.get(detail))


def _values(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return sorted(str(one) for one in values if one not in (None, ""))


def _text(parts: Sequence[Sequence[Any]]) -> str | None:
    return _sorted_text(parts) if any(parts) else None


def _sorted_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


# --- as the ledger keeps them -----------------------------------------------------------------------------------------


def settings_text(settings: Incidents) -> str:
    grouping = asdict(settings.grouping)
    grouping["matching"] = settings.grouping.matching.value
    grouping["lookback"] = settings.grouping.lookback // timedelta(microseconds=1)
    return json.dumps({"create": settings.create, "grouping": grouping}, sort_keys=True)


@lru_cache(maxsize=1_024)
def settings_of(text: str) -> Incidents:
    """What `settings_text` wrote; an empty text, from before there were incidents, is a silent document."""
    if not text:
        return Incidents()
    held = json.loads(text)
    grouping = held["grouping"]
    return Incidents(
        held["create"],
        IncidentGrouping(
            enabled=grouping["enabled"],
            reopen_closed=grouping["reopen_closed"],
            lookback=timedelta(microseconds=grouping["lookback"]),
            matching=IncidentMatching(grouping["matching"]),
            entities=tuple(grouping["entities"]),
            alert_details=tuple(grouping["alert_details"]),
            custom_details=tuple(grouping["custom_details"]),
        ),
    )
