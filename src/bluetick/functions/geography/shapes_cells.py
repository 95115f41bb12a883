"""The S2 and H3 cells that cover lines and polygons."""

import math
from collections.abc import Sequence

import h3
import numpy as np
import spherely
from numpy.typing import NDArray
from s2sphere import MAX_AREA, MAX_DIAG, Cell, CellId, LatLng

from bluetick.functions.geography.geojson import Polygon
from bluetick.functions.geography.points import EARTH_RADIUS_METRES
from bluetick.functions.geography.shapes import pieces_of, read_lines, read_polygons
from bluetick.functions.geography.shapes_buffer import LARGEST_RADIUS, SMALLEST_TOLERANCE, TOLERANCE, polygon_around

FACES = 6
MOST_S2_LEVEL, MOST_S2_CELLS = 30, 65_536
MOST_H3_RESOLUTION, MOST_H3_CELLS = 15, 61_680
# How much larger than H3's average hexagon a region's mean cell can be: then too many cells are sure.
H3_SPREAD = 3.0


def line_to_s2cells(line: str, level: float = 11, radius: float = 0.0) -> list[str] | None:
    lines = read_lines(line)
    if lines is None or not _is_valid(level, MOST_S2_LEVEL, radius):
        return None
    if spherely.length(lines.geography, radius=1.0) > MOST_S2_CELLS * MAX_DIAG.get_value(int(level)):
        return None
    return _covering(lines.geography, int(level), radius, has_area=False)


def polygon_to_s2cells(polygon: str, level: float = 11, radius: float = 0.0) -> list[str] | None:
    polygons = read_polygons(polygon)
    if polygons is None or not _is_valid(level, MOST_S2_LEVEL, radius):
        return None
    if spherely.area(polygons.geography, radius=1.0) > MOST_S2_CELLS * MAX_AREA.get_value(int(level)):
        return None
    return _covering(polygons.geography, int(level), radius, has_area=True)


def _is_valid(level: float, most: int, radius: float) -> bool:
    return 0 <= level <= most and 0 <= radius < math.pi * EARTH_RADIUS_METRES


def _covering(shape: spherely.Geography, level: int, radius: float, *, has_area: bool) -> list[str] | None:
    """The tokens, in order, of every cell of the level that meets the shape or lies within metres of it."""
    inside: list[CellId] = []  # every cell in these belongs to the covering
    border = _meeting([CellId.from_face_pos_level(face, 0, 0) for face in range(FACES)], shape, radius)
    for _ in range(level):
        if has_area:
            held = spherely.contains(shape, _outlines(border))
            inside += [cell for cell, is_held in zip(border, held, strict=True) if is_held]
            border = [cell for cell, is_held in zip(border, held, strict=True) if not is_held]
        border = _meeting([child for cell in border for child in cell.children()], shape, radius)
        if len(border) > MOST_S2_CELLS:
            return None
    count = len(border) + sum(4 ** (level - cell.level()) for cell in inside)
    if count > MOST_S2_CELLS:
        return None
    cells = [*border, *(child for cell in inside for child in _descendants(cell, level))]
    return [cell.to_token() for cell in sorted(cells)]


def _meeting(cells: list[CellId], shape: spherely.Geography, radius: float) -> list[CellId]:
    if not cells:
        return cells
    outlines = _outlines(cells)
    if radius > 0:
        meets = spherely.distance(outlines, shape, radius=EARTH_RADIUS_METRES) <= radius
    else:
        meets = spherely.intersects(outlines, shape)
    return [cell for cell, does in zip(cells, meets, strict=True) if does]


def _outlines(cells: Sequence[CellId]) -> NDArray[np.object_]:
    outlines = np.empty(len(cells), dtype=object)
    for number, identity in enumerate(cells):
        cell = Cell(identity)
        corners = (LatLng.from_point(cell.get_vertex(corner)) for corner in range(4))
        outlines[number] = spherely.create_polygon([(c.lng().degrees, c.lat().degrees) for c in corners])
    return outlines


def _descendants(cell: CellId, level: int) -> list[CellId]:
    cells = [cell]
    for _ in range(level - cell.level()):
        cells = [child for parent in cells for child in parent.children()]
    return cells


def polygon_to_h3cells(polygon: str, resolution: float = 6, radius: float = 0.0) -> list[str] | None:
    """The cells whose centres are inside; edges are straight on the map here
    (https://learn.microsoft.com/kusto/query/geo-polygon-to-h3cells-function)."""
    polygons = read_polygons(polygon)
    if polygons is None or not _is_valid(resolution, MOST_H3_RESOLUTION, radius) or radius > LARGEST_RADIUS:
        return None
    parts, shape = polygons.parts, polygons.geography
    if radius > 0:
        shape = polygon_around(polygons, radius, max(TOLERANCE, radius * SMALLEST_TOLERANCE))
        parts = pieces_of(shape).polygons
    area = spherely.area(shape, radius=EARTH_RADIUS_METRES)
    if area > H3_SPREAD * MOST_H3_CELLS * h3.average_hexagon_area(int(resolution), unit="m^2"):
        return None
    try:
        cells = {cell for part in parts for cell in h3.polygon_to_cells(_h3_polygon(part), int(resolution))}
    except h3.H3BaseException:  # on the map a polygon around a pole has no inside
        return None
    return None if len(cells) > MOST_H3_CELLS else sorted(cells)


def _h3_polygon(part: Polygon) -> h3.LatLngPoly:
    return h3.LatLngPoly(*([(latitude, longitude) for longitude, latitude in ring] for ring in part))
