import gzip
from ipaddress import IPv4Address
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bluetick.enrichment.countries import country_name
from bluetick.enrichment.geo import GeoDataError, RangeCountries, load_range_countries
from bluetick.enrichment.rows import Countries
from bluetick.sources.addresses import is_public

RANGES = (
    ("1.0.0.0", "1.0.0.255", "AU"),
    ("1.0.1.0", "1.0.3.255", "CN"),
    ("5.0.0.0", "5.255.255.255", "Russian Federation"),
    ("192.168.0.0", "192.168.255.255", "AU"),
    ("2a00::", "2a00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "DE"),
)


@pytest.mark.parametrize(
    ("ip", "country"),
    [
        ("1.0.0.0", "Australia"),
        ("1.0.0.255", "Australia"),
        ("1.0.1.0", "China"),
        ("1.0.4.0", ""),
        ("0.255.255.255", ""),
        ("4.255.255.255", ""),
        ("5.0.0.0", "Russia"),
        ("5.255.255.255", "Russia"),
        ("6.0.0.0", ""),
        ("2a00::1", "Germany"),
        ("2a00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "Germany"),
        ("2a01::", ""),
        ("::ffff:1.0.0.1", "Australia"),
        ("::ffff:192.168.1.1", ""),
        ("192.168.1.1", ""),
        ("not an address", ""),
        ("", ""),
    ],
)
def test_country_of_an_address(ip: str, country: str) -> None:
    geo: Countries = RangeCountries(RANGES, "test")
    assert geo.countries([ip]) == [country]


def test_countries_keeps_the_order_and_the_repeats() -> None:
    geo = RangeCountries(RANGES, "test")
    assert geo.countries(["5.1.1.1", "10.0.0.1", "1.0.0.7", "5.1.1.1"]) == ["Russia", "", "Australia", "Russia"]
    assert geo.countries([]) == []


def test_no_ranges_know_no_country() -> None:
    assert RangeCountries([], "empty").countries(["1.1.1.1"]) == [""]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("1.0.0.0", "1.0.0.9", "AU"), ("1.0.0.9", "1.0.0.20", "CN")], "two ranges hold the address 1.0.0.9"),
        ([("1.0.0.9", "1.0.0.0", "AU")], "range 1: '1.0.0.9' to '1.0.0.0' is not a range"),
        ([("1.0.0.0", "2a00::", "AU")], "is not a range"),
        ([("1.0.0.0", "1.0.0.256", "AU")], "range 1: '1.0.0.0' to '1.0.0.256' are not two addresses"),
        ([("0", "4294967296", "AU")], "are not two addresses"),
    ],
)
def test_doubtful_ranges_are_refused(rows: list[tuple[str, str, str]], message: str) -> None:
    with pytest.raises(GeoDataError, match=message):
        RangeCountries(rows, "test")


@pytest.mark.parametrize(
    "text",
    [
        "1.0.0.0,1.0.0.255,AU\n5.0.0.0,5.0.0.255,DE\n",
        "1.0.0.0\t1.0.0.255\tAUS\n\n5.0.0.0\t5.0.0.255\tDEU\n",
        'id,Country,Start,End\n1,"Australia",1.0.0.0,1.0.0.255\n2,"Germany",5.0.0.0,5.0.0.255\n',
        "16777216,16777471,AU\n83886080,83886335,DE\n",
    ],
)
def test_text_files(tmp_path: Path, text: str) -> None:
    plain, packed = tmp_path / "ranges.csv", tmp_path / "ranges.csv.gz"
    plain.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))
    for path in (plain, packed):
        assert load_range_countries(path).countries(["1.0.0.1", "5.0.0.1"]) == ["Australia", "Germany"]


def test_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "ranges.parquet"
    pq.write_table(pa.table({"end": ["1.0.0.255"], "start": ["1.0.0.0"], "country": ["AU"]}), path)
    assert load_range_countries(path).countries(["1.0.0.1"]) == ["Australia"]
    pq.write_table(pa.table({"first": ["1.0.0.0"], "end": ["1.0.0.255"], "country": ["AU"]}), path)
    with pytest.raises(GeoDataError, match="no column 'start'"):
        load_range_countries(path)


def test_a_short_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ranges.csv"
    path.write_text("1.0.0.0,1.0.0.255,AU\n5.0.0.0,5.0.0.255\n")
    with pytest.raises(GeoDataError, match=r"ranges\.csv: line 2: expected start, end, country"):
        load_range_countries(path)


def test_version_is_given_or_follows_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "ranges.csv"
    path.write_text("1.0.0.0,1.0.0.255,AU\n")
    first = load_range_countries(path).version
    assert first == load_range_countries(path).version
    assert load_range_countries(path, version="2026-11").version == "2026-11"
    path.write_text("1.0.0.0,1.0.0.255,NZ\n")
    assert load_range_countries(path).version != first


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("us", "United States"),
        ("USA", "United States"),
        ("United States of America", "United States"),
        ("Korea, Republic of", "South Korea"),
        ("VIET NAM", "Vietnam"),
        ("Turkey", "Türkiye"),
        ("GB", "United Kingdom"),
        ("ZZ", ""),
        ("-", ""),
        ("  ", ""),
        ("Office Berlin", "Office Berlin"),
    ],
)
def test_country_name(given: str, name: str) -> None:
    assert country_name(given) == name


def test_public_addresses() -> None:
    public = ["8.8.8.8", "2606:4700::1111"]
    other = ["10.1.2.3", "224.0.0.251", "ff02::1", "fe80::1%3", "203.0.113.9", "100.64.0.1", "x"]
    assert [ip for ip in public + other if is_public(ip)] == public


def test_search_agrees_with_a_walk_over_the_ranges() -> None:
    """Widths of one address and more, gaps of none and more, bytes of zero at either end."""
    rows, start = [], 20 << 24
    for number in range(300):
        width, gap = (1, 256, 65536, 3)[number % 4], (0, 1, 0, 77)[number % 3]
        rows.append((start, start + width - 1, ("DE", "FR", "JP")[number % 3]))
        start += width + gap
    geo = RangeCountries([(str(first), str(last), country) for first, last, country in rows], "test")
    probes = [edge + step for first, last, _ in rows for edge in (first, last) for step in (-1, 0, 1)]
    names = {"DE": "Germany", "FR": "France", "JP": "Japan"}
    expected = [next((names[name] for first, last, name in rows if first <= ip <= last), "") for ip in probes]
    assert geo.countries([str(IPv4Address(ip)) for ip in probes]) == expected
