"""Geospatial functions on polygons: Polygon and MultiPolygon in GeoJSON, edges geodesics on a sphere."""

from bluetick.functions.definition import Example, ScalarFunction, param
from bluetick.functions.scalar.geo_lines import BUFFER_DIFFERS, DEGREE, NOTHING
from bluetick.functions.scalar.geo_shapes import (
    AROUND,
    LATITUDE,
    LINE,
    LONGITUDE,
    POLYGON,
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

# An eighth of the sphere, and a triangle that touches it at one corner from outside.
OCTANT = 'dynamic({"type":"Polygon","coordinates":[[[0,0],[90,0],[0,90],[0,0]]]})'
SOUTH = 'dynamic({"type":"Polygon","coordinates":[[[0,0],[0,-10],[10,-10],[0,0]]]})'
SOUTH_OCTANT = 'dynamic({"type":"Polygon","coordinates":[[[0,0],[0,-90],[90,0],[0,0]]]})'
FAR_AWAY = 'dynamic({"type":"Polygon","coordinates":[[[-60,-60],[-50,-60],[-50,-50],[-60,-60]]]})'
REPEATED = 'dynamic({"type":"Polygon","coordinates":[[[0,0],[10,10],[10,10],[0,0]]]})'
OCTANT_AREA = 63758259139748.58  # 4 pi 6371010^2 / 8


FUNCTIONS: tuple[ScalarFunction, ...] = (
    shape_function(
        "geo_point_in_polygon",
        "Whether a point is in a polygon. Of polygons that share a border, one has its points.",
        (LONGITUDE, LATITUDE, POLYGON),
        Type.BOOL,
        lambda: measure().point_in_polygon,
        Example(f"geo_point_in_polygon(45, 30, {OCTANT})", True),
        Example(f"geo_point_in_polygon(45, -1, {OCTANT})", False),
        Example(f"geo_point_in_polygon(45, 91, {OCTANT})", None),
        Example(f"geo_point_in_polygon(1, 1, {REPEATED})", None),
        Example(f"geo_point_in_polygon(real(null), 1, {OCTANT})", None),
    ),
    shape_function(
        "geo_distance_point_to_polygon",
        "The metres from a point to a polygon, 0 inside.",
        (LONGITUDE, LATITUDE, POLYGON),
        Type.REAL,
        lambda: measure().distance_to_polygon,
        Example(f"geo_distance_point_to_polygon(45, 30, {OCTANT})", 0.0),
        Example(f"geo_distance_point_to_polygon(45, -1, {OCTANT})", DEGREE),
        Example(f"geo_distance_point_to_polygon(500, 1, {OCTANT})", None),
        Example("geo_distance_point_to_polygon(5, 1, dynamic(null))", None),
    ),
    shape_function(
        "geo_closest_point_on_polygon",
        "The point of a polygon that is closest to a point; inside, the point itself.",
        (LONGITUDE, LATITUDE, POLYGON),
        Type.DYNAMIC,
        lambda: measure().closest_on_polygon,
        Example(
            f"geo_closest_point_on_polygon(45.25, 30.5, {OCTANT})", {"type": "Point", "coordinates": [45.25, 30.5]}
        ),
        Example(f"geo_closest_point_on_polygon(-5, -5, {OCTANT})", {"type": "Point", "coordinates": [0, 0]}),
        Example(f"geo_closest_point_on_polygon(1, 1, {REPEATED})", None),
        Example("geo_closest_point_on_polygon(1, 1, dynamic(null))", None),
    ),
    shape_function(
        "geo_polygon_area",
        "The square metres of a polygon; those of the union for a multipolygon.",
        (POLYGON,),
        Type.REAL,
        lambda: measure().polygon_area,
        Example(f"geo_polygon_area({OCTANT})", OCTANT_AREA),
        Example(
            'geo_polygon_area(dynamic({"type":"MultiPolygon","coordinates":['
            "[[[0,0],[90,0],[0,90],[0,0]]],[[[0,0],[90,0],[0,90],[0,0]]]]}))",
            OCTANT_AREA,
        ),
        Example(f"geo_polygon_area({REPEATED})", None),
        Example("geo_polygon_area(dynamic(null))", None),
    ),
    shape_function(
        "geo_polygon_perimeter",
        "The metres around a polygon; those around the union for a multipolygon.",
        (POLYGON,),
        Type.REAL,
        lambda: measure().polygon_perimeter,
        Example(f"geo_polygon_perimeter({OCTANT})", 270 * DEGREE),
        Example(f"geo_polygon_perimeter({REPEATED})", None),
        Example("geo_polygon_perimeter(dynamic(null))", None),
    ),
    shape_function(
        "geo_polygon_centroid",
        "The centroid of a polygon; that of the union for a multipolygon.",
        (POLYGON,),
        Type.DYNAMIC,
        lambda: measure().polygon_centroid,
        Example(
            f"geo_polygon_centroid({OCTANT})",
            {"type": "Point", "coordinates": [45.0, 35.264389682754654]},  # the arc tangent of 1 / sqrt(2)
        ),
        Example(f"geo_polygon_centroid({REPEATED})", None),
        Example("geo_polygon_centroid(dynamic(null))", None),
    ),
    shape_function(
        "geo_polygon_densify",
        "Points added to edges that are straight on the map, until geodesics keep within the tolerance, 0.1 to 10000 m "
        "(10 if left out). With preserve_crossing an edge goes the short way over longitude 180.",
        (POLYGON, TOLERANCE, PRESERVE_CROSSING),
        Type.DYNAMIC,
        lambda: densify().densify_polygon,
        Example(
            'geo_polygon_densify(dynamic({"type":"Polygon","coordinates":[[[0,60],[0,59.9],[1,60],[0,60]]]}), 100)',
            {
                "type": "Polygon",
                "coordinates": [[[0, 60], [0, 59.9], [0.5, 59.95], [1, 60], [0.5, 60], [0, 60]]],
            },
        ),
        Example(f"geo_polygon_densify({SOUTH}, 0)", None),
        Example("geo_polygon_densify(dynamic(null))", None),
    ),
    shape_function(
        "geo_polygon_buffer",
        "The polygon of all points in a polygon or within metres of it, at most the tolerance larger (10 m if left "
        "out).",
        (POLYGON, RADIUS, TOLERANCE),
        Type.DYNAMIC,
        lambda: buffer().buffer_polygon,
        Example(f"geo_point_in_polygon(45, -0.89, geo_polygon_buffer({OCTANT}, 100000))", True),
        Example(f"geo_point_in_polygon(45, -0.91, geo_polygon_buffer({OCTANT}, 100000))", False),
        Example(f"geo_polygon_buffer({OCTANT}, 0)", None),
        Example("geo_polygon_buffer(dynamic(null), 1)", None),
        differs=BUFFER_DIFFERS,
    ),
    shape_function(
        "geo_polygon_to_s2cells",
        "The tokens of the S2 cells of a level (11 if left out) that meet a polygon, or lie within a radius in metres; "
        "null for more than 65536.",
        (POLYGON, param("level", *NUMBER, optional=True), AROUND),
        Type.DYNAMIC,
        lambda: cells().polygon_to_s2cells,
        Example(
            'geo_polygon_to_s2cells(dynamic({"type":"Polygon","coordinates":[[[-1,-1],[1,-1],[1,1],[-1,1],[-1,-1]]]}), '
            "1)",
            ["04", "0c", "14", "1c"],
        ),
        Example(f"geo_polygon_to_s2cells({OCTANT}, 20)", None),
        Example("geo_polygon_to_s2cells(dynamic(null))", None),
    ),
    shape_function(
        "geo_polygon_to_h3cells",
        "The tokens of the H3 cells of a resolution (6 if left out) whose centres are in a polygon, which a radius in "
        "metres makes larger; edges are straight on the map. Null for more than 61680.",
        (POLYGON, param("resolution", *NUMBER, optional=True), AROUND),
        Type.DYNAMIC,
        lambda: cells().polygon_to_h3cells,
        Example(
            "array_length(geo_polygon_to_h3cells(dynamic("
            '{"type":"Polygon","coordinates":[[[-3.659,40.553],[-3.913,40.409],[-3.729,40.273],[-3.524,40.440],'
            "[-3.659,40.553]]]})))",
            13,
        ),
        Example(f"geo_polygon_to_h3cells({OCTANT}, 15)", None),
        Example('geo_polygon_to_h3cells(dynamic({"type":"Polygon","coordinates":[[[0,0],[1,1]]]}))', None),
        Example("geo_polygon_to_h3cells(dynamic(null))", None),
        differs="the cells come in the order of their tokens, Kusto's order is not told; a polygon around a pole gives "
        "null, as the H3 library cannot fill it.",
    ),
    shape_function(
        "geo_intersects_2polygons",
        "Whether two polygons have a point in common, if only a corner.",
        (param("polygon1", Type.DYNAMIC), param("polygon2", Type.DYNAMIC)),
        Type.BOOL,
        lambda: overlay().polygons_intersect,
        Example(f"geo_intersects_2polygons({OCTANT}, {SOUTH})", True),
        Example(f"geo_intersects_2polygons({OCTANT}, {FAR_AWAY})", False),
        Example(f"geo_intersects_2polygons({OCTANT}, {REPEATED})", None),
        Example(f"geo_intersects_2polygons({OCTANT}, dynamic(null))", None),
    ),
    shape_function(
        "geo_intersection_2polygons",
        "The polygons, lines and points that two polygons have in common; an empty collection where there are none.",
        (param("polygon1", Type.DYNAMIC), param("polygon2", Type.DYNAMIC)),
        Type.DYNAMIC,
        lambda: overlay().polygons_intersection,
        Example(f"geo_intersection_2polygons({OCTANT}, {SOUTH})", {"type": "Point", "coordinates": [0, 0]}),
        Example(
            f"geo_intersection_2polygons({OCTANT}, {SOUTH_OCTANT})",
            {"type": "LineString", "coordinates": [[0, 0], [90, 0]]},
        ),
        Example(f"geo_intersection_2polygons({OCTANT}, {FAR_AWAY})", NOTHING),
        Example(f"geo_intersection_2polygons({OCTANT}, {REPEATED})", None),
        Example("geo_intersection_2polygons(dynamic(null), dynamic(null))", None),
    ),
    shape_function(
        "geo_intersects_line_with_polygon",
        "Whether a line has a point in a polygon.",
        (LINE, POLYGON),
        Type.BOOL,
        lambda: overlay().line_intersects_polygon,
        Example(
            'geo_intersects_line_with_polygon(dynamic({"type":"LineString","coordinates":[[45,-5],[45,5]]}), '
            f"{OCTANT})",
            True,
        ),
        Example(
            'geo_intersects_line_with_polygon(dynamic({"type":"LineString","coordinates":[[45,-5],[45,-6]]}), '
            f"{OCTANT})",
            False,
        ),
        Example(f"geo_intersects_line_with_polygon({OCTANT}, {OCTANT})", None),
        Example("geo_intersects_line_with_polygon(dynamic(null), dynamic(null))", None),
    ),
    shape_function(
        "geo_intersection_line_with_polygon",
        "The lines and points of a line that are in a polygon or on its border; an empty collection where there are "
        "none.",
        (LINE, POLYGON),
        Type.DYNAMIC,
        lambda: overlay().line_polygon_intersection,
        Example(
            'geo_intersection_line_with_polygon(dynamic({"type":"LineString","coordinates":[[-5,-5],[0,0]]}), '
            f"{OCTANT})",
            {"type": "Point", "coordinates": [0, 0]},
        ),
        Example(
            'geo_intersection_line_with_polygon(dynamic({"type":"LineString","coordinates":[[-5,-5],[-5,-6]]}), '
            f"{OCTANT})",
            NOTHING,
        ),
        Example(f"geo_intersection_line_with_polygon({OCTANT}, {OCTANT})", None),
        Example("geo_intersection_line_with_polygon(dynamic(null), dynamic(null))", None),
    ),
    shape_function(
        "geo_union_polygons_array",
        "The union of the polygons of an array.",
        (param("polygons", Type.DYNAMIC),),
        Type.DYNAMIC,
        lambda: overlay().union_of_polygons,
        Example(f"geo_polygon_area(geo_union_polygons_array(pack_array({OCTANT}, {SOUTH_OCTANT})))", 2 * OCTANT_AREA),
        Example(f"geo_union_polygons_array(pack_array({OCTANT}, {REPEATED}))", None),
        Example("geo_union_polygons_array(dynamic([]))", None),
    ),
)
