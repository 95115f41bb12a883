"""What alerts must share to be of one incident."""

from typing import Any

import pytest
from incident_ledger import content, grouped

from bluetick.detections.alerting import IncidentMatching, Incidents
from bluetick.detections.incidents.matching import match_of

HOST, OTHER = {"kind": "Host", "HostName": "a"}, {"kind": "Host", "HostName": "b"}
ANN = {"kind": "Account", "Name": "ann"}


def alert(*entities: dict[str, Any], **more: Any) -> dict[str, Any]:
    return content("a", **{"entities": list(entities), **more})


def selected(**which: Any) -> Incidents:
    return grouped(IncidentMatching.SELECTED, **which)


ALL = grouped(IncidentMatching.ALL_ENTITIES)
CASES: list[tuple[Incidents, dict[str, Any], dict[str, Any], bool]] = [
    (ALL, alert(HOST, ANN), alert(ANN, HOST), True),
    (ALL, alert(HOST, ANN), alert(HOST), False),
    (ALL, alert(HOST), alert(OTHER), False),
    (ALL, alert(), alert(), False),
    (ALL, alert(HOST, name="x"), alert(HOST, name="y"), True),
    (grouped(IncidentMatching.ANY_ALERT), alert(), alert(HOST), True),
    (Incidents(), alert(HOST), alert(HOST), False),
    (selected(entities=("HOST",)), alert(HOST, ANN), alert(HOST), True),
    (selected(entities=("Host",)), alert(ANN), alert(ANN), False),
    (selected(entities=("Host", "Account")), alert(HOST, ANN), alert(HOST), False),
    (selected(alert_details=("DisplayName",)), alert(HOST, name="x"), alert(OTHER, name="x"), True),
    (selected(alert_details=("DisplayName",)), alert(HOST, name="x"), alert(HOST, name="y"), False),
    (selected(alert_details=("Severity",)), alert(severity="Low"), alert(severity="High"), False),
    (selected(alert_details=("ProductName",)), alert(details={"ProductName": "p"}), alert(details={"ProductName": "p"}),
     True),
    (selected(alert_details=("ProductName",)), alert(details={"ProductName": "p"}), alert(), False),
    (selected(custom_details=("U",)), alert(custom_details={"U": ["x", "y"]}), alert(custom_details={"U": ["y", "x"]}),
     True),
    (selected(custom_details=("U",)), alert(custom_details={"U": ["x"]}), alert(custom_details={"U": ["x", "y"]}),
     False),
    (selected(custom_details=("U",)), alert(), alert(), False),
    (selected(custom_details=("U",)), alert(custom_details={"U": []}), alert(custom_details={"U": []}), False),
    (selected(), alert(HOST), alert(HOST), False),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "one", "other", "is_shared"), CASES)
def test_alerts_share_what_the_rule_names(
    settings: Incidents, one: dict[str, Any], other: dict[str, Any], is_shared: bool
) -> None:
    found = match_of(settings, one)
    assert (found is not None and found == match_of(settings, other)) == is_shared
