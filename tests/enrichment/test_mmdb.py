import random
import struct
from ipaddress import ip_address, ip_network
from pathlib import Path

import maxminddb
import pytest
from maxminddb.decoder import Decoder
from mmdb_writer import MARK, Value, write_mmdb

from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.mmdb import NO_SYSTEM, AutonomousSystem, Mmdb, MmdbCountries, MmdbSystems
from bluetick.enrichment.mmdb_file import MmdbError, MmdbFile, decoded, has_mark

COUNTRIES: dict[str, Value] = {
    "1.0.0.0/24": {"country": {"iso_code": "AU", "names": {"en": "Australia"}}},
    "5.0.0.0/8": {"country": {"iso_code": "RU", "names": {"en": "Russian Federation"}}},
    "9.0.0.0/30": {"country": {"names": {"en": "United States of America"}}},
    "11.0.0.0/8": {"registered_country": {"iso_code": "US"}},
    "12.0.0.0/8": {"country": {"iso_code": "QQ", "names": {"en": "Atlantis"}}},
    "192.168.0.0/16": {"country": {"iso_code": "AU"}},
    "2a00::/16": {"country": {"iso_code": "DE"}},
}


def countries(path: Path) -> MmdbCountries:
    return MmdbCountries(Mmdb(path))


@pytest.mark.parametrize(
    ("ip", "country"),
    [
        ("1.0.0.0", "Australia"),
        ("1.0.0.255", "Australia"),
        ("1.0.1.0", ""),
        ("0.255.255.255", ""),
        ("5.0.0.0", "Russia"),
        ("5.255.255.255", "Russia"),
        ("9.0.0.3", "United States"),
        ("9.0.0.4", ""),
        ("11.1.1.1", ""),
        ("12.1.1.1", "Atlantis"),
        ("192.168.1.1", ""),
        ("2a00::1", "Germany"),
        ("2a00::1%eth0", "Germany"),
        ("2a01::", ""),
        ("::ffff:1.0.0.1", "Australia"),
        ("::ffff:192.168.1.1", ""),
        ("not an address", ""),
        ("", ""),
    ],
)
def test_country_of_an_address(tmp_path: Path, ip: str, country: str) -> None:
    assert countries(write_mmdb(tmp_path / "c.mmdb", COUNTRIES)).countries([ip]) == [country]


def test_a_database_of_ipv4_alone(tmp_path: Path) -> None:
    four = {network: record for network, record in COUNTRIES.items() if ":" not in network}
    found = countries(write_mmdb(tmp_path / "c.mmdb", four, version=4))
    assert found.countries(["5.1.1.1", "2a00::1", "::ffff:5.1.1.1", "1.0.0.9"]) == ["Russia", "", "Russia", "Australia"]


@pytest.mark.parametrize(
    ("record", "country", "system"),
    [
        ({"autonomous_system_number": 3320, "autonomous_system_organization": "DTAG"}, None, (3320, "DTAG")),
        ({"autonomous_system_number": 3320}, None, (3320, "")),
        ({"country_code": "GB"}, "United Kingdom", None),
        (
            {"country": "US", "country_name": "United States", "asn": "AS15169", "as_name": "Google LLC"},
            "United States",
            (15169, "Google LLC"),
        ),
        (
            {"country": "Viet Nam", "country_code": "VN", "asn": "AS7552", "as_name": "", "as_domain": "viettel.vn"},
            "Vietnam",
            (7552, "viettel.vn"),
        ),
        ({"asn": 64500, "name": "Example", "country_code": "CZ"}, "Czechia", (64500, "Example")),
    ],
)
def test_shapes_of_records(tmp_path: Path, record: Value, country: str | None, system: tuple[int, str] | None) -> None:
    database = Mmdb(write_mmdb(tmp_path / "x.mmdb", {"8.8.8.0/24": record}, kind="Some-Type"))
    if country is None:
        with pytest.raises(SourceError, match=r"x\.mmdb' is a database that holds no countries: Some-Type of 2026-"):
            MmdbCountries(database)
    else:
        assert MmdbCountries(database).countries(["8.8.8.8"]) == [country]
    if system is None:
        with pytest.raises(SourceError, match="holds no autonomous systems"):
            MmdbSystems(database)
    else:
        assert MmdbSystems(database).systems(["8.8.8.8", "10.0.0.1", "8.8.9.1"]) == [
            AutonomousSystem(*system),
            NO_SYSTEM,
            NO_SYSTEM,
        ]


