"""Positions on the globe and on a map: distances, boxes, a projection, simpler lines, and TopoJSON.

A position is ``(longitude, latitude)`` in degrees, as in GeoJSON; distances are in metres. The Earth is a sphere
here: good to half a per cent, which is what maps and "within 15 km" need.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

EARTH_RADIUS = 6_371_008.8
"""Mean radius in metres (IUGG)."""

Position = tuple[float, float]
Line = list[Position]


def haversine(a: Position, b: Position) -> float:
    """Great-circle distance between two positions, in metres."""
    lon1, lat1, lon2, lat2 = map(math.radians, (*a, *b))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS * math.asin(min(1.0, math.sqrt(half)))


def distance_to_line(point: Position, line: Sequence[Position]) -> float:
    """Distance from ``point`` to the nearest place on ``line``, in metres.

    Each piece is taken as straight on a plane that touches the globe at ``point``: right for pieces that are short
    or near.
    """
    if not line:
        raise ValueError("a line without positions has no distance")
    flat = [_tangent(point, position) for position in line]
    if len(flat) == 1:
        return math.hypot(*flat[0])
    return min(_to_segment(a, b) for a, b in pairwise(flat))


def _tangent(origin: Position, position: Position) -> Position:
    scale = math.radians(1) * EARTH_RADIUS
    return (position[0] - origin[0]) * scale * math.cos(math.radians(origin[1])), (position[1] - origin[1]) * scale


def _to_segment(a: Position, b: Position) -> float:
    """Distance of the origin to the segment ``a``-``b`` on the plane."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    along = 0.0 if length == 0 else max(0.0, min(1.0, -(a[0] * dx + a[1] * dy) / length))
    return math.hypot(a[0] + along * dx, a[1] + along * dy)


