"""The table of incidents, which has a row for each change of one.

https://learn.microsoft.com/azure/sentinel/manage-soc-with-incident-metrics
https://learn.microsoft.com/azure/azure-monitor/reference/tables/securityincident
"""

from collections.abc import Iterable, Iterator
from typing import Any

from bluetick.detections.incidents.listing import SEVERITIES, Comment, Incident, Member, find_incident
from bluetick.detections.ledger.times import to_moment
from bluetick.detections.publishing.facts import Entry, Rules
from bluetick.detections.publishing.tables import PRODUCT, Row
from bluetick.values import format_datetime7


def incident_rows(rules: Rules, entries: Iterable[Entry]) -> Iterator[Row]:
    """A row for each change. What an incident is called and about follows from its alerts as they are now."""
    for entry in entries:
        incident = find_incident(rules.ledger, entry["incident"])
        alerts = [member for member in incident.members if member.id in entry["alerts"]] or list(incident.members)
        yield {**_decided(entry, incident), **_found(rules, entry, incident, alerts)}


def _decided(entry: Entry, incident: Incident) -> Row:
    return {
        "TimeGenerated": entry["time"],
        "IncidentName": incident.id,
        "IncidentNumber": incident.number,
        "Status": entry["status"],
        "Classification": entry["classification"],
        "ClassificationComment": entry["reason"],
        "Owner": {"assignedTo": entry["owner"] or None},
        "ProviderName": PRODUCT,
        "ProviderIncidentId": str(incident.number),
        "CreatedTime": incident.created,
        "FirstModifiedTime": incident.created,
        "LastModifiedTime": entry["time"],
        "ClosedTime": entry["closed"],
        "RelatedAnalyticRuleIds": [incident.rule],
        "AlertIds": entry["alerts"],
        "BookmarkIds": [],
        "Comments": [_comment(one) for one in incident.comments],
        "Tasks": [],
        "Labels": [],
        "ModifiedBy": PRODUCT,
    }


def _found(rules: Rules, entry: Entry, incident: Incident, alerts: list[Member]) -> Row:
    said = [member.content for member in alerts]
    severity = max((str(one["severity"]) for one in said), key=SEVERITIES.index, default=SEVERITIES[0])
    row: Row = {
        "Title": incident.title,
        "Severity": entry["severity"] or severity,
        "AdditionalData": {
            "alertsCount": len(entry["alerts"]),
            "bookmarksCount": 0,
            "commentsCount": len(incident.comments),
            "alertProductNames": [PRODUCT],
            "revision": entry["revision"],
            "tactics": list(dict.fromkeys(one for content in said for one in content["tactics"])),
            "techniques": list(dict.fromkeys(one for content in said for one in content["techniques"])),
        },
    }
    if not alerts:
        return row
    first, last = min(member.first for member in alerts), max(member.last for member in alerts)
    reach = rules.at(incident.rule, first).lookback
    description = said[0]["description"]
    return {**row, "Description": description, "FirstActivityTime": first - reach, "LastActivityTime": last}


def _comment(comment: Comment) -> dict[str, Any]:
    """As Sentinel's interface gives it. https://learn.microsoft.com/rest/api/securityinsights/incident-comments"""
    return {
        "message": comment.text,
        "author": {"name": comment.author},
        "createdTimeUtc": format_datetime7(to_moment(comment.created)),
    }
