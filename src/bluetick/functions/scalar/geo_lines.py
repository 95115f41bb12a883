"""Geospatial functions on lines: LineString and MultiLineString in GeoJSON, edges geodesics on a sphere."""

from dataclasses import replace

from bluetick.functions.definition import Argument, Example, ScalarFunction, param
from bluetick.functions.scalar.geo_shapes import (
    AROUND,
    LATITUDE,
    LINE,
    LONGITUDE,
    PRESERVE_CROSSING,
    RADIUS,
    TOLERANCE,
    buffer,
    cells,
    densify,
    measure,
    overlay,
    shape_function,
)
from bluetick.types import NUMBER, Type

# One degree of a great circle on Kusto's sphere, whose radius is 6371010 m.
DEGREE = 111195.10117748393

EQUATOR = 'dynamic({"type":"LineString","coordinates":[[0,0],[1,0]]})'
TWO_DEGREES = 'dynamic({"type":"LineString","coordinates":[[0,0],[1,0],[2,0]]})'
MERIDIAN = 'dynamic({"type":"LineString","coordinates":[[0.5,-1],[0.5,1]]})'
FAR_AWAY = 'dynamic({"type":"LineString","coordinates":[[50,50],[51,51]]})'
ONE_POSITION = 'dynamic({"type":"LineString","coordinates":[[1,1]]})'
NOTHING: dict[str, object] = {"type": "GeometryCollection", "geometries": []}

BUFFER_DIFFERS = (
    "the vertices are not Kusto's: the outline holds all points within the radius, and none farther than the tolerance "
    "beyond it; a radius above 9,900 km gives null"
)


def _point(longitude: float, latitude: float) -> dict[str, object]:
    return {"type": "Point", "coordinates": [longitude, latitude]}


def _on_a_sphere(arguments: tuple[Argument, ...]) -> str:
    if len(arguments) > 3 and arguments[3].constant:
        return "places along a line are found on a sphere only; leave out use_spheroid, or say false"
    return ""