@dataclass(frozen=True, slots=True)
class Box:
    """A box of longitudes and latitudes that does not cross the date line."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def around(cls, positions: Iterable[Position], margin: float = 0.0) -> Box:
        """The smallest box that holds ``positions``, widened by ``margin`` degrees on each side."""
        longitudes, latitudes = zip(*positions, strict=True)
        return cls(min(longitudes) - margin, min(latitudes) - margin, max(longitudes) + margin, max(latitudes) + margin)

    def holds(self, position: Position) -> bool:
        """True if ``position`` is inside or on the edge."""
        return self.west <= position[0] <= self.east and self.south <= position[1] <= self.north

    def touches(self, positions: Sequence[Position]) -> bool:
        """True if the box around ``positions`` and this one have a point in common."""
        other = Box.around(positions)
        return not (
            other.east < self.west or other.west > self.east or other.north < self.south or other.south > self.north
        )


@dataclass(frozen=True, slots=True)
class LambertConformal:
    """Lambert's conformal conic projection of the sphere with two standard parallels, in units of its radius.

    Formulas 14-1 to 15-5 of Snyder, *Map Projections: A Working Manual* (USGS Professional Paper 1395, 1987). Shapes
    keep their angles; scale is true along the parallels. ``y`` grows northward.
    """

    parallel_1: float
    parallel_2: float
    origin: Position

    def _cone(self) -> tuple[float, float]:
        one, two = math.radians(self.parallel_1), math.radians(self.parallel_2)
        if math.isclose(one, two):
            n = math.sin(one)
        else:
            n = math.log(math.cos(one) / math.cos(two)) / math.log(_conformal(two) / _conformal(one))
        return n, math.cos(one) * _conformal(one) ** n / n

    def project_all(self, positions: Iterable[Position]) -> list[Position]:
        """Where ``positions`` fall on the plane."""
        n, f = self._cone()
        lon0, rho0 = math.radians(self.origin[0]), f / _conformal(math.radians(self.origin[1])) ** n
        projected = []
        for longitude, latitude in positions:
            rho = f / _conformal(math.radians(latitude)) ** n
            theta = n * (math.radians(longitude) - lon0)
            projected.append((rho * math.sin(theta), rho0 - rho * math.cos(theta)))
        return projected

    def project(self, position: Position) -> Position:
        """Where one position falls on the plane."""
        return self.project_all([position])[0]


def _conformal(latitude: float) -> float:
    """tan(45 degrees + half the latitude); a pole is held just off infinity."""
    return math.tan(math.pi / 4 + max(-1.5707, min(1.5707, latitude)) / 2)


def simplify(line: Sequence[Position], tolerance: float) -> Line:
    """``line`` with fewer positions, none of those left out further than ``tolerance`` from it (Douglas-Peucker).

    The first and the last position stay. The unit of ``tolerance`` is that of the positions.
    """
    if len(line) < 3:
        return list(line)
    kept = {0, len(line) - 1}
    pending = [(0, len(line) - 1)]
    while pending:
        first, last = pending.pop()
        furthest, where = tolerance, 0
        for index in range(first + 1, last):
            if (away := _off(line[index], line[first], line[last])) > furthest:
                furthest, where = away, index
        if where:
            kept.add(where)
            pending += [(first, where), (where, last)]
    return [line[index] for index in sorted(kept)]


def _off(point: Position, a: Position, b: Position) -> float:
    return _to_segment((a[0] - point[0], a[1] - point[1]), (b[0] - point[0], b[1] - point[1]))


def join_lines(lines: Iterable[Sequence[Position]]) -> list[Line]:
    """Pieces put together where the end of one is exactly an end of another, so that they draw and simplify as one."""
    joined: list[Line] = []
    for piece in lines:
        line = list(piece)
        while (other := _adjoining(line, joined)) is not None:
            joined.remove(other)
            line = _put_together(line, other)
        joined.append(line)
    return joined


def _adjoining(line: Line, others: Iterable[Line]) -> Line | None:
    ends = {line[0], line[-1]}
    return next((other for other in others if other[0] in ends or other[-1] in ends), None)


def _put_together(line: Line, other: Line) -> Line:
    if other[-1] == line[0]:
        return other + line[1:]
    if other[0] == line[-1]:
        return line + other[1:]
    if other[0] == line[0]:
        return other[::-1] + line[1:]
    return line + other[::-1][1:]


class TopologyError(ValueError):
    """The JSON is not a TopoJSON topology, or points at an arc that it does not have."""


def topology_arcs(topology: Mapping[str, Any]) -> list[Line]:
    """The arcs of a TopoJSON topology in degrees: quantised ones are differences, scaled and shifted.

    Raises:
        TopologyError: when the document is none.
    """
    if topology.get("type") != "Topology":
        raise TopologyError("expected a document of type Topology")
    transform = topology.get("transform")
    if transform is None:
        return [[(float(x), float(y)) for x, y, *_ in arc] for arc in topology["arcs"]]
    (scale_x, scale_y), (shift_x, shift_y) = transform["scale"], transform["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        line: Line = []
        for dx, dy, *_ in arc:
            x, y = x + dx, y + dy
            line.append((x * scale_x + shift_x, y * scale_y + shift_y))
        arcs.append(line)
    return arcs


def rings_of(geometry: Mapping[str, Any], arcs: Sequence[Line]) -> Iterator[Line]:
    """The rings of a TopoJSON ``Polygon`` or ``MultiPolygon``; other shapes have none.

    Raises:
        TopologyError: when the geometry names an arc that is not there.
    """
    match geometry.get("type"):
        case "Polygon":
            polygons = [geometry["arcs"]]
        case "MultiPolygon":
            polygons = geometry["arcs"]
        case _:
            return
    for polygon in polygons:
        for ring in polygon:
            yield _stitched(ring, arcs)


def _stitched(indexes: Sequence[int], arcs: Sequence[Line]) -> Line:
    """One line from arcs by number; a negative number is the arc ``~number`` backwards."""
    line: Line = []
    for index in indexes:
        forward = index if index >= 0 else ~index
        if forward >= len(arcs):
            raise TopologyError(f"there is no arc {forward}")
        arc = arcs[forward] if index >= 0 else arcs[forward][::-1]
        line += arc[1:] if line else arc
    return line


def clip_ring(ring: Sequence[Position], box: Box) -> Line:
    """The part of a closed ring inside ``box`` (Sutherland and Hodgman, 1974), in whatever unit both are; may be empty.

    A ring that leaves the box and comes back runs along the edge in between: right for filling.
    """
    clipped: Line = list(ring)
    for axis, limit, keep_greater in (
        (0, box.west, True),
        (0, box.east, False),
        (1, box.south, True),
        (1, box.north, False),
    ):
        clipped = _clip_edge(clipped, axis, limit, keep_greater)
    return clipped


def _clip_edge(ring: Line, axis: int, limit: float, keep_greater: bool) -> Line:
    kept: Line = []
    for before, here in zip(ring[-1:] + ring[:-1], ring, strict=True):
        was_in = before[axis] >= limit if keep_greater else before[axis] <= limit
        is_in = here[axis] >= limit if keep_greater else here[axis] <= limit
        if was_in != is_in:
            share = (limit - before[axis]) / (here[axis] - before[axis])
            kept.append((before[0] + share * (here[0] - before[0]), before[1] + share * (here[1] - before[1])))
        if is_in:
            kept.append(here)
    return kept
