"""S2 cells: the six faces of a cube around the Earth, quartered thirty times (http://s2geometry.io)."""

import re
from typing import Any

from s2sphere import Cell, CellId, LatLng

from bluetick.functions.geography.geojson import point_json, polygon_json
from bluetick.functions.geography.points import Position, position, whole

DEFAULT_LEVEL = 11
FINEST = 30

_TOKEN = re.compile("[0-9a-fA-F]{1,16}")

# Steps along both axes of a face, in the order of the documented example.
_NEIGHBOURS = ((1, 1), (-1, -1), (1, -1), (0, -1), (0, 1), (1, 0), (-1, 0), (-1, 1))


def point_to_cell(longitude: object, latitude: object, level: object = DEFAULT_LEVEL) -> str:
    """geo_point_to_s2cell"""
    place = position(longitude, latitude)
    wanted = whole(level)
    if place is None or not 0 <= wanted <= FINEST:
        return ""
    return str(CellId.from_lat_lng(LatLng.from_degrees(place[1], place[0])).parent(wanted).to_token())


def central_point(token: str) -> Any:
    """geo_s2cell_to_central_point"""
    cell = _cell(token)
    return None if cell is None else point_json(_place(cell.to_lat_lng()))


def polygon(token: str) -> Any:
    """geo_s2cell_to_polygon"""
    cell = _cell(token)
    if cell is None:
        return None
    square = Cell(cell)
    corners = tuple(_place(LatLng.from_point(square.get_vertex(corner))) for corner in range(4))
    return polygon_json([(*corners, corners[0])])


def neighbors(token: str) -> Any:
    """geo_s2cell_neighbors: eight, or seven at a corner of the cube."""
    cell = _cell(token)
    if cell is None:
        return None
    face, i, j, _ = cell.to_face_ij_orientation()
    size = cell.get_size_ij()
    i, j = i // size * size, j // size * size
    found: dict[str, None] = {}
    for along, across in _NEIGHBOURS:
        near_i, near_j = i + along * size, j + across * size
        same_face = 0 <= near_i < CellId.MAX_SIZE and 0 <= near_j < CellId.MAX_SIZE
        near = CellId.from_face_ij_same(face, near_i, near_j, same_face).parent(cell.level())
        if near != cell:
            found[str(near.to_token())] = None
    return list(found)


def _cell(token: str) -> Any:
    """The cell of the token, or None."""
    if not _TOKEN.fullmatch(token):
        return None
    cell = CellId.from_token(token)
    return cell if cell.is_valid() else None


def _place(point: Any) -> Position:
    return point.lng().degrees, point.lat().degrees
