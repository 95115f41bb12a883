import gzip
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from mmdb_writer import write_mmdb

from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.opening import open_countries, open_enricher

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RANGES = "start,end,country\n5.0.0.0,5.255.255.255,RU\n"
ROWS = pa.table({"TimeGenerated": [NOON, NOON], "RemoteIp": ["5.1.1.1", "8.8.8.8"]})
SIGN_INS = pa.table({"IPAddress": ["8.8.8.8"]})


def test_countries_are_chosen_by_content(tmp_path: Path) -> None:
    database = write_mmdb(tmp_path / "countries.csv", {"5.0.0.0/8": {"country": {"iso_code": "RU"}}})
    ranges = tmp_path / "countries.mmdb"
    ranges.write_text(RANGES)
    packed = tmp_path / "ranges.gz"
    packed.write_bytes(gzip.compress(RANGES.encode()))
    for path in (database, ranges, packed):
        assert open_countries(path).countries(["5.1.1.1", "10.0.0.1"]) == ["Russia", ""]


def test_files_of_no_countries_are_refused(tmp_path: Path) -> None:
    packed = tmp_path / "x.mmdb.gz"
    packed.write_bytes(
        gzip.compress(write_mmdb(tmp_path / "x.mmdb", {"5.0.0.0/8": {"country_code": "RU"}}).read_bytes())
    )
    with pytest.raises(
        SourceError, match=r"x\.mmdb\.gz' cannot be read as countries of addresses: it is packed; unpack"
    ):
        open_countries(packed)
    with pytest.raises(SourceError, match="there is no file"):
        open_countries(tmp_path / "absent.csv")
    with pytest.raises(SourceError, match="cannot be read"):
        open_countries(tmp_path)
    for name, content in (
        ("a.csv", b"\xff\xfe\0"),
        ("b.csv", b"no,ranges\n"),
        ("c.parquet", b"PAR1"),
        ("d.gz", b"\x1f\x8b"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SourceError, match=name):
            open_countries(tmp_path / name)
    systems = write_mmdb(tmp_path / "asn.mmdb", {"5.0.0.0/8": {"asn": 1}}, kind="Some-ASN")
    with pytest.raises(SourceError, match="holds no countries: Some-ASN"):
        open_countries(systems)


def test_one_database_may_tell_both(tmp_path: Path) -> None:
    both = write_mmdb(tmp_path / "both.mmdb", {"8.8.8.0/24": {"country_code": "US", "asn": "AS15169", "as_name": "G"}})
    enricher = open_enricher(both, None, [])
    assert enricher.enrich("SigninLogs", SIGN_INS).to_pylist() == [
        {"IPAddress": "8.8.8.8", "Location": "US", "AutonomousSystemNumber": "15169"}
    ]
    own = write_mmdb(tmp_path / "own.mmdb", {"8.8.8.0/24": {"autonomous_system_number": 64500}}, kind="Own-ASN")
    enricher = open_enricher(both, own, [])
    assert enricher.enrich("SigninLogs", SIGN_INS)["AutonomousSystemNumber"].to_pylist() == ["64500"]
    assert enricher.provenance["autonomous system"].startswith("Own-ASN of 2026-09-21T14:13:20Z, sha256:")


def test_everything_together(tmp_path: Path) -> None:
    ranges, one, two = (tmp_path / name for name in ("ranges.csv", "one.csv", "two.csv"))
    ranges.write_text(RANGES)
    one.write_text("ip,confidence\n5.1.1.1,10\n")
    two.write_text("ip,confidence,threat_type\n5.1.1.1,90,Botnet\n8.8.8.8,1,Proxy\n")
    enricher = open_enricher(ranges, None, [one, two])
    found = enricher.enrich("VMConnection", ROWS).to_pydict()
    assert found["RemoteCountry"] == ["Russia", ""]
    assert found["IndicatorThreatType"] == ["Botnet", "Proxy"]
    assert set(enricher.provenance) == {"country", "indicators", "address kinds"}
    first, second = enricher.provenance["indicators"].split(", ")
    assert (first.split(":")[0], second.split(":")[0]) == ("one.csv sha256", "two.csv sha256")


def test_nothing_given_fills_kinds_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "iptocc", None)  # the data package, were it installed, would give countries
    assert open_enricher(None, None, []).enrich("VMConnection", ROWS).equals(ROWS)


def test_what_a_feed_lost_is_told(tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("ip,severity\n5.1.1.1,grave\nx,\ny,\n")
    assert open_enricher(None, None, [feed]).notes == (
        "feed.csv: 2 without an indicator: 2 x a value that is no ip (first: line 3)",
        "feed.csv: 1 values left empty: 1 x severity is no number from 0 to 5 (first: line 2)",
    )
