"""What examples cannot show of points and cells: whole circles, grids over the Earth, the spheroid."""

import math
import random
from itertools import pairwise

import pytest

import bluetick
from bluetick.functions.geography import circles, geohashes, h3_cells, s2_cells, spheroid, wkt
from bluetick.functions.geography.geojson import parse_lines, parse_point, parse_polygons
from bluetick.functions.geography.points import EARTH_RADIUS_METRES, distance
from bluetick.functions.scalar import geo_points


def random_places(count: int) -> list[tuple[float, float]]:
    dice = random.Random(5)  # noqa: S311 - places, not secrets
    return [(dice.uniform(-180, 180), dice.uniform(-90, 90)) for _ in range(count)]


# --- distances --------------------------------------------------------------------------------------------------


# From Karney's paper and the manual of GeographicLib; the last two are a quarter and a half of a meridian.
@pytest.mark.parametrize(
    ("first", "second", "metres"),
    [
        ((-73.8, 40.6), (-0.5, 51.6), 5551759.400),
        ((0, 0), (179.5, 0.5), 19936288.579),
        ((0, -30), (179.8, 29.9), 19989832.828),
        ((0, 0), (90, 0), 6378137 * math.pi / 2),
        ((0, 0), (0, 90), 10001965.729),
        ((12, 90), (40, -90), 20003931.459),
        ((0, 0), (180, 0), 20003931.459),
        ((5, 6), (5, 6), 0),
    ],
)
def test_spheroid_distance(first: tuple[float, float], second: tuple[float, float], metres: float) -> None:
    assert spheroid.spheroid_distance(first, second) == pytest.approx(metres, abs=1e-3)


def test_both_ways_over_the_spheroid_agree() -> None:
    places = random_places(40)
    for first, second in zip(places[::2], places[1::2], strict=True):
        across = math.radians(abs(math.remainder(second[0] - first[0], 360)))
        south, north = (spheroid._reduced(place[1]) for place in (first, second))
        slow = spheroid._by_bisection(across, south, north)
        assert spheroid.spheroid_distance(first, second) == pytest.approx(slow, abs=1e-3)


def test_the_flag_may_stand_in_a_column() -> None:
    with bluetick.connect() as session:
        query = (
            "datatable(f:bool)[true, false, bool(null)] | extend d = geo_distance_2points(-73.8, 40.6, -0.5, 51.6, f)"
        )
        metres = [row[1] for row in session.query(query).rows()]
        on_sphere = distance((-73.8, 40.6), (-0.5, 51.6))
        assert metres == [pytest.approx(5551759.400), pytest.approx(on_sphere), None]


def test_sql_and_python_have_one_earth() -> None:
    assert geo_points.EARTH_RADIUS_METRES == EARTH_RADIUS_METRES


def test_numbers_that_are_no_place_fail_no_query() -> None:
    with bluetick.connect() as session:
        query = (
            "datatable(a:real)[real(nan), real(+inf), real(-inf), 181.0, -180.5] | extend d = geo_distance_2points(a,"
            " 0, 1, 1), z = geo_azimuth(0, a, 1, 1), c = geo_point_in_circle(1, 1, a, 1, 5), g = geo_point_to_geohash("
            "a, 0), s = geo_point_to_s2cell(0, a), r = geo_point_in_circle(1, 1, 1, 1, iff(a > 0, a, real(+inf)))"
        )
        for row in session.query(query).rows():
            assert row[1:6] == (None, None, None, "", "")


# --- circles ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("centre", [(13.4, 52.5), (179.99, 0.0), (0.0, 90.0)])
@pytest.mark.parametrize(("radius", "tolerance"), [(300.0, 0.1), (20_000.0, 10.0), (5.0, 10.0), (2e6, 1e4)])
def test_buffer_lies_between_tolerance_and_radius(centre: tuple[float, float], radius: float, tolerance: float) -> None:
    shape = circles.point_buffer(*centre, radius, tolerance)
    (polygon,) = parse_polygons(shape) or ()
    (ring,) = polygon
    assert len(ring) >= 4
    for corner in ring:
        assert distance(centre, corner) == pytest.approx(radius, rel=1e-6)
    corners = len(ring) - 1
    angle = radius / EARTH_RADIUS_METRES
    nearest = EARTH_RADIUS_METRES * math.atan(math.tan(angle) * math.cos(math.pi / corners))
    assert nearest >= radius - max(tolerance, radius * 0.5) - 1e-6


@pytest.mark.parametrize(("radius", "tolerance"), [(0, 1), (-5, 1), (100, 0), (1e6, 0.5), (3e7, 10), (math.inf, 10)])
def test_buffers_that_are_none(radius: float, tolerance: float) -> None:
    assert circles.point_buffer(0, 0, radius, tolerance) is None


# --- grids ------------------------------------------------------------------------------------------------------


def holds(polygon: object, place: tuple[float, float]) -> bool:
    (rings,) = parse_polygons(polygon) or ()
    for axis in (0, 1):
        degrees = [corner[axis] for corner in rings[0]]
        if not min(degrees) <= place[axis] <= max(degrees):
            return False
    return True


