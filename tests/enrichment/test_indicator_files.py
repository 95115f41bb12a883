import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.indicator_files import Feed, read_indicators
from bluetick.enrichment.stix_patterns import pattern_observables

MD5, SHA1, SHA256 = "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "E3b0" + "a1" * 30


def csv_feed(folder: Path, text: str) -> Feed:
    path = folder / "feed.csv"
    path.write_text(text, encoding="utf-8")
    return read_indicators(path)


def values(feed: Feed) -> list[tuple[Any, Any]]:
    return list(zip(feed.table["Kind"].to_pylist(), feed.table["Value"].to_pylist(), strict=True))


def lost(feed: Feed) -> dict[str, tuple[int, str]]:
    return dict(feed.account.lost.counted)


def test_a_csv_of_every_kind(tmp_path: Path) -> None:
    text = f"""indicator,type
5.1.1.1,ip
5.1.0.0/16,cidr
5.1.1.1/32,IPv4
2A00:0::1,ipv4-addr
Evil.Example.,domain
hxxp://evil[.]example/a?b=C,url
Mallory@Evil.Example,email
{MD5.upper()},md5
{SHA1},FileHash-SHA1
{SHA256},hash
9.9.9[.]9,
"""
    assert values(csv_feed(tmp_path, text)) == [
        ("ipv4-addr:value", "5.1.1.1"),
        ("ipv4-addr:value", "5.1.0.0/16"),
        ("ipv4-addr:value", "5.1.1.1"),
        ("ipv6-addr:value", "2a00::1"),
        ("domain-name:value", "evil.example"),
        ("url:value", "http://evil.example/a?b=C"),
        ("email-addr:value", "mallory@evil.example"),
        ("file:hashes.MD5", MD5),
        ("file:hashes.'SHA-1'", SHA1),
        ("file:hashes.'SHA-256'", SHA256.lower()),
        ("ipv4-addr:value", "9.9.9.9"),
    ]


def test_the_columns_of_a_csv(tmp_path: Path) -> None:
    feed = csv_feed(
        tmp_path,
        "\ufeffIoC Value;ThreatType;Confidence Level;severity;TLP;ValidFrom;valid_until;description;provider;id;tags\n"
        "5.1.1.1;Botnet;75%;5;TLP:AMBER+STRICT;2026-01-02;2026-02-03T04:05:06+01:00;a, b;Mine;x-1;t\n"
        "5.1.1.2;;high;;clear;;;;;;\n",
    )
    first, second = feed.table.to_pylist()
    expected = {
        "Id": "x-1",
        "ThreatType": "Botnet",
        "Confidence": 75,
        "Severity": 5,
        "Tlp": "Amber",
        "ValidFrom": datetime(2026, 1, 2, tzinfo=UTC),
        "ValidUntil": datetime(2026, 2, 3, 3, 5, 6, tzinfo=UTC),
        "Description": "a, b",
        "Source": "Mine",
        "Tags": "t",
    }
    assert {name: first[name] for name in expected} == expected
    assert (second["Confidence"], second["Tlp"], second["Source"], second["ValidFrom"]) == (
        85,
        "White",
        "feed.csv",
        None,
    )
    assert second["Id"].startswith("indicator--")


def test_every_observable_of_a_line_counts(tmp_path: Path) -> None:
    feed = csv_feed(tmp_path, f"first_seen_utc,dst_ip,dst_port,sha256_hash\n2026-01-01 10:00:00,5.1.1.1,443,{SHA256}\n")
    assert values(feed) == [("ipv4-addr:value", "5.1.1.1"), ("file:hashes.'SHA-256'", SHA256.lower())]
    assert feed.table["ValidFrom"].to_pylist() == [datetime(2026, 1, 1, 10, tzinfo=UTC)] * 2


@pytest.mark.parametrize(
    "text",
    [
        "5.1.1.1\n9.9.9.9\n",
        "# a list\n#\n\n5.1.1.1\n# more\n9.9.9.9\n",
        "# my feed\n# ip,comment\n5.1.1.1,a\n9.9.9.9,b\n",
        '"ip"\t"x"\n"5.1.1.1"\t"a"\n9.9.9.9\n',
    ],
)
def test_plain_lists_and_headings_in_comments(tmp_path: Path, text: str) -> None:
    assert values(csv_feed(tmp_path, text)) == [("ipv4-addr:value", "5.1.1.1"), ("ipv4-addr:value", "9.9.9.9")]
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert len(read_indicators(tmp_path / "packed.csv.gz").table) == 2


