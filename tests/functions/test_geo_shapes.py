"""Lines and polygons on the sphere: what is checked here is worked out by hand, or by points thrown at random."""

import json
import math
import random
from itertools import pairwise

import pytest

from bluetick.functions.geography import shapes_buffer, shapes_cells, shapes_densify, shapes_measure, shapes_overlay
from bluetick.functions.geography.points import EARTH_RADIUS_METRES
from bluetick.functions.geography.shapes import chained, distinct_edges, read_lines, read_polygons
from bluetick.functions.geography.shapes_lookup import lines_near, polygons_at

DEGREE = EARTH_RADIUS_METRES * math.pi / 180


def line(*places: tuple[float, float]) -> str:
    return json.dumps({"type": "LineString", "coordinates": places})


def polygon(*rings: list[tuple[float, float]]) -> str:
    return json.dumps({"type": "Polygon", "coordinates": [[*ring, ring[0]] for ring in rings]})


def square(west: float, south: float, size: float = 1) -> list[tuple[float, float]]:
    return [(west, south), (west + size, south), (west + size, south + size), (west, south + size)]


def several(*shapes: str) -> str:
    parts = [json.loads(shape) for shape in shapes]
    return json.dumps({"type": f"Multi{parts[0]['type']}", "coordinates": [part["coordinates"] for part in parts]})


@pytest.mark.parametrize(
    "shape",
    [
        "null",
        "7",
        '{"type":"Polygon"}',
        '{"type":"Polygon","coordinates":[]}',
        '{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1]]]}',  # not closed
        '{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,0],[1,1],[0,0]]]}',  # equal neighbours
        polygon([(0, 0), (10, 10), (10, 0), (0, 10)]),  # crosses itself
        polygon([(0, 0), (10, 0), (5, 5), (10, 10), (0, 10), (5, 5)]),  # a vertex twice
        polygon([(0, 0), (180, 0), (90, 50)]),  # an edge of half a turn
        polygon([(0, 0), (10, 0), (10, 95)]),
        polygon(square(0, 0, 10), [(0, 0), (10, 0), (4, 4)]),  # a hole that shares an edge
        several(line((0, 0), (1, 1))),
    ],
)
def test_polygons_that_are_not_valid(shape: str) -> None:
    assert read_polygons(shape) is None
    assert shapes_measure.polygon_area(shape) is None


@pytest.mark.parametrize(
    "shape", ["null", '{"type":"LineString","coordinates":[[1,1]]}', line((0, 0), (180, 0)), polygon(square(0, 0))]
)
def test_lines_that_are_not_valid(shape: str) -> None:
    assert read_lines(shape) is None
    assert shapes_measure.line_length(shape) is None


def test_the_way_round_of_a_ring_does_not_matter() -> None:
    there, back = square(0, 0), square(0, 0)[::-1]
    assert shapes_measure.polygon_area(polygon(there)) == pytest.approx(shapes_measure.polygon_area(polygon(back)))


def test_a_hole_is_outside() -> None:
    shape = polygon(square(0, 0, 10), square(4, 4))
    assert shapes_measure.point_in_polygon(4.5, 4.5, shape) is False
    assert shapes_measure.point_in_polygon(3.5, 4.5, shape) is True
    assert shapes_measure.distance_to_polygon(4.5, 4.1, shape) == pytest.approx(0.1 * DEGREE, rel=1e-2)


def test_every_point_is_in_one_of_the_polygons_that_share_its_border() -> None:
    shapes = [polygon(square(x, y)) for x in (0, 1) for y in (0, 1)]
    assert [shapes_measure.point_in_polygon(1, 1, shape) for shape in shapes].count(True) == 1


def test_multipolygons_count_what_they_share_once() -> None:
    shape = several(polygon(square(0, 0)), polygon(square(0, 0)), polygon(square(1, 0)))
    whole = polygon([(0, 0), (1, 0), (2, 0), (2, 1), (1, 1), (0, 1)])
    assert shapes_measure.polygon_area(shape) == pytest.approx(shapes_measure.polygon_area(whole))
    assert shapes_measure.polygon_perimeter(shape) == pytest.approx(shapes_measure.polygon_perimeter(whole))


