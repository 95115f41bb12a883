"""A message as a Detection Finding: the attributes that OCSF 1.3.0 requires, and the values that it knows.

The lists are from https://schema.ocsf.io/1.3.0/classes/detection_finding and the objects that it names.
"""

import json
from typing import Any

import pytest
from output_messages import CREATED, message

from bluetick.detections.outputs.ocsf import detection_finding

REQUIRED = {
    "activity_id": int,
    "category_uid": int,
    "class_uid": int,
    "finding_info": dict,
    "metadata": dict,
    "severity_id": int,
    "time": int,
    "type_uid": int,
}
KNOWN = {
    *REQUIRED,
    *("activity_name", "category_name", "class_name", "type_name", "severity", "status", "status_id", "message"),
    *("evidences", "observables", "unmapped"),
}


def finding(kind: str = "raised", revision: int = 0, **content: Any) -> dict[str, Any]:
    made = detection_finding(message(kind, revision, **content).to_json())
    assert json.loads(json.dumps(made)) == made
    for name, type_ in REQUIRED.items():
        assert isinstance(made[name], type_), name
    assert made.keys() <= KNOWN
    assert (made["category_uid"], made["class_uid"]) == (2, 2004)
    assert made["type_uid"] == 2004 * 100 + made["activity_id"]
    assert made["activity_id"] in {0, 1, 2, 3, 99}
    assert made["severity_id"] in {0, 1, 2, 3, 4, 5, 6, 99}
    assert made["status_id"] in {0, 1, 2, 3, 4, 5, 6, 99}
    assert made["metadata"].keys() >= {"product", "version"}
    assert made["metadata"]["version"] == "1.3.0"
    assert made["metadata"]["product"].keys() >= {"vendor_name"}
    assert made["finding_info"].keys() >= {"uid", "title"}
    for observable in made["observables"]:
        assert observable.keys() >= {"name", "type_id"}
        assert observable["type_id"] in {*range(31), 99}
    for evidence in made["evidences"]:
        assert evidence.keys() & {"data", "process", "device"}, "at least one of these"
    return made


def test_a_raised_alert_is_a_new_finding() -> None:
    made = finding()
    assert (made["activity_id"], made["status_id"], made["severity_id"], made["type_uid"]) == (1, 1, 4, 200_401)
    assert made["time"] == CREATED // 1_000 == made["finding_info"]["created_time"]
    assert made["finding_info"]["uid"] == "ab12"
    assert made["metadata"]["uid"] == "ab12-0"
    assert made["finding_info"]["attacks"] == [{"technique": {"uid": "T1059"}}]
    assert made["finding_info"]["analytic"]["uid"] == "11111111-0000-0000-0000-000000000001"
    assert [evidence["data"] for evidence in made["evidences"]] == [
        {"Host": "pc1", "Count": 7},
        {"Host": "pc2", "Count": 9},
    ]
    assert [(one["type_id"], one["value"]) for one in made["observables"]] == [(1, "pc1"), (2, "192.0.2.7")]
    assert made["unmapped"]["custom_details"] == {"Why": ["count"]}
    assert made["unmapped"]["row_count"] == 2


@pytest.mark.parametrize(
    ("kind", "activity", "status"),
    [("raised", 1, 1), ("restored", 2, 1), ("retracted", 3, 99), ("closed", 3, 4), ("strange", 99, 99)],
)
def test_events_are_activities(kind: str, activity: int, status: int) -> None:
    made = finding(kind, 3)
    assert (made["activity_id"], made["status_id"]) == (activity, status)
    assert ("created_time" in made["finding_info"]) == (kind == "raised")
    assert made["metadata"]["sequence"] == 3


@pytest.mark.parametrize(
    ("severity", "number"), [("Informational", 1), ("Low", 2), ("Medium", 3), ("High", 4), ("strange", 0)]
)
def test_severities(severity: str, number: int) -> None:
    assert finding(severity=severity)["severity_id"] == number


@pytest.mark.parametrize(
    ("entity", "type_id"),
    [
        ({"kind": "Account", "Name": "eve"}, 4),
        ({"kind": "Account", "Sid": "S-1-5-21"}, 99),
        ({"kind": "URL", "Url": "https://x/"}, 6),
        ({"kind": "File", "Name": "a.exe"}, 7),
        ({"kind": "FileHash", "Value": "ab"}, 8),
        ({"kind": "Mailbox", "MailboxPrimaryAddress": "a@b.example"}, 5),
        ({"kind": "AzureResource", "ResourceId": "/x"}, 10),
        ({"kind": "Strange", "Thing": "y"}, 99),
    ],
)
def test_entities_are_observables(entity: dict[str, str], type_id: int) -> None:
    (observable,) = finding(entities=[entity])["observables"]
    assert observable["type_id"] == type_id
    assert observable["value"] == list(entity.values())[1]


def test_a_message_that_says_little() -> None:
    made = detection_finding({"id": "i", "message": "i-0", "event": "x", "revision": 0, "time": "2026-03-01T12:00:00Z"})
    assert (made["finding_info"]["title"], made["severity_id"], made["evidences"]) == ("x", 0, [])
