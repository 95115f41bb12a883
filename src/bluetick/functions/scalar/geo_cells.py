"""Functions of the three grids: geohashes, H3 cells, S2 cells.

Pages: https://learn.microsoft.com/kusto/query/geo-point-to-geohash-function and its like. All of them are computed in
`functions.geography`, loaded when a query needs it.
"""

from types import ModuleType

from bluetick.functions.definition import Compute, Example, Nulls, Parameter, ScalarFunction, param, signature
from bluetick.functions.scalar.geo_points import place_parameters
from bluetick.types import NUMBER, Type


def _geohashes() -> ModuleType:
    from bluetick.functions.geography import geohashes  # noqa: PLC0415 - loaded when a query needs it

    return geohashes


def _h3() -> ModuleType:
    from bluetick.functions.geography import h3_cells  # noqa: PLC0415 - loaded when a query needs it

    return h3_cells


def _s2() -> ModuleType:
    from bluetick.functions.geography import s2_cells  # noqa: PLC0415 - loaded when a query needs it

    return s2_cells


def _function(
    name: str, summary: str, parameters: tuple[Parameter, ...], returns: Type, compute: Compute, *examples: Example
) -> ScalarFunction:
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=(signature(*parameters, returns=returns),),
        nulls=Nulls.PROPAGATE,
        compute=compute,
        examples=examples,
    )


def _of_point(name: str, summary: str, size: str, compute: Compute, *examples: Example) -> ScalarFunction:
    """The cell of a place; empty where there is none."""
    parameters = (*place_parameters(""), param(size, *NUMBER, optional=True))
    return _function(name, summary, parameters, Type.STRING, compute, *examples)


def _of_cell(name: str, summary: str, cell: str, compute: Compute, *examples: Example) -> ScalarFunction:
    """Something of a cell as dynamic; null where the text names none."""
    return _function(name, summary, (param(cell, Type.STRING),), Type.DYNAMIC, compute, *examples)


# --- geohashes --------------------------------------------------------------------------------------------------

_GEOHASH_POLYGON = {
    "type": "Polygon",
    "coordinates": [[[0.0, 0.0], [45.0, 0.0], [45.0, 45.0], [0.0, 45.0], [0.0, 0.0]]],
}

POINT_TO_GEOHASH = _of_point(
    "geo_point_to_geohash",
    "The geohash of a place, with 1 to 18 characters (5 when left out); empty where an argument is out of range.",
    "accuracy",
    lambda *args: _geohashes().point_to_geohash(*args),
    Example("geo_point_to_geohash(-80.195829, 25.802215, 8)", "dhwfz15h"),
    Example("geo_point_to_geohash(-122.303404, 47.570482)", "c23n8"),
    Example("geo_point_to_geohash(200, 1, 8)", ""),
    Example("geo_point_to_geohash(1, 1, int(null))", ""),
)
GEOHASH_TO_CENTRAL_POINT = _of_cell(
    "geo_geohash_to_central_point",
    "The middle of a geohash, as a GeoJSON point.",
    "geohash",
    lambda geohash: _geohashes().central_point(geohash),
    Example(
        "geo_geohash_to_central_point('sunny')", {"type": "Point", "coordinates": [42.47314453125, 23.70849609375]}
    ),
    Example("geo_geohash_to_central_point('a')", None),
    Example("geo_geohash_to_central_point('')", None),
)
GEOHASH_NEIGHBORS = _of_cell(
    "geo_geohash_neighbors",
    "The geohashes around one; none beyond a pole.",
    "geohash",
    lambda geohash: _geohashes().neighbors(geohash),
    Example("geo_geohash_neighbors('sunny')", ["sunnt", "sunpj", "sunnx", "sunpn", "sunnv", "sunpp", "sunnz", "sunnw"]),
    Example("array_sort_asc(geo_geohash_neighbors('0'))", ["1", "2", "3", "p", "r"]),
    Example("geo_geohash_neighbors('a')", None),
    Example("geo_geohash_neighbors('')", None),
)
GEOHASH_TO_POLYGON = _of_cell(
    "geo_geohash_to_polygon",
    "The rectangle of a geohash, as a GeoJSON polygon.",
    "geohash",
    lambda geohash: _geohashes().polygon(geohash),
    Example("geo_geohash_to_polygon('s')", _GEOHASH_POLYGON),
    Example("geo_geohash_to_polygon('a')", None),
    Example("geo_geohash_to_polygon('')", None),
)