def test_lines_that_give_nothing_are_counted_and_named(tmp_path: Path) -> None:
    feed = csv_feed(
        tmp_path,
        "indicator,type,valid_from,valid_until,confidence,severity,tlp\n"
        "5.1.1.1,ip,,,,,\n"
        "5.1.1.999,ip,,,,,\n"
        "5.1.1.998,ip,,,,,\n"
        "x,ja3,,,,,\n"
        "abc,hash,,,,,\n"
        ",ip,,,,,\n"
        "what is this,,,,,,\n"
        "5.1.1.2,ip,yesterday,,,,\n"
        "5.1.1.3,ip,2026-01-02,2026-01-02,,,\n"
        "5.1.1.4,ip,,,,,,,more\n"
        "5.1.1.5,ip,,,110,grave,mauve\n",
    )
    assert values(feed) == [("ipv4-addr:value", "5.1.1.1"), ("ipv4-addr:value", "5.1.1.5")]
    assert lost(feed) == {
        "a value that is no ip": (2, "line 3"),
        "the type 'ja3' is not known": (1, "line 5"),
        "a hash that is neither MD5, SHA-1 nor SHA-256": (1, "line 6"),
        "no indicator in the line": (1, "line 7"),
        "a value that looks like no indicator": (1, "line 8"),
        "valid_from is no time of ISO 8601": (1, "line 9"),
        "its validity ends before it starts": (1, "line 10"),
        "a line of more fields than the heading has (7)": (1, "line 11"),
    }
    assert dict(feed.account.left_empty.counted) == {
        "confidence is no number from 0 to 100": (1, "line 12"),
        "severity is no number from 0 to 5": (1, "line 12"),
        "tlp is no colour of the Traffic Light Protocol": (1, "line 12"),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "its heading names no column of indicators"),
        ("ip\nnonsense\n", "holds no threat indicator that is understood: 1 x a value that is no ip"),
        ('{"type": "bundle", "objects": [1]}', "it is no STIX bundle"),
        ('{"a": 1}', "its objects have no type and id"),
        ('{"type": "bundle", ', "cannot be read as threat indicators"),
        ("[" * 100_000, "cannot be read as threat indicators"),
    ],
)
def test_files_that_are_no_feeds_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        csv_feed(tmp_path, text)
    with pytest.raises(SourceError, match="there is no file"):
        read_indicators(tmp_path / "absent.csv")
    (tmp_path / "binary.csv").write_bytes(b"ip\n\xff\xfe\n")
    with pytest.raises(SourceError, match="cannot be read as threat indicators"):
        read_indicators(tmp_path / "binary.csv")


def test_an_empty_feed_is_a_feed(tmp_path: Path) -> None:
    assert len(csv_feed(tmp_path, "ip,comment\n").table) == 0
    assert len(csv_feed(tmp_path, '{"type": "bundle", "id": "bundle--1"}'.replace("}", ', "objects": []}')).table) == 0


@pytest.mark.parametrize(
    ("pattern", "found", "unknown"),
    [
        ("[ipv4-addr:value = '5.1.1.1']", ["ipv4-addr:value 5.1.1.1"], []),
        ("  [ ipv6-addr:value='2a00::1' ]  ", ["ipv6-addr:value 2a00::1"], []),
        (
            "[ipv4-addr:value = '5.1.1.1' OR domain-name:value = 'a.example'] OR [url:value = 'http://a.example/']",
            ["ipv4-addr:value 5.1.1.1", "domain-name:value a.example", "url:value http://a.example/"],
            [],
        ),
        (
            "[domain-name:value IN ('a.example','b.example')]",
            ["domain-name:value a.example", "domain-name:value b.example"],
            [],
        ),
        (
            "[file:hashes.'SHA-256' = 'x' or file:hashes.MD5 = 'y']",
            ["file:hashes.'SHA-256' x", "file:hashes.MD5 y"],
            [],
        ),
        (
            "[file:hashes.SHA1 = 'x' OR file:hashes.'sha-1' = 'y']",
            ["file:hashes.'SHA-1' x", "file:hashes.'SHA-1' y"],
            [],
        ),
        (r"[url:value = 'http://a/it\'s\\me']", [r"url:value http://a/it's\me"], []),
        ("[file:name = 'x.exe' OR file:hashes.MD5 = 'y']", ["file:hashes.MD5 y"], ["file:name"]),
        ("[windows-registry-key:key = 'x']", [], ["windows-registry-key:key"]),
    ],
)
def test_patterns_that_are_understood(pattern: str, found: list[str], unknown: list[str]) -> None:
    observables, others = pattern_observables(pattern)
    assert ([f"{kind.value} {text}" for kind, text in observables], others) == (found, unknown)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("[ipv4-addr:value = '5.1.1.1' AND file:name = 'x']", "AND in a pattern"),
        ("[ipv4-addr:value = '5.1.1.1'] AND [file:name = 'x']", "AND in a pattern"),
        ("[ipv4-addr:value = '5.1.1.1'] FOLLOWEDBY [file:name = 'x']", "FOLLOWEDBY in a pattern"),
        ("[ipv4-addr:value = '5.1.1.1'] WITHIN 5 SECONDS", "WITHIN in a pattern"),
        ("[NOT ipv4-addr:value = '5.1.1.1']", "NOT in a pattern"),
        ("[ipv4-addr:value NOT = '5.1.1.1']", "NOT in a pattern"),
        ("[ipv4-addr:value != '5.1.1.1']", "!= in a pattern"),
        ("[url:value LIKE '%a%']", "LIKE in a pattern"),
        ("[url:value MATCHES '^a']", "MATCHES in a pattern"),
        ("[ipv4-addr:value ISSUBSET '5.0.0.0/8']", "ISSUBSET in a pattern"),
        ("([ipv4-addr:value = '5.1.1.1'])", r"\( in a pattern"),
        ("[file:size = 5]", "in a pattern"),
        ("[ipv4-addr:value = '5.1.1.1'", "the end in a pattern"),
        ("[ipv4-addr:value = '5.1.1.1", "' in a pattern"),
        ("", "the end in a pattern"),
    ],
)
def test_patterns_that_are_not(pattern: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pattern_observables(pattern)


def indicator(number: int, pattern: str, **said: object) -> dict[str, object]:
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{number}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "pattern": pattern,
        "pattern_type": "stix",
        "valid_from": "2026-01-01T00:00:00Z",
        **said,
    }


