"""Plugins that find shapes at positions; the geometry is loaded when it runs.

The inputs are distinct positions (longitude, latitude) and the rows with shapes; a row comes out for each pair.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from bluetick.plan.table_operator import Row


@dataclass(frozen=True, slots=True)
class PolygonLookup:
    """`key` is the place of the polygon's column; with a radius, polygons within so many metres are found as well."""

    key: int
    radius: float | None
    name: ClassVar[str] = "geo_polygon_lookup"

    def rows(self, inputs: Sequence[list[Row]]) -> Iterable[Row]:
        from bluetick.functions.geography.shapes_lookup import polygons_at  # noqa: PLC0415 - loaded when needed

        places, shapes = inputs
        return polygons_at(places, shapes, self.key, self.radius)


@dataclass(frozen=True, slots=True)
class LineLookup:
    """Lines within so many metres."""

    key: int
    radius: float
    name: ClassVar[str] = "geo_line_lookup"

    def rows(self, inputs: Sequence[list[Row]]) -> Iterable[Row]:
        from bluetick.functions.geography.shapes_lookup import lines_near  # noqa: PLC0415 - loaded when needed

        places, shapes = inputs
        return lines_near(places, shapes, self.key, self.radius)
