import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import pyarrow as pa
import pytest

from bluetick.enrichment.fills import FILLS, INDICATOR_FILLS, Fact
from bluetick.enrichment.indicators import AddressIndicators, Indicator, Kind, indicator_table, network_or_address
from bluetick.enrichment.mmdb import NO_SYSTEM, AutonomousSystem
from bluetick.enrichment.rows import Enricher
from bluetick.schema.packs import known_table
from bluetick.types import Type

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
COUNTRIES = {"5.1.1.1": "Russia", "8.8.8.8": "United States", "2a00::1": "Germany", "::ffff:8.8.8.8": "United States"}
SYSTEMS = {"8.8.8.8": AutonomousSystem(15169, "Google LLC")}


class Asked:
    """Providers that keep what they were asked."""

    version = "test of 2026"

    def __init__(self) -> None:
        self.ips: list[str] = []

    def countries(self, ips: Sequence[str]) -> list[str]:
        self.ips += ips
        return [COUNTRIES.get(ip, "") for ip in ips]

    def systems(self, ips: Sequence[str]) -> list[AutonomousSystem]:
        return [SYSTEMS.get(ip, NO_SYSTEM) for ip in ips]


def enriched(table: str, rows: pa.Table, *indicators: Indicator) -> dict[str, list[Any]]:
    found = AddressIndicators(indicator_table(indicators))
    return dict(Enricher(Asked(), Asked(), found).enrich(table, rows).to_pydict())


def connections(*ips: str | None, **columns: list[Any]) -> pa.Table:
    times = pa.array([NOON] * len(ips), pa.timestamp("us", "UTC"))
    return pa.table({"TimeGenerated": times, "RemoteIp": pa.array(ips, pa.string()), **columns})


def test_countries_are_filled_where_there_is_none() -> None:
    ips = ("5.1.1.1", "10.0.0.1", "8.8.8.8", None, "", "junk", "5.1.1.1", "2a00::1", "::ffff:8.8.8.8")
    given = ["", None, "Atlantis", "", "", "", None, "", ""]
    rows = connections(*ips, RemoteCountry=given)
    expected = ["Russia", "", "Atlantis", "", "", "", "Russia", "Germany", "United States"]
    assert enriched("VMConnection", rows)["RemoteCountry"] == expected


def test_only_columns_of_the_schema_are_made() -> None:
    rows = connections("8.8.8.8")
    found = Enricher(Asked(), Asked()).enrich("VMConnection", rows)
    assert found.column_names == ["TimeGenerated", "RemoteIp", "RemoteCountry"]
    assert Enricher(Asked(), Asked()).enrich("MyOwnTable_CL", rows) is rows
    assert Enricher(Asked(), Asked()).enrich("VMConnection", rows.slice(0, 0)).num_rows == 0
    without = rows.drop_columns(["RemoteIp"])
    assert Enricher(Asked(), Asked()).enrich("VMConnection", without).column_names == ["TimeGenerated"]


def test_without_providers_only_kinds_are_known() -> None:
    rows = pa.table({"RemoteIP": ["8.8.8.8", "10.0.0.1"], "LocalIP": ["::1", ""], "LocalIPType": [None, None]})
    found = Enricher().enrich(
        "DeviceNetworkEvents", rows.cast(rows.schema.set(2, pa.field("LocalIPType", pa.string())))
    )
    assert found.to_pydict() == {
        "RemoteIP": ["8.8.8.8", "10.0.0.1"],
        "LocalIP": ["::1", ""],
        "LocalIPType": ["Loopback", ""],
        "RemoteIPType": ["Public", "Private"],
    }
    assert Enricher().enrich("VMConnection", connections("8.8.8.8")).column_names == ["TimeGenerated", "RemoteIp"]


def test_codes_and_systems_take_the_form_of_their_column() -> None:
    rows = pa.table({"IPAddress": ["8.8.8.8", "5.1.1.1"], "Location": ["", "XX"]})
    found = enriched("SigninLogs", rows)
    assert (found["Location"], found["AutonomousSystemNumber"]) == (["US", "XX"], ["15169", ""])
    flows = enriched("ATCExpressRouteCircuitIpfix", pa.table({"SourceIp": ["8.8.8.8", "5.1.1.1"]}))
    assert flows["SrcAsn"] == [15169, None]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_addresses_may_be_stored_in_any_form_of_text_and_in_chunks(kind: pa.DataType) -> None:
    part = pa.table({"RemoteIp": pa.array(["8.8.8.8", "5.1.1.1"], kind)})
    rows = pa.concat_tables([part, part.slice(0, 0), part.slice(1, 1)])
    assert enriched("VMConnection", rows)["RemoteCountry"] == ["United States", "Russia", "Russia"]