def bundle(folder: Path, *objects: object) -> Feed:
    path = folder / "feed.json"
    path.write_text(json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects}))
    return read_indicators(path)


def test_the_properties_of_an_indicator(tmp_path: Path) -> None:
    feed = bundle(
        tmp_path,
        {"type": "identity", "id": "identity--1", "name": "Kennel"},
        {"type": "malware", "id": "malware--1", "name": "x"},
        indicator(
            1,
            "[ipv4-addr:value = '5.1.1.1' OR ipv4-addr:value = '5.2.0.0/16']",
            name="A net",
            indicator_types=["malicious-activity"],
            confidence=80,
            valid_until="2026-06-01T00:00:00.5Z",
            created_by_ref="identity--1",
            labels=["a", "b"],
            object_marking_refs=["marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"],
        ),
    )
    assert values(feed) == [("ipv4-addr:value", "5.1.1.1"), ("ipv4-addr:value", "5.2.0.0/16")]
    row = feed.table.to_pylist()[0]
    expected = {
        "Id": "indicator--1",
        "ThreatType": "malicious-activity",
        "Description": "A net",
        "Source": "Kennel",
        "Confidence": 80,
        "Tlp": "Amber",
        "ValidFrom": datetime(2026, 1, 1, tzinfo=UTC),
        "ValidUntil": datetime(2026, 6, 1, 0, 0, 0, 500_000, tzinfo=UTC),
        "Revoked": False,
        "Tags": "a, b",
    }
    assert {name: row[name] for name in expected} == expected
    assert json.loads(row["Document"])["labels"] == ["a", "b"]


def test_of_versions_the_last_counts(tmp_path: Path) -> None:
    late = indicator(1, "[ipv4-addr:value = '9.9.9.9']", modified="2026-03-01T00:00:00.000Z", revoked=True)
    feed = bundle(tmp_path, late, indicator(1, "[ipv4-addr:value = '5.1.1.1']"))
    assert values(feed) == [("ipv4-addr:value", "9.9.9.9")]
    assert feed.table["Revoked"].to_pylist() == [True]


def test_indicators_that_give_nothing_are_counted_and_named(tmp_path: Path) -> None:
    feed = bundle(
        tmp_path,
        indicator(1, "[ipv4-addr:value = '5.1.1.1' OR file:name = 'x']", confidence="sure"),
        indicator(2, "[ipv4-addr:value = '5.1.1.1' AND file:name = 'x']"),
        indicator(3, "alert tcp any any", pattern_type="snort"),
        indicator(4, "[ipv4-addr:value = '5.1.1.999']"),
        indicator(5, "[ipv4-addr:value = '5.1.1.2']", valid_until="2025-01-01T00:00:00Z"),
        indicator(6, "[ipv4-addr:value = '5.1.1.2']", valid_from="soon"),
    )
    assert values(feed) == [("ipv4-addr:value", "5.1.1.1")]
    assert lost(feed) == {
        "an alternative on file:name": (1, "indicator--1"),
        "AND in a pattern": (1, "indicator--2"),
        "a pattern of type 'snort'": (1, "indicator--3"),
        "a value that is no ipv4-addr:value": (1, "indicator--4"),
        "a validity that ends before it starts": (1, "indicator--5"),
        "valid_from is no time of ISO 8601": (1, "indicator--6"),
    }
    assert list(feed.account.left_empty.counted) == ["a confidence that is no number from 0 to 100"]


@pytest.mark.parametrize("wrap", [lambda x: {"objects": [x]}, lambda x: [x], lambda x: x])
def test_other_wrappings_of_objects(tmp_path: Path, wrap: Any) -> None:
    path = tmp_path / "feed.stix"
    path.write_text("\ufeff \n" + json.dumps(wrap(indicator(1, "[url:value = 'http://a.example/']"))))
    assert values(read_indicators(path)) == [("url:value", "http://a.example/")]