def test_gathered_polygons_may_stand_one_level_deeper() -> None:
    deeper = json.dumps({"type": "MultiPolygon", "coordinates": [[json.loads(polygon(square(0, 0)))["coordinates"]]]})
    assert shapes_measure.point_in_polygon(0.5, 0.5, deeper) is True


def test_shapes_over_the_antimeridian() -> None:
    shape = polygon([(170, 0), (-170, 0), (-170, 10), (170, 10)])
    assert shapes_measure.point_in_polygon(180, 5, shape) is True
    assert shapes_measure.point_in_polygon(0, 5, shape) is False
    common = shapes_overlay.line_polygon_intersection(line((175, 5), (-175, 5)), shape)
    assert common is not None
    assert common["coordinates"][1][0] == pytest.approx(-175)


def test_what_touches() -> None:
    left, right, corner = polygon(square(0, 0)), polygon(square(1, 0)), polygon(square(1, 1))
    edge = shapes_overlay.polygons_intersection(left, right)
    assert edge is not None
    assert edge["type"] == "LineString"
    point = shapes_overlay.polygons_intersection(left, corner)
    assert point is not None
    assert point["coordinates"] == [pytest.approx(1), pytest.approx(1)]
    assert shapes_overlay.polygons_intersect(left, corner) is True
    along = shapes_overlay.line_polygon_intersection(line((1, 0), (0, 0), (-1, 3)), left)
    assert along == {"type": "LineString", "coordinates": [[1, 0], [0, 0]]}


def test_lines_in_common_stand_once() -> None:
    common = shapes_overlay.lines_intersection(line((0, 0), (1, 0), (2, 0)), line((2, 0), (1, 0), (1, 5)))
    assert common == {"type": "LineString", "coordinates": [[1, 0], [2, 0]]}


