import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import bluetick
from bluetick.enrichment.indicator_tables import indicator_rows
from bluetick.schema.packs import known_table
from bluetick.sources.arrow import arrow_schema

NOW = datetime(2026, 3, 10, tzinfo=UTC)
LOADED = NOW - timedelta(days=2)
SHA256 = "e3b0" + "a1" * 30
CSV = f"""indicator,threat_type,confidence,severity,tlp,valid_from,valid_until,description,source,id,tags
5.1.1.1,Botnet,80,4,red,2026-01-01,2026-04-01,A net,Kennel,i-1,t
9.9.0.0/16,,,,,,,,Kennel,i-2,
evil.example,Phishing,,,,,2026-03-01,over,Kennel,i-3,
http://evil.example/it's,MaliciousUrl,,,,,,,Kennel,i-4,
{SHA256},Malware,,,,,,,Kennel,i-5,
mallory@evil.example,,,,,,,,Kennel,i-6,
"""


def tables(folder: Path) -> Mapping[str, pa.Table]:
    path = folder / "feed.csv"
    path.write_text(CSV)
    return indicator_rows(path, LOADED)


def rows(folder: Path, table: str) -> dict[str, dict[str, Any]]:
    key = "Id" if table == "ThreatIntelIndicators" else "ExternalIndicatorId"
    return {row[key]: row for row in tables(folder)[table].to_pylist()}


def test_both_tables_have_their_schema(tmp_path: Path) -> None:
    found = tables(tmp_path)
    assert set(found) == {"ThreatIntelIndicators", "ThreatIntelligenceIndicator"}
    for name, table in found.items():
        known = known_table(name)
        assert known is not None
        assert table.schema == arrow_schema(known)
        assert len(table) == 6
        assert all(not table[field.name].null_count for field in table.schema if field.type == pa.string())


def test_the_new_table(tmp_path: Path) -> None:
    found = rows(tmp_path, "ThreatIntelIndicators")
    first = found["i-1"]
    expected = {
        "TimeGenerated": LOADED,
        "SourceSystem": "Kennel",
        "IsActive": True,
        "Revoked": False,
        "IsDeleted": False,
        "ValidFrom": datetime(2026, 1, 1, tzinfo=UTC),
        "ValidUntil": datetime(2026, 4, 1, tzinfo=UTC),
        "Confidence": 80,
        "Tags": "t",
        "Pattern": "[ipv4-addr:value = '5.1.1.1']",
        "ObservableKey": "ipv4-addr:value",
        "ObservableValue": "5.1.1.1",
        "AdditionalFields": '{"TLPLevel":"Red"}',
    }
    assert {name: first[name] for name in expected} == expected
    data = json.loads(first["Data"])
    assert (data["description"], data["indicator_types"], data["valid_until"]) == (
        "A net",
        ["Botnet"],
        "2026-04-01T00:00:00Z",
    )
    assert found["i-4"]["Pattern"] == r"[url:value = 'http://evil.example/it\'s']"
    assert [found[key]["IsActive"] for key in ("i-2", "i-3")] == [True, False]
    assert found["i-2"]["ValidUntil"] is None


def test_the_old_table(tmp_path: Path) -> None:
    found = rows(tmp_path, "ThreatIntelligenceIndicator")
    filled = {
        "i-1": ("NetworkIP", "5.1.1.1"),
        "i-2": ("NetworkCidrBlock", "9.9.0.0/16"),
        "i-3": ("DomainName", "evil.example"),
        "i-4": ("Url", "http://evil.example/it's"),
        "i-5": ("FileHashValue", SHA256),
        "i-6": ("EmailSenderAddress", "mallory@evil.example"),
    }
    for key, (column, value) in filled.items():
        assert {name: found[key][name] for name, _ in filled.values() if found[key][name]} == {column: value}
    assert found["i-5"]["FileHashType"] == "sha256"
    assert found["i-1"]["ExpirationDateTime"] == datetime(2026, 4, 1, tzinfo=UTC)
    assert found["i-2"]["ExpirationDateTime"].year == 9999
    assert (found["i-1"]["ConfidenceScore"], found["i-1"]["ThreatSeverity"]) == (80.0, 4)
    assert (found["i-1"]["TrafficLightProtocolLevel"], found["i-1"]["ThreatType"]) == ("Red", "Botnet")
    assert [found[key]["Active"] for key in ("i-1", "i-3")] == [True, False]
    assert len({row["IndicatorId"] for row in found.values()}) == 6


