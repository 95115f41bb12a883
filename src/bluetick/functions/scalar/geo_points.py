"""Functions of points on the Earth, given as longitude and latitude in degrees.

Kusto's Earth is a sphere with the radius of the S2 library; only geo_distance_2points can use the WGS-84 spheroid.
Pages: https://learn.microsoft.com/kusto/query/geo-distance-2points-function and its like. What SQL says is exact to
the digits that the pages show; the rest is computed in `functions.geography`, loaded when a query needs it.
"""

from dataclasses import dataclass
from math import inf, pi
from typing import Any

from bluetick.functions.definition import (
    BoundCall,
    Example,
    Nulls,
    Parameter,
    ScalarFunction,
    param,
    signature,
)
from bluetick.functions.resources import PLACES
from bluetick.functions.scalar.math import as_real
from bluetick.sql.tree import Binary, Case, Expr, Literal, all_of, call, when
from bluetick.types import NUMBER, Type

EARTH_RADIUS_METRES = 6371010.0
SAME_PLACE = 1e-30  # square of an angle in radians: some nanometres


def place_parameters(*names: str) -> tuple[Parameter, ...]:
    """Longitude and latitude of each place with its prefix: 'p1' -> p1_longitude, p1_latitude."""
    ends = ("longitude", "latitude")
    return tuple(param(f"{name}_{end}" if name else end, *NUMBER) for name in names for end in ends)


# --- in SQL -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    longitude: Expr
    latitude: Expr

    @property
    def is_valid(self) -> Expr:
        return all_of(*_within(self.longitude, 180.0), *_within(self.latitude, 90.0))


def _real(value: float) -> Expr:
    return Literal(value, Type.REAL)


def _within(value: Expr, limit: float) -> tuple[Expr, Expr]:
    return Binary(">=", value, _real(-limit)), Binary("<=", value, _real(limit))


def _both(bound: BoundCall) -> tuple[_Place, _Place]:
    first, second, third, fourth = (as_real(arg) for arg in bound.args[:4])
    return _Place(first, second), _Place(third, fourth)


def _times(*factors: Expr) -> Expr:
    product, *others = factors
    for factor in others:
        product = Binary("*", product, factor)
    return product


def _difference(second: Expr, first: Expr) -> Expr:
    return call("radians", Binary("-", second, first))


def _half_sine_squared(angle: Expr) -> Expr:
    half = call("sin", Binary("/", angle, _real(2.0)))
    return _times(half, half)


def _cosine(degrees: Expr) -> Expr:
    return call("cos", call("radians", degrees))


def _central_angle(first: _Place, second: _Place) -> Expr:
    """The haversine formula."""
    northwards = _half_sine_squared(_difference(second.latitude, first.latitude))
    eastwards = _half_sine_squared(_difference(second.longitude, first.longitude))
    across = _times(_cosine(first.latitude), _cosine(second.latitude), eastwards)
    root = call("least", _real(1.0), call("sqrt", Binary("+", northwards, across)))
    return _times(_real(2.0), call("asin", root))


def _distance(bound: BoundCall) -> Expr:
    first, second = _both(bound)
    metres = _times(_real(EARTH_RADIUS_METRES), _central_angle(first, second))
    return when(all_of(first.is_valid, second.is_valid), metres)


def _azimuth(bound: BoundCall) -> Expr:
    first, second = _both(bound)
    east = _times(call("sin", _difference(second.longitude, first.longitude)), _cosine(second.latitude))
    turn = _half_sine_squared(_difference(second.longitude, first.longitude))
    south = _times(_real(2.0), call("sin", call("radians", first.latitude)), _cosine(second.latitude), turn)
    north = Binary("+", call("sin", _difference(second.latitude, first.latitude)), south)
    angle = call("atan2", east, north)
    apart = Binary(">", Binary("+", _times(east, east), _times(north, north)), _real(SAME_PLACE))
    clockwise = Case(((Binary("<", angle, _real(0.0)), Binary("+", angle, _real(2 * pi))),), angle)
    return when(all_of(first.is_valid, second.is_valid), when(apart, clockwise))


