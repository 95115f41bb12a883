"""What a custom detection of Defender says that Sentinel has no place for."""

from bluetick.detections.documents.attack import find_tactic
from bluetick.detections.documents.defender_entities import GROUPS, NOT_SENTINEL
from bluetick.detections.model import Detection
from bluetick.detections.trees import Branch, Tree, text_of
from bluetick.diagnostics import Diagnostic
from bluetick.diagnostics.writing_codes import left_out, no_place

_ACTIONS = ("responseActions", "automatedActions", "organizationalScope", "incidentConfiguration")
# What the service itself writes.
_OWN = frozenset(
    {
        *("id", "displayName", "description", "isEnabled", "status", "queryCondition", "schedule", "detectionAction"),
        *("createdBy", "createdDateTime", "lastModifiedDateTime", "lastModifiedBy", "detectorId", "lastRunDetails"),
    }
)


def defender_leftovers(detection: Detection, target: str) -> list[Diagnostic]:
    """Nothing for a detection that is none of Defender's."""
    if detection.form != "defender":
        return []
    action = detection.tree.branch("detectionAction")
    template = action.branch("alertTemplate")
    found = [no_place(f"'{key}'", target) for key in _ACTIONS if is_filled(action.get(key))]
    category = text_of(template.get("category"))
    if category and not find_tactic(category):
        found.append(no_place(f"the category '{category}'", target))
    found += [no_place(f"entities of '{key}'", target) for key in _groups(template)]
    found += [
        no_place(f"{entity.kind}.{identifier} as an entity's identifier", target)
        for entity in detection.entities
        for identifier, _ in entity.columns
        if (entity.kind, identifier) in NOT_SENTINEL
    ]
    found += [
        no_place(f"'{key}', which is not known", target)
        for key, value in detection.tree.entries
        if key not in _OWN and not key.startswith("@") and is_filled(value)
    ]
    prose = [key for key in ("recommendedActions", "title") if _is_lost(detection, template, key)]
    return [*found, left_out(prose, target)] if prose else found


def is_filled(value: Tree) -> bool:
    return value not in (None, "", ()) and not (isinstance(value, Branch) and not value.entries)


def _groups(template: Branch) -> list[str]:
    return [key for key, value in template.branch("entityMappings").entries if key not in GROUPS and is_filled(value)]


def _is_lost(detection: Detection, template: Branch, key: str) -> bool:
    value = template.get(key)
    return is_filled(value) and text_of(value) != detection.name