FUNCTIONS: tuple[ScalarFunction, ...] = (
    shape_function(
        "geo_line_length",
        "The metres of a line; what the lines of a multiline share counts once.",
        (LINE,),
        Type.REAL,
        lambda: measure().line_length,
        Example(f"geo_line_length({EQUATOR})", DEGREE),
        Example(
            'geo_line_length(dynamic({"type":"MultiLineString","coordinates":[[[0,0],[1,0]],[[1,0],[0,0]]]}))', DEGREE
        ),
        Example(f"geo_line_length({ONE_POSITION})", None),
        Example("geo_line_length(dynamic(null))", None),
    ),
    shape_function(
        "geo_line_centroid",
        "The centroid of a line.",
        (LINE,),
        Type.DYNAMIC,
        lambda: measure().line_centroid,
        Example(f"geo_line_centroid({EQUATOR})", _point(0.5, 0)),
        Example(f"geo_line_centroid({ONE_POSITION})", None),
        Example("geo_line_centroid(dynamic(null))", None),
    ),
    shape_function(
        "geo_line_interpolate_point",
        "The point at a fraction of a line's length, from 0 to 1; a multiline gives null.",
        (LINE, param("fraction", *NUMBER)),
        Type.DYNAMIC,
        lambda: measure().interpolate_point,
        Example(f"geo_line_interpolate_point({TWO_DEGREES}, 0.75)", _point(1.5, 0)),
        Example(f"geo_line_interpolate_point({EQUATOR}, 1)", _point(1, 0)),
        Example(f"geo_line_interpolate_point({EQUATOR}, 1.1)", None),
        Example(f"geo_line_interpolate_point({EQUATOR}, real(null))", None),
    ),
    replace(
        shape_function(
            "geo_line_locate_point",
            "The fraction of a line's length at which it is closest to a point; a multiline gives null.",
            (LINE, LONGITUDE, LATITUDE, param("use_spheroid", Type.BOOL, *NUMBER, optional=True, constant=True)),
            Type.REAL,
            lambda: measure().locate_point,
            Example(f"geo_line_locate_point({TWO_DEGREES}, 0.5, 3)", 0.25),
            Example(f"geo_line_locate_point({EQUATOR}, 7, 3, false)", 1.0),
            Example(f"geo_line_locate_point({EQUATOR}, 200, 3)", None),
            Example("geo_line_locate_point(dynamic(null), 7, 3)", None),
            differs="use_spheroid must be false.",
        ),
        check=_on_a_sphere,
    ),
    shape_function(
        "geo_distance_point_to_line",
        "The metres from a point to the closest point of a line.",
        (LONGITUDE, LATITUDE, LINE),
        Type.REAL,
        lambda: measure().distance_to_line,
        Example(f"geo_distance_point_to_line(0.5, 1, {EQUATOR})", DEGREE),
        Example(f"geo_distance_point_to_line(3, 0, {EQUATOR})", 2 * DEGREE),
        Example(f"geo_distance_point_to_line(300, 3, {EQUATOR})", None),
        Example(f"geo_distance_point_to_line(real(null), 3, {EQUATOR})", None),
    ),
    shape_function(
        "geo_closest_point_on_line",
        "The point of a line that is closest to a point.",
        (LONGITUDE, LATITUDE, LINE),
        Type.DYNAMIC,
        lambda: measure().closest_on_line,
        Example(f"geo_closest_point_on_line(0.5, 1, {EQUATOR})", _point(0.5, 0)),
        Example(f"geo_closest_point_on_line(-7, 0, {EQUATOR})", _point(0, 0)),
        Example('geo_closest_point_on_line(1, 1, dynamic({"type":"LineString"}))', None),
        Example("geo_closest_point_on_line(1, 1, dynamic(null))", None),
    ),
    shape_function(
        "geo_line_densify",
        "Points added to a line that is straight on the map, until geodesics keep within the tolerance, 0.1 to 10000 m "
        "(10 if left out). With preserve_crossing an edge goes the short way over longitude 180.",
        (LINE, TOLERANCE, PRESERVE_CROSSING),
        Type.DYNAMIC,
        lambda: densify().densify_line,
        Example(
            'geo_line_densify(dynamic({"type":"LineString","coordinates":[[0,60],[1,60]]}), 100)',
            {"type": "LineString", "coordinates": [[0, 60], [0.5, 60], [1, 60]]},
        ),
        Example(f"geo_line_densify({EQUATOR})", {"type": "LineString", "coordinates": [[0, 0], [1, 0]]}),
        Example(f"geo_line_densify({EQUATOR}, 0)", None),
        Example("geo_line_densify(dynamic(null))", None),
    ),
    shape_function(
        "geo_line_buffer",
        "The polygon of all points within metres of a line, at most the tolerance larger (10 m if left out).",
        (LINE, RADIUS, TOLERANCE),
        Type.DYNAMIC,
        lambda: buffer().buffer_line,
        Example(f"geo_point_in_polygon(0.5, 0.89, geo_line_buffer({EQUATOR}, 100000))", True),
        Example(f"geo_point_in_polygon(0.5, 0.91, geo_line_buffer({EQUATOR}, 100000))", False),
        Example(f"geo_line_buffer({EQUATOR}, 0)", None),
        Example("geo_line_buffer(dynamic(null), 1)", None),
        differs=BUFFER_DIFFERS,
    ),
    shape_function(
        "geo_line_to_s2cells",
        "The tokens of the S2 cells of a level (11 if left out) that meet a line, or lie within a radius in metres; "
        "null for more than 65536.",
        (LINE, param("level", *NUMBER, optional=True), AROUND),
        Type.DYNAMIC,
        lambda: cells().line_to_s2cells,
        Example(f"geo_line_to_s2cells({FAR_AWAY}, 0)", ["5"]),
        Example(f"geo_line_to_s2cells({FAR_AWAY}, 31)", None),
        Example("geo_line_to_s2cells(dynamic(null))", None),
    ),
    shape_function(
        "geo_intersects_2lines",
        "Whether two lines have a point in common.",
        (param("lineString1", Type.DYNAMIC), param("lineString2", Type.DYNAMIC)),
        Type.BOOL,
        lambda: overlay().lines_intersect,
        Example(f"geo_intersects_2lines({EQUATOR}, {MERIDIAN})", True),
        Example(f"geo_intersects_2lines({EQUATOR}, {FAR_AWAY})", False),
        Example(f"geo_intersects_2lines({EQUATOR}, {ONE_POSITION})", None),
        Example("geo_intersects_2lines(dynamic(null), dynamic(null))", None),
    ),
    shape_function(
        "geo_intersection_2lines",
        "The points and lines that two lines have in common; an empty collection where there are none.",
        (param("lineString1", Type.DYNAMIC), param("lineString2", Type.DYNAMIC)),
        Type.DYNAMIC,
        lambda: overlay().lines_intersection,
        Example(f"geo_intersection_2lines({EQUATOR}, {MERIDIAN})", _point(0.5, 0)),
        Example(
            f"geo_intersection_2lines({EQUATOR}, {TWO_DEGREES})",
            {"type": "LineString", "coordinates": [[0, 0], [1, 0]]},
        ),
        Example(f"geo_intersection_2lines({EQUATOR}, {FAR_AWAY})", NOTHING),
        Example(f"geo_intersection_2lines({EQUATOR}, dynamic(null))", None),
    ),
    shape_function(
        "geo_union_lines_array",
        "The lines of an array as one line or multiline, in which an edge stands once.",
        (param("lineStrings", Type.DYNAMIC),),
        Type.DYNAMIC,
        lambda: overlay().union_of_lines,
        Example(
            f"geo_union_lines_array(pack_array({EQUATOR}, {TWO_DEGREES}))",
            {"type": "LineString", "coordinates": [[0, 0], [1, 0], [2, 0]]},
        ),
        Example(f"geo_union_lines_array(pack_array({EQUATOR}, {ONE_POSITION}))", None),
        Example("geo_union_lines_array(dynamic([]))", None),
    ),
)