# --- H3 cells ---------------------------------------------------------------------------------------------------

POINT_TO_H3CELL = _of_point(
    "geo_point_to_h3cell",
    "The H3 cell of a place, of resolution 0 to 15 (6 when left out); empty where an argument is out of range.",
    "resolution",
    lambda *args: _h3().point_to_cell(*args),
    Example("geo_point_to_h3cell(-74.04450446039874, 40.689250859314974, 6)", "862a1072fffffff"),
    Example("geo_point_to_h3cell(-74.04450446039874, 40.689250859314974)", "862a1072fffffff"),
    Example("geo_point_to_h3cell(1, 1, 16)", ""),
    Example("geo_point_to_h3cell(1, real(null))", ""),
)
H3CELL_TO_CENTRAL_POINT = _of_cell(
    "geo_h3cell_to_central_point",
    "The middle of an H3 cell, as a GeoJSON point.",
    "h3cell",
    lambda cell: _h3().central_point(cell),
    Example("round(todouble(geo_h3cell_to_central_point('862a1072fffffff').coordinates[0]), 10)", -74.0160084798),
    Example("geo_h3cell_to_central_point('1')", None),
    Example("geo_h3cell_to_central_point('')", None),
)
H3CELL_TO_POLYGON = _of_cell(
    "geo_h3cell_to_polygon",
    "The hexagon of an H3 cell (some are pentagons), as a GeoJSON polygon.",
    "h3cell",
    lambda cell: _h3().polygon(cell),
    Example("array_length(geo_h3cell_to_polygon('862a1072fffffff').coordinates[0])", 7),
    Example("round(todouble(geo_h3cell_to_polygon('862a1072fffffff').coordinates[0][1][1]), 10)", 40.7279862225),
    Example("geo_h3cell_to_polygon('@')", None),
    Example("geo_h3cell_to_polygon('')", None),
)
H3CELL_LEVEL = _function(
    "geo_h3cell_level",
    "The resolution of an H3 cell, 0 to 15.",
    (param("h3cell", Type.STRING),),
    Type.INT,
    lambda cell: _h3().level(cell),
    Example("geo_h3cell_level('862a1072fffffff')", 6),
    Example("geo_h3cell_level(geo_point_to_h3cell(1, 1, 10))", 10),
    Example("geo_h3cell_level('abc')", None),
    Example("geo_h3cell_level('')", None),
)
H3CELL_PARENT = _function(
    "geo_h3cell_parent",
    "The coarser H3 cell around one, of the next resolution or the one named; empty where there is none.",
    (param("h3cell", Type.STRING), param("resolution", *NUMBER, optional=True)),
    Type.STRING,
    lambda *args: _h3().parent(*args),
    Example("geo_h3cell_parent('862a1072fffffff')", "852a1073fffffff"),
    Example("geo_h3cell_parent('862a1072fffffff', 1)", "812a3ffffffffff"),
    Example("geo_h3cell_parent('862a1072fffffff', 15)", ""),
    Example("geo_h3cell_parent('')", ""),
)
H3CELL_CHILDREN = _function(
    "geo_h3cell_children",
    "The finer H3 cells in one, of the next resolution or the one named, at most five steps finer.",
    (param("h3cell", Type.STRING), param("resolution", *NUMBER, optional=True)),
    Type.DYNAMIC,
    lambda *args: _h3().children(*args),
    Example("geo_h3cell_children('862a1072fffffff')[0]", "872a10728ffffff"),
    Example("array_length(geo_h3cell_children('862a1072fffffff', 9))", 343),
    Example("geo_h3cell_children('862a1072fffffff', 12)", None),
    Example("geo_h3cell_children('abc')", None),
    Example("geo_h3cell_children('')", None),
)
H3CELL_NEIGHBORS = _of_cell(
    "geo_h3cell_neighbors",
    "The H3 cells around one.",
    "h3cell",
    lambda cell: _h3().neighbors(cell),
    Example(
        "geo_h3cell_neighbors('862a1072fffffff')",
        [
            "862a10727ffffff",
            "862a10707ffffff",
            "862a1070fffffff",
            "862a10777ffffff",
            "862a100dfffffff",
            "862a100d7ffffff",
        ],
    ),
    Example("geo_h3cell_neighbors('abc')", None),
    Example("geo_h3cell_neighbors('')", None),
)
H3CELL_RINGS = _function(
    "geo_h3cell_rings",
    "An array of rings of H3 cells: the cell itself, those around it, and so on to a distance of at most 142.",
    (param("h3cell", Type.STRING), param("distance", *NUMBER)),
    Type.DYNAMIC,
    lambda *args: _h3().rings(*args),
    Example("geo_h3cell_rings('861f8894fffffff', 0)", [["861f8894fffffff"]]),
    Example("geo_h3cell_rings('861f8894fffffff', 2)[2][11]", "861f8d597ffffff"),
    Example("geo_h3cell_rings('861f8894fffffff', 150)", None),
    Example("geo_h3cell_rings('861f8894fffffff', int(null))", None),
)

