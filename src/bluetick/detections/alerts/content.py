"""The content of an alert: what of its rows and its rule is told to people.

Limits are Sentinel's (https://learn.microsoft.com/azure/sentinel/sentinel-service-limits). What they leave out is said
(`left_out`), and stands in the rows.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from bluetick.detections.alerts.inferring import entities_in, sources_of
from bluetick.detections.documents.attack import find_tactic
from bluetick.detections.model import AlertSeverity, Detection, EntityMapping

MOST_ENTITIES: Final = 500
_ENTITY_BYTES: Final = 64 << 10
_MOST_DETAILS: Final = 20
MOST_VALUES: Final = 50
_DETAIL_BYTES: Final = 2 << 10
_NAME_BYTES: Final = 256
_DESCRIPTION_BYTES: Final = 5 << 10
# Rows beyond this are counted and not kept.
MOST_ROWS: Final = 10_000
_HOLE: Final = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
# Accounts of which no more than such a name is known are everywhere, and no entities.
# https://learn.microsoft.com/azure/sentinel/entities-reference
_BUILT_IN: Final = frozenset(
    {
        *("ADMIN", "ADMINISTRATOR", "SYSTEM", "ROOT", "ANONYMOUS", "AUTHENTICATED USER", "NETWORK", "NULL"),
        *("LOCAL SYSTEM", "LOCALSYSTEM", "NETWORK SERVICE"),
    }
)

Row = Mapping[str, Any]
Entity = dict[str, Any]


def content_of(detection: Detection, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """What an alert over these rows says; cells are as in JSON."""
    named: list[Row] = [dict(zip(columns, row, strict=True)) for row in rows]
    details = detection.alerting.alert_details
    first = named[0] if named else {}
    entities, entities_out = entities_of(detection, columns, named)
    custom_details, details_out = _custom_details(detection, named)
    left_out = {name: count for name, count in (("entities", entities_out), ("values", details_out)) if count}
    overridden = _overridden(detection, first)
    return {
        "rule": detection.id,
        "name": _filled(details.name_format, first, _NAME_BYTES) or detection.name,
        "description": _filled(details.description_format, first, _DESCRIPTION_BYTES) or detection.description,
        "severity": _severity(detection, first),
        "tactics": _tactics(detection, first),
        "techniques": _list(overridden.get("Techniques")) or list(detection.techniques),
        "entities": entities,
        "custom_details": custom_details,
        **({"details": overridden} if overridden else {}),
        **({"left_out": left_out} if left_out else {}),
        "row_count": len(rows),
        "columns": list(columns),
        "rows": [list(row) for row in rows[:MOST_ROWS]],
    }


# --- entities ---------------------------------------------------------------------------------------------------------


def entities_of(detection: Detection, columns: Sequence[str], rows: Sequence[Row]) -> tuple[list[Entity], int]:
    """The distinct entities of rows, each mapping's share of the most that an alert may have, and how many there are
    beyond. A document that maps none has those that its columns tell (inferring.py)."""
    mappings = [_mapped(mapping, rows) for mapping in detection.entities]
    if not detection.entities:
        mappings = [entities_in(source, rows) for source in sources_of(columns)]
    share = MOST_ENTITIES // max(1, len(mappings))
    seen: set[tuple[tuple[str, Any], ...]] = set()
    found: list[Entity] = []
    size = 0
    for mapping in mappings:
        room = share
        for entity in mapping:
            key = tuple(entity.items())
            if key in seen or _is_built_in(entity):
                continue
            seen.add(key)
            length = len(json.dumps(entity, ensure_ascii=False).encode())
            if room and size + length <= _ENTITY_BYTES:
                found.append(entity)
                size, room = size + length, room - 1
    return found, len(seen) - len(found)


def _mapped(mapping: EntityMapping, rows: Sequence[Row]) -> Iterator[Entity]:
    for row in rows:
        pairs = {name: str(row[column]) for name, column in mapping.columns if _is_told(row.get(column))}
        if pairs:
            yield {"kind": mapping.kind, **pairs}


def _is_built_in(entity: Entity) -> bool:
    identifiers = entity.keys() - {"kind", "inferred"}
    is_bare = entity["kind"].lower() == "account" and identifiers == {"Name"}
    return is_bare and str(entity["Name"]).strip().upper() in _BUILT_IN


# --- details ----------------------------------------------------------------------------------------------------------


def _custom_details(detection: Detection, rows: Sequence[Row]) -> tuple[dict[str, list[str]], int]:
    """As many values as fit, and how many do not."""
    found: dict[str, list[str]] = {}
    size = left_out = 0
    for number, (name, column) in enumerate(detection.alerting.custom_details):
        values = _distinct(row.get(column) for row in rows)
        kept: list[str] = []
        size += len(name.encode())
        for value in values[:MOST_VALUES] if number < _MOST_DETAILS else ():
            size += len(value.encode())
            if size > _DETAIL_BYTES:
                break
            kept.append(value)
        left_out += len(values) - len(kept)
        if number < _MOST_DETAILS:
            found[name] = kept
    return found, left_out


def _overridden(detection: Detection, row: Row) -> dict[str, Any]:
    """The properties of the alert that the document takes from columns."""
    found: dict[str, Any] = {}
    for name, column in detection.alerting.alert_details.properties:
        cell = row.get(column)
        if isinstance(cell, list) and cell:
            found[name] = _within([str(value) for value in cell[:MOST_VALUES]])
        elif _is_told(cell):
            found[name] = _cut(str(cell), _NAME_BYTES)
    return found


def _within(values: list[str]) -> list[str]:
    """As many values of a collection as fit."""
    size = 0
    for number, value in enumerate(values):
        size += len(value.encode())
        if size > _DESCRIPTION_BYTES:
            return values[:number]
    return values


def _severity(detection: Detection, row: Row) -> str:
    words = {severity.value.lower(): severity.value for severity in AlertSeverity}
    said = words.get(str(row.get(detection.alerting.alert_details.severity_column, "")).lower())
    return said or (detection.severity or AlertSeverity.MEDIUM).value


def _tactics(detection: Detection, row: Row) -> list[str]:
    """Those of a column that are tactics; where none is, the document's."""
    said = row.get(detection.alerting.alert_details.tactics_column)
    found = (find_tactic(value) for value in _list(said))
    return list(dict.fromkeys(tactic for tactic in found if tactic is not None)) or list(detection.tactics)


def _list(said: Any) -> list[str]:
    values = said if isinstance(said, list) else str(said).split(",") if _is_told(said) else []
    return [str(value).strip() for value in values if str(value).strip()][:MOST_VALUES]


def _filled(text: str, row: Row, most: int) -> str:
    """A text with the row's values in its holes; empty where a value is, so that the document's own holds. A column
    that is not there leaves its hole as it is."""
    if any(name in row and not _is_told(row[name]) for name in _HOLE.findall(text)):
        return ""
    return _cut(_HOLE.sub(lambda hole: str(row[hole[1]]) if hole[1] in row else hole[0], text), most)


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode(errors="ignore")


def _distinct(values: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(str(value) for value in values if _is_told(value)))


def _is_told(value: object) -> bool:
    return value is not None and value != ""
