import struct
from pathlib import Path

import pytest
from mmdb_writer import MARK, Value, write_mmdb

from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.mmdb import NO_SYSTEM, AutonomousSystem, Mmdb, MmdbCountries, MmdbSystems, is_mmdb

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
    assert countries(write_mmdb(tmp_path / "c.mmdb", COUNTRIES)).country(ip) == country


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
        assert MmdbCountries(database).country("8.8.8.8") == country
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
    assert is_mmdb(odd)
    assert not is_mmdb(tmp_path / "text.mmdb")


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
        countries(path).country("200.1.1.1")