@pytest.mark.parametrize("asn", [0, "AS0", "ASX", "AS99999999999", "", True, {"n": 1}])
def test_numbers_that_are_nobodys(tmp_path: Path, asn: Value) -> None:
    """A good record beside it makes the database one of systems."""
    records: dict[str, Value] = {"8.8.8.0/24": {"asn": asn, "name": "x"}, "9.9.9.0/24": {"asn": 1}}
    systems = MmdbSystems(Mmdb(write_mmdb(tmp_path / "x.mmdb", records)))
    assert systems.systems(["8.8.8.8"]) == [NO_SYSTEM]


@pytest.mark.parametrize("record", ["DE", {"country": 7}, {"country": {"iso_code": 1, "names": "x"}}, ["DE"]])
def test_records_of_other_forms_tell_nothing(tmp_path: Path, record: Value) -> None:
    records: dict[str, Value] = {"8.8.8.0/24": record, "9.9.9.0/24": {"country_code": "FR"}}
    assert countries(write_mmdb(tmp_path / "x.mmdb", records)).countries(["8.8.8.8", "9.9.9.9"]) == ["", "France"]


def test_the_version_names_type_build_and_bytes(tmp_path: Path) -> None:
    first = countries(write_mmdb(tmp_path / "a.mmdb", COUNTRIES, kind="DBIP-Country-Lite", epoch=1_790_000_000)).version
    assert first.startswith("DBIP-Country-Lite of 2026-09-21T14:13:20Z, sha256:")
    assert countries(write_mmdb(tmp_path / "b.mmdb", {**COUNTRIES, "13.0.0.0/8": {}})).version[-16:] != first[-16:]


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    odd = write_mmdb(tmp_path / "countries.csv", COUNTRIES)
    (tmp_path / "text.mmdb").write_text("1.0.0.0,1.0.0.255,AU\n")
    assert has_mark(odd)
    assert not has_mark(tmp_path / "text.mmdb")


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    whole = write_mmdb(tmp_path / "whole.mmdb", COUNTRIES).read_bytes()
    path = tmp_path / "x.mmdb"
    mark = whole.index(MARK)
    for broken in (b"", b"text", MARK, whole[: mark + len(MARK) + 9], whole[mark:], whole[len(whole) // 2 :]):
        path.write_bytes(broken)
        with pytest.raises(SourceError, match=r"x\.mmdb"):
            countries(path)
    with pytest.raises(SourceError, match="there is no database"):
        Mmdb(tmp_path / "absent.mmdb")
    with pytest.raises(SourceError, match="cannot be read"):
        Mmdb(tmp_path)


def test_a_damaged_record_is_an_error_where_it_is_asked_for(tmp_path: Path) -> None:
    """The search tree is whole; what the last network points to lies behind the file's data."""
    path = write_mmdb(tmp_path / "x.mmdb", {"8.0.0.0/8": {"country_code": "FR"}, "200.0.0.0/8": {"country_code": "DE"}})
    whole = bytearray(path.read_bytes())
    nodes = [struct.unpack_from(">I", whole, place)[0] for place in range(0, whole.index(bytes(16)), 4)]
    last = max(range(len(nodes)), key=lambda place: nodes[place])
    struct.pack_into(">I", whole, last * 4, nodes[last] + 60_000)
    path.write_bytes(whole)
    with pytest.raises(SourceError, match=r"x\.mmdb' is damaged"):
        countries(path).countries(["200.1.1.1"])


NETWORKS: dict[str, Value] = {"2a00::/16": {"n": 1}, "2a01:5::/33": {"n": 2}, "2a01:6::1/128": {"n": 3}}
for first, length in zip(range(20, 120), (16, 17, 20, 24, 31, 32) * 20, strict=False):
    NETWORKS[f"{first}.{first * 7 % 256}.0.0/{length}"] = {"country": {"iso_code": "FR"}, "n": first}


@pytest.mark.parametrize("size", [24, 28, 32])
def test_searches_agree_with_the_public_reader(tmp_path: Path, size: int) -> None:
    path = write_mmdb(tmp_path / "x.mmdb", NETWORKS, size=size)
    ips = [str(ip_network(network)[place]) for network in NETWORKS for place in (0, -1)]
    ips += [str(ip_address(ip) + step) for ip in ips for step in (-1, 1)]
    numbers, record = MmdbFile(path).find(ips)
    with maxminddb.open_database(path, maxminddb.MODE_MEMORY) as reader:
        expected = [reader.get(ip) for ip in ips]
    assert [record(number) if number else None for number in numbers] == expected
    assert sum(found is None for found in expected) > 50


LONG = b"x" * 70_000
VALUES = [
    b"\x44\x31\x32\x33\x34",  # a text of 4 bytes
    b"\x5d\x00" + LONG[:29],
    b"\x5e\x00\x01" + LONG[:286],
    b"\x5f\x00\x00\x02" + LONG[:65_823],
    b"\x68\x40\x09\x21\xfb\x54\x44\x2d\x18",  # a double
    b"\x83\x01\x02\x03",  # bytes
    b"\xa0",  # 16 bits, no byte
    b"\xc3\x01\x02\x03",  # 32 bits in three
    b"\x04\x01\xff\xff\xff\xfe",  # a signed number
    b"\x02\x01\x01\x02",  # a signed number in two bytes
    b"\x08\x02\x01\x02\x03\x04\x05\x06\x07\x08",  # 64 bits
    b"\x10\x03" + bytes(range(16)),  # 128 bits
    b"\x02\x04\xa1\x07\x41x",  # an array
    b"\xe1\x41k\xe1\x41l\xa1\x05",  # a map in a map
    b"\x01\x07",
    b"\x00\x07",
    b"\x04\x08\x3f\xc0\x00\x00",  # a float
    b"\x20\x03\x00\x41z",  # a pointer in two bytes
    b"\x28\x00\x00" + bytes(2045) + b"\x41z",  # in three: 2048 on
    b"\x38\x00\x00\x00\x05\x41z",  # in five
]


@pytest.mark.parametrize("data", VALUES)
def test_values_agree_with_the_public_reader(data: bytes) -> None:
    expected, _ = Decoder(data, 0).decode(0)
    assert decoded(data) == expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "cut short"),
        (b"\x44\x31", "cut short"),
        (b"\x20\x00", "a pointer points to a pointer"),
        (b"\xe1\xa1\x05\xa1\x05", "a key of a map is no text"),
        (b"\xe1\x41k" * 40 + b"\xa0", "too deep"),
        (b"\x1f\x04\xff\xff\xff" + b"\xa0" * 20_000, "too large"),
        (b"\x41\xff", "not UTF-8"),
        (b"\x61\x00", "no known type"),
        (b"\x00\x05", "no known type"),
        (b"\xe1\x41k\x20\x00", "too deep"),  # a map that holds itself
    ],
)
def test_values_that_no_database_has_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(MmdbError, match=message):
        decoded(data)


def test_any_damage_is_an_error_of_ours(tmp_path: Path) -> None:
    """Cut anywhere, or with bytes changed: an answer or a SourceError."""
    numbers = random.Random(5)  # noqa: S311 - a seeded test, not cryptography
    whole = write_mmdb(tmp_path / "whole.mmdb", dict(list(NETWORKS.items())[:23])).read_bytes()
    path, refused = tmp_path / "x.mmdb", 0
    for _ in range(400):
        broken = bytearray(whole[: numbers.choice([len(whole), len(whole), numbers.randrange(len(whole))])])
        for _ in range(numbers.choice([1, 2, 8])):
            broken[numbers.randrange(max(0, len(broken) - 400), len(broken))] = numbers.randrange(256)
        path.write_bytes(broken)
        try:
            assert set(countries(path).countries([f"{first}.{first * 7 % 256}.0.1" for first in range(20, 40)]))
        except SourceError:
            refused += 1
    assert 0 < refused < 400