def middle(point: object) -> tuple[float, float]:
    return parse_point(point) or (0.0, 0.0)


@pytest.mark.parametrize("length", [1, 2, 5, 12, 18])
def test_a_geohash_holds_its_place(length: int) -> None:
    for place in (*random_places(20), (180.0, 90.0), (-180.0, -90.0), (0.0, 0.0)):
        geohash = geohashes.point_to_geohash(*place, length)
        assert len(geohash) == length
        assert holds(geohashes.polygon(geohash), place)
        assert geohashes.point_to_geohash(*middle(geohashes.central_point(geohash)), length) == geohash


def test_geohash_neighbours_are_mutual() -> None:
    for place in random_places(20):
        geohash = geohashes.point_to_geohash(*place, 3)
        assert all(geohash in geohashes.neighbors(near) for near in geohashes.neighbors(geohash))


@pytest.mark.parametrize("level", [0, 1, 11, 30])
def test_s2_neighbours_are_mutual(level: int) -> None:
    for place in random_places(20):
        cell = s2_cells.point_to_cell(*place, level)
        near = s2_cells.neighbors(cell)
        assert len(near) == len(set(near)) <= 8
        assert cell not in near
        assert all(cell in s2_cells.neighbors(other) for other in near)
        assert s2_cells.point_to_cell(*middle(s2_cells.central_point(cell)), level) == cell


@pytest.mark.parametrize("cell", ["861f8894fffffff", "830833fffffffff", "830800fffffffff"])
def test_h3_rings_are_the_growing_neighbourhood(cell: str) -> None:
    rings = h3_cells.rings(cell, 4)
    assert rings[0] == [cell]
    assert sorted(rings[1]) == sorted(h3_cells.neighbors(cell))
    found = [near for ring in rings for near in ring]
    assert len(found) == len(set(found))
    for inner, outer in pairwise(rings):
        around = {near for one in inner for near in h3_cells.neighbors(one)}
        assert set(outer) <= around


@pytest.mark.parametrize("token", ["", "x", "0x1f", "1_1", " 89c259", "ffffffffffffffffff", "é"])
def test_tokens_that_name_no_cell(token: str) -> None:
    assert h3_cells.central_point(token) is None
    assert s2_cells.central_point(token) is None
    assert h3_cells.parent(token) == ""


# --- shapes in text ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "coordinates"),
    [
        (" point(1 -2e1) ", [1, -20.0]),
        ("LINESTRING (1 2, 3.5 .5)", [[1, 2], [3.5, 0.5]]),
        ("MULTIPOINT ((1 1), 2 2)", [[1, 1], [2, 2]]),
        ("POLYGON ((0 0, 2 0, 2 2, 0 0))", [[[0, 0], [2, 0], [2, 2], [0, 0]]]),
    ],
)
def test_well_known_text(text: str, coordinates: object) -> None:
    assert wkt.from_wkt(text)["coordinates"] == coordinates


@pytest.mark.parametrize(
    "text",
    [
        "POINT",
        "POINT EMPTY",
        "POINT (1)",
        "POINT (1 2 3)",
        "POINT (1 2",
        "POINT (1 2) POINT (1 2)",
        "POINT (a b)",
        "LINESTRING (1 2)",
        "POLYGON ((0 0, 2 0, 2 2))",
        "POLYGON ((0 0, 2 0, 2 2, 1 1))",
        "CIRCLE (1 2)",
        "GEOMETRYCOLLECTION (" * 100,
        "{}",
    ],
)
def test_text_of_no_shape(text: str) -> None:
    assert wkt.from_wkt(text) is None


@pytest.mark.parametrize(
    "value",
    [None, 1, "x", [], {}, {"type": "Point"}, {"type": "Point", "coordinates": [1]}, {"type": "LineString"}],
)
def test_json_of_no_shape(value: object) -> None:
    assert parse_point(value) is None
    assert parse_lines(value) is None
    assert parse_polygons(value) is None


def test_json_of_shapes() -> None:
    ring = [[0, 0], [2, 0], [2, 2], [0, 0]]
    assert parse_point({"type": "Point", "coordinates": [1, 2, 30]}) == (1, 2)
    assert parse_lines({"type": "LineString", "coordinates": [[0, 0], [0, 0], [1, 1]]}) == (((0, 0), (1, 1)),)
    assert parse_lines({"type": "LineString", "coordinates": [[0, 0], [0, 0]]}) is None
    assert parse_lines({"type": "MultiLineString", "coordinates": [[[0, 0], [1, 1]], [[0, 0]]]}) is None
    assert parse_polygons({"type": "MultiPolygon", "coordinates": [[ring], [ring[:3]]]}) is None
    assert len(parse_polygons({"type": "MultiPolygon", "coordinates": [[ring], [ring]]}) or ()) == 2
    assert parse_polygons({"type": "Polygon", "coordinates": [[[0, 0], [200, 0], [2, 2], [0, 0]]]}) is None
