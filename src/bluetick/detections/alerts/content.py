"""The content of an alert: what of its rows and its rule is told to people.

Limits are Sentinel's (https://learn.microsoft.com/azure/sentinel/sentinel-service-limits).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from bluetick.detections.model import AlertSeverity, Detection

MOST_ENTITIES: Final = 500
MOST_VALUES: Final = 50
_NAME_BYTES: Final = 256
_DESCRIPTION_BYTES: Final = 5_120
# Rows beyond this are counted and not kept.
MOST_ROWS: Final = 10_000
_HOLE: Final = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")

Row = Mapping[str, Any]


def content_of(detection: Detection, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """What an alert over these rows says; cells are as in JSON."""
    named: list[Row] = [dict(zip(columns, row, strict=True)) for row in rows]
    details = detection.alerting.alert_details
    first = named[0] if named else {}
    return {
        "rule": detection.id,
        "name": _filled(details.name_format, first, _NAME_BYTES) or detection.name,
        "description": _filled(details.description_format, first, _DESCRIPTION_BYTES) or detection.description,
        "severity": _severity(detection, first),
        "tactics": _tactics(detection, first),
        "techniques": list(detection.techniques),
        "entities": entities_of(detection, named),
        "custom_details": {
            name: _distinct(row.get(column) for row in named) for name, column in detection.alerting.custom_details
        },
        "row_count": len(rows),
        "columns": list(columns),
        "rows": [list(row) for row in rows[:MOST_ROWS]],
    }


def entities_of(detection: Detection, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The distinct entities of rows, each mapping's share of the most that an alert may have."""
    found: list[dict[str, Any]] = []
    share = MOST_ENTITIES // max(1, len(detection.entities))
    for mapping in detection.entities:
        seen: dict[tuple[tuple[str, str], ...], None] = {}
        for row in rows:
            pairs = tuple((name, str(row[column])) for name, column in mapping.columns if _is_told(row.get(column)))
            if pairs:
                seen.setdefault(pairs)
        found += [{"kind": mapping.kind, **dict(pairs)} for pairs in list(seen)[:share]]
    return found


def _severity(detection: Detection, row: Row) -> str:
    words = {severity.value.lower(): severity.value for severity in AlertSeverity}
    said = words.get(str(row.get(detection.alerting.alert_details.severity_column, "")).lower())
    return said or (detection.severity or AlertSeverity.MEDIUM).value


def _tactics(detection: Detection, row: Row) -> list[str]:
    said = row.get(detection.alerting.alert_details.tactics_column)
    values = said if isinstance(said, list) else str(said).split(",") if _is_told(said) else []
    return [str(value).strip() for value in values] or list(detection.tactics)


def _filled(text: str, row: Row, most: int) -> str:
    """A text with the row's values in its holes; a column that is not there leaves its hole as it is."""
    filled = _HOLE.sub(lambda hole: str(row[hole[1]]) if hole[1] in row else hole[0], text)
    return filled.encode()[:most].decode(errors="ignore")


def _distinct(values: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(str(value) for value in values if _is_told(value)))[:MOST_VALUES]


def _is_told(value: object) -> bool:
    return value is not None and value != ""