def test_addresses_are_asked_for_once_and_only_public_ones() -> None:
    provider = Asked()
    enricher = Enricher(provider)
    rows = connections(*["8.8.8.8", "192.168.1.1", "5.1.1.1", "127.0.0.1", "224.0.0.1"] * 50)
    for _ in range(3):
        enricher.enrich("VMConnection", rows)
    assert sorted(provider.ips) == ["5.1.1.1", "8.8.8.8"]


def test_what_is_remembered_is_bounded() -> None:
    provider = Asked()
    enricher = Enricher(provider, remembered=2)
    for ip in ("1.1.1.1", "8.8.8.8", "5.1.1.1", "5.1.1.1", "8.8.8.8", "1.1.1.1"):
        enricher.enrich("VMConnection", connections(ip))
    assert provider.ips == ["1.1.1.1", "8.8.8.8", "5.1.1.1", "1.1.1.1"]
    many = connections("1.1.1.1", "8.8.8.8", "5.1.1.1", "9.9.9.9")
    assert enricher.enrich("VMConnection", many).column("RemoteCountry").to_pylist() == [
        "",
        "United States",
        "Russia",
        "",
    ]


def bad(value: str = "5.1.1.1", **said: Any) -> Indicator:
    kind = Kind.IPV6 if ":" in value else Kind.IPV4
    return Indicator(kind, value, said.pop("id", "indicator--1"), **said)


def test_an_indicator_fills_all_its_columns() -> None:
    said = bad(
        threat_type="Botnet",
        description="Test net",
        confidence=80,
        severity=4,
        tlp="Amber",
        created=NOON - timedelta(days=9),
        modified=NOON,
    )
    found = enriched("VMConnection", connections("5.1.1.1", "8.8.8.8"), said)
    expected = {
        "MaliciousIp": ["5.1.1.1", ""],
        "IndicatorThreatType": ["Botnet", ""],
        "Description": ["Test net", ""],
        "TLPLevel": ["Amber", ""],
        "Confidence": ["80", ""],
        "Severity": [4, None],
        "FirstReportedDateTime": ["2026-02-20T12:00:00.000000Z", ""],
        "LastReportedDateTime": ["2026-03-01T12:00:00.000000Z", ""],
        "IsActive": ["True", ""],
        "RemoteCountry": ["Russia", "United States"],
    }
    assert {name: found[name] for name in expected} == expected


def test_severity_has_azures_default_in_vmconnection() -> None:
    assert enriched("VMConnection", connections("5.1.1.1"), bad())["Severity"] == [3]
    assert enriched("CommonSecurityLog", cef("5.1.1.1", "10.0.0.1"), bad())["ThreatSeverity"] == [None]


def cef(source: str, destination: str) -> pa.Table:
    return pa.table({"TimeGenerated": [NOON], "SourceIP": [source], "DestinationIP": [destination]})


