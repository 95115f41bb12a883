"""H3 cells: hexagons of sixteen sizes, as the H3 library has them (https://h3geo.org)."""

import re
from itertools import pairwise
from typing import Any

import h3

from bluetick.functions.geography.geojson import point_json, polygon_json
from bluetick.functions.geography.points import Position, position, whole

DEFAULT_RESOLUTION = 6
FINEST = 15
COARSEST_CHILD = 5  # levels between a cell and the children that may be asked for
FARTHEST_RING = 142

_TOKEN = re.compile("[0-9a-fA-F]{1,16}")


def point_to_cell(longitude: object, latitude: object, resolution: object = DEFAULT_RESOLUTION) -> str:
    """geo_point_to_h3cell"""
    place = position(longitude, latitude)
    wanted = whole(resolution)
    if place is None or not 0 <= wanted <= FINEST:
        return ""
    return str(h3.latlng_to_cell(place[1], place[0], wanted))


def central_point(token: str) -> Any:
    """geo_h3cell_to_central_point"""
    cell = _cell(token)
    return None if cell is None else point_json(_place(h3.cell_to_latlng(cell)))


def polygon(token: str) -> Any:
    """geo_h3cell_to_polygon"""
    cell = _cell(token)
    if cell is None:
        return None
    corners = tuple(_place(corner) for corner in h3.cell_to_boundary(cell))
    return polygon_json([(*corners, corners[0])])


def level(token: str) -> int | None:
    """geo_h3cell_level"""
    cell = _cell(token)
    return None if cell is None else int(h3.get_resolution(cell))


def parent(token: str, *resolution: object) -> str:
    """geo_h3cell_parent: of the next coarser level when none is named."""
    cell = _cell(token)
    if cell is None:
        return ""
    own = int(h3.get_resolution(cell))
    wanted = whole(resolution[0]) if resolution else own - 1
    if not 0 <= wanted <= min(own, FINEST - 1):
        return ""
    return str(h3.cell_to_parent(cell, wanted))


def children(token: str, *resolution: object) -> Any:
    """geo_h3cell_children: of the next finer level when none is named; not more than five levels down."""
    cell = _cell(token)
    if cell is None:
        return None
    own = int(h3.get_resolution(cell))
    wanted = whole(resolution[0]) if resolution else own + 1
    if not max(own, 1) <= wanted <= min(own + COARSEST_CHILD, FINEST):
        return None
    return list(h3.cell_to_children(cell, wanted))


def neighbors(token: str) -> Any:
    """geo_h3cell_neighbors"""
    cell = _cell(token)
    return None if cell is None else [found for found in h3.grid_disk(cell, 1) if found != cell]


def rings(token: str, distance: object) -> Any:
    """geo_h3cell_rings: an array for each distance, from the cell itself outwards."""
    cell = _cell(token)
    farthest = whole(distance)
    if cell is None or not 0 <= farthest <= FARTHEST_RING:
        return None
    disk = list(h3.grid_disk(cell, farthest))
    if not any(h3.is_pentagon(near) for near in disk):  # then they come ring by ring, each six longer
        starts = [0, *(1 + 3 * ring * (ring + 1) for ring in range(farthest + 1))]
        return [disk[start:end] for start, end in pairwise(starts)]
    return _rings_by_growth(cell, farthest)


def _rings_by_growth(cell: str, distance: int) -> list[list[str]]:
    known = {cell}
    found = [[cell]]
    for _ in range(distance):
        around = dict.fromkeys(near for inner in found[-1] for near in h3.grid_disk(inner, 1))
        found.append([near for near in around if near not in known])
        known.update(found[-1])
    return found


def _cell(token: str) -> str | None:
    """The token as the library writes it; None when it names no cell."""
    if not _TOKEN.fullmatch(token) or not h3.is_valid_cell(token):
        return None
    return token.lower()


def _place(point: tuple[float, float]) -> Position:
    return point[1], point[0]