def _in_circle(bound: BoundCall) -> Expr:
    point, centre = _both(bound)
    radius = as_real(bound[4])
    inside = Binary("<=", _times(_real(EARTH_RADIUS_METRES), _central_angle(point, centre)), radius)
    is_radius = all_of(Binary(">", radius, _real(0.0)), Binary("<", radius, _real(inf)))
    return when(all_of(point.is_valid, centre.is_valid, is_radius), inside)


DISTANCE_2POINTS = ScalarFunction(
    name="geo_distance_2points",
    summary="The metres between two places: on a sphere, or on the WGS-84 spheroid when the fifth argument is true.",
    signatures=(
        signature(
            *place_parameters("p1", "p2"), param("use_spheroid", Type.BOOL, *NUMBER, optional=True), returns=Type.REAL
        ),
    ),
    nulls=Nulls.PROPAGATE,
    duckdb=_distance,
    spark=_distance,
    examples=(
        Example("geo_distance_2points(-122.407628, 47.578557, -118.275287, 34.019056)", 1546754.35197381),
        Example("geo_distance_2points(0, 0, 180, 0)", pi * EARTH_RADIUS_METRES),
        Example("geo_distance_2points(-73.8, 40.6, -0.5, 51.6, true)", 5551759.400334),
        Example("geo_distance_2points(300, 1, 1, 1)", None),
        Example("geo_distance_2points(real(null), 1, 1, 1)", None),
    ),
)

AZIMUTH = ScalarFunction(
    name="geo_azimuth",
    summary="The angle in radians, clockwise from north, at which the second place is seen from the first;"
    " null where the two are one place or opposite.",
    signatures=(signature(*place_parameters("p1", "p2"), returns=Type.REAL),),
    nulls=Nulls.PROPAGATE,
    duckdb=_azimuth,
    spark=_azimuth,
    examples=(
        Example("geo_azimuth(5, 10, 10, -40)", 3.05459939796449),
        Example("geo_azimuth(10, 0, 5, 0)", 1.5 * pi),
        Example("geo_azimuth(5, 10, 5, 10)", None),
        Example("geo_azimuth(0, 0, 180, 0)", None),
        Example("geo_azimuth(5, 100, 5, 10)", None),
        Example("geo_azimuth(5, 10, 10, real(null))", None),
    ),
)

POINT_IN_CIRCLE = ScalarFunction(
    name="geo_point_in_circle",
    summary="Whether a place lies within a distance in metres of another, measured on a sphere.",
    signatures=(signature(*place_parameters("p", "pc"), param("c_radius", *NUMBER), returns=Type.BOOL),),
    nulls=Nulls.PROPAGATE,
    duckdb=_in_circle,
    spark=_in_circle,
    examples=(
        Example("geo_point_in_circle(-122.143564, 47.535677, -122.100896, 47.527351, 3500)", True),
        Example("geo_point_in_circle(-122.137575, 47.630683, -122.100896, 47.527351, 3500)", False),
        Example("geo_point_in_circle(200, 1, 1, 1, 1)", None),
        Example("geo_point_in_circle(1, 1, 1, 1, -1)", None),
        Example("geo_point_in_circle(real(null), 1, 1, 1, 1)", None),
    ),
)


# --- in Python --------------------------------------------------------------------------------------------------


def _spheroid_distance(*args: Any) -> Any:
    from bluetick.functions.geography.spheroid import geodesic_distance  # noqa: PLC0415 - loaded when a query needs it

    return geodesic_distance(*args)


def _angle(*args: Any) -> Any:
    from bluetick.functions.geography.points import turn  # noqa: PLC0415 - loaded when a query needs it

    return turn(*args)


def _point_buffer(*args: Any) -> Any:
    from bluetick.functions.geography.circles import point_buffer  # noqa: PLC0415 - loaded when a query needs it

    return point_buffer(*args)


def _from_wkt(text: Any) -> Any:
    from bluetick.functions.geography.wkt import from_wkt  # noqa: PLC0415 - loaded when a query needs it

    return from_wkt(text)