@pytest.mark.parametrize(
    ("source", "destination", "malicious", "country"),
    [
        ("5.1.1.1", "10.0.0.1", "5.1.1.1", "Russia"),
        ("10.0.0.1", "5.1.1.1", "5.1.1.1", "Russia"),
        ("5.1.1.1", "8.8.8.8", "8.8.8.8", "United States"),
        ("10.0.0.1", "10.0.0.2", "", ""),
    ],
)
def test_a_log_of_two_addresses_names_the_malicious_one(
    source: str, destination: str, malicious: str, country: str
) -> None:
    found = enriched("CommonSecurityLog", cef(source, destination), bad(), bad("8.8.8.8"))
    assert (found.get("MaliciousIP", [""]), found.get("MaliciousIPCountry", [""])) == ([malicious], [country])


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("start", "end", "valid"),
    [
        (None, None, True),
        (NOON, None, True),
        (NOON + timedelta(microseconds=1), None, False),
        (None, NOON, False),
        (None, NOON + timedelta(microseconds=1), True),
        (NOON - SECOND, NOON + SECOND, True),
        (NOON - 2 * SECOND, NOON - SECOND, False),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", None])
def test_validity_is_at_the_time_of_the_row(
    start: datetime | None, end: datetime | None, valid: bool, zone: str | None
) -> None:
    times = pa.array([NOON.replace(tzinfo=UTC if zone else None), None], pa.timestamp("us", zone))
    rows = pa.table({"TimeGenerated": times, "RemoteIp": ["5.1.1.1", "5.1.1.1"]})
    found = enriched("VMConnection", rows, bad(valid_from=start, valid_until=end))
    assert found.get("MaliciousIp", ["", ""]) == ["5.1.1.1" if valid else "", ""]


def test_the_best_valid_indicator_wins() -> None:
    feed = (
        bad(description="sure, over", confidence=90, valid_until=NOON),
        bad(description="unsure"),
        bad(description="sure, mild", confidence=70, severity=1),
        bad(description="sure, grave", confidence=70, severity=5),
        bad(description="sure, grave, late in the feed", confidence=70, severity=5),
        bad(description="revoked", confidence=99, revoked=True),
        bad(description="harmless", confidence=99, threat_type="benign"),
    )
    assert enriched("VMConnection", connections("5.1.1.1"), *feed)["Description"] == ["sure, grave"]
    early = connections("5.1.1.1", "5.1.1.1")
    early = early.set_column(0, "TimeGenerated", pa.array([NOON - SECOND, NOON], pa.timestamp("us", "UTC")))
    assert enriched("VMConnection", early, *feed)["Description"] == ["sure, over", "sure, grave"]


def test_what_the_source_has_looked_up_stays() -> None:
    rows = connections("5.1.1.1", "5.1.1.1", MaliciousIp=["5.1.1.1", ""], Description=["from Azure", "note"])
    found = enriched("VMConnection", rows, bad(threat_type="C2", description="from the feed"))
    assert found["IndicatorThreatType"] == ["", "C2"]
    assert found["Description"] == ["from Azure", "note"]


def test_networks_and_spellings_of_addresses() -> None:
    feed = (
        bad("5.1.0.0/16", description="wide"),
        bad("5.1.1.0/24", description="narrow", confidence=50),
        bad("2a00::/16", description="six"),
        bad("10.0.0.0/8", description="inside"),
        bad("9.9.9.9", description="one"),
    )
    ips = ("5.1.1.255", "5.1.2.0", "5.2.0.0", "2A00:0:0::1", "10.0.0.1", "::ffff:9.9.9.9", "junk")
    found = enriched("VMConnection", connections(*ips), *feed)
    assert found["Description"] == ["narrow", "wide", "", "six", "", "one", ""]
    assert found["MaliciousIp"] == ["5.1.1.255", "5.1.2.0", "", "2A00:0:0::1", "", "::ffff:9.9.9.9", ""]


def test_the_provenance_names_each_provider() -> None:
    assert Enricher(Asked(), Asked(), indicators_version="feed").provenance == {
        "country": "test of 2026",
        "autonomous system": "test of 2026",
        "indicators": "feed",
        "address kinds": "IANA special-purpose address registries",
    }


def test_random_rows_agree_with_a_walk_over_the_feed() -> None:
    """Every row against every indicator, one by one, as the documentation of `AddressIndicators` says it."""
    numbers = random.Random(11)  # noqa: S311 - a seeded test, not cryptography
    ips = [f"5.1.{numbers.randrange(3)}.{numbers.randrange(4)}" for _ in range(30)]
    feed = [
        bad(
            numbers.choice([numbers.choice(ips), f"5.1.{numbers.randrange(3)}.0/{numbers.choice((24, 30, 31))}"]),
            description=f"number {number}",
            confidence=numbers.choice([None, 10, 50]),
            severity=numbers.choice([None, 1, 4]),
            valid_from=numbers.choice([None, NOON + numbers.randrange(-5, 5) * SECOND]),
            valid_until=numbers.choice([None, NOON + numbers.randrange(5, 9) * SECOND]),
        )
        for number in range(40)
    ]
    rows = [(numbers.choice(ips), NOON + numbers.randrange(-9, 12) * SECOND) for _ in range(400)]
    table = pa.table({"TimeGenerated": [time for _, time in rows], "RemoteIp": [ip for ip, _ in rows]})
    least = datetime(1, 1, 1, tzinfo=UTC)

    def said(ip: str, time: datetime) -> str:
        valid = [
            one
            for one in feed
            if ip_address(ip) in ip_network(one.value, strict=False)
            and (one.valid_from is None or one.valid_from <= time)
            and (one.valid_until is None or time < one.valid_until)
        ]
        rank = {
            one: (
                -1 if one.confidence is None else one.confidence,
                -1 if one.severity is None else one.severity,
                one.valid_from or least,
                -feed.index(one),
            )
            for one in valid
        }
        return max(valid, key=lambda one: rank[one]).description if valid else ""

    normal = [one._replace(value=found[1]) for one in feed if (found := network_or_address(one.value)) is not None]
    expected = [said(ip, time) for ip, time in rows]
    assert enriched("VMConnection", table, *normal)["Description"] == expected
    assert len(set(expected)) > 10


def test_every_column_named_is_one_that_a_lake_keeps() -> None:
    for table, fills in FILLS.items():
        types = kept(table)
        for fill in fills:
            allowed = {Type.STRING, Type.INT, Type.LONG} if fill.fact is Fact.SYSTEM else {Type.STRING}
            assert types[fill.address] is Type.STRING, (table, fill)
            assert types[fill.column] in allowed, (table, fill)
    for table, indicators in INDICATOR_FILLS.items():
        types = kept(table)
        assert {types[name] for name in (*indicators.addresses, indicators.malicious)} == {Type.STRING}
        assert indicators.columns.keys() <= types.keys()


def kept(table: str) -> dict[str, Type]:
    schema = known_table(table)
    assert schema is not None
    return dict(schema.columns)
