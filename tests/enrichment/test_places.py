import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bluetick
from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.geo import GeoDataError
from bluetick.enrichment.places import AddressPlaces, load_places

HEADING = "network,country,state,city,latitude,longitude\n"
LINES = "9.1.2.0/24,SE,Skane,Malmo,55.6,13.0\n2a02::/16,Norway,,,,\n9.9.9.9/32,,,,nan,\n"
QUERY = "datatable(ip:string)['9.1.2.3', '9.1.3.3', ''] | extend place = geo_info_from_ip_address(ip)"


def written(folder: Path, text: str = HEADING + LINES) -> Path:
    path = folder / "places.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("ip", "place"),
    [
        ("9.1.2.0", {"country": "Sweden", "state": "Skane", "city": "Malmo", "latitude": 55.6, "longitude": 13.0}),
        ("9.1.2.255", {"country": "Sweden", "state": "Skane", "city": "Malmo", "latitude": 55.6, "longitude": 13.0}),
        ("2a02:1::9", {"country": "Norway"}),
        ("9.9.9.9", None),
        ("9.1.3.0", None),
        ("192.168.0.1", None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_place_of_an_address(tmp_path: Path, ip: str, place: object) -> None:
    assert load_places(written(tmp_path)).find(ip) == place


def test_ranges_come_as_parquet_and_gzip_too(tmp_path: Path) -> None:
    table = pa.table({"Start": ["9.1.2.0"], "END": ["9.1.2.9"], "country": ["SE"], "city": [None], "other": [1]})
    pq.write_table(table, tmp_path / "places.parquet")
    (tmp_path / "places.tsv.gz").write_bytes(gzip.compress(b"start\tend\tcountry\n9.1.2.0\t9.1.2.9\tSE\n"))
    for name in ("places.parquet", "places.tsv.gz"):
        assert load_places(tmp_path / name).find("9.1.2.9") == {"country": "Sweden"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9.1.2.0,9.1.2.9,SE\n", "expected a heading"),
        ("", "expected a heading"),
        (HEADING + "9.1.2.0/40,SE,,,,\n", "is not a network"),
        (HEADING + "9.1.2.0/24,SE,,,north,\n", "latitude 'north' is not a number"),
        (HEADING + "9.1.2.0/24,SE\n", "line 2: 2 fields"),
        (HEADING + "9.1.2.0/24,SE,,,,\n9.1.0.0/16,SE,,,,\n", "two ranges hold the address"),
    ],
)
def test_bad_tables_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(GeoDataError, match=message):
        load_places(written(tmp_path, text))


def test_a_query_asks_the_table(tmp_path: Path) -> None:
    with bluetick.connect(geo=written(tmp_path)) as session:
        rows = session.query(QUERY + " | project tostring(place.city), isnull(place)").rows()
        assert list(rows) == [("Malmo", False), ("", True), ("", True)]


def test_a_query_without_a_table_says_how_to_give_one(tmp_path: Path) -> None:
    with bluetick.connect() as session:
        assert session.check(QUERY).ok
        with pytest.raises(SourceError, match="--geo FILE"):
            session.query(QUERY)
    with bluetick.connect(geo=tmp_path / "absent.csv") as session, pytest.raises(SourceError, match="absent"):
        session.query(QUERY)


def test_places_may_be_loaded_already() -> None:
    places = AddressPlaces([{"network": "9.0.0.0/8", "country": "Finland"}])
    with bluetick.connect(geo=places) as session:
        (row,) = session.query("print tostring(geo_info_from_ip_address('9.0.0.1').country)").rows()
        assert row == ("Finland",)