# What geo_distance_2points is where its fifth argument is not a plain false.
SPHEROID_DISTANCE = ScalarFunction(
    name=DISTANCE_2POINTS.name,
    summary=DISTANCE_2POINTS.summary,
    signatures=DISTANCE_2POINTS.signatures,
    nulls=Nulls.PROPAGATE,
    compute=_spheroid_distance,
    examples=(),
)

ANGLE = ScalarFunction(
    name="geo_angle",
    summary="The angle in radians at the second place, clockwise from the direction of the first to that of the third;"
    " null where two neighbours are one place or opposite.",
    signatures=(signature(*place_parameters("p1", "p2", "p3"), returns=Type.REAL),),
    nulls=Nulls.PROPAGATE,
    compute=_angle,
    examples=(
        Example("geo_angle(0, 10, 0, 5, 3, -10)", 2.94493843406882),
        Example("geo_angle(1, 0, 0, 0, 0, 1)", 1.5 * pi),
        Example("geo_angle(0, 10, 0, 10, 3, -10)", None),
        Example("geo_angle(0, 10, 0, 5, 3, real(null))", None),
    ),
)

POINT_BUFFER = ScalarFunction(
    name="geo_point_buffer",
    summary="A polygon around a place: its corners lie at the distance in metres, its edges at most the tolerance"
    " (10 metres when left out) inside it.",
    signatures=(
        signature(
            *place_parameters(""),
            param("radius", *NUMBER),
            param("tolerance", *NUMBER, optional=True),
            returns=Type.DYNAMIC,
        ),
    ),
    nulls=Nulls.PROPAGATE,
    compute=_point_buffer,
    differs="The corners stand elsewhere on the circle than Kusto's: here the first is due north.",
    examples=(
        Example("array_length(geo_point_buffer(0, 0, 1000, 293).coordinates[0])", 5),
        Example("geo_point_buffer(200, 1, 0.1)", None),
        Example("geo_point_buffer(10, 10, -1)", None),
        Example("geo_point_buffer(10, 10, real(null))", None),
    ),
)

FROM_WKT = ScalarFunction(
    name="geo_from_wkt",
    summary="The GeoJSON of a shape in well-known text; null where the text is none.",
    signatures=(signature(param("wkt", Type.STRING, Type.DYNAMIC), returns=Type.DYNAMIC),),
    nulls=Nulls.OWN,
    compute=_from_wkt,
    examples=(
        Example("geo_from_wkt('POINT (1 2.5)')", {"type": "Point", "coordinates": [1, 2.5]}),
        Example(
            "geo_from_wkt('MULTILINESTRING ((1 1, 2 2), (4 4, 5 5))')",
            {"type": "MultiLineString", "coordinates": [[[1, 1], [2, 2]], [[4, 4], [5, 5]]]},
        ),
        Example("geo_from_wkt('LINESTRING')", None),
        Example("geo_from_wkt('')", None),
    ),
)


def _place_of_address(places: Any, ip: str) -> Any:
    return places.find(ip)


INFO_FROM_IP_ADDRESS = ScalarFunction(
    name="geo_info_from_ip_address",
    summary="What is known of a public address's place: country, state, city, latitude, longitude; null where nothing"
    " is, and for any other address.",
    signatures=(signature(param("ip", Type.STRING), returns=Type.DYNAMIC),),
    nulls=Nulls.OWN,
    compute=_place_of_address,
    resource=PLACES,
    differs="The answers come from your own table of address ranges (--geo FILE); Kusto has one built in.",
    examples=(
        Example("tostring(geo_info_from_ip_address('20.53.203.50').country)", "Australia"),
        Example("geo_info_from_ip_address('10.0.0.1')", None),
        Example("geo_info_from_ip_address('')", None),
    ),
)

FUNCTIONS: tuple[ScalarFunction, ...] = (
    DISTANCE_2POINTS,
    AZIMUTH,
    ANGLE,
    POINT_IN_CIRCLE,
    POINT_BUFFER,
    FROM_WKT,
    INFO_FROM_IP_ADDRESS,
)