# --- S2 cells ---------------------------------------------------------------------------------------------------

POINT_TO_S2CELL = _of_point(
    "geo_point_to_s2cell",
    "The S2 cell of a place, of level 0 to 30 (11 when left out); empty where an argument is out of range.",
    "level",
    lambda *args: _s2().point_to_cell(*args),
    Example("geo_point_to_s2cell(-80.195829, 25.802215, 8)", "88d9b"),
    Example("geo_point_to_s2cell(1, 1, 35)", ""),
    Example("geo_point_to_s2cell(1, 1, int(null))", ""),
)
S2CELL_TO_CENTRAL_POINT = _of_cell(
    "geo_s2cell_to_central_point",
    "The middle of an S2 cell, as a GeoJSON point.",
    "s2cell",
    lambda cell: _s2().central_point(cell),
    Example("round(todouble(geo_s2cell_to_central_point('1234567').coordinates[1]), 10)", 27.4683929258),
    Example("geo_s2cell_to_central_point('a')", None),
    Example("geo_s2cell_to_central_point('')", None),
)
S2CELL_TO_POLYGON = _of_cell(
    "geo_s2cell_to_polygon",
    "The four corners of an S2 cell, as a GeoJSON polygon.",
    "s2cell",
    lambda cell: _s2().polygon(cell),
    Example("round(todouble(geo_s2cell_to_polygon('89c259').coordinates[0][1][1]), 10)", 40.7222262918),
    Example("geo_s2cell_to_polygon('')", None),
)
S2CELL_NEIGHBORS = _of_cell(
    "geo_s2cell_neighbors",
    "The S2 cells around one.",
    "s2cell",
    lambda cell: _s2().neighbors(cell),
    Example(
        "geo_s2cell_neighbors('89c259')",
        ["89c25d", "89c2f9", "89c251", "89c257", "89c25f", "89c25b", "89c2f7", "89c2f5"],
    ),
    Example("array_sort_asc(geo_s2cell_neighbors('1'))", ["3", "5", "9", "b"]),
    Example("geo_s2cell_neighbors('a')", None),
    Example("geo_s2cell_neighbors('')", None),
)

FUNCTIONS: tuple[ScalarFunction, ...] = (
    POINT_TO_GEOHASH,
    GEOHASH_TO_CENTRAL_POINT,
    GEOHASH_NEIGHBORS,
    GEOHASH_TO_POLYGON,
    POINT_TO_H3CELL,
    H3CELL_TO_CENTRAL_POINT,
    H3CELL_TO_POLYGON,
    H3CELL_LEVEL,
    H3CELL_PARENT,
    H3CELL_CHILDREN,
    H3CELL_NEIGHBORS,
    H3CELL_RINGS,
    POINT_TO_S2CELL,
    S2CELL_TO_CENTRAL_POINT,
    S2CELL_TO_POLYGON,
    S2CELL_NEIGHBORS,
)
