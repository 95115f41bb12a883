"""What the S2 library hands out, well-known binary, taken apart."""

import math
import struct
from dataclasses import dataclass, field

from bluetick.functions.geography.geojson import Path, Polygon
from bluetick.functions.geography.points import Position

POINT, LINE, POLYGON = 1, 2, 3
HALF_TURN = 180.0
DEGREES_IN_RADIAN = 180 / math.pi


@dataclass(frozen=True, slots=True)
class Pieces:
    """Points, lines and polygons; equal points of the S2 library have equal positions."""

    points: tuple[Position, ...] = ()
    paths: tuple[Path, ...] = ()
    polygons: tuple[Polygon, ...] = ()


@dataclass(slots=True)
class _Reader:
    data: bytes
    at: int = 0
    points: list[Position] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    polygons: list[Polygon] = field(default_factory=list)

    def shape(self) -> None:
        """One shape with all that it holds; the S2 library writes the low byte first."""
        self.at += 1
        kind = self.number()
        if kind == POINT:
            self.points += [place for place in self.places(1) if not math.isnan(place[0])]  # an empty one has no number
        elif kind == LINE:
            path = self.places(self.number())
            self.paths += [path] if path else []
        elif kind == POLYGON:
            rings = tuple(self.ring() for _ in range(self.number()))
            self.polygons += [rings] if rings else []
        else:
            for _ in range(self.number()):
                self.shape()

    def number(self) -> int:
        (value,) = struct.unpack_from("<I", self.data, self.at)
        self.at += 4
        return int(value)

    def places(self, count: int) -> Path:
        values = struct.unpack_from(f"<{2 * count}d", self.data, self.at)
        self.at += 16 * count
        return tuple((_longitude(x), as_kusto(y)) for x, y in zip(values[::2], values[1::2], strict=True))

    def ring(self) -> Path:
        places = self.places(self.number())
        return (*places[:-1], places[0])  # around a pole the last longitude is a turn away from the first


def pieces_in(data: bytes) -> Pieces:
    reader = _Reader(data)
    reader.shape()
    return Pieces(tuple(reader.points), tuple(reader.paths), tuple(reader.polygons))


def _longitude(degrees: float) -> float:
    """Within 180 degrees: the library goes on counting where an edge crosses that meridian."""
    if degrees > HALF_TURN:
        return degrees - 2 * HALF_TURN
    return degrees + 2 * HALF_TURN if degrees < -HALF_TURN else as_kusto(degrees)


def as_kusto(degrees: float) -> float:
    """The degrees to which Kusto rounds the angle: it multiplies by 180 and divides by pi, where the library multiplies
    by their quotient."""
    radians = degrees / DEGREES_IN_RADIAN
    for candidate in (radians, math.nextafter(radians, math.inf), math.nextafter(radians, -math.inf)):
        if candidate * DEGREES_IN_RADIAN == degrees:
            return candidate * HALF_TURN / math.pi
    return degrees