def test_chains_end_where_lines_branch() -> None:
    a, b, c, d = (0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (1.0, 1.0)
    assert chained([(a, b), (b, c), (b, d)]) == [(a, b), (b, c), (b, d)]
    assert chained([(a, b), (b, c)]) == [(a, b, c)]
    assert chained([(a, b), (b, d), (d, a)]) == [(a, b, d, a)]
    assert distinct_edges([(a, b), (b, a), (b, c)]) == [(a, b), (b, c)]


def test_densified_lines_keep_to_the_tolerance() -> None:
    shape = shapes_densify.densify_line(line((0, 60), (10, 60)), 100)
    assert shape is not None
    assert len(shape["coordinates"]) > 2
    longitudes = [place[0] for place in shape["coordinates"]]
    for longitude in (first / 2 + second / 2 for first, second in pairwise(longitudes)):
        away = shapes_measure.distance_to_line(longitude, 60, json.dumps(shape))
        assert away is not None
        assert away < 100


def test_densified_edges_over_the_antimeridian() -> None:
    short = shapes_densify.densify_line(line((170, 10), (-170, 20)), 10_000, True)
    around = shapes_densify.densify_line(line((170, 10), (-170, 20)), 10_000)
    assert short == {"type": "LineString", "coordinates": [[170, 10], [180, 15], [-175, 17.5], [-170, 20]]}
    assert around is not None
    assert any(abs(place[0]) < 90 for place in around["coordinates"])


BUFFERED = [
    (line((0, 0), (1, 0), (2, 0), (2, 1)), 50_000.0, 10.0),
    (line((0, 0), (1, 0), (0, 0), (0.5, 0), (0, 1)), 5_000.0, 1.0),
    (line((179, 0), (-179, 0), (-178, 3)), 50_000.0, 1_000.0),
    (polygon([(0, 0), (90, 0), (0, 90)]), 100_000.0, 10.0),
    (polygon(square(0, 50)), 5_000.0, 100.0),
]


@pytest.mark.parametrize(("shape", "radius", "tolerance"), BUFFERED)
def test_buffers_hold_the_radius_within_the_tolerance(shape: str, radius: float, tolerance: float) -> None:
    is_line = json.loads(shape)["type"] == "LineString"
    buffer = (shapes_buffer.buffer_line if is_line else shapes_buffer.buffer_polygon)(shape, radius, tolerance)
    distance = shapes_measure.distance_to_line if is_line else shapes_measure.distance_to_polygon
    coordinates = json.loads(shape)["coordinates"]
    chance = random.Random(7)  # noqa: S311 - the same points each time
    for _ in range(200):
        longitude, latitude = chance.choice(coordinates if is_line else coordinates[0])
        reach = 1.5 * radius / DEGREE
        longitude = (longitude + chance.uniform(-reach, reach) + 180) % 360 - 180
        latitude = max(-90.0, min(90.0, latitude + chance.uniform(-reach, reach)))
        away = distance(longitude, latitude, shape)
        inside = shapes_measure.point_in_polygon(longitude, latitude, json.dumps(buffer))
        assert away is not None
        assert inside or away > radius * (1 - 1e-9)
        assert not inside or away < (radius + tolerance) * (1 + 1e-9)


def test_coverings_hold_every_point() -> None:
    s2 = pytest.importorskip("s2sphere")
    shape = polygon([(-3.6, 40.5), (-3.9, 40.4), (-3.7, 40.2), (-3.5, 40.4)])
    tokens = set(shapes_cells.polygon_to_s2cells(shape, 12) or [])
    wider = set(shapes_cells.polygon_to_s2cells(shape, 12, 1_000) or [])
    assert tokens < wider
    chance = random.Random(7)  # noqa: S311 - the same points each time
    for _ in range(300):
        longitude, latitude = chance.uniform(-3.9, -3.5), chance.uniform(40.2, 40.5)
        if shapes_measure.point_in_polygon(longitude, latitude, shape):
            cell = s2.CellId.from_lat_lng(s2.LatLng.from_degrees(latitude, longitude))
            assert cell.parent(12).to_token() in tokens


def test_too_many_cells_give_none() -> None:
    shape = polygon([(0, 0), (90, 0), (0, 90)])
    assert shapes_cells.polygon_to_s2cells(shape, 30) is None
    assert shapes_cells.polygon_to_h3cells(shape, 15) is None
    assert shapes_cells.line_to_s2cells(line((0, 0), (90, 10)), 30) is None
    assert shapes_cells.line_to_s2cells(line((0, 0), (90, 10)), 5, math.nan) is None


def test_lookups_are_the_same_as_the_functions() -> None:
    shapes = [("near", polygon(square(0, 0))), ("far", polygon([(-120, -5), (0, -60), (120, -5)])), ("none", None)]
    chance = random.Random(7)  # noqa: S311 - the same points each time
    places = [(chance.uniform(-180, 180), chance.uniform(-90, 90)) for _ in range(300)]
    places += [(chance.uniform(-1, 2), chance.uniform(-1, 2)) for _ in range(300)]
    inside = {(*place, *row) for place in places for row in shapes if row[1] and _contains(place, row[1])}
    assert set(polygons_at([*places, (None, 1.0), (400.0, 1.0)], shapes, 1, None)) == inside
    lines = [("road", line((0, 0), (1, 1), (1, 2)))]
    near = {(*place, *lines[0]) for place in places if _is_near(place, lines[0][1], 30_000)}
    assert set(lines_near(places, lines, 1, 30_000)) == near


def _contains(place: tuple[float, float], shape: str) -> bool:
    return bool(shapes_measure.point_in_polygon(*place, shape))


def _is_near(place: tuple[float, float], shape: str, radius: float) -> bool:
    distance = shapes_measure.distance_to_line(*place, shape)
    return distance is not None and distance <= radius