def test_a_pattern_of_several_observables_keeps_its_object(tmp_path: Path) -> None:
    pattern = "[ipv4-addr:value = '5.1.1.1' OR ipv4-addr:value = '5.1.1.2']"
    said = {"type": "indicator", "id": "indicator--1", "pattern": pattern, "revoked": True, "x_more": {"a": [1]}}
    path = tmp_path / "feed.json"
    path.write_text(json.dumps([said]))
    found = indicator_rows(path, LOADED.replace(tzinfo=None))
    new = found["ThreatIntelIndicators"].to_pylist()
    assert [row["ObservableValue"] for row in new] == ["5.1.1.1", "5.1.1.2"]
    assert all(json.loads(row["Data"]) == said and row["Pattern"] == pattern for row in new)
    assert [(row["IsActive"], row["Revoked"], row["TimeGenerated"]) for row in new] == [(False, True, LOADED)] * 2
    old = found["ThreatIntelligenceIndicator"].to_pylist()
    assert {row["ExternalIndicatorId"] for row in old} == {"indicator--1"}
    assert len({row["IndicatorId"] for row in old}) == 2


OLD_RULE = """
ThreatIntelligenceIndicator
| where TimeGenerated >= ago(14d) and ExpirationDateTime > now()
| summarize arg_max(TimeGenerated, *) by IndicatorId
| where Active == true and isnotempty(NetworkIP)
| join kind=innerunique (VMConnection | where TimeGenerated >= ago(1h) | extend Seen = TimeGenerated)
    on $left.NetworkIP == $right.RemoteIp
| where Seen < ExpirationDateTime
| project RemoteIp, ThreatType, ConfidenceScore
"""
NEW_RULE = """
ThreatIntelIndicators
| extend IndicatorType = tostring(split(ObservableKey, ":")[0])
| where IndicatorType in ("ipv4-addr", "ipv6-addr", "network-traffic") and TimeGenerated >= ago(14d)
| summarize arg_max(TimeGenerated, *) by Id, ObservableValue
| where IsActive and (ValidUntil > now() or isempty(ValidUntil))
| extend Tlp = tostring(parse_json(AdditionalFields).TLPLevel), Said = tostring(parse_json(Data).description)
| join kind=innerunique (VMConnection | where TimeGenerated >= ago(1h)) on $left.ObservableValue == $right.RemoteIp
| project RemoteIp, Said, Tlp
"""
HASH_RULE = """
ThreatIntelIndicators
| extend IndicatorType = tostring(split(ObservableKey, ":")[0])
| where IndicatorType == "file"
| extend HashType = replace("'", "", substring(ObservableKey, indexof(ObservableKey, "hashes.") + 7))
| project HashType, ObservableValue
"""


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (OLD_RULE, [("5.1.1.1", "Botnet", 80.0)]),
        (NEW_RULE, [("5.1.1.1", "A net", "Red")]),
        (HASH_RULE, [("SHA-256", SHA256)]),
    ],
)
def test_rules_that_join_indicators_run(tmp_path: Path, rule: str, expected: list[tuple[object, ...]]) -> None:
    seen = pa.table(
        {
            "TimeGenerated": pa.array([NOW - timedelta(minutes=5)] * 2, pa.timestamp("us", "UTC")),
            "RemoteIp": ["5.1.1.1", "8.8.8.8"],
        }
    )
    with bluetick.connect(tables={**tables(tmp_path), "VMConnection": seen}, now=NOW) as session:
        assert list(session.query(rule).rows()) == expected
