"""The tables of alerts: Sentinel's, which has a row for each change of an alert, and Defender's, with one for each.

https://learn.microsoft.com/azure/sentinel/security-alert-schema
https://learn.microsoft.com/defender-xdr/advanced-hunting-alertinfo-table
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from bluetick.detections.ledger.listing import Verdict
from bluetick.detections.ledger.times import to_moment
from bluetick.detections.publishing.facts import Entry, RuleFacts, Rules
from bluetick.detections.publishing.tables import ALERT_EVIDENCE, ALERT_INFO, PRODUCT, Row

RAISED: Final = "raised"
# As Defender names the technology behind rules of the user's own.
DETECTION_SOURCE: Final = "Custom detection"


def alert_rows(rules: Rules, entries: Iterable[Entry]) -> Iterator[Row]:
    """A row for each change."""
    for entry in entries:
        facts, said = rules.at(entry["rule"], entry["last"]), entry["content"]
        yield {
            "TimeGenerated": entry["time"],
            "DisplayName": said["name"],
            "AlertName": said["name"],
            "AlertSeverity": said["severity"],
            "Description": said["description"],
            "ProviderName": PRODUCT,
            "VendorName": PRODUCT,
            "VendorOriginalId": entry["alert"],
            "SystemAlertId": entry["alert"],
            "AlertType": entry["rule"],
            "IsIncident": False,
            "StartTime": entry["first"] - facts.lookback,
            "EndTime": entry["last"],
            "ProcessingEndTime": entry["time"],
            "ExtendedProperties": _properties(facts, entry),
            "Entities": _entities(said["entities"]),
            "ProductName": PRODUCT,
            "ProductComponentName": f"{facts.kind} Alerts",
            "Status": _status(entry),
            "CompromisedEntity": _main_entity(said["entities"]),
            "Tactics": ", ".join(said["tactics"]),
            "Techniques": _list(technique.split(".")[0] for technique in said["techniques"]),
            "SubTechniques": _list(technique for technique in said["techniques"] if "." in technique),
        }


def info_rows(rules: Rules, entries: Iterable[Entry]) -> Iterator[Row]:
    """A row for each alert that was raised."""
    for entry in entries:
        said = entry["content"]
        if entry["event"] == RAISED and is_told(rules, entry):
            yield {
                "Timestamp": entry["time"],
                "AlertId": entry["alert"],
                "Title": said["name"],
                "Category": next(iter(said["tactics"]), ""),
                "Severity": said["severity"],
                "ServiceSource": PRODUCT,
                "DetectionSource": DETECTION_SOURCE,
                "AttackTechniques": _list(said["techniques"]),
            }


def is_told(rules: Rules, entry: Entry) -> bool:
    """Whether an alert goes to Defender's tables, whose rows do not say which rule an alert is of: those of a rule that
    reads these tables do not, or it would find its own for ever."""
    return not rules.at(entry["rule"], entry["last"]).tables & {ALERT_INFO, ALERT_EVIDENCE}


def _status(entry: Entry) -> str:
    """What is known of an alert, in Sentinel's word. https://learn.microsoft.com/azure/sentinel/security-alert-schema"""
    if entry["retracted"] or entry["verdict"] == Verdict.FALSE_POSITIVE.value:
        return "Dismissed"
    return "Resolved" if entry["verdict"] else "New"


def _properties(facts: RuleFacts, entry: Entry) -> dict[str, Any]:
    """In the words in which Sentinel's own scheduled rules say it: texts all."""
    said, settings = entry["content"], facts.settings
    found = {
        "Query Period": settings["period"],
        "Trigger Operator": settings["operator"],
        "Trigger Threshold": settings["threshold"],
        "Search Query Results Overall Count": str(said["row_count"]),
        "Query": facts.detection.query,
        "Query Start Time UTC": _time(entry["last"] - facts.lookback),
        "Query End Time UTC": _time(entry["last"]),
        "Analytic Rule Ids": json.dumps([entry["rule"]]),
        "Analytic Rule Name": facts.name,
        "Event Grouping": settings["grouping"],
        "Event": entry["event"],
        "Revision": str(entry["revision"]),
    }
    if said["custom_details"]:
        found["Custom Details"] = json.dumps(said["custom_details"], ensure_ascii=False)
    if entry["verdict"]:
        found |= {"Verdict": entry["verdict"], "Verdict Reason": entry["reason"] or ""}
    return found


def _entities(entities: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """With the names of types and the numbers that Sentinel gives them."""
    return [
        {"$id": str(number), **{name: value for name, value in entity.items() if name != "kind"}, "Type": kind(entity)}
        for number, entity in enumerate(entities, start=1)
    ]


def kind(entity: dict[str, Any]) -> str:
    """The type of an entity as it stands in an alert. https://learn.microsoft.com/azure/sentinel/entities-reference"""
    folded = str(entity["kind"]).casefold()
    return _KINDS.get(folded, folded)


_KINDS: Final = {
    "azureresource": "azure-resource",
    "cloudapplication": "cloud-application",
    "mailcluster": "mail-cluster",
    "mailmessage": "mail-message",
    "registrykey": "registry-key",
    "registryvalue": "registry-value",
    "securitygroup": "security-group",
    "submissionmail": "SubmissionMail",
}
_NAMING: Final = ("HostName", "FullName", "Name", "Address", "Url", "Value", "ResourceId", "MailboxPrimaryAddress")


def _main_entity(entities: Iterable[dict[str, Any]]) -> str:
    """A name for the first entity."""
    first = next(iter(entities), {})
    return next((str(first[name]) for name in _NAMING if first.get(name)), "")


def _list(values: Iterable[str]) -> str:
    found = list(dict.fromkeys(values))
    return json.dumps(found) if found else ""


def _time(micros: int) -> str:
    return f"{to_moment(micros):%Y-%m-%d %H:%M:%SZ}"
